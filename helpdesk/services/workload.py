"""How much each agent has, and whether they are there: for whoever gives work away.

Who is there is read from when they last did something in any of their browsers, which every web process writes; what a
page fetches by itself does not count. That somebody said they are away stays until they say that they are back.
"""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Status, Ticket

IDLE, GONE = timedelta(minutes=15), timedelta(hours=1)
MOST = 1_000

_OPEN = select(func.count()).select_from(Ticket).where(
    Ticket.agent_id == Agent.id, Ticket.status == Status.OPEN, Ticket.snoozed_until.is_(None),
    Ticket.merged_into_id.is_(None)).correlate(Agent).scalar_subquery()
EVERYBODY = select(Agent.id, Agent.away_since, Agent.seen_at, Agent.capacity, _OPEN.label("open")).where(
    Agent.disabled_at.is_(None))


@dataclass(frozen=True)
class Load:
    """`state`: online, idle, away or offline; '' when they never signed in. `capacity` None: no limit was set."""
    open: int
    capacity: int | None
    state: str

    @property
    def words(self) -> str:
        """What to know before one gives them more: "4 of 6, away"; '' when there is nothing to say."""
        room = f"{self.open} of {self.capacity}" if self.capacity is not None else ""
        return ", ".join(part for part in (room, "" if self.state == "online" else self.state) if part)


def state(away_since: datetime | None, seen_at: datetime | None) -> str:
    """online, idle, away or offline; '' for somebody who never signed in."""
    if away_since:
        return "away"
    if seen_at is None:
        return ""
    quiet = now() - seen_at
    return "online" if quiet < IDLE else "idle" if quiet < GONE else "offline"


def everybody(session: Session) -> dict[int, Load]:
    """By agent, in one statement."""
    return {row.id: Load(row.open, row.capacity, state(row.away_since, row.seen_at))
            for row in db.rows(session, EVERYBODY)}


def set_capacity(session: Session, agent: Agent, given: str, actor: str) -> None:
    """How many open tickets fit; '' for no limit. Raises Invalid."""
    if given and not (given.isascii() and given.isdigit() and 1 <= int(given) <= MOST):
        raise Invalid(f"Write how many open tickets fit, from 1 to {MOST}, or leave it empty.")
    wanted = int(given) if given else None
    if agent.capacity != wanted:
        agent.capacity = wanted
        events.record(session, events.SettingsChanged(
            what="agent", detail=f"{agent.email} has room for {wanted or 'any number'}"), actor=actor)
