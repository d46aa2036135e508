"""Giving a ticket to another contact."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from helpdesk import db
from helpdesk.services import contacts, ticket_contacts, tickets
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs

pages = Blueprint("ticket_contacts", __name__)

FOUND = 20


@pages.get("/tickets/<int:ticket_id>/contact")
@needs("work")
def choose(ticket_id: int):
    """To whom? `q` is a name, company, mail address or number; contact=<id> shows what would follow."""
    q, wanted = request.args.get("q", "").strip()[:100], request.args.get("contact", type=int)
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        found = contacts.contacts(session, q, limit=FOUND) if q else None
        chosen = contacts.by_id(session, wanted) if wanted else None
        addresses = list(chosen.identities) if chosen else []
        return render_template("merges/contact.html", ticket=ticket, contact=ticket.contact, q=q, chosen=chosen,
                               addresses=addresses,
                               rows=[one for one in found.rows if one.id != ticket.contact_id] if found else [])


@pages.post("/tickets/<int:ticket_id>/contact")
@needs("work")
def change(ticket_id: int):
    """contact=<id>; keep=1: who had it goes on taking part."""
    with db.transaction() as session:
        ticket = tickets.lock(session, ticket_id)
        ticket_contacts.change(session, ticket, contacts.by_id(session, request.form.get("contact", 0, type=int)),
                               g.agent.actor, keep=request.form.get("keep") == "1")
        label = ticket.contact.label
    flash({"text": f"It is {label}’s ticket now.", "undo": url_for(".undo", ticket_id=ticket_id)}, "good")
    return redirect(url_for("tickets.in_view", key="all", ticket_id=ticket_id))


@pages.post("/tickets/<int:ticket_id>/contact/undo")
@needs("work")
def undo(ticket_id: int):
    """Take the last change back."""
    with db.transaction() as session:
        ticket = tickets.lock(session, ticket_id)
        ticket_contacts.change_back(session, ticket, g.agent.actor)
        label = ticket.contact.label
    flash(f"It is {label}’s ticket again.", "good")
    return redirect(url_for("tickets.in_view", key="all", ticket_id=ticket_id))
