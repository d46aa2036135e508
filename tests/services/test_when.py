"""A time in somebody's own words."""
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.services import when, when_words

JAKARTA, BERLIN = ZoneInfo("Asia/Jakarta"), ZoneInfo("Europe/Berlin")
TUESDAY = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)      # ten in the morning in Jakarta


def read(text, now=TUESDAY, zone=JAKARTA):
    found = when.understood(text, now, zone)
    return found and found.astimezone(zone).strftime("%a %d %b %Y %H:%M")


@pytest.mark.parametrize(("text", "meant"), [
    ("tomorrow 9", "Wed 02 Dec 2026 09:00"), ("besok jam 9", "Wed 02 Dec 2026 09:00"),
    ("mañana a las 9", "Wed 02 Dec 2026 09:00"), ("amanhã às 9h", "Wed 02 Dec 2026 09:00"),
    ("kal subah 9 baje", "Wed 02 Dec 2026 09:00"), ("mañana por la mañana", "Wed 02 Dec 2026 09:00"),
    ("in 3 days", "Fri 04 Dec 2026 09:00"), ("3 hari lagi", "Fri 04 Dec 2026 09:00"),
    ("en 3 días", "Fri 04 Dec 2026 09:00"), ("em 3 dias", "Fri 04 Dec 2026 09:00"),
    ("3 din baad", "Fri 04 Dec 2026 09:00"), ("in 3 days at 14:30", "Fri 04 Dec 2026 14:30"),
    ("2 jam lagi", "Tue 01 Dec 2026 12:00"), ("em 2 horas", "Tue 01 Dec 2026 12:00"),
    ("2h", "Tue 01 Dec 2026 12:00"), ("setengah jam lagi", "Tue 01 Dec 2026 10:30"),
    ("next friday 14:30", "Fri 11 Dec 2026 14:30"), ("jumat depan jam 2 siang", "Fri 11 Dec 2026 14:00"),
    ("friday", "Fri 04 Dec 2026 09:00"), ("sexta-feira 10h", "Fri 04 Dec 2026 10:00"),
    ("el viernes que viene a las 15:30", "Fri 04 Dec 2026 15:30"), ("tuesday", "Tue 08 Dec 2026 09:00"),
    ("lusa", "Thu 03 Dec 2026 09:00"), ("depois de amanhã", "Thu 03 Dec 2026 09:00"),
    ("parso 4 baje", "Thu 03 Dec 2026 04:00"), ("pasado mañana", "Thu 03 Dec 2026 09:00"),
    ("next week", "Mon 07 Dec 2026 09:00"), ("minggu depan", "Mon 07 Dec 2026 09:00"),
    ("semana que vem", "Mon 07 Dec 2026 09:00"), ("agle hafte", "Mon 07 Dec 2026 09:00"),
    ("hari minggu", "Sun 06 Dec 2026 09:00"), ("2 minggu lagi", "Tue 15 Dec 2026 09:00"),
    ("malam ini", "Tue 01 Dec 2026 18:00"), ("esta noche", "Tue 01 Dec 2026 18:00"),
    ("el lunes a las 9 de la noche", "Mon 07 Dec 2026 21:00"), ("besok jam 9 malam", "Wed 02 Dec 2026 21:00"),
    ("24 de diciembre", "Thu 24 Dec 2026 09:00"), ("dec 24th at 5pm", "Thu 24 Dec 2026 17:00"),
    ("24/12 8:30", "Thu 24 Dec 2026 08:30"), ("2026-12-24T08:30", "Thu 24 Dec 2026 08:30"),
    ("2026-12-24", "Thu 24 Dec 2026 09:00"), ("1/3", "Mon 01 Mar 2027 09:00"),
    ("9:00", "Wed 02 Dec 2026 09:00"), ("14:30", "Tue 01 Dec 2026 14:30"), ("5pm", "Tue 01 Dec 2026 17:00"),
])
def test_what_people_say_is_understood_where_they_are(text, meant):
    assert read(text) == meant


@pytest.mark.parametrize("text", ["", "banana", "tomorrow banana", "9", "31/2", "25:00", "tomorrow 25", "13pm",
                                  "friday 9 tomorrow", "in 99999 days", "2 hours tomorrow", "²", "tomorrow" * 50])
def test_what_is_not_wholly_understood_is_not_guessed(text):
    assert read(text) is None


def test_a_wall_clock_stays_one_when_the_clocks_change():
    friday = datetime(2026, 3, 27, 12, tzinfo=UTC)      # in the night to Sunday the clocks go forward
    assert read("monday 9:00", friday, BERLIN) == "Mon 30 Mar 2026 09:00"
    assert when.understood("in 72 hours", friday, BERLIN) - friday == timedelta(hours=72)
    assert read("sunday 2:30", friday, BERLIN) == "Sun 29 Mar 2026 03:30"        # there is no half past two
    october = datetime(2026, 10, 23, 12, tzinfo=UTC)
    assert when.understood("sunday 2:30", october, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)     # the first


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
ZONES = st.sampled_from(["Asia/Jakarta", "America/Sao_Paulo", "America/Mexico_City", "Asia/Kolkata", "Europe/Berlin",
                         "Pacific/Apia", "Australia/Lord_Howe"]).map(ZoneInfo)


@given(MOMENTS, ZONES, st.sampled_from(sorted(when_words.WEEKDAYS.items())), st.integers(0, 23), st.integers(0, 59))
def test_a_weekday_is_the_next_one_within_a_week(now, zone, day, hour, minute):
    found = when.understood(f"{day[0]} {hour}:{minute:02}", now, zone)
    there = found.astimezone(zone)
    assert 0 < (there.date() - now.astimezone(zone).date()).days <= 7 and there.weekday() == day[1]
    assert found == when.at(there.date(), there.time(), zone)


@given(MOMENTS, ZONES, st.text(max_size=90))
def test_nothing_that_is_typed_breaks_it(now, zone, text):
    found = when.understood(text, now, zone)
    assert found is None or found.tzinfo is UTC and abs(found - now) < when.FARTHEST


WORDS = st.sampled_from(sorted({*when_words.UNITS, *when_words.NUMBERS, *when_words.WEEKDAYS, *when_words.MONTHS,
                                *when_words.PARTS, *when_words.FILLERS, *(p for p, _ in when_words.PHRASES),
                                *map(str, range(40)), "9:30", "14h", "9am", "12/12", "next", "depan"}))


@given(MOMENTS, ZONES, st.lists(WORDS, max_size=6).map(" ".join))
def test_any_order_of_known_words_gives_a_time_or_none(now, zone, text):
    found = when.understood(text, now, zone)
    assert found is None or abs(found - now) < when.FARTHEST
