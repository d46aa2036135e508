"""How a changed ticket is answered: with its new header for a script, with the way back for a form; and how the change
can be taken back, or is asked about first where somebody else was faster."""
from __future__ import annotations

from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, url_for

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Event
from helpdesk.services import racing, tickets, undoing, views
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import same_site, wants_fragment
from helpdesk.web.event_words import event_words

Said = str | dict


class _Raced(Exception):
    """Somebody else changed the same meanwhile."""

    def __init__(self, event: Event, who: Callable[[str], str]):
        super().__init__()
        self.event, self.who = event, who


def change(ticket_id: int, verb: Callable, said: str = "", all_the_same: str = "Do it all the same"):
    """verb(session, ticket) on the locked ticket, in one transaction; then the answer, which offers to undo it.

    `said`: what was done, in words. What `verb` returns as {name: [before, after]} is undone too. Where the form's
    page did not know yet that somebody else changed the same thing, nothing is done: the answer says what they did,
    and a button, named `all_the_same`, does it all the same."""
    seen = request.form.get("seen", type=int)
    try:
        with db.transaction() as session:
            ticket = tickets.lock(session, ticket_id)
            before = undoing.standing(ticket)
            also = verb(session, ticket)
            session.flush()
            changed = undoing.changes(before, undoing.standing(ticket))
            changed |= also if isinstance(also, dict) else {}
            if seen is not None and request.form.get("anyway") != "1":
                _ask_if_raced(session, ticket, changed, seen)
            kept = undoing.remember(session, g.agent, ticket.id, changed, said)
            told = {"text": said, "undo": url_for("undoing.undo", change_id=kept.id), "live": True} if kept else ""
    except _Raced as raced:
        return answer(ticket_id, _question(raced, all_the_same), "warn")
    return answer(ticket_id, told)


def _ask_if_raced(session, ticket, changed, seen: int) -> None:
    if event := racing.meanwhile(session, ticket, changed, seen, g.agent.actor):
        session.expunge(event)
        raise _Raced(event, ctx.names(ticket.contact, ctx.directory(session)))


def _question(raced: _Raced, all_the_same: str) -> dict:
    seconds = max(1, int((now() - raced.event.created_at).total_seconds()))
    ago = f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
    given = {key: value for key, value in request.form.items() if key not in ("csrf_token", "anyway")}
    return {"text": f"{event_words(raced.event, raced.who).text} {ago} ago. Nothing was changed.", "undo": request.path,
            "label": all_the_same, "fields": {**given, "anyway": "1"}, "live": True, "stays": True}


def answer(ticket_id: int, said: Said = "", tone: str = "good"):
    """The ticket's header as it is now, with what was said below the page, or back to where the form was. What was
    asked for from a toast gets a toast."""
    if not wants_fragment():
        if said:
            flash(said, tone)
        return redirect(way_back(ticket_id))
    if request.form.get("anyway") == "1":
        return render_template("tickets/_toast.html", said=said or "Nothing had to be changed.", tone=tone)
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        return render_template("tickets/_changed.html", view=views.VIEWS["all"], filters=ctx.filters(), said=said,
                               tone=tone, **ctx.header(session, ticket, ctx.directory(session)))


def way_back(ticket_id: int) -> str:
    """The page the form says it was on, else the ticket."""
    return same_site(request.form.get("back")) or url_for("tickets.in_view", key="all", ticket_id=ticket_id)
