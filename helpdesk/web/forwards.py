"""Writing to somebody outside the customer's conversation, and letting somebody in."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Identity, Inbox, Participant, Ticket
from helpdesk.rendering import page
from helpdesk.services import forwards, recipients, tickets
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs
from helpdesk.web.replies import client_id, uploads

pages = Blueprint("forwards", __name__)


@pages.get("/tickets/<int:ticket_id>/forward")
@needs("answer")
def write(ticket_id: int):
    """message=<id> forwards that one; to=<identity> answers somebody who is no part of the conversation; neither: the
    whole conversation."""
    message_id, to = request.args.get("message", type=int), request.args.get("to", type=int)
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        one = session.get(Identity, to) if to and session.get(Participant, (ticket.id, to)) else None
        what = forwards.NOTHING if one else forwards.MESSAGE if message_id else forwards.TICKET
        return _form(session, ticket, {"to": one.value if one else "", "what": what, "text": ""}, message_id)


@pages.post("/tickets/<int:ticket_id>/forward")
@needs("answer")
def forward(ticket_id: int):
    """to, inbox, what=message, ticket or nothing, message, text, attachments, files, client_id."""
    stored, given = uploads(), request.form
    message_id = given.get("message", type=int)
    try:
        with db.transaction() as session:
            ticket = tickets.lock(session, ticket_id)
            inbox = session.get(Inbox, given.get("inbox", 0, type=int))
            if inbox not in forwards.mail_inboxes(session, ticket):
                raise Invalid("Choose the inbox that the mail shall come from.")
            forwards.send(session, ticket, given.get("to", ""), given.get("text", ""),
                          session.get(Agent, g.agent.id), inbox, what=given.get("what", ""), message_id=message_id,
                          attachments=given.getlist("attachments", type=int), files=stored, client_id=client_id())
    except Invalid as error:
        with db.reading() as session:
            return _form(session, ctx.find_ticket(session, ticket_id), given, message_id, str(error)), error.status
    flash("It is on its way. What comes back stands in the ticket, and the customer does not see it.", "good")
    return redirect(url_for("tickets.in_view", key="all", ticket_id=ticket_id))


@pages.post("/tickets/<int:ticket_id>/participants/<int:identity_id>")
@needs("answer")
def let_in(ticket_id: int, identity_id: int):
    """Somebody who wrote belongs to the customer's conversation from now on."""
    with db.transaction() as session:
        recipients.let_in(session, tickets.lock(session, ticket_id), identity_id, g.agent.actor)
    flash("They take part now: their mails are shown to the customer, and they are offered for copies.", "good")
    return redirect(url_for("tickets.in_view", key="all", ticket_id=ticket_id))


def _form(session: Session, ticket: Ticket, values, message_id: int | None, problem: str = "") -> str:
    choices = [("ticket", f"The whole conversation ({forwards.count_of(session, ticket)} messages)"),
               ("nothing", "Nothing, only what you write")]
    if message_id:
        choices.insert(0, ("message", "This message"))
    try:
        ids = forwards.contained(session, ticket, message_id)
    except Invalid as error:
        ids, problem = [], problem or str(error)
    return page("tickets/forward.html", ticket=ticket, contact=ticket.contact, values=values, choices=choices,
                message_id=message_id, inboxes=forwards.mail_inboxes(session, ticket), problem=problem,
                files=forwards.files_of(session, ticket, ids), people=forwards.third_parties(session, ticket))
