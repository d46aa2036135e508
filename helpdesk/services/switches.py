"""The same matter on another channel: shown above the ticket until somebody of ours answered, or said that it is right.

Accepted for all agents at once: whether two conversations belong together is a question about the ticket and not about
who looks at it.
"""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from helpdesk import db, events
from helpdesk.errors import Invalid
from helpdesk.models import Event, Identity, Message, Ticket, Trust

# The last word on it: built once, every ticket page asks.
_LAST = select(Event.name, Event.data).where(
    Event.ticket_id == bindparam("ticket"),
    or_(Event.name.in_(("ChannelSwitched", "SwitchAccepted", "TicketSplit")),
        and_(Event.name == "ReplySent", Event.actor.like("agent:%")))).order_by(Event.seq.desc()).limit(1)
_MESSAGE = select(Message.id, Message.author_name, Message.sent_at, Message.ticket_id, Identity.kind, Identity.value,
                  Identity.trust, Identity.source).join(Identity, Identity.id == Message.identity_id).where(
    Message.id == bindparam("id"))


@dataclass(frozen=True)
class Switch:
    """Who went on where, and how sure we are that it is the same person."""
    message_id: int
    name: str
    at: datetime
    channel: str
    previous: str
    address: str            # '' for a browser
    trust: Trust
    source: str


def open_one(session: Session, ticket: Ticket) -> Switch | None:
    """The change of channel that nobody has answered, accepted or split off yet."""
    last = next(iter(db.rows(session, _LAST, {"ticket": ticket.id})), None)
    if last is None or last.name != "ChannelSwitched":
        return None
    said = next(iter(db.rows(session, _MESSAGE, {"id": last.data["message_id"]})), None)
    if said is None or said.ticket_id != ticket.id:     # it was split off, or erased
        return None
    return Switch(said.id, said.author_name, said.sent_at, last.data["channel"], last.data["previous"],
                  "" if said.kind == "visitor" else said.value, Trust(said.trust), said.source)


def accept(session: Session, ticket: Ticket, actor: str) -> None:
    """It is the same matter. Raises Invalid when there is nothing to accept (any more)."""
    switch = open_one(session, ticket)
    if switch is None:
        raise Invalid("Somebody has answered, accepted or split it already.")
    events.record(session, events.SwitchAccepted(message_id=switch.message_id), ticket=ticket, actor=actor)
