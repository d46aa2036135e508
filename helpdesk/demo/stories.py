"""The past of the demo company, read from config/seeds/demo.toml: who did what, and when.

A story is one ticket. Its steps are [what, after, …]: `after` is the time since the step before ("20m", "3h", "2d"),
of business time for what the house does and of any time for what the customer does. Steps that would lie in the future
are left out, so that a story that began this morning is still open.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.errors import Invalid
from helpdesk.services.hours import Hours

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
BY_CUSTOMER = {"writes", "presses", "reads", "rates"}
BY_HOUSE = {"assigns", "answers", "notes", "tags", "priority", "team", "pending", "resolves", "closes", "snoozes",
            "verifies"}


@dataclass
class Story:
    """One ticket's course. `ticket_id` and `visitor_id` are filled in while it is told."""
    who: str
    channel: str
    agent: str
    subject: str
    away: bool                  # web only: the customer left the page and gets the answer by mail
    ticket_id: int | None = None
    visitor_id: int | None = None


@dataclass(frozen=True, order=True)
class Step:
    """`what` happens at `at`; sorted by time, then as written."""
    at: datetime
    number: int
    what: str = field(compare=False)
    given: tuple = field(compare=False)
    story: Story = field(compare=False)


def steps(seed: Mapping, hours: Hours, until: datetime, zone: str) -> list[Step]:
    """Every step of all stories before `until`, in order of time. Raises Invalid for a step that makes no sense."""
    found: list[Step] = []
    for one in seed["story"]:
        story = Story(one["who"], one["channel"], one.get("agent", ""), one.get("subject", ""), one.get("away", False))
        found += _timed(one, story, hours, until, zone, len(found))
    return sorted(found)


def seconds(words: str) -> int:
    """"1h30m" → 5400. Raises Invalid."""
    if not re.fullmatch(r"(\d+[smhd])+", words):
        raise Invalid(f"{words!r} is no length of time; write 20m, 3h or 2d.")
    return sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)([smhd])", words))


def _timed(one: Mapping[str, Any], story: Story, hours: Hours, until: datetime, zone: str,
           first: int) -> Iterator[Step]:
    at = _start(one, until, zone, hours)
    for number, (what, after, *given) in enumerate(one["steps"], first):
        if what in BY_HOUSE:
            at = hours.after(at, seconds(after)) if "days" in one else at + timedelta(seconds=seconds(after))
        elif what in BY_CUSTOMER:
            at += timedelta(seconds=seconds(after))
        else:
            raise Invalid(f"There is no step {what!r} in a story.")
        if at >= until:
            return
        yield Step(at, number, what, tuple(given), story)


def _start(one: Mapping[str, Any], until: datetime, zone: str, hours: Hours) -> datetime:
    """`ago` counts back from the start of the demo; `days` and `at` name a time of day, moved into opening hours."""
    if "ago" in one:
        return until - timedelta(seconds=seconds(one["ago"]))
    day = (until - timedelta(days=one["days"])).astimezone(ZoneInfo(zone)).date()
    return hours.after(datetime.combine(day, time.fromisoformat(one["at"]), ZoneInfo(zone)), 0)
