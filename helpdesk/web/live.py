"""What a browser fetches when it was told that something changed, and to catch up after a lost connection."""
from __future__ import annotations

from flask import Blueprint, render_template, request

from helpdesk import db
from helpdesk.models import Ticket
from helpdesk.services import changes, routes, views
from helpdesk.services.timeline import Said, by_id
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs

pages = Blueprint("live", __name__)

WATCHED = 30


@pages.get("/tickets/<int:ticket_id>/timeline")
@needs("see")
def timeline(ticket_id: int):
    """What came after `after`, older messages that may have changed (see `watch`), the header and the panel.
    With `before` instead: older items only."""
    before = request.args.get("before", type=float)
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        if ticket.id != ticket_id:
            return render_template("tickets/_moved.html", ticket=ticket)
        people = ctx.directory(session)
        shown = {"view": views.VIEWS["all"], "filters": ctx.filters(), **ctx.header(session, ticket, people)}
        if before is not None:
            return render_template("tickets/_older.html", **shown,
                                   **ctx.conversation(session, ticket, people, before=before))
        after = request.args.get("after", 0, type=int)
        ways = routes.routes(session, ticket)
        shown |= ctx.conversation(session, ticket, people, ways, after=after)
        shown["items"] = _watched(session, ticket, after) + shown["items"]
        return render_template("tickets/_live.html", **shown, **ctx.panel(session, ticket),
                               **ctx.composer(session, ticket, ways))


@pages.get("/live/inbox/<key>")
@needs("see")
def inbox(key: str):
    """The rail and the first page of the list."""
    with db.reading() as session:
        view, filters = views.find_view(key), ctx.filters()
        return render_template("tickets/_live_inbox.html", view=view, filters=filters, at=ctx.now(),
                    found=views.tickets(session, view, ctx.g.agent.id, filters),
                    **ctx.rail(session, ctx.directory(session)))


def _watched(session, ticket: Ticket, after: int) -> list[Said]:
    """Older messages that may look different now: those that the browser watches, and those that were changed."""
    ids = [int(part) for part in request.args.get("watch", "").split(",") if part.isdecimal()][:WATCHED]
    if after < ticket.seq:
        ids += changes.changed_since(session, ticket, after)
    return by_id(session, ticket, ids, until=after)
