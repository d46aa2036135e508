"""Where the messages and events of a person stand, read from the indexes on (ticket_id, created_at, seq) alone.

In their own tickets everything counts; in tickets of others, where they take part, only what they wrote themselves.
"""
from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Integer, Select, bindparam, literal, select, tuple_, union_all
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.db import UTCDateTime
from helpdesk.errors import Invalid
from helpdesk.models import Contact, Event, Identity, Message, Participant, Ticket
from helpdesk.services import person_records, search
from helpdesk.services.timeline import SHOWN_AS_MESSAGES

KINDS = ("", "public", "notes", "events")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 2**31 - 1
_CONTACT = bindparam("contact_id")
_THEIRS = select(Identity.id).where(Identity.contact_id == _CONTACT)


@dataclass(frozen=True)
class Place:
    """When it reached us, its ticket (0 for none) and its number there."""
    at: datetime
    ticket_id: int
    seq: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}.{self.ticket_id}.{self.seq}"

    @property
    def next(self) -> Place:
        """The place right after it in the same ticket."""
        return Place(self.at, self.ticket_id, self.seq + 1)

    @classmethod
    def read(cls, text: str) -> Place | None:
        """What str() gave; None for ''. Raises Invalid."""
        if not text:
            return None
        try:
            at, ticket_id, seq = (int(part) for part in text.split("."))
            if not (0 <= ticket_id < _LAST and 0 <= seq < _LAST):
                raise ValueError(text)
            return cls(_EPOCH + timedelta(microseconds=at), ticket_id, seq)
        except (ValueError, OverflowError):
            raise Invalid("That place is not known; open the person's page again.") from None


@dataclass(frozen=True)
class Narrowed:
    """What is looked for: one channel or all (''); `kind`: '' for everything, public, notes or events; `q`: words."""
    channel: str = ""
    kind: str = ""
    q: str = ""


@dataclass(frozen=True)
class Found:
    """`sort` is message or event, `id` that of its row."""
    sort: str
    id: int
    place: Place


def places(session: Session, contact: Contact, narrowed: Narrowed, *, before: Place | None = None,
           after: Place | None = None, limit: int) -> list[Found]:
    """The last `limit` places, or those nearest before or after a place; the newest first."""
    edge, asked = after or before, search.terms(narrowed.q) if narrowed.q else ""
    if narrowed.q and not asked or narrowed.kind == "events" and (narrowed.q or narrowed.channel):
        return []
    statement = _statement(bool(narrowed.channel), narrowed.kind, bool(asked), "after" if after else
                           "before" if before else "", db.is_sqlite())
    given = {"contact_id": contact.id, "most": limit}
    if edge:
        given |= {"at": edge.at, "ticket": edge.ticket_id, "seq": edge.seq}
    if narrowed.channel:
        given["channel"] = narrowed.channel
    if asked:
        given["terms"] = asked
    found = [Found(row.sort, row.id, Place(row.at, row.ticket_id, row.seq))
             for row in db.rows(session, statement, given)]
    return found[::-1] if after else found


@cache
def _statement(channel: bool, kind: str, asked: bool, side: str, sqlite: bool) -> Select:
    """The places of what is asked for, the nearest first. Built once for each way of asking: building costs more than
    running it. Each part gives no more than is wanted in the end, so that nothing is sorted that nobody sees."""
    parts = []
    if kind != "events":
        parts += [(one, Message) for one in _messages(channel, kind, asked)]
    if kind in ("", "events") and not (channel or asked):
        parts += [(one, Event) for one in _events()]
    nearest = [_nearest(_cut(query, model, side), side) for query, model in parts]
    return _nearest(select(union_all(*(select(one.subquery()) for one in nearest)).subquery()), side)


def _messages(channel: bool, kind: str, asked: bool) -> list[Select]:
    columns = (literal("message").label("sort"), Message.id, Message.created_at.label("at"), Message.ticket_id,
               Message.seq)
    own = select(*columns).select_from(Ticket).join(Message, Message.ticket_id == Ticket.id).where(
        Ticket.contact_id == _CONTACT)
    elsewhere = select(*columns).select_from(Participant).join(
        Ticket, Ticket.id == Participant.ticket_id).join(Message, Message.ticket_id == Ticket.id).where(
        Participant.identity_id.in_(_THEIRS), Ticket.contact_id != _CONTACT, Message.direction == "in",
        Message.identity_id + 0 == Participant.identity_id)     # found by ticket: they wrote thousands of their own
    wanted: list[ColumnElement[bool]] = []
    if channel:
        wanted.append(Message.channel == bindparam("channel"))
    if kind:
        wanted.append(Message.kind == ("note" if kind == "notes" else "message"))
    if asked:
        wanted.append(Message.id.in_(search.matching(bindparam("terms"))))
    return [part.where(*wanted) for part in (own, elsewhere)]


def _events() -> list[Select]:
    told = Event.name.not_in(SHOWN_AS_MESSAGES)
    of_tickets = select(literal("event").label("sort"), Event.id, Event.created_at.label("at"), Event.ticket_id,
                        Event.seq).select_from(Ticket).join(Event, Event.ticket_id == Ticket.id).where(
        Ticket.contact_id == _CONTACT, told)
    of_person = select(literal("event").label("sort"), Event.id, Event.created_at.label("at"),
                       literal(0).label("ticket_id"), Event.id.label("seq")).where(
        Event.contact_id.in_(person_records.of(_CONTACT)), Event.seq.is_(None), told)
    return [of_tickets, of_person]


def _nearest(query: Select, side: str) -> Select:
    order = list(query.selected_columns)[2:]
    return query.order_by(*(order if side == "after" else [one.desc() for one in order])).limit(bindparam("most"))


def _cut(query: Select, model: type, side: str) -> Select:
    if not side:
        return query
    at = bindparam("at", type_=UTCDateTime())
    here = tuple_(*list(query.selected_columns)[2:])
    there = tuple_(at, bindparam("ticket", type_=Integer), bindparam("seq", type_=Integer))
    # The first condition says less than the second, but an index can be walked by it.
    if side == "after":
        return query.where(model.created_at >= at, here > there)
    return query.where(model.created_at <= at, here < there)
