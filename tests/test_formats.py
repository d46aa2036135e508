"""Dates, numbers and lists stand as they are written in each language."""
from datetime import UTC, datetime, time, timedelta

import pytest

from helpdesk import i18n
from helpdesk.i18n import formats


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").strip("\N{RIGHT-TO-LEFT MARK}")


THEN = datetime(2026, 12, 2, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize("locale, day, weekday, both", [
    ("en", "2 Dec 2026", "Wed 2 Dec", "2 Dec 2026, 09:05"),
    ("es", "2 dic 2026", "mié, 2 dic", "2 dic 2026, 9:05"),
    ("id", "2 Des 2026", "Rab, 2 Des", "2 Des 2026, 09.05"), ("hi", "2 दिस॰ 2026", "बुध, 2 दिस॰", "2 दिस॰ 2026, 09:05"),
    ("pt-BR", "2 de dez. de 2026", "qua., 2 de dez.", "2 de dez. de 2026, 09:05"),
    ("ar", "2 ديسمبر 2026", "الأربعاء، 2 ديسمبر", "2 ديسمبر 2026، 09:05")])
def test_days_and_times(locale, day, weekday, both):
    with i18n.speaking(locale):
        assert formats.day(THEN) == day
        assert formats.day(THEN, weekday=True, year=False) == weekday
        assert formats.both(THEN) == both


def test_a_clock_has_24_hours():
    assert formats.clock(THEN.replace(hour=21)) == "21:05" == formats.clock(time(21, 5))
    with i18n.speaking("hi"):
        assert formats.clock(time(21, 5)) == "21:05"


@pytest.mark.parametrize("locale, number, percent, listed, money, size", [
    ("en", "12,345", "45 %", "a, b and c", "€49.90", "1.2 MB"),
    ("es", "12.345", "45 %", "a, b y c", "49,90 €", "1,2 MB"),
    ("ar", "12,345", "45%", "a وb وc", "49.90 €", "1.2 MB")])
def test_numbers_sums_sizes_and_lists(locale, number, percent, listed, money, size):
    with i18n.speaking(locale):
        assert formats.number(12345) == number and formats.listed(["a", "b", "c"]) == listed
        assert plain(formats.percent(.45)) == percent
        assert plain(formats.money("49.90", "EUR")) == money
        assert formats.size(1_200_000) == size


def test_one_thing_has_no_comma_and_a_choice_says_or():
    assert formats.listed(["a"]) == "a" and formats.listed([]) == "" and formats.listed(["a", "b"], "or") == "a or b"


@pytest.mark.parametrize("seconds, ago, duration", [
    (5, "now", "5 s"), (300, "5m", "5 m"), (3900, "1h", "1 h 5 m"), (183_600, "2d", "2 d 3 h"),
    (700_000, "", "8 d 2 h")])
def test_how_long(seconds, ago, duration):
    assert formats.ago(timedelta(seconds=seconds)) == ago and formats.duration(seconds) == duration


def test_how_long_in_another_language():
    with i18n.speaking("es"):
        assert formats.ago(timedelta(minutes=5)) == "5 min" and formats.duration(-3900) == "-1 h 5 min"
