"""Dates, numbers, lists and sums as they are written in the language that is spoken (Babel, Unicode CLDR). Pure.

Moments are shown as they are given: whoever calls has put them into the reader's time zone. The English of the code
writes the day before the month, by name, so that no two countries read it differently; the clock has 24 hours.
"""
from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent

from helpdesk.i18n import SOURCE, gettext, locale

ENGLISH = {"yMMMd": "d MMM y", "MMMd": "d MMM", "MMMEd": "EEE d MMM", "yMMMEd": "EEE d MMM y"}
UNITS = (("{n} d", 86_400), ("{n} h", 3600), ("{n} m", 60))
AGO = (("{n}m", 60, 3600), ("{n}h", 3600, 86_400), ("{n}d", 86_400, 7 * 86_400))
KILO = 1000


def babel_locale() -> Locale:
    """The language that is spoken, for Babel."""
    return Locale.parse(locale(), sep="-")


def day(moment: date, weekday: bool = False, year: bool = True) -> str:
    """`2 Dec 2026`, `Wed 2 Dec`."""
    skeleton = f"{'y' if year else ''}MMM{'E' if weekday else ''}d"
    if locale() == SOURCE:
        return format_date(moment, ENGLISH[skeleton], locale=SOURCE)
    return format_skeleton(skeleton, moment, locale=babel_locale())


def month(moment: date) -> str:
    """`December 2026`."""
    return format_skeleton("yMMMM", moment, locale=babel_locale())


def clock(moment: datetime | time) -> str:
    """`09:00`."""
    if locale() == SOURCE:
        return format_time(moment, "HH:mm", locale=SOURCE) if isinstance(moment, time) else f"{moment:%H:%M}"
    return format_skeleton("Hm", moment, locale=babel_locale())


def both(moment: datetime, weekday: bool = False, year: bool = True) -> str:
    """Day and clock: `2 Dec 2026, 09:00`."""
    return gettext("%(day)s, %(time)s", day=day(moment, weekday, year), time=clock(moment))


def number(value: float | Decimal) -> str:
    """`12,345`."""
    return format_decimal(value, locale=babel_locale())


def percent(fraction: float) -> str:
    """`45 %` of 0.45."""
    return f"{round(fraction * 100)} %" if locale() == SOURCE else format_percent(fraction, locale=babel_locale())


def listed(items: Iterable[str], style: str = "standard") -> str:
    """`a, b and c`; `or` as style for a choice."""
    items = [str(one) for one in items]
    if locale() == SOURCE:      # without the comma before the last
        word = " or " if style == "or" else " and "
        return f"{', '.join(items[:-1])}{word}{items[-1]}" if len(items) > 1 else "".join(items)
    return format_list(items, style=style, locale=babel_locale())


def ago(since: timedelta) -> str:
    """`now`, `5m`, `3h`, `2d`: in the little room of a list; '' when it is a week and more."""
    seconds = since.total_seconds()
    if seconds < 60:
        return gettext("now")
    for words, size, limit in AGO:
        if seconds < limit:
            return gettext(words).replace("{n}", number(int(seconds // size)))
    return ""


def duration(seconds: float) -> str:
    """`45 s`, `5 m`, `1 h 5 m`, `2 d 3 h`: the two largest units."""
    seconds = int(seconds)
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    parts: list[str] = []
    for words, size in UNITS:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(gettext(words).replace("{n}", number(count)) if count else "")
        if len(parts) == 2:
            break
    shown = " ".join(one for one in parts if one) or gettext("{n} s").replace("{n}", number(seconds))
    return f"{sign}{shown}"


def size(count: int) -> str:
    """Bytes: `1.2 MB`."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < KILO:
            break
        value, unit = value / KILO, larger
    return f"{format_decimal(round(value, 1 if unit != 'B' else 0), locale=babel_locale())} {unit}"


def money(amount: str, currency: str = "") -> str:
    """`€49.90`: an amount as it stands in the store."""
    try:
        return format_currency(Decimal(amount), currency, locale=babel_locale()) if currency else number(
            Decimal(amount))
    except (InvalidOperation, ValueError):
        return f"{amount} {currency}".strip()
