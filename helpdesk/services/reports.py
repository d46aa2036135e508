"""The manager's numbers, and the tickets behind each."""
from __future__ import annotations

import csv
import io
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.models import BusinessHours, Contact, Inbox, Ticket
from helpdesk.services import reports_metrics
from helpdesk.services.assistant_rows import BY_PEOPLE, CAME_BACK, CONTAINED, RUNNING, WRONG, YOUNG
from helpdesk.services.reports_filters import Filters
from helpdesk.services.reports_rows import LONGER, SPREAD, Row
from helpdesk.services.share import Share

COLUMNS = 62        # bars beside one another; longer periods are drawn by week or by month
CHUNK = 500


@dataclass(frozen=True)
class Durations:
    """Seconds: the middle one and the one that nine of ten stay below. None without rows."""
    n: int
    median: int | None
    p90: int | None
    spread: dict[str, int]
    before: Durations | None = None

    @property
    def change(self) -> float | None:
        """By how much the median moved against the period before: 0.1 is ten per cent longer."""
        if not self.before or not self.before.median or self.median is None:
            return None
        return self.median / self.before.median - 1


@dataclass(frozen=True)
class Volume:
    """Tickets that began, by day (or `step` days) and channel; channels with most tickets first."""
    n: int
    step: int
    columns: list[tuple[date, dict[str, int]]]
    channels: dict[str, int]
    before: int

    @property
    def change(self) -> float | None:
        """0.1 is ten per cent more than in the period before."""
        return self.n / self.before - 1 if self.before else None


@dataclass(frozen=True)
class Overview:
    """Everything on the page."""
    first_response: Durations
    resolution: Durations
    sla_first_response: Share
    sla_resolution: Share
    csat: Share
    scores: dict[int, int]
    answered: Share
    volume: Volume
    assistant: Share            # tickets that the assistant contained, of those that can be judged
    assistant_parts: dict[str, int]


@dataclass(frozen=True)
class Line:
    """One row with what a reader needs to know of its ticket."""
    row: Row
    subject: str
    contact: str


def overview(session: Session, filters: Filters) -> Overview:
    """All numbers for these filters, each beside the one of the period before."""
    current, then = (_all(session, one) for one in (filters, filters.previous()))
    parts = _buckets(current["assistant"])
    return Overview(
        first_response=_durations(current["first_response"], then["first_response"]),
        resolution=_durations(current["resolution"], then["resolution"]),
        sla_first_response=_share("met", current["sla_first_response"], then["sla_first_response"]),
        sla_resolution=_share("met", current["sla_resolution"], then["sla_resolution"]),
        csat=_share("satisfied", current["csat"], then["csat"]),
        scores={score: sum(row.value == score for row in current["csat"]) for score in (5, 4, 3, 2, 1)},
        answered=_share("answered", current["surveys"], then["surveys"]),
        volume=volume(filters, current["volume"], then["volume"]),
        assistant=_share(CONTAINED, _judged(current["assistant"]), _judged(then["assistant"])),
        assistant_parts={name: parts.get(name, 0) for name in (CONTAINED, BY_PEOPLE, CAME_BACK, RUNNING, YOUNG)})


def rows(session: Session, filters: Filters) -> list[Row]:
    """The rows of filters.metric, narrowed to its day and bucket; durations longest first, others newest first."""
    found = reports_metrics.rows(session, filters.metric, filters.range)
    if filters.day:
        end = filters.day + timedelta(days=filters.span)
        found = [row for row in found if filters.day <= filters.date_of(row.at) < end]
    if filters.bucket:
        found = [row for row in found if filters.bucket in _names(filters.metric, row)]
    if filters.metric in ("first_response", "resolution"):
        return sorted(found, key=lambda row: -row.value)
    return found[::-1]


def lines(session: Session, found: Sequence[Row]) -> Iterator[Line]:
    """The rows with subject and contact."""
    for start in range(0, len(found), CHUNK):
        part = found[start:start + CHUNK]
        known: dict[int | None, tuple[str, str]] = {None: ("", "")}
        known |= {ticket_id: (subject, name or f"Visitor {contact_id}") for ticket_id, subject, name, contact_id in
                 session.execute(select(Ticket.id, Ticket.subject, Contact.name, Contact.id).join(
                     Contact, Contact.id == Ticket.contact_id).where(Ticket.id.in_({row.ticket_id for row in part})))}
        yield from (Line(row, *known[row.ticket_id]) for row in part)


def channels(session: Session) -> list[str]:
    """The channels to choose from."""
    return list(session.scalars(select(Inbox.channel).distinct().order_by(Inbox.channel)))


def has_business_hours(session: Session) -> bool:
    """Whether business time differs from the calendar's at all."""
    return session.scalar(select(BusinessHours.id).limit(1)) is not None


def table(session: Session, filters: Filters) -> str:
    """The list as CSV for spreadsheets (RFC 4180). A cell that a spreadsheet would run as a formula is quoted with
    an apostrophe (OWASP, CSV Injection)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("ticket", "subject", "contact", "channel", "time", "value", "part", "comment"))
    for line in lines(session, rows(session, filters)):
        row = line.row
        writer.writerow([_harmless(cell) for cell in (
            row.ticket_id or "", line.subject, line.contact, row.channel, row.at.isoformat(timespec="seconds"),
            "" if row.value is None else row.value, row.bucket, row.note)])
    return out.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


def _all(session: Session, filters: Filters) -> dict[str, list[Row]]:
    found = {}
    for metric in reports_metrics.OVERVIEW:
        found[metric] = reports_metrics.rows(session, metric, filters.range)
        time.sleep(0)       # long periods take a while: lets the other requests of this process go on in between
    return found


def _names(metric: str, row: Row) -> tuple[str, ...]:
    """What a row may be asked for by."""
    judged = ("judged",) if row.bucket not in (RUNNING, YOUNG) else ()
    wrong = ("wrong",) if metric == "answers" and row.bucket in WRONG else ()
    return (row.bucket, f"score {row.value}", f"article {row.article_id}", *judged, *wrong)


def _buckets(found: Sequence[Row]) -> Counter:
    return Counter(row.bucket for row in found)


def _judged(found: Sequence[Row]) -> list[Row]:
    return [row for row in found if row.bucket not in (RUNNING, YOUNG)]


def _share(bucket: str, found: Sequence[Row], then: Sequence[Row] | None = None) -> Share:
    return Share(_buckets(found)[bucket], len(found), None if then is None else _share(bucket, then))


def _durations(found: Sequence[Row], then: Sequence[Row] | None = None) -> Durations:
    """p90 is the nearest rank, so that it is the time of a real ticket."""
    values, spread = sorted(row.value for row in found), _buckets(found)
    return Durations(
        len(values), round(median(values)) if values else None,
        values[math.ceil(0.9 * len(values)) - 1] if values else None,
        {name: spread[name] for name in (*(name for _, name in SPREAD), LONGER)},
        None if then is None else _durations(then))


def volume(filters: Filters, found: Sequence[Row], then: Sequence[Row]) -> Volume:
    """How many rows there are of each bucket, by day."""
    step = next(step for step in (1, 7, 30) if filters.days <= step * COLUMNS)
    columns: list[tuple[date, dict[str, int]]] = [
        (filters.first + timedelta(days=n), Counter()) for n in range(0, filters.days, step)]
    for row in found:
        columns[(filters.date_of(row.at) - filters.first).days // step][1][row.bucket] += 1
    return Volume(len(found), step, columns, dict(_buckets(found).most_common()), len(then))
