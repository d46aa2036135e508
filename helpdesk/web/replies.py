"""Writing: replies to the customer, notes among agents, and sending again what did not arrive."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request
from sqlalchemy.orm import selectinload

from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent, Delivery, Message
from helpdesk.services import files, outbox, replies, routes, tickets
from helpdesk.services.recipients import Others
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs, wants_fragment
from helpdesk.web.ticket_verbs import way_back

pages = Blueprint("replies", __name__)

THEN = ("resolved", "pending")


@pages.post("/tickets/<int:ticket_id>/replies")
@needs("agent")
def reply(ticket_id: int):
    """text, route=<key>, to, cc, bcc, files, client_id; then=resolved or pending."""
    stored, then = _uploads(), request.form.get("then", "")
    with db.transaction() as session:
        ticket = tickets.lock(session, ticket_id)
        agent = session.get(Agent, g.agent.id)
        message = replies.send(session, ticket, request.form.get("text", ""), agent=agent, files=stored,
                               route=_route(session, ticket), client_id=_client_id(),
                               others=Others(*(request.form.get(name, "") for name in ("to", "cc", "bcc"))))
        if then in THEN:
            tickets.set_status(session, ticket, then, agent.actor)
        message_id = message.id
    return _said(ticket_id, message_id, "Sent.")


@pages.post("/tickets/<int:ticket_id>/notes")
@needs("agent")
def note(ticket_id: int):
    """text, files, client_id. Only agents see it."""
    stored = _uploads()
    with db.transaction() as session:
        ticket = tickets.lock(session, ticket_id)
        message_id = replies.note(session, ticket, request.form.get("text", ""), session.get(Agent, g.agent.id),
                                  client_id=_client_id(), files=stored).id
    return _said(ticket_id, message_id, "Note added.")


@pages.post("/deliveries/<int:delivery_id>/retry")
@needs("agent")
def retry(delivery_id: int):
    """Send it once more."""
    with db.transaction() as session:
        delivery = session.get(Delivery, delivery_id, with_for_update=True)
        if delivery is None:
            raise NotFound("There is no such delivery.")
        outbox.retry(session, delivery, g.agent.actor)
        ticket_id, message_id = delivery.ticket_id, delivery.message_id
    return _said(ticket_id, message_id, "It is being sent again.")


def _said(ticket_id: int, message_id: int, words: str):
    if not wants_fragment():
        flash(words, "good")
        return redirect(way_back(ticket_id))
    with db.reading() as session:
        message = session.get(Message, message_id, options=[selectinload(Message.attachments),
                                                            selectinload(Message.deliveries)])
        return render_template("tickets/_one_message.html", **ctx.one_message(session, message))


def _route(session, ticket) -> routes.Route | None:
    key = request.form.get("route", "")
    if not key:
        return None
    found = routes.by_key(session, ticket, key)
    if found is None:
        raise Invalid("That way to reach the customer is gone. Choose another one.")
    return found


def _client_id() -> str | None:
    return request.form.get("client_id", "")[:64] or None


def _uploads() -> list[files.StoredFile]:
    """Bytes are stored before the transaction opens: nothing slow inside."""
    return [files.put(one.filename, one.mimetype, one.read()) for one in request.files.getlist("files") if one.filename]
