"""Telling agents: kept as rows until seen, and shown at once where somebody is looking."""
from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Agent, Message, Notification, TeamMember, Ticket
from helpdesk.services import agent_notices, following, tickets


def alert_handover(session: Session, ticket_id: int, *, reason: str, asked: str = "", summary: str = "", **_) -> None:
    """The assistant needs people, at whatever hour: whoever has the ticket, else everybody of its team, else the whole
    house, is told what it is about; by mail too who wants that. When an agent took over, everybody knows already."""
    if reason == "agent":
        return
    ticket = session.get(Ticket, ticket_id)
    people = _whoever_has_it(session, ticket)
    _alert(session, ticket, "handover",
           f"{ticket.contact.label} needs a person: {summary or asked or ticket.subject}", people)
    for agent_id in people:
        agent_notices.plan(session, session.get(Agent, agent_id), ticket, "handover")


def tell_assignee(session: Session, ticket_id: int, *, agent_id: int | None, actor: str = "", **_) -> None:
    """Somebody gave this agent a ticket."""
    if agent_id and actor != f"agent:{agent_id}":
        ticket = session.get(Ticket, ticket_id)
        _alert(session, ticket, "assigned", f"Assigned to you: {ticket.subject or ticket.contact.label}", [agent_id])
        agent_notices.plan(session, session.get(Agent, agent_id), ticket, "assigned")


FOLLOWED = {"wrote": "{who} wrote in", "answered": "{who} answered in", "open": "{who} opened",
            "pending": "{who} is waiting for the customer in", "resolved": "{who} resolved", "closed": "{who} closed",
            "reopened": "{who} reopened"}


def alert_followers(session: Session, ticket_id: int, *, what: str, actor: str, **_) -> None:
    """Something happened in a ticket that people follow. Its own agent hears of the customer's words in other ways."""
    ticket = tickets.lock(session, ticket_id)
    kind, _, number = actor.partition(":")
    mine = int(number) if kind == "agent" else None
    agent = session.get(Agent, mine) if mine else None
    who = {"contact": ticket.contact.label, "agent": agent.name if agent else "Somebody",
           "assistant": "The assistant"}.get(kind, "The helpdesk")
    people = {one.id for one in following.followers(session, ticket)} - {mine}
    if what == "wrote":
        people.discard(ticket.agent_id)
    _alert(session, ticket, "followed",
           f"{FOLLOWED[what].format(who=who)} #{ticket.id}: {ticket.subject or ticket.contact.label}", people)


def alert_mention(session: Session, ticket: Ticket, message: Message, people: list[Agent]) -> None:
    """A note names these people."""
    _alert(session, ticket, "mention", f"{message.author_name} in #{ticket.id}: {message.text}", [a.id for a in people])


def alert_refused(session: Session, ticket_id: int, *, agent_id: int, why: str, tell: bool, **_) -> None:
    """A mail that looked like this agent's was not taken as theirs."""
    if tell:
        ticket, agent = session.get(Ticket, ticket_id), session.get(Agent, agent_id)
        _alert(session, ticket, "refused", f"A mail in the name of {agent.name} was not sent: {why}",
               _whoever_has_it(session, ticket) if agent.disabled_at else [agent_id])


def alert_low_rating(session: Session, ticket_id: int, *, score: int, low: bool, comment: str = "", **_) -> None:
    """A customer was not content: whoever worked on it and the managers should look. Nothing reopens by itself."""
    if low:
        ticket = session.get(Ticket, ticket_id)
        managers = session.scalars(select(Agent.id).where(Agent.role.in_(("manager", "admin")),
                                                          Agent.disabled_at.is_(None)))
        text = f"{ticket.contact.label} rated {score} of 5" + (f": {comment}" if comment else "")
        _alert(session, ticket, "rating", text, {*managers, ticket.agent_id} - {None})


def alert_breach(session: Session, ticket_id: int, *, kind: str, **_) -> None:
    """A promise was missed."""
    ticket = session.get(Ticket, ticket_id)
    words = {"first_response": "First response", "resolution": "Resolution"}[kind]
    _alert(session, ticket, "breach", f"{words} overdue: {ticket.subject or ticket.contact.label}",
           _whoever_has_it(session, ticket))


