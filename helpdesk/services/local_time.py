"""What time it is where somebody is. Pure.

Their browser's or an agent's word is taken first. Otherwise the country of a phone number or of the locale tells, if
all of that country has the same time now (Unicode CLDR's list of zones by territory, as Babel carries it).
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from babel.core import get_global

MORNING, NIGHT = 7, 22


@dataclass(frozen=True)
class LocalTime:
    """`at` in their zone. `how`: told, phone or locale."""
    at: datetime
    zone: str
    how: str

    @property
    def night(self) -> bool:
        """Whether most people would be asleep."""
        return not MORNING <= self.at.hour < NIGHT


def local_time(at: datetime, zone: str, phones: Iterable[str] = (), locale: str = "") -> LocalTime | None:
    """The moment `at` where they are; None when nothing tells. `zone`: what is known of them, an IANA name or ''.
    `phones`: E.164 numbers."""
    if zone and (local := _in_zone(at, zone)):
        return LocalTime(local, zone, "told")
    countries = [(_country(number), "phone") for number in phones]
    countries.append((locale.replace("_", "-").partition("-")[2].upper()[-2:], "locale"))
    for country, how in countries:
        found = {local.replace(tzinfo=None): (local, name) for name in get_global("territory_zones").get(country, ())
                 if (local := _in_zone(at, name))}
        if len(found) == 1:
            local, name = next(iter(found.values()))
            return LocalTime(local, name, how)
    return None


def _in_zone(at: datetime, zone: str) -> datetime | None:
    try:
        return at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _country(number: str) -> str:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""
