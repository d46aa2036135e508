"""Setting business hours and the promise that is measured in them."""
from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import BusinessHours, SlaPolicy
from helpdesk.models.tickets import PRIORITIES
from helpdesk.services import sla
from helpdesk.services.hours import Hours

NAME = "Business hours"
INTERVAL = re.compile(r"\s*(\d{1,2}:\d{2})\s*[-–—]\s*(\d{1,2}:\d{2})\s*")
YEAR = timedelta(days=366)
LONGEST_MINUTES = 366 * 24 * 60
KINDS = {"first_response": "The first response", "resolution": "The resolution"}


def present(session: Session) -> tuple[SlaPolicy | None, BusinessHours | None]:
    """The first policy and its hours, as far as there are any; writes nothing."""
    policy = session.scalar(select(SlaPolicy).order_by(SlaPolicy.position, SlaPolicy.id).limit(1))
    return policy, session.get(BusinessHours, policy.hours_id) if policy and policy.hours_id else None


def save(session: Session, *, time_zone: str, week: Mapping[str, str], holidays: str,
         minutes: Mapping[str, Mapping[str, str]], actor: str) -> None:
    """Store what the form says. `week`: "0" (Monday) … "6" to "09:00-12:00, 13:00-17:30"; all empty: around the clock.
    `holidays`: one ISO date a line. `minutes`: kind to priority to a number, '' for no promise. Raises Invalid.

    Running clocks keep their deadline until they next stop; new ones use the new hours.
    """
    opening = {day: intervals for day, words in week.items() if (intervals := _intervals(words))}
    closed = sorted({line.split("#")[0].strip() for line in holidays.splitlines()} - {""})
    try:
        hours = Hours(time_zone, opening, closed)
    except ValueError as problem:
        raise Invalid(f"{str(problem)[0].upper()}{str(problem)[1:]}.") from problem
    if not any(hours.spans(now(), now() + YEAR)):
        raise Invalid("These hours do not open in the year to come, so nothing could be promised. Look at the "
                      "holidays.")
    promised = {kind: _minutes(words, minutes.get(kind, {})) for kind, words in KINDS.items()}
    policy = sla.ensure_default(session)
    hours = session.get(BusinessHours, policy.hours_id) if policy.hours_id else None
    if hours is None:
        hours = BusinessHours(name=NAME)
        session.add(hours)
    hours.time_zone, hours.week, hours.holidays = time_zone, opening, closed
    session.flush()
    policy.hours_id = hours.id
    policy.first_response, policy.resolution = promised["first_response"], promised["resolution"]
    events.record(session, events.SettingsChanged(what="business hours and promises"), actor=actor)


def words_of(intervals: list[list[str]]) -> str:
    """Intervals as the form shows them."""
    return ", ".join(f"{start}-{end}" for start, end in intervals)


def _intervals(words: str) -> list[list[str]]:
    found = []
    for part in words.split(","):
        if not part.strip():
            continue
        match = INTERVAL.fullmatch(part)
        if not match:
            raise Invalid(f"Opening hours are written as 09:00-12:00, 13:00-17:30, not {part.strip()!r}.")
        found.append([match[1], match[2]])
    return found


def _minutes(words: str, given: Mapping[str, str]) -> dict[str, int]:
    found = {}
    for priority in PRIORITIES:
        value = given.get(priority, "").strip()
        if not value:
            continue
        if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= LONGEST_MINUTES):
            raise Invalid(f"{words} of {priority} tickets: a whole number of minutes, or nothing for no promise.")
        found[priority] = int(value)
    return found
