"""A time in somebody's own words: "tomorrow 9", "besok jam 9", "mañana a las 9", "em 3 dias", "kal subah 9 baje".

English, Indonesian, Spanish, Portuguese and Hindi in Latin letters, also mixed. Pure: the words, the moment and the
time zone go in, a moment comes out. A word that is not understood makes all of it not understood: a wrong guess is
worse than a question. The words of each language stand in helpdesk.services.when_words.
"""
from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.services import when_words as words

MORNING = time(9)
LATER = timedelta(hours=3)
FARTHEST = timedelta(days=3660)
LENGTH = 80                     # characters of a sentence that is read


@dataclass
class _Found:
    """What was read so far."""
    day: date | None = None
    at: time | None = None
    moment: datetime | None = None      # counted from now: hours and minutes


def understood(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment that these words name for somebody in `zone`, in UTC; None where they are not understood. It may lie
    in the past ("today 9" in the afternoon); a time without a day is the next one of that name."""
    here, rest, found = now.astimezone(zone), _plain(text), _Found()
    for read in (_count, _date, _day, _clock):
        rest = read(rest, here, found)
    if [word for word in rest.split() if word not in words.FILLERS]:
        return None
    if found.moment:
        return found.moment.astimezone(UTC) if not (found.day or found.at) else None
    if found.day is None and found.at is None:
        return None
    day = found.day or here.date()
    moment = at(day, found.at or MORNING, zone)
    if found.day is None and moment <= now:
        moment = at(day + timedelta(days=1), found.at, zone)
    return moment if abs(moment - now) < FARTHEST else None


def at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """This time of day there, in UTC. What the clocks skip in spring is read as they show it afterwards; of what they
    repeat in autumn, the first."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _plain(text: str) -> str:
    """Small letters without accents; phrases of several words as one."""
    text = unicodedata.normalize("NFKD", text[:LENGTH].lower())
    text = "".join(one for one in text if not unicodedata.combining(one))
    text = re.sub(r"[’'`´]", "", text)
    text = re.sub(r"(?<=\d)t(?=\d)", " ", text)              # 2026-12-24T08:30
    text = re.sub(r"(?<=\d)(?=[a-z])(?!h\d)", " ", text)       # 9am, 3d: two words; 14h30 stays
    text = re.sub(r"[,;!?]|(?<=[a-z])[.-]|\.(?=\s|$)", " ", text)
    text = f" {' '.join(text.split())} "
    for phrase, word in words.PHRASES:
        text = text.replace(f" {phrase} ", f" {word} ")
    return text


def _count(rest: str, here: datetime, found: _Found) -> str:
    """"in 3 days", "2 jam lagi", "seminggu lagi", "half_hour"."""
    if " half_hour " in rest:
        found.moment = here.astimezone(UTC) + timedelta(minutes=30)
        return rest.replace(" half_hour ", " ", 1)
    if " later_today " in rest:
        found.moment = here.astimezone(UTC) + LATER
        return rest.replace(" later_today ", " ", 1)
    tokens = rest.split()
    for index, token in enumerate(tokens):
        unit, size = words.UNITS.get(token), None
        if unit and index and tokens[index - 1] not in words.CLOCK_WORDS:
            before = tokens[index - 1]
            size = int(before) if before.isdecimal() and len(before) < 5 else words.NUMBERS.get(before)
            others = [one for one in tokens[:index - 1] + tokens[index + 1:] if one not in words.SOON]
            if token == "h" and others or index > 1 and tokens[index - 2] in words.CLOCK_WORDS:
                size = None         # "sexta 10h" is ten o'clock
        # "9 jam" is nine hours, "jam 9" is nine o'clock: in Indonesian the word stands on the other side.
        if size is None:
            if token not in words.ONE_UNITS:
                continue
            unit, size, index = words.ONE_UNITS[token], 1, index + 1
        if not _add(unit, size, here, found):
            return rest
        return f" {' '.join(tokens[:index - 1] + tokens[(index + 1 if token in words.UNITS else index):])} "
    return rest


def _add(unit: str, size: int, here: datetime, found: _Found) -> bool:
    try:
        if unit in ("minutes", "hours"):
            found.moment = here.astimezone(UTC) + timedelta(**{unit: size})
        elif unit == "months":
            months = here.month - 1 + size
            year, month = here.year + months // 12, months % 12 + 1
            found.day = next(day for past in range(4) if (day := _calendar(year, month, here.day - past)))
        else:
            found.day = here.date() + timedelta(**{unit: size})
    except (OverflowError, ValueError):
        return False
    return True


def _date(rest: str, here: datetime, found: _Found) -> str:
    """2026-12-24, 24/12, 24.12.2026, 24 dec, dec 24, 24 de diciembre de 2026. The day stands before the month."""
    month = f"({'|'.join(sorted(words.MONTHS, key=len, reverse=True))})"
    for pattern, order in (
            (r" (\d{4})-(\d{1,2})-(\d{1,2}) ", "ymd"), (r" (\d{1,2})[/.](\d{1,2})[/.](\d{4}) ", "dmy"),
            (r" (\d{1,2})/(\d{1,2}) ", "dm"),
            (rf" (\d{{1,2}}) (?:(?:st|nd|rd|th) )?(?:of |de )?{month}(?: (?:de |del )?(\d{{4}}))? ", "dmy"),
            (rf" {month} (\d{{1,2}})(?: (?:st|nd|rd|th))?(?: (\d{{4}}))? ", "mdy")):
        match = re.search(pattern, rest)
        if not match:
            continue
        given = dict(zip(order, match.groups(), strict=True))
        month_number = words.MONTHS.get(given["m"]) or int(given["m"])
        day = _calendar(int(given.get("y") or here.year), month_number, int(given["d"]))
        if day and not given.get("y") and day < here.date():
            day = _calendar(here.year + 1, month_number, int(given["d"]))
        if day is None:
            return f"{rest} ?"
        found.day = day
        return f"{rest[:match.start()]} {rest[match.end():]}"
    return rest


def _calendar(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _day(rest: str, here: datetime, found: _Found) -> str:
    """today, tomorrow, friday, next friday, next week."""
    if found.day:
        return rest
    tokens, today = rest.split(), here.date()
    monday = today - timedelta(days=today.weekday())
    ahead = {"today": 0, "tomorrow": 1, "overmorrow": 2}
    for index, token in enumerate(tokens):
        if token in ahead:
            found.day = today + timedelta(days=ahead[token])
        elif token == "next_week":
            found.day = monday + timedelta(days=7)
        elif token == "next_month":
            found.day = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        elif token == "weekend":
            found.day = monday + timedelta(days=5 if today.weekday() < 5 else 12)
        elif token in words.WEEKDAYS:
            return _weekday(tokens, index, here, found)
        else:
            continue
        return f" {' '.join(tokens[:index] + tokens[index + 1:])} "
    return rest


def _weekday(tokens: list[str], index: int, here: datetime, found: _Found) -> str:
    """The next day of that name; with "next" the one of the next week."""
    wanted, today = words.WEEKDAYS[tokens[index]], here.date()
    around = [n for n in (index - 1, index + 1) if 0 <= n < len(tokens)]
    said = next((n for n in around if tokens[n] in words.OF_NEXT_WEEK), None)
    if said is not None:
        found.day = today + timedelta(days=7 - today.weekday() + wanted)
    else:
        said = next((n for n in around if tokens[n] in words.COMING), None)
        found.day = today + timedelta(days=(wanted - today.weekday()) % 7 or 7)
    return f" {' '.join(word for n, word in enumerate(tokens) if n not in (index, said))} "


def _clock(rest: str, here: datetime, found: _Found) -> str:
    """9, 9:30, 14h30, 9 am, jam 9 malam, a las 9 de la noche, evening, noon."""
    part = next((word for word in rest.split() if word in words.PARTS), None)
    if part:
        rest = rest.replace(f" {part} ", " ", 1)
    marked = "|".join(words.CLOCK_WORDS)
    match = (re.search(rf" (?:(?:{marked}) )?(\d{{1,2}})[:.h](\d{{2}})(?::\d\d)? (?:h |hs |baje  )?(am |pm )?", rest)
             or re.search(rf" (?:(?:{marked}) )?(\d{{1,2}})() (?:h |hs |baje |oclock )?(am |pm )", rest)
             or re.search(rf" (?:{marked}) (\d{{1,2}})()()(?: (?:h|hs|baje|oclock))? ", rest)
             or re.search(r" (\d{1,2})()() (?:h|hs|baje|oclock) ", rest)
             or (found.day or part) and re.search(r" (\d{1,2})()() ", rest))
    if match:
        hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").strip()
        if half and not 1 <= hour <= 12 or hour > 23 or minute > 59:
            return f"{rest} ?"
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0)
        elif part and hour <= 12 and part in words.AFTER_NOON:
            hour = hour % 12 + 12 if not (part == "night" and hour in (12, 1, 2, 3, 4)) else hour
            hour = min(hour, 23)
        found.at = time(hour, minute)
        rest = f"{rest[:match.start()]} {rest[match.end() - 1:]}"
    elif part:
        found.at = words.PARTS[part]
    return rest
