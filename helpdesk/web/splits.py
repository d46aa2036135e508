"""Splitting a message off into a ticket of its own."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.errors import NotFound
from helpdesk.models import Contact, Identity, Message
from helpdesk.services import contacts, tickets
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs, wants_fragment

pages = Blueprint("splits", __name__)


@pages.get("/tickets/<int:ticket_id>/split")
@needs("merge")
def preview(ticket_id: int):
    """message=<id>: what would go with it, and what the new ticket is called."""
    with db.reading() as session:
        ticket, message = ctx.find_ticket(session, ticket_id), _message(session, request.args.get("message", type=int))
        moved = tickets.split_off(session, ticket, message)
        writer = session.get(Contact, session.get(Identity, message.identity_id).contact_id)
        choices = {one.id: one for one in (writer, ticket.contact)}
        return render_template("merges/split.html", ticket=ticket, message=message, moved=moved, writer=writer,
                               choices=list(choices.values()), subject=message.subject or ticket.subject)


@pages.post("/tickets/<int:ticket_id>/split")
@needs("merge")
def split(ticket_id: int):
    """message=<id>: this message, and what was said with its sender after it, become a ticket of their own; with
    another subject and contact=<id>, if given."""
    contact_id = request.form.get("contact", type=int)
    with db.transaction() as session:
        message = _message(session, request.form.get("message", type=int))
        made = tickets.split(session, tickets.lock(session, ticket_id), message, g.agent.actor,
                             subject=request.form.get("subject", ""),
                             contact=contacts.by_id(session, contact_id) if contact_id else None).id
    address = url_for("tickets.in_view", key="all", ticket_id=made)
    said = {"text": f"Split off into ticket #{made}.",
            "undo": url_for("ticket_merges.merge", ticket_id=made), "fields": {"into": ticket_id, "together": "1"}}
    flash(said, "good")
    if wants_fragment():
        return "", 204, {"HX-Redirect": address}
    return redirect(address)


def _message(session: Session, message_id: int | None) -> Message:
    message = session.get(Message, message_id) if message_id else None
    if message is None:
        raise NotFound("There is no such message.")
    return message
