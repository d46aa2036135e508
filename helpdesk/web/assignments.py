"""Who looks after a ticket: an agent, a team, or no longer the assistant."""
from __future__ import annotations

from flask import Blueprint, g, request

from helpdesk.errors import Invalid
from helpdesk.models import Agent, Team
from helpdesk.services import tickets
from helpdesk.services.handover import hand_back
from helpdesk.services.handover import take_over as take_over_from_assistant
from helpdesk.web.access import needs
from helpdesk.web.ticket_verbs import change

pages = Blueprint("assignments", __name__)


@pages.post("/tickets/<int:ticket_id>/assignment")
@needs("work")
def assign(ticket_id: int):
    """agent=<id>, agent=me, or agent= for nobody."""
    wanted = request.form.get("agent", "")

    def verb(session, ticket):
        if wanted:
            take_over_from_assistant(session, ticket, g.agent.actor)
        tickets.assign(session, ticket, _find(session, Agent, g.agent.id if wanted == "me" else wanted), g.agent.actor)
    return change(ticket_id, verb, "Assigned." if wanted else "Back in the queue.",
                  "Assign to you all the same" if wanted == "me" else "Assign it all the same")


@pages.post("/tickets/<int:ticket_id>/team")
@needs("work")
def move(ticket_id: int):
    """team=<id>, or team= for none."""
    def verb(session, ticket):
        take_over_from_assistant(session, ticket, g.agent.actor)
        tickets.set_team(session, ticket, _find(session, Team, request.form.get("team", "")), g.agent.actor)
    return change(ticket_id, verb, "Moved.", "Move it all the same")


@pages.post("/tickets/<int:ticket_id>/take-over")
@needs("work")
def take_over(ticket_id: int):
    """The assistant falls silent here and the ticket is mine."""
    def verb(session, ticket):
        take_over_from_assistant(session, ticket, g.agent.actor)
        tickets.assign(session, ticket, session.get(Agent, g.agent.id), g.agent.actor)
    return change(ticket_id, verb, "It is yours. The assistant stays silent here.")


@pages.post("/tickets/<int:ticket_id>/hand-back")
@needs("work")
def give_back(ticket_id: int):
    """The assistant answers here again, from the customer's next message on."""
    return change(ticket_id, lambda session, ticket: hand_back(session, ticket, g.agent.actor),
                  "The assistant has it again, from their next message on.")


def _find(session, model, number: str | int):
    if number == "":
        return None
    found = session.get(model, int(number)) if str(number).isdecimal() else None
    if found is None:
        raise Invalid(f"There is no such {model.__name__.lower()}.")
    return found
