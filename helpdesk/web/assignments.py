"""Who looks after a ticket: an agent, a team, or no longer the assistant."""
from __future__ import annotations

from flask import Blueprint, g, request

from helpdesk.errors import Invalid
from helpdesk.models import Agent, Team
from helpdesk.services import tickets
from helpdesk.services.handover import hand_over
from helpdesk.web.access import needs
from helpdesk.web.ticket_verbs import change

pages = Blueprint("assignments", __name__)


@pages.post("/tickets/<int:ticket_id>/assignment")
@needs("agent")
def assign(ticket_id: int):
    """agent=<id>, agent=me, or agent= for nobody."""
    wanted = request.form.get("agent", "")

    def verb(session, ticket):
        tickets.assign(session, ticket, _find(session, Agent, g.agent.id if wanted == "me" else wanted), g.agent.actor)
    return change(ticket_id, verb, "Assigned." if wanted else "Back in the queue.")


@pages.post("/tickets/<int:ticket_id>/team")
@needs("agent")
def move(ticket_id: int):
    """team=<id>, or team= for none."""
    def verb(session, ticket):
        tickets.set_team(session, ticket, _find(session, Team, request.form.get("team", "")), g.agent.actor)
    return change(ticket_id, verb, "Moved.")


@pages.post("/tickets/<int:ticket_id>/take-over")
@needs("agent")
def take_over(ticket_id: int):
    """The assistant falls silent here and the ticket is mine."""
    def verb(session, ticket):
        hand_over(session, ticket, "agent", g.agent.actor, tell=False)
        tickets.assign(session, ticket, session.get(Agent, g.agent.id), g.agent.actor)
    return change(ticket_id, verb, "It is yours. The assistant stays silent here.")


def _find(session, model, number: str | int):
    if number == "":
        return None
    found = session.get(model, int(number)) if str(number).isdecimal() else None
    if found is None:
        raise Invalid(f"There is no such {model.__name__.lower()}.")
    return found
