"""Spam: tickets that nobody wants to read, and addresses that are blocked."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for

from helpdesk import db
from helpdesk.errors import NotFound
from helpdesk.models import Identity
from helpdesk.services import spam
from helpdesk.web.access import needs, same_site
from helpdesk.web.ticket_verbs import change

pages = Blueprint("spam", __name__)


@pages.post("/tickets/<int:ticket_id>/spam")
@needs("work")
def mark(ticket_id: int):
    """spam=mark, block (the address that it came from too), release, or unblock (both are taken back)."""
    wanted = request.form.get("spam", "")

    def verb(session, ticket):
        if wanted in ("mark", "block"):
            spam.mark(session, ticket, g.agent.actor)
        else:
            spam.release(session, ticket, g.agent.actor)
        if wanted in ("block", "unblock"):
            sender, blocked = spam.sender(session, ticket), wanted == "block"
            was = bool(sender.blocked_at)
            spam.block(session, sender, g.agent.actor, blocked)
            return {"blocked": [was, blocked]} if was != blocked else None
    return change(ticket_id, verb, {
        "mark": "Marked as spam.", "block": "Marked as spam; what comes from that address goes there by itself.",
        "unblock": "No spam: it is open again, and the address is no longer blocked."}.get(
            wanted, "No spam: it is open again."), "Mark it all the same")


@pages.post("/contacts/<int:contact_id>/identities/<int:identity_id>/block")
@needs("contacts")
def block(contact_id: int, identity_id: int):
    """blocked=1: what comes from this address goes to spam; 0: no longer."""
    blocked = request.form.get("blocked") == "1"
    with db.transaction() as session:
        identity = session.get(Identity, identity_id)
        if identity is None or identity.contact_id != contact_id:
            raise NotFound("This contact has no such address.")
        spam.block(session, identity, g.agent.actor, blocked)
    flash("Blocked: what comes from there goes to spam, and nobody is told." if blocked else
          "No longer blocked. What came meanwhile is under Spam.", "good")
    return redirect(same_site(request.form.get("back")) or url_for("contacts.show", contact_id=contact_id))
