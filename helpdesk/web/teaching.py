"""Teaching the assistant from a ticket: one press after resolving, or any time from a customer's message."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.errors import HelpdeskError, NotFound
from helpdesk.models import Message, Ticket
from helpdesk.rendering import page
from helpdesk.services import articles, learning, open_questions, parts
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs, wants_fragment
from helpdesk.web.open_questions import pickable

pages = Blueprint("teaching", __name__, url_prefix="/tickets/<int:ticket_id>/teach")


@pages.get("")
@needs("work")
def show(ticket_id: int):
    """message=<id>, or the one most worth it; q: which article. As a fragment with q only what was found."""
    q = request.args.get("q", "").strip()[:200]
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        message = _message(session, ticket) if "message" in request.args else None
        offer = learning.offer(session, ticket, message)
        found = _choices(session, ticket, offer, q)
        return page("tickets/teach.html", "articles/_picked.html", ticket=ticket, contact=ticket.contact, offer=offer,
                    found=found, q=q)


@pages.get("/bar")
@needs("work")
def bar(ticket_id: int):
    """What a resolved ticket offers; nothing when there is nothing to learn, or it was learned already."""
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        offer = learning.offer(session, ticket) if ticket.handed_over_at or ticket.first_response_at else None
        return render_template("tickets/_teach_bar.html", ticket=ticket, offer=offer)


@pages.post("")
@needs("work")
def teach(ticket_id: int):
    """message=<id>, article=<id>, text: the phrasing, when it was edited."""
    try:
        with db.transaction() as session:
            message = _message(session, ctx.find_ticket(session, ticket_id))
            article = articles.by_id(session, request.form.get("article", 0, int))
            learning.teach(session, article, message, g.agent.actor,
                           request.form.get("text", "")[:open_questions.LENGTH])
    except HelpdeskError as error:
        if wants_fragment():
            return str(error), error.status
        flash(str(error), "bad")
        return redirect(url_for(".show", ticket_id=ticket_id, message=request.form.get("message")))
    return _answer(ticket_id, message.id, f"The assistant knows it now: it leads to “{article.title}”.", undo=True)


@pages.post("/undo")
@needs("work")
def unteach(ticket_id: int):
    """message=<id>: take back what it taught."""
    with db.transaction() as session:
        message = _message(session, ctx.find_ticket(session, ticket_id))
        learning.unteach(session, message, g.agent.actor)
    return _answer(ticket_id, message.id, "Taken back. The assistant has forgotten it.", undo=False)


def _answer(ticket_id: int, message_id: int, said: str, undo: bool):
    with db.reading() as session:
        articles.index(session)         # here and now, so that the next customer does not wait for it
        if wants_fragment():
            ticket = ctx.find_ticket(session, ticket_id)
            offer = learning.offer(session, ticket, session.get(Message, message_id))
            return render_template("tickets/_teach_bar.html", ticket=ticket, offer=offer, just=True)
    flash({"text": said, "undo": url_for(".unteach", ticket_id=ticket_id), "fields": {"message": message_id}}
          if undo else said, "good")
    return redirect(url_for("tickets.in_view", key="all", ticket_id=ticket_id))


def _choices(session: Session, ticket: Ticket, offer, q: str) -> list:
    """The articles to choose from: what was used here and what fits first, or what was looked for."""
    if q or offer is None:
        return pickable(session, q)
    first = [(article, None if why == "used" else why) for article, why in offer.articles]
    known = {article.id for article, _ in first}
    return first + [one for one in pickable(session, offer.text) if one[0].id not in known]


def _message(session: Session, ticket: Ticket) -> Message:
    """The message that is spoken of; one of this ticket. Raises NotFound."""
    message = session.get(Message, request.values.get("message", 0, int))
    if message is None or message.ticket_id not in parts.all_ids(session, ticket):
        raise NotFound("There is no such message in this ticket.")
    return message
