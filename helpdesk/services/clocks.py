"""What an SLA clock shows, as a pure function of target, business hours and what happened.

The rows of SlaClock are kept by helpdesk.services.sla as things happen; this derives the same from the history, so
that one can be explained, and tested, by the other.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.models import Event, Status
from helpdesk.services.hours import Hours

DONE = (Status.RESOLVED, Status.CLOSED)


@dataclass(frozen=True)
class Step:
    """From `at` on the clock runs, or stands still; `cause` says why."""
    at: datetime
    runs: bool
    cause: str


@dataclass(frozen=True)
class Interval:
    """A stretch of time that was counted, or was not, and why. `ends_at` is None for the one that lasts."""
    kind: str
    starts_at: datetime
    ends_at: datetime | None
    counted: bool
    cause: str
    seconds: int            # of business time

    def __str__(self) -> str:
        """One line for a terminal, times in UTC."""
        end = f"{self.ends_at:%Y-%m-%d %H:%M:%S}" if self.ends_at else "now".ljust(19)
        counted = f"counted {timedelta(seconds=self.seconds)}" if self.counted else "not counted"
        return f"{self.kind:<14}  {self.starts_at:%Y-%m-%d %H:%M:%S}  {end}  {counted:<26}  {self.cause}"


def runs(kind: str, status: str, snoozed: bool) -> bool:
    """Whether a clock of this kind runs while a ticket stands so: waiting for the customer and being snoozed stop the
    resolution clock only, being resolved or closed stops every one."""
    if status in DONE:
        return False
    return kind == "first_response" or (status == Status.OPEN and not snoozed)


def steps(kind: str, started_at: datetime, history: Iterable[Event]) -> list[Step]:
    """When a clock ran and stood still, from the ticket's events in order. What came before `started_at` only decides
    how the ticket stood then."""
    status, snoozed, merged, found = str(Status.OPEN), False, False, []

    def add(at: datetime) -> None:
        cause = "snoozed" if snoozed and status not in DONE else str(status)
        step = Step(at, runs(kind, status, snoozed) and not merged, "merged into another ticket" if merged else cause)
        if found and found[-1].at == at:
            found[-1] = step
        elif not found or (found[-1].runs, found[-1].cause) != (step.runs, step.cause):
            found.append(step)
    begun = False
    for event in history:
        if not begun and event.created_at > started_at:
            add(started_at)
            begun = True
        match event.name:
            case "StatusChanged":
                status, snoozed = event.data["status"], False
            case "TicketResolved":
                status, snoozed = str(Status.RESOLVED), False
            case "TicketReopened":
                status, snoozed = event.data.get("status") or str(Status.OPEN), False
            case "TicketSnoozed":
                snoozed = True
            case "TicketWoken":
                snoozed = False
            case "TicketMergedInto" | "TicketUnmergedFrom":
                merged = event.name == "TicketMergedInto"
            case "TicketsMerged" | "TicketsUnmerged" if event.data.get("status"):
                status, snoozed = event.data["status"], event.data["snoozed"]
            case _:
                continue
        if begun:
            add(event.created_at)
    if not begun:
        add(started_at)
    return found


def spent(hours: Hours, walk: Sequence[Step], until: datetime) -> int:
    """Seconds of business time counted up to `until`."""
    return sum(hours.seconds_between(step.at, end) for step, end in _ended(walk, until) if step.runs)


def due(hours: Hours, walk: Sequence[Step], target_seconds: int) -> datetime | None:
    """When the target is used up; None while the clock stands still, or where the hours never open long enough."""
    last = walk[-1]
    try:
        return hours.after(last.at, target_seconds - spent(hours, walk, last.at)) if last.runs else None
    except ValueError:
        return None


def intervals(kind: str, hours: Hours, walk: Sequence[Step], until: datetime, running: bool) -> list[Interval]:
    """The whole walk up to `until`; what was counted is cut at opening and closing times. With `running` the last
    stretch has no end."""
    found = []
    for step, end in _ended(walk, until):
        if not step.runs:
            found.append(Interval(kind, step.at, end, False, step.cause, 0))
            continue
        at = step.at
        for opens, closes in hours.spans(step.at, end):
            if at < opens:
                found.append(Interval(kind, at, opens, False, "outside business hours", 0))
            found.append(Interval(kind, opens, closes, True, step.cause, hours.seconds_between(opens, closes)))
            at = closes
        if at < end:
            found.append(Interval(kind, at, end, False, "outside business hours", 0))
    if running and found:
        last = found[-1]
        found[-1] = Interval(kind, last.starts_at, None, last.counted, last.cause, last.seconds)
    return found


def _ended(walk: Sequence[Step], until: datetime) -> list[tuple[Step, datetime]]:
    ends = [step.at for step in walk[1:]] + [until]
    return [(step, min(end, until)) for step, end in zip(walk, ends, strict=True) if step.at < until]
