"""Until when a ticket may be hidden: what is offered, and what somebody typed. Pure."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.errors import Invalid
from helpdesk.services import when
from helpdesk.services.tickets import ON_REPLY

EVENING, LAST_LATER = time(18), time(20)
EXAMPLES = "“tomorrow 9”, “besok jam 9”, “mañana a las 9”, “in 3 days” or “next friday 14:30”"


@dataclass(frozen=True)
class Preset:
    """One choice of the menu."""
    key: str
    label: str
    at: datetime


def presets(now: datetime, zone: ZoneInfo) -> list[Preset]:
    """What is offered at this moment to somebody in this time zone, the nearest first. What would not be today any
    more, or has passed, is left out."""
    here = now.astimezone(zone)
    found = [Preset("later", "Later today", now + when.LATER)] if here.time() < LAST_LATER else []
    evening = when.at(here.date(), EVENING, zone)
    if evening > now + timedelta(minutes=30):
        found.append(Preset("evening", "This evening", evening))
    found.append(Preset("tomorrow", "Tomorrow", when.at(here.date() + timedelta(days=1), when.MORNING, zone)))
    found.append(Preset("week", "Next week", when.at(here.date() + timedelta(days=7 - here.weekday()), when.MORNING,
                                                     zone)))
    return [*found, Preset("reply", "Until the customer answers", ON_REPLY)]


def until(choice: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment that a choice of the menu, an ISO time, or somebody's own words mean. Raises Invalid."""
    choice = choice.strip()
    if preset := next((one for one in presets(now, zone) if one.key == choice), None):
        return preset.at
    try:
        moment = datetime.fromisoformat(choice)
    except ValueError:
        moment = when.understood(choice, now, zone)
    else:
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if moment is None:
        raise Invalid(f"That was not understood as a time. Try {EXAMPLES}.")
    if moment <= now:
        raise Invalid("That time has passed; choose a later one.")
    return moment
