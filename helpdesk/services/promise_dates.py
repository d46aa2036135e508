"""By when something is promised: "by Friday", "tomorrow morning", "within 24 hours", "on 12 June at 3 pm". Pure.

A day is meant until its end, in the house's time zone: who wrote at eleven at night on Friday has kept "by Friday".
What has two readings is read in favour of whoever promised: "on Monday", said on a Monday, is the next one.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from helpdesk.services.hours import Hours
from helpdesk.services.promise_table import phrases, places, series, spelt, valued

END_OF_DAY = time(23, 59, 59)
DAY = timedelta(days=1)
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": DAY, "week": 7 * DAY}
ISO_DATE = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|º|ª)?")
CLOCK = re.compile(r"(?<![\d.,/-])(\d{1,2})(?:[:.h](\d{2}))?\s?(am|pm|a\.m\.?|p\.m\.?|h|uhr)?"
                   r"(?![\d%/€$-]|[.,]\d)", re.I)
BEFORE_UNIT = 3         # words between "within" and the number: "within the next two days"
FARTHEST = timedelta(days=400)


def due(sentence: str, said: list[str], start: int, at: datetime, hours: Hours, language: str) -> datetime | None:
    """By when a promise is due that starts at the word `start` of `said` and was made `at`; None without a time.

    The first time named after the start counts, else the last one before it.
    """
    local = at.astimezone(hours.zone)
    found = sorted(_times(sentence, said, local, hours, language), key=lambda one: one[0])
    after = [one for one in found if one[0] >= start]
    chosen = after[0] if after else found[-1] if found else None
    clock = _clock(sentence, language)
    if chosen is None:
        if clock is None:
            return None
        moment = datetime.combine(local.date(), clock, hours.zone)
        return moment if moment > local else moment + DAY
    _, day, exact = chosen
    if exact is not None and exact.time() != END_OF_DAY:
        return exact.astimezone(at.tzinfo)
    part = _part(said, language)
    ends = clock or (time(part) if part else END_OF_DAY)
    moment = datetime.combine(day, ends, hours.zone)
    if moment <= local:                     # "this morning", said at noon: by tonight at the latest
        moment = datetime.combine(day, END_OF_DAY, hours.zone)
    return moment.astimezone(at.tzinfo) if local < moment <= local + FARTHEST else None


def _times(sentence: str, said: list[str], local: datetime, hours: Hours,
           language: str) -> Iterator[tuple[int, date, datetime | None]]:
    """(place among the words, day, exact moment or None) of everything that names a day or a length of time."""
    today = local.date()
    for phrase, days in valued(language, "days"):
        yield from ((place - len(phrase), today + int(days) * DAY, None) for place in _ends(said, phrase)
                    if not _part_of_longer(said, place, phrase, language))
    for phrase in phrases(language, "end_of_day"):
        yield from ((place, today, None) for place in places(said, phrase))
    for mark in phrases(language, "this_part"):
        for phrase, _ in valued(language, "parts"):
            yield from ((place, today, None) for place in places(said, mark + phrase))
    sunday = today + (6 - today.weekday()) * DAY
    for kind, end in (("this_week", sunday), ("next_week", sunday + 7 * DAY)):
        for phrase in phrases(language, kind):
            yield from ((place, end, None) for place in places(said, phrase))
    for phrase, number in series(language, "weekdays"):
        for place in places(said, phrase):
            ahead = (number - today.weekday()) % 7 or 7
            if place and (said[place - 1],) in phrases(language, "next"):
                ahead = number - today.weekday() + 7
            yield place, today + ahead * DAY, None
    yield from _named_dates(sentence, said, today, language)
    yield from _lengths(said, local, hours, language)


def _ends(said: list[str], phrase: tuple[str, ...]) -> Iterator[int]:
    return (place + len(phrase) for place in places(said, phrase))


def _part_of_longer(said: list[str], end: int, phrase: tuple[str, ...], language: str) -> bool:
    """Whether "tomorrow" is the end of "day after tomorrow", or "mañana" that of "por la mañana"."""
    longer = [other for other, _ in (*valued(language, "days"), *valued(language, "parts"))
              if len(other) > len(phrase) and other[-len(phrase):] == phrase]
    longer += [other for other in phrases(language, "end_of_day") if other[-len(phrase):] == phrase]
    return any(tuple(said[max(0, end - len(other)):end]) == other for other in longer)


def _named_dates(sentence: str, said: list[str], today: date,
                 language: str) -> Iterator[tuple[int, date, datetime | None]]:
    for year, month, day in ISO_DATE.findall(sentence):
        if (named := _date(int(year), int(month), int(day))) and named >= today:
            yield next(places(said, (year, month, day)), 0), named, None
    for phrase, number in series(language, "months"):
        for place in places(said, phrase):
            near = (place - 1, place + len(phrase), place - 2)       # 12 June, June 12, 12 de junio
            for where in near:
                match = ORDINAL.fullmatch(said[where]) if 0 <= where < len(said) else None
                named = _next_date(today, number + 1, int(match[1])) if match else None
                if named:
                    yield min(place, where), named, None
                    break


def _lengths(said: list[str], local: datetime, hours: Hours,
             language: str) -> Iterator[tuple[int, date, datetime | None]]:
    """ "within two working days", "in 3 hours", "24 घंटे में"."""
    before = {word for phrase in phrases(language, "in") for word in phrase}
    for unit, length in UNITS.items():
        for place in (place for phrase in phrases(language, unit) for place in places(said, phrase)):
            business = any(0 <= where < len(said) and (said[where],) in phrases(language, "business")
                           for where in (place - 1, place + 1))
            number_at = place - 2 if business and place >= 2 and (said[place - 1],) in phrases(language, "business") \
                else place - 1
            number, starts = _number(said, number_at, place, language)
            if number is None:
                continue
            follows = any(tuple(said[place + 1:place + 1 + len(phrase)]) == phrase
                          for phrase in phrases(language, "in_after"))
            if not follows and not before.intersection(said[max(0, starts - BEFORE_UNIT):starts]):
                continue
            if unit in ("minute", "hour"):
                moment = local + number * length
                yield starts, moment.date(), moment
            elif business:
                yield starts, _working_day(local.date(), int(number), hours), None
            else:
                yield starts, local.date() + number * length, None


def _number(said: list[str], last: int, unit: int, language: str) -> tuple[float | None, int]:
    """The number that ends at a word, or that is the unit itself ("ساعتين", two hours), and where it starts."""
    if 0 <= last < len(said) and said[last].isdecimal() and len(said[last]) < 4:
        return int(said[last]), last
    for phrase, number in valued(language, "numbers"):
        starts = last - len(phrase) + 1
        if starts >= 0 and tuple(said[starts:last + 1]) == phrase:
            return number, starts
    return next((number for phrase, number in valued(language, "numbers") if phrase == (said[unit],)), None), unit


def _working_day(day: date, count: int, hours: Hours) -> date:
    opens = [bool(intervals) for intervals in hours.week] if not hours.always else [True] * 5 + [False] * 2
    if not any(opens):
        return day + count * DAY
    while count > 0:
        day += DAY
        count -= opens[day.weekday()] and day not in hours.holidays
    return day


def _part(said: list[str], language: str) -> int | None:
    """The hour by which the part of a day is over that is named."""
    return next((int(hour) for phrase, hour in valued(language, "parts") if any(True for _ in places(said, phrase))),
                None)


def _clock(sentence: str, language: str) -> time | None:
    """The one time of day that a sentence names, with a word before it ("at 3", "a las 15:00") or as 3 pm, 15:30."""
    lead = {" ".join(phrase) for phrase in phrases(language, "clock")}
    found = []
    for match in CLOCK.finditer(sentence):
        hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").replace(".", "").lower()
        words = " ".join(spelt(sentence[:match.start()])[-3:])
        led = any(words == one or words.endswith(f" {one}") for one in lead)
        if half in ("am", "pm") and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "pm" else 0)
        elif not (match[2] and ":" in match[0] or half in ("h", "uhr") or led):
            continue
        elif led and not half and not match[2] and hour < 8:
            hour += 12                      # "by 3", in an office
        if hour < 24 and minute < 60 and not _counted(sentence[match.end():], language):
            found.append(time(hour, minute))
    return found[0] if len(found) == 1 else None


def _counted(rest: str, language: str) -> bool:
    """Whether a number counts something: "before 3 days", "at 12 June"."""
    following = tuple(spelt(rest[:40])[:1])
    listed = [phrase[:1] for kind in UNITS for phrase in phrases(language, kind)]
    return bool(following) and following in [*listed, *(name[:1] for name, _ in series(language, "months"))]


def _next_date(today: date, month: int, day: int) -> date | None:
    named = _date(today.year, month, day)
    return named if named is None or named >= today else _date(today.year + 1, month, day)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
