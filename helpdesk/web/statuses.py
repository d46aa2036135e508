"""Where a ticket stands: status, priority, snooze, and splitting a message off."""
from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from flask import Blueprint, flash, g, redirect, request, url_for

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Message
from helpdesk.rendering import zone
from helpdesk.services import tickets
from helpdesk.web.access import needs, wants_fragment
from helpdesk.web.ticket_verbs import change

pages = Blueprint("statuses", __name__)

SAID = {"open": "Opened.", "pending": "Waiting for the customer.", "resolved": "Resolved.", "closed": "Closed."}
MORNING = time(9)


@pages.post("/tickets/<int:ticket_id>/status")
@needs("agent")
def set_status(ticket_id: int):
    """status=open, pending, resolved or closed."""
    wanted = request.form.get("status", "")
    return change(ticket_id, lambda session, ticket: tickets.set_status(
        session, ticket, wanted, g.agent.actor, why="agent"), SAID.get(wanted, ""))


@pages.post("/tickets/<int:ticket_id>/priority")
@needs("agent")
def set_priority(ticket_id: int):
    """priority=low, normal, high or urgent."""
    return change(ticket_id, lambda session, ticket: tickets.set_priority(
        session, ticket, request.form.get("priority", ""), g.agent.actor), "Priority changed.")


@pages.post("/tickets/<int:ticket_id>/snooze")
@needs("agent")
def snooze(ticket_id: int):
    """until=later, tomorrow, week, an ISO time where the agent is, or empty to wake it."""
    until = _until(request.form.get("until", ""))
    return change(ticket_id, lambda session, ticket: tickets.snooze(session, ticket, until, g.agent.actor),
                  "Snoozed." if until else "Back in the list.")


@pages.post("/tickets/<int:ticket_id>/split")
@needs("agent")
def split(ticket_id: int):
    """message=<id>: this message, and what its sender wrote after it, become a ticket of their own."""
    with db.transaction() as session:
        message = session.get(Message, request.form.get("message", 0, type=int))
        if message is None:
            raise NotFound("There is no such message.")
        made = tickets.split(session, tickets.lock(session, ticket_id), message, g.agent.actor).id
    address = url_for("tickets.in_view", key="all", ticket_id=made)
    if wants_fragment():
        return "", 204, {"HX-Redirect": address}
    flash(f"Split off into ticket #{made}.", "good")
    return redirect(address)


def _until(choice: str) -> datetime | None:
    here = now().astimezone(zone())
    if not choice:
        return None
    if choice == "later":
        return now() + timedelta(hours=3)
    days = {"tomorrow": 1, "week": 7 - here.weekday()}.get(choice)
    if days:
        return datetime.combine(here.date() + timedelta(days=days), MORNING, zone()).astimezone(UTC)
    try:
        at = datetime.fromisoformat(choice)
    except ValueError:
        raise Invalid("That is not a time.") from None
    return (at if at.tzinfo else at.replace(tzinfo=zone())).astimezone(UTC)
