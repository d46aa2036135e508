"""Beside a ticket: articles that may answer it, and taking one into the answer."""
from __future__ import annotations

from flask import Blueprint, g, redirect, request, url_for

from helpdesk import db
from helpdesk.rendering import page
from helpdesk.services import articles, suggested_answers
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs, wants_fragment

pages = Blueprint("suggestions", __name__)


@pages.get("/tickets/<int:ticket_id>/suggestions")
@needs("answer")
def index(ticket_id: int):
    """Suggested answers, or what `q` finds; as a fragment only the list."""
    q = request.args.get("q", "").strip()[:200]
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        found = suggested_answers.suggestions(session, ticket, q)
        return page("tickets/suggestions.html", "tickets/_suggestions.html", ticket=ticket, contact=ticket.contact,
                    found=found, q=q)


@pages.post("/tickets/<int:ticket_id>/suggestions/<int:article_id>")
@needs("answer")
def use(ticket_id: int, article_id: int):
    """how: inserted, linked or attached. Without a script the answer is the ticket with the text in the composer."""
    how = request.form.get("how", "inserted")
    with db.transaction() as session:
        suggested_answers.use(session, ticket_id, articles.by_id(session, article_id), how, g.agent.actor)
    if wants_fragment():
        return "", 204
    return redirect(url_for("tickets.in_view", key="all", ticket_id=ticket_id, take=article_id, how=how,
                            _anchor="composer"))
