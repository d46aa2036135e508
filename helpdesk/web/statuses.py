"""Where a ticket stands: status, priority, snooze."""
from __future__ import annotations

from flask import Blueprint, g, render_template, request

from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.rendering import until_words, zone
from helpdesk.services import snoozing, switches, tickets
from helpdesk.web.access import needs
from helpdesk.web.ticket_verbs import change

pages = Blueprint("statuses", __name__)

SAID = {"open": "Opened.", "pending": "Waiting for the customer.", "resolved": "Resolved.", "closed": "Closed."}


@pages.post("/tickets/<int:ticket_id>/status")
@needs("work")
def set_status(ticket_id: int):
    """status=open, pending, resolved or closed."""
    wanted = request.form.get("status", "")
    return change(ticket_id, lambda session, ticket: tickets.set_status(
        session, ticket, wanted, g.agent.actor, why="agent"), SAID.get(wanted, ""), "Change it all the same")


@pages.post("/tickets/<int:ticket_id>/priority")
@needs("work")
def set_priority(ticket_id: int):
    """priority=low, normal, high or urgent."""
    wanted = request.form.get("priority", "")
    return change(ticket_id, lambda session, ticket: tickets.set_priority(
        session, ticket, wanted, g.agent.actor), f"The priority is {wanted} now.", "Change it all the same")


@pages.post("/tickets/<int:ticket_id>/snooze")
@needs("work")
def snooze(ticket_id: int):
    """until=later, evening, tomorrow, week, reply, an ISO time where the agent is, words such as "besok jam 9", or
    empty to wake it."""
    wanted = request.form.get("until", "")
    until = snoozing.until(wanted, now(), zone()) if wanted.strip() else None
    return change(ticket_id, lambda session, ticket: tickets.snooze(session, ticket, until, g.agent.actor),
                  f"Snoozed until {until_words(until)}." if until else "Back in the list.", "Change it all the same")


@pages.get("/snooze/understood")
@needs("see")
def understood():
    """until=<words>: what they mean, for whoever is typing them."""
    wanted = request.args.get("until", "")
    try:
        until, problem = snoozing.until(wanted, now(), zone()) if wanted.strip() else None, ""
    except Invalid as error:
        until, problem = None, str(error)
    return render_template("tickets/_snooze_understood.html", until=until, problem=problem)


@pages.post("/tickets/<int:ticket_id>/switch")
@needs("work")
def accept_switch(ticket_id: int):
    """What came over another channel is the same matter: the banner goes, for everybody."""
    return change(ticket_id, lambda session, ticket: switches.accept(session, ticket, g.agent.actor), "Noted.")
