"""Following a ticket that is not one's own."""
from __future__ import annotations

from flask import Blueprint, g, request

from helpdesk import db
from helpdesk.models import Agent
from helpdesk.services import following, tickets
from helpdesk.web.access import needs
from helpdesk.web.ticket_verbs import answer

pages = Blueprint("followers", __name__)


@pages.post("/tickets/<int:ticket_id>/followers")
@needs("see")
def follow(ticket_id: int):
    """follow=1 to hear of what happens here, 0 to hear of it no more."""
    wanted = request.form.get("follow") == "1"
    with db.transaction() as session:
        ticket = tickets.lock(session, ticket_id)
        (following.follow if wanted else following.unfollow)(session, ticket, session.get(Agent, g.agent.id))
    return answer(ticket_id, "You are told of answers and changes here." if wanted else
                  "You are no longer told of this ticket.")
