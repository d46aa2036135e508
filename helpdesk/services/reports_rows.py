"""What each metric counts: one select per metric, used for the number and for the list of tickets behind it, so that
the two cannot differ.

A row belongs to the moment of what it measures (the reply, the resolution, the rating), not to the day its ticket
began. The channel of a row is the one over which its ticket began. Spam is left out, and so are merged tickets,
because the ticket they went into is counted.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from helpdesk.models import (
    BusinessHours,
    Event,
    Message,
    Rating,
    SlaClock,
    SlaPolicy,
    Survey,
    Ticket,
)
from helpdesk.services.hours import Hours

SPREAD = ((3600, "up to 1 h"), (4 * 3600, "1 to 4 h"), (8 * 3600, "4 to 8 h"), (24 * 3600, "8 to 24 h"))
LONGER = "over 24 h"


@dataclass(frozen=True)
class Row:
    """One ticket that was counted: when, with what value (seconds or a score), and in which bucket. `note` is the
    customer's comment or an article's title, `target` what was promised (seconds). Without a ticket it is an article
    that somebody read."""
    ticket_id: int | None
    at: datetime
    channel: str
    value: int | None = None
    bucket: str = ""
    note: str = ""
    target: int | None = None
    article_id: int | None = None


@dataclass(frozen=True)
class Range:
    """From `start` until just before `end`; `channel` '' means all. `business` measures durations in business time."""
    start: datetime
    end: datetime
    channel: str = ""
    business: bool = False

    def holds(self, column):
        """The condition that a time lies in the range."""
        return and_(column >= self.start, column < self.end)


OPENED_OVER = func.coalesce(
    select(Message.channel).where(Message.ticket_id == Ticket.id, Message.kind == "message").order_by(Message.seq)
    .limit(1).correlate(Ticket).scalar_subquery(), Ticket.channel)
FIRST_WORDS = (select(func.min(Message.sent_at)).where(
    Message.ticket_id == Ticket.id, Message.direction == "in", Message.author_kind == "contact")
    .correlate(Ticket).scalar_subquery())


def _first_response(session: Session, within: Range) -> Iterator[Row]:
    began = case((Ticket.handed_over_at <= Ticket.first_response_at, Ticket.handed_over_at), else_=FIRST_WORDS)
    found = select(Ticket.id, OPENED_OVER, Ticket.first_response_at, began.label("began"), SlaPolicy.hours_id)
    found = _with_hours(found, "first_response").where(
        within.holds(Ticket.first_response_at), FIRST_WORDS <= Ticket.first_response_at)
    yield from _durations(session, found, within)


def _resolution(session: Session, within: Range) -> Iterator[Row]:
    last = (select(Event.ticket_id, func.max(Event.created_at).label("at")).where(
        Event.name == "TicketResolved", within.holds(Event.created_at)).group_by(Event.ticket_id).subquery())
    found = select(Ticket.id, OPENED_OVER, last.c.at, Ticket.created_at, SlaPolicy.hours_id).join(
        last, last.c.ticket_id == Ticket.id)
    yield from _durations(session, _with_hours(found, "resolution"), within)


def _with_hours(found: Select, kind: str) -> Select:
    return found.outerjoin(SlaClock, and_(SlaClock.ticket_id == Ticket.id, SlaClock.kind == kind)).outerjoin(
        SlaPolicy, SlaPolicy.id == SlaClock.policy_id)


def _durations(session: Session, found: Select, within: Range) -> Iterator[Row]:
    calendars = {row.id: Hours(row.time_zone, row.week, row.holidays) for row in session.scalars(
        select(BusinessHours))} if within.business else {}
    around_the_clock = Hours()
    for ticket_id, channel, at, began, hours_id in session.execute(of_tickets(found, within)):
        seconds = calendars.get(hours_id, around_the_clock).seconds_between(began, at)
        yield Row(ticket_id, at, channel, seconds, next((name for limit, name in SPREAD if seconds <= limit), LONGER))


def _sla(kind: str) -> Callable[[Session, Range], Iterator[Row]]:
    def found(session: Session, within: Range) -> Iterator[Row]:
        query = select(Ticket.id, OPENED_OVER, SlaClock.met_at, SlaClock.breached_at, SlaClock.spent_seconds,
                       SlaClock.target_seconds).join(SlaClock, SlaClock.ticket_id == Ticket.id).where(
            SlaClock.kind == kind, or_(within.holds(SlaClock.breached_at), and_(
                SlaClock.breached_at.is_(None), within.holds(SlaClock.met_at))))
        for ticket_id, channel, met_at, breached_at, spent, target in session.execute(of_tickets(query, within)):
            yield Row(ticket_id, breached_at or met_at, channel, spent if met_at else None,
                      "breached" if breached_at else "met", target=target)
    return found


def _csat(session: Session, within: Range) -> Iterator[Row]:
    query = select(Ticket.id, OPENED_OVER, Rating.created_at, Rating.score, Rating.comment).join(
        Rating, Rating.ticket_id == Ticket.id).join(Survey, Survey.id == Rating.survey_id).where(
        Survey.kind == "csat", within.holds(Rating.created_at))
    for ticket_id, channel, at, score, comment in session.execute(of_tickets(query, within, merged=True)):
        yield Row(ticket_id, at, channel, score, "satisfied" if score >= 4 else "not satisfied", comment)


def _surveys(session: Session, within: Range) -> Iterator[Row]:
    query = select(Ticket.id, OPENED_OVER, Survey.sent_at, Rating.score, Rating.comment).join(
        Survey, Survey.ticket_id == Ticket.id).outerjoin(Rating, Rating.survey_id == Survey.id).where(
        Survey.kind == "csat", within.holds(Survey.sent_at))
    for ticket_id, channel, at, score, comment in session.execute(of_tickets(query, within, merged=True)):
        yield Row(ticket_id, at, channel, score, "answered" if score else "unanswered", comment or "")


def _volume(session: Session, within: Range) -> Iterator[Row]:
    query = select(Ticket.id, Ticket.created_at, OPENED_OVER).where(within.holds(Ticket.created_at))
    for ticket_id, at, channel in session.execute(of_tickets(query, within)):
        yield Row(ticket_id, at, channel, None, channel)


def of_tickets(query: Select, within: Range, merged: bool = False) -> Select:
    """Only what the range asks for, and no spam; merged tickets too with `merged`."""
    query = query.where(Ticket.spam_at.is_(None))
    if not merged:
        query = query.where(Ticket.merged_into_id.is_(None))
    return query.where(OPENED_OVER == within.channel) if within.channel else query


METRICS: dict[str, Callable[[Session, Range], Iterator[Row]]] = {
    "first_response": _first_response, "resolution": _resolution, "sla_first_response": _sla("first_response"),
    "sla_resolution": _sla("resolution"), "csat": _csat, "surveys": _surveys, "volume": _volume}
