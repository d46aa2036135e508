"""Two people who change one thing at once: the later one is asked, so that no change is lost in silence.

A form carries the `seq` of the ticket as its page showed it. What came after it tells whether somebody else has changed
the same thing meanwhile.
"""
from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from helpdesk.models import Event, Ticket

CHANGED_BY = {
    "agent_id": ("TicketAssigned",), "team_id": ("TeamChanged",), "priority": ("PriorityChanged",),
    "status": ("StatusChanged", "TicketResolved", "TicketReopened", "TicketMarkedSpam"),
    "snoozed_until": ("TicketSnoozed", "TicketWoken"), "spam_at": ("TicketMarkedSpam", "TicketNotSpam")}


def meanwhile(session: Session, ticket: Ticket, names: Iterable[str], seen: int, actor: str) -> Event | None:
    """The last time that somebody else, an agent or the customer, changed one of these after `seen`."""
    wanted = [event for name in names for event in CHANGED_BY.get(name, ())]
    return session.scalar(select(Event).where(
        Event.ticket_id == ticket.id, Event.seq > seen, Event.name.in_(wanted), Event.actor != actor,
        or_(Event.actor.like("agent:%"), Event.actor.like("contact:%"))).order_by(Event.seq.desc()).limit(1)
        ) if wanted else None
