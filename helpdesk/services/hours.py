"""Business time: how much of it lies between two instants, and where a number of seconds of it ends.

All sums are made in UTC, so that a night on which the clocks change is as long as it really was. Local time is used
for one thing only: to find out which stretches of a UTC day are open. The house is open whenever a clock on its wall
shows an open hour; an hour that is skipped does not count, one that comes twice counts twice.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = timedelta(days=1)
FARTHEST = 3_660        # days that are searched for an opening, so that a calendar of holidays cannot loop for ever
TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")

Span = tuple[datetime, datetime]


class Hours:
    """Opening hours of one house. Immutable; keeps what it worked out, so that one object should serve many sums.

    time_zone: IANA name. week: "0" (Monday) … "6" to lists of ["09:00", "17:30"]; "24:00" is the end of the day, and
    an end that is not after its start ("22:00" to "06:00") lies on the next day. Without any interval the house is
    open around the clock. holidays: ISO dates, each closed from local midnight to midnight, so that a night shift
    that runs into one ends at midnight. Raises ValueError with a sentence when something makes no sense.
    """

    def __init__(self, time_zone: str = "UTC", week: Mapping[str, Sequence[Sequence[str]]] | None = None,
                 holidays: Iterable[str] = ()):
        try:
            self.zone = ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{time_zone!r} is no time zone") from error
        try:
            self.holidays = frozenset(date.fromisoformat(day) for day in holidays)
        except (TypeError, ValueError) as error:
            raise ValueError(f"a holiday is written as 2030-12-25: {error}") from error
        self.week = _minutes_of_week(week or {})
        self.always = not any(self.week) and not self.holidays
        if not any(self.week):
            self.week = [[(0, 1440)]] * 7
        self._open: dict[date, list[Span]] = {}

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The open stretches between two instants, in order, in UTC."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if start >= end:
            return
        if self.always:
            yield start, end
            return
        day = start.date()
        while day <= end.date():
            for opens, closes in self._day(day):
                if opens < end and closes > start:
                    yield max(opens, start), min(closes, end)
            day += DAY

    def seconds_between(self, start: datetime, end: datetime) -> int:
        """Seconds of business time from `start` to `end`; 0 when `end` is not after `start`."""
        return round(sum((closes - opens for opens, closes in self.spans(start, end)), timedelta()).total_seconds())

    def after(self, start: datetime, seconds: float) -> datetime:
        """The instant at which `seconds` of business time have passed since `start`; a sum that ends exactly at
        closing time ends then, not at the next opening. With 0 it is `start`, or the next opening when closed.
        A negative number goes back instead. ValueError when the house does not open for ten years."""
        if seconds < 0:
            return self._before(start, -seconds)
        left, start = timedelta(seconds=seconds), start.astimezone(UTC)
        if self.always:
            return start + left
        for n in range(FARTHEST):
            for opens, closes in self._day(start.date() + n * DAY):
                opens = max(opens, start)
                if opens < closes:
                    if left <= closes - opens:
                        return opens + left
                    left -= closes - opens
        raise ValueError("these business hours do not open within ten years")

    def _before(self, end: datetime, seconds: float) -> datetime:
        left, end = timedelta(seconds=seconds), end.astimezone(UTC)
        if self.always:
            return end - left
        for n in range(FARTHEST):
            for opens, closes in reversed(self._day(end.date() - n * DAY)):
                closes = min(closes, end)
                if opens < closes:
                    if left <= closes - opens:
                        return closes - left
                    left -= closes - opens
        raise ValueError("these business hours did not open within ten years")

    def _day(self, day: date) -> list[Span]:
        """The open stretches of one UTC day. It may hold parts of three local ones."""
        if day not in self._open:
            starts = datetime(day.year, day.month, day.day, tzinfo=UTC)
            found = []
            for local in (day - DAY, day, day + DAY):
                if local in self.holidays:
                    continue
                midnight = datetime(local.year, local.month, local.day, tzinfo=UTC)
                for begins, ends, offset in self._offsets(starts, starts + DAY):
                    for first, last in self.week[local.weekday()]:
                        opens = max(midnight + timedelta(minutes=first) - offset, begins)
                        closes = min(midnight + timedelta(minutes=last) - offset, ends)
                        if opens < closes:
                            found.append((opens, closes))
            self._open[day] = _joined(found)
        return self._open[day]

    def _offsets(self, starts: datetime, ends: datetime) -> list[tuple[datetime, datetime, timedelta]]:
        """[(from, to, offset from UTC)], split where the clocks change. They do so at most once a day."""
        before, after = self._offset(starts), self._offset(ends - timedelta(seconds=1))
        if before == after:
            return [(starts, ends, before)]
        low, high = 0, round((ends - starts).total_seconds())
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(starts + timedelta(seconds=middle)) == before:
                low = middle
            else:
                high = middle
        change = starts + timedelta(seconds=high)
        return [(starts, change, before), (change, ends, after)]

    def _offset(self, instant: datetime) -> timedelta:
        return instant.astimezone(self.zone).utcoffset()


def _minutes_of_week(week: Mapping[str, Sequence[Sequence[str]]]) -> list[list[tuple[int, int]]]:
    """Per weekday the open minutes since midnight; what runs past midnight is given to the next day."""
    days: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for name, intervals in week.items():
        if str(name) not in list("0123456"):
            raise ValueError(f"a weekday is 0 (Monday) to 6 (Sunday), not {name!r}")
        day = int(name)
        for interval in intervals:
            if len(interval) != 2:
                raise ValueError(f"an interval has a start and an end, not {interval!r}")
            start, end = (_minutes(text) for text in interval)
            if start == 1440:
                raise ValueError("an interval cannot start at 24:00; write 00:00 of the next day")
            if start == end and start:
                raise ValueError(f"from {interval[0]} to {interval[1]} is no time; the whole day is 00:00 to 24:00")
            if end > start:
                days[day].append((start, end))
            else:
                days[day].append((start, 1440))
                days[(day + 1) % 7].append((0, end))
    return [[(a, b) for a, b in sorted(day) if a < b] for day in days]


def _minutes(text: str) -> int:
    match = TIME.fullmatch(str(text).strip())
    if not match or (match[1] == "24" and match[2] != "00"):
        raise ValueError(f"a time is written as 09:00, not {text!r}")
    return int(match[1]) * 60 + int(match[2])


def _joined(spans: list[Span]) -> list[Span]:
    """The same stretches in order, overlapping and touching ones made one."""
    joined: list[Span] = []
    for opens, closes in sorted(spans):
        if joined and opens <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], closes)
        else:
            joined.append((opens, closes))
    return joined
