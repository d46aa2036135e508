"""When an agent wants no mail: hours of each day, and whole days, by the clock of their own time zone. What would come
then waits for the end. The bell rings all the same: it is looked at by who looks."""
from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk import settings
from helpdesk.errors import Invalid
from helpdesk.models import Agent
from helpdesk.services import when


def checked(value: Any) -> dict:
    """{"from": "22:00", "to": "07:00", "days": [5, 6]} as it is kept, Monday is 0; {} for never. Raises Invalid."""
    given = value if isinstance(value, Mapping) else {"from": value}
    since, until = (clock(given.get(name) or "") for name in ("from", "to"))
    days = sorted({day for day in given.get("days", ()) if day in range(7)})
    if bool(since) != bool(until):
        raise Invalid("Quiet hours have a beginning and an end: fill in both, or neither.")
    if since and since == until:
        raise Invalid("Quiet hours cannot begin and end at the same time. For a whole day, tick the day.")
    if len(days) == 7:
        raise Invalid("One day at least cannot be quiet, or nothing would ever reach you.")
    return {**({"from": since, "to": until} if since else {}), **({"days": days} if days else {})}


def clock(value: Any) -> str:
    """A time of day as "07:30"; '' for none. Raises Invalid."""
    try:
        return f"{time.fromisoformat(value):%H:%M}" if value else ""
    except (TypeError, ValueError):
        raise Invalid("Write times as 07:30.") from None


def zone_of(agent: Agent) -> ZoneInfo:
    """The agent's time zone, else the house's."""
    return ZoneInfo(agent.time_zone or settings.current().time_zone)


def quiet(rule: Mapping, at: datetime, zone: ZoneInfo) -> bool:
    """Whether it is quiet at this moment there."""
    here = at.astimezone(zone)
    if here.weekday() in rule.get("days", ()):
        return True
    since, until, shown = rule.get("from"), rule.get("to"), f"{here:%H:%M}"
    return bool(since) and (since <= shown < until if since < until else shown >= since or shown < until)


def over(rule: Mapping, at: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from `at` on that is not quiet there."""
    if not quiet(rule, at, zone):
        return at
    ends = [when.at(at.astimezone(zone).date() + timedelta(days=day), hour, zone) for day in range(9)
            for hour in (time(), time.fromisoformat(rule.get("to", "00:00")))]
    return min(end for end in ends if end > at and not quiet(rule, end, zone))
