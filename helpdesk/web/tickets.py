"""The inbox: views, one ticket, its timeline. The address is the state of the screen."""
from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for

from helpdesk import db
from helpdesk.errors import NotFound
from helpdesk.models import Message
from helpdesk.rendering import page
from helpdesk.services import timeline, views
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs, wants_fragment

pages = Blueprint("tickets", __name__)

AFTER = 30              # what is shown after a message that somebody jumps to


@pages.get("/inbox")
@needs("see")
def inbox():
    """The list everybody starts with."""
    return redirect(url_for("tickets.view", key="all"))


@pages.get("/inbox/<key>")
@needs("see")
def view(key: str):
    """One view; as a fragment, its list (or only the next rows when there is a cursor)."""
    with db.reading() as session:
        found = _list(session, key)
        if wants_fragment():
            part = "_rows" if request.args.get("cursor") else "_list"
            return render_template(f"tickets/{part}.html", **found)
        return page("tickets/inbox.html", **found, **ctx.rail(session, ctx.directory(session)))


@pages.get("/inbox/<key>/<int:ticket_id>")
@needs("see")
def in_view(key: str, ticket_id: int):
    """A ticket beside the list it was found in, which the browser fetches by itself; as a fragment, only the ticket."""
    with db.reading() as session:
        view_ = views.find_view(key)
        ticket = ctx.find_ticket(session, ticket_id)
        if ticket.id != ticket_id:
            return redirect(url_for("tickets.in_view", key=key, ticket_id=ticket.id))
        people = ctx.directory(session)
        shown = {"view": view_, "filters": ctx.filters(), **ctx.whole(session, ticket, people)}
        if wants_fragment():
            return render_template("tickets/_ticket.html", **shown)
        return page("tickets/inbox.html", **{**ctx.rail(session, people), **shown})


@pages.get("/tickets/<int:ticket_id>")
@needs("see")
def ticket(ticket_id: int):
    """The short address of a ticket."""
    return redirect(url_for("tickets.in_view", key="all", ticket_id=ticket_id))


@pages.get("/messages/<int:message_id>")
@needs("see")
def message(message_id: int):
    """The short address of a message: its ticket, opened where it stands."""
    with db.reading() as session:
        found = session.get(Message, message_id)
        if found is None:
            raise NotFound("There is no such message.")
        ticket = ctx.find_ticket(session, found.ticket_id)
        place = timeline.place_of(session, ticket, found)
        far = {"before": int(place) + AFTER} if ticket.seq - place > ctx.TIMELINE // 2 else {}
        return redirect(url_for("tickets.in_view", key="all", ticket_id=ticket.id, **far,
                                _anchor=f"message-{found.id}"))


def _list(session, key: str) -> dict:
    view_, filters = views.find_view(key), ctx.filters()
    found = views.tickets(session, view_, ctx.g.agent.id, filters, request.args.get("cursor", ""))
    return {"view": view_, "filters": filters, "found": found, "at": ctx.now()}
