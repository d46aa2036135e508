"""One box that looks for tickets and people."""
from __future__ import annotations

from flask import Blueprint, g, redirect, request, url_for

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Ticket
from helpdesk.rendering import page
from helpdesk.services import contacts, views
from helpdesk.web.access import needs

pages = Blueprint("search", __name__)

PEOPLE = 8


@pages.get("/search")
@needs("see")
def results():
    """q: #12 goes straight to the ticket; everything else is looked for in tickets and contacts."""
    q = request.args.get("q", "").strip()[:200]
    number = q.removeprefix("#")
    with db.reading() as session:
        if q.startswith("#") and number.isdecimal() and len(number) < 10 and session.get(Ticket, int(number)):
            return redirect(url_for("tickets.ticket", ticket_id=int(number)))
        view, filters = views.VIEWS["all"], views.Filters(q=q)
        found = views.tickets(session, view, g.agent.id, filters, request.args.get("cursor", "")) if q else None
        people = contacts.contacts(session, q, limit=PEOPLE) if q else None
        return page("tickets/search.html", q=q, found=found, people=people, view=view, filters=filters, at=now())
