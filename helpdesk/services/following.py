"""Agents who want to hear of a ticket that is not theirs.

Who follows is told when the customer writes, somebody answers, or its status changes; never of what they did
themselves. Most tickets have no followers, so nothing is planned for those.
"""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, bindparam, delete, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.models import Agent, Follower, Ticket
from helpdesk.services import parts, tasks

# Built once: every message asks.
_ANY = select(Follower.agent_id).where(Follower.ticket_id == bindparam("ticket")).limit(1)
_WHO = select(Agent.id, Agent.name).distinct().join(Follower, Follower.agent_id == Agent.id).where(
    Follower.ticket_id.in_(bindparam("ids", expanding=True)), Agent.disabled_at.is_(None)).order_by(Agent.name)


def follow(session: Session, ticket: Ticket, agent: Agent) -> None:
    """This agent hears of the ticket from now on. The same again does nothing."""
    db.insert_later(session, Follower, unless_there=True, ticket_id=ticket.id, agent_id=agent.id)
    db.tell(session, ticket.room, "ticket", ticket=ticket.id, seq=ticket.seq, event="Followed")


def unfollow(session: Session, ticket: Ticket, agent: Agent) -> None:
    """They hear no more of it, nor of what was merged into it."""
    session.execute(delete(Follower).where(Follower.ticket_id.in_(parts.all_ids(session, ticket)),
                                           Follower.agent_id == agent.id))
    db.tell(session, ticket.room, "ticket", ticket=ticket.id, seq=ticket.seq, event="Unfollowed")


def followers(session: Session, ticket: Ticket) -> Sequence[Row]:
    """(id, name) of those who follow it, or followed what was merged into it."""
    ids = parts.all_ids(session, ticket) if ticket.has_merged else [ticket.id]
    return db.rows(session, _WHO, {"ids": ids})


def plan(session: Session, ticket: Ticket, what: str, actor: str) -> None:
    """Have the followers told of `what` happened (services.notifications.alert_followers), where there are any. One
    notice for all that happens in one transaction of one actor."""
    if ticket.has_merged or db.rows(session, _ANY, {"ticket": ticket.id}):
        tasks.plan(session, "services.notifications.alert_followers", ticket.id, {"what": what, "actor": actor})
