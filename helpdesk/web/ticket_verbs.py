"""How a changed ticket is answered: with its new header for a script, with the way back for a form."""
from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for

from helpdesk import db
from helpdesk.services import tickets, views
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import same_site, wants_fragment


def change(ticket_id: int, verb: Callable, said: str = ""):
    """verb(session, ticket) on the locked ticket, in one transaction; then the answer."""
    with db.transaction() as session:
        verb(session, tickets.lock(session, ticket_id))
    return answer(ticket_id, said)


def answer(ticket_id: int, said: str = ""):
    """The ticket's header as it is now, or back to where the form was."""
    if not wants_fragment():
        if said:
            flash(said, "good")
        return redirect(way_back(ticket_id))
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        return render_template("tickets/_header.html", view=views.VIEWS["all"], filters=ctx.filters(),
                    **ctx.header(session, ticket, ctx.directory(session)))


def way_back(ticket_id: int) -> str:
    """The page the form says it was on, else the ticket."""
    return same_site(request.form.get("back")) or url_for("tickets.in_view", key="all", ticket_id=ticket_id)
