"""Somebody is named in a note: @ and the name, the first name, or what stands before the @ of their mail address."""
from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.models import Agent, Message, Ticket
from helpdesk.services import agent_notices, notifications

NAMED = re.compile(r"(?<![\w@.])@(\w[\w.+-]{0,60}(?: \w[\w'-]{0,40})?)")
MOST = 20


def find(session: Session, text: str) -> list[Agent]:
    """The active agents whom a text names. A first name that two have names neither."""
    said = [name.rstrip(".,-") for name in NAMED.findall(text)][:MOST]
    if not said:
        return []
    agents = session.scalars(select(Agent).where(Agent.disabled_at.is_(None)).order_by(Agent.id)).all()
    found = {agent.id: agent for name in said for agent in _named(agents, name.lower())}
    return list(found.values())


def _named(agents: list[Agent], name: str) -> list[Agent]:
    first = name.split(" ")[0].rstrip(".,-")
    for fits in (lambda a: a.name.lower() == name, lambda a: a.email.partition("@")[0] == first,
                 lambda a: a.name.lower() == first, lambda a: a.name.lower().split(" ")[0] == first):
        if len(found := [agent for agent in agents if fits(agent)]) == 1:
            return found
    return []


def tell(session: Session, ticket_id: int, *, message_id: int, actor: str = "", **_) -> None:
    """Whoever a note names is told, in the console and by mail where they want that; not of their own notes."""
    message = session.get(Message, message_id)
    if message is None or "@" not in message.text:
        return
    ticket = session.get(Ticket, ticket_id)
    people = [agent for agent in find(session, message.text) if agent.actor != actor]
    notifications.alert_mention(session, ticket, message, people)
    for agent in people:
        agent_notices.plan(session, agent, ticket, "mention", message)