def alert_failure(session: Session, ticket_id: int, *, error: str, address: str = "", **_) -> None:
    """A message will not arrive."""
    ticket = session.get(Ticket, ticket_id)
    _alert(session, ticket, "failure", f"Not delivered to {address or ticket.contact.label}: {error}",
           _whoever_has_it(session, ticket))


def alert_held(session: Session, ticket: Ticket, agent: Agent, why: str) -> None:
    """A reply that was to leave later has not: its writer decides, or whoever has the ticket when they are gone."""
    _alert(session, ticket, "held", f"Your reply in #{ticket.id} has not left: {why}",
           _whoever_has_it(session, ticket) if agent.disabled_at else [agent.id])


def alert_disconnected(session: Session, ticket_id: None, *, name: str, error: str, **_) -> None:
    """An account is refused by its provider: only an admin can mend that."""
    _alert(session, None, "disconnected", f"{name} is disconnected, its messages wait: {error}", _admins(session))


def alert_mailbox(session: Session, ticket_id: None, *, name: str, what: str, **_) -> None:
    """Mail does not come in as it should."""
    _alert(session, None, "mailbox", f"{name}: {what}", _admins(session))


def unseen(session: Session, agent: Agent, limit: int = 200) -> list[Notification]:
    """What this agent has not seen, newest first."""
    return list(session.scalars(select(Notification).where(
        Notification.agent_id == agent.id, Notification.seen_at.is_(None))
        .order_by(Notification.id.desc()).limit(limit)))


def earlier(session: Session, agent: Agent, before: int | None, limit: int) -> list[Notification]:
    """What they have seen, newest first, from the notice `before` on."""
    query = select(Notification).where(Notification.agent_id == agent.id, Notification.seen_at.is_not(None))
    if before:
        query = query.where(Notification.id < before)
    return list(session.scalars(query.order_by(Notification.id.desc()).limit(limit)))


def count_unseen(session: Session, agent: Agent) -> int:
    """How many they have not seen."""
    return session.scalar(select(func.count()).select_from(Notification).where(
        Notification.agent_id == agent.id, Notification.seen_at.is_(None)))


def mark_seen(session: Session, agent: Agent, ticket_id: int | None = None, *, only: int | None = None,
              upto: int | None = None) -> None:
    """They looked: at one ticket, at the notice `only`, or at the whole list. What came after the notice `upto`, which
    they were not shown, stays new."""
    query = update(Notification).where(Notification.agent_id == agent.id, Notification.seen_at.is_(None))
    if ticket_id:
        query = query.where(Notification.ticket_id == ticket_id)
    if only:
        query = query.where(Notification.id == only)
    if upto:
        query = query.where(Notification.id <= upto)
    session.execute(query.values(seen_at=now()))


def alert_paused(session: Session, ticket_id: None, *, count: int, **_) -> None:
    """A loop, or somebody misuses us to mail others."""
    _alert(session, None, "paused", f"Automatic mail is paused after {count} within a minute. Look why, then release "
                                    "it under Settings, Deliveries.", _admins(session))


def _admins(session: Session) -> list[int]:
    return list(session.scalars(select(Agent.id).where(Agent.role == "admin", Agent.disabled_at.is_(None))))


def _whoever_has_it(session: Session, ticket: Ticket) -> list[int]:
    """The assigned agent, if they still work here."""
    agent = session.get(Agent, ticket.agent_id) if ticket.agent_id else None
    return [agent.id] if agent and not agent.disabled_at else _audience(session, ticket)


def _audience(session: Session, ticket: Ticket) -> list[int]:
    members = session.scalars(select(Agent.id).join(TeamMember, TeamMember.agent_id == Agent.id).where(
        TeamMember.team_id == ticket.team_id, Agent.disabled_at.is_(None))).all() if ticket.team_id else []
    return list(members or session.scalars(select(Agent.id).where(Agent.disabled_at.is_(None))))


def _alert(session: Session, ticket: Ticket | None, kind: str, text: str, agent_ids) -> None:
    text, ticket_id = " ".join(text.split())[:300], ticket.id if ticket else None
    for agent_id in agent_ids:
        session.add(Notification(agent_id=agent_id, ticket_id=ticket_id, kind=kind, text=text))
        db.tell(session, f"agent:{agent_id}", "alert", ticket=ticket_id, kind=kind)
