"""Business time, against a clock on the wall that is read minute by minute."""
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.services.hours import Hours

MINUTE = timedelta(minutes=1)
OFFICE = {str(day): [["09:00", "17:30"]] for day in range(5)}
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Africa/Cairo",
         "Australia/Lord_Howe", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Apia", "Pacific/Kiritimati")
# Days around which the clocks of some of these places changed, or a whole day was left out.
NIGHTS = ("2011-03-13", "2011-11-06", "2011-12-30", "2018-11-04", "2019-02-17", "2024-03-31", "2024-04-26",
          "2024-10-27", "2024-11-01", "2025-04-06", "2025-10-05", "2024-02-29", "2024-12-31")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall_says_open(zone, week, holidays, instant):
    """Read the clock on the wall at one instant."""
    local = instant.astimezone(ZoneInfo(zone))
    if local.date().isoformat() in holidays:
        return False
    if not any(week.values()):
        return True
    minute, today, yesterday = local.hour * 60 + local.minute, str(local.weekday()), str((local.weekday() - 1) % 7)

    def span(interval):
        return [int(text[:2]) * 60 + int(text[3:]) for text in interval]
    for start, end in map(span, week.get(today, [])):
        if start <= minute < end or (end <= start <= minute):
            return True
    return any(end <= start and minute < end for start, end in map(span, week.get(yesterday, [])))


times = st.integers(0, 95).map(lambda n: f"{n // 4:02}:{n % 4 * 15:02}")
interval = st.tuples(times, times).filter(lambda pair: pair[0] != pair[1]).map(list)
weeks = st.dictionaries(st.sampled_from("0123456"), st.lists(interval, max_size=3), max_size=7)
night = st.sampled_from(NIGHTS)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(ZONES), weeks, night, st.booleans(), st.integers(-2000, 0), st.integers(0, 3000))
def test_seconds_between_agrees_with_a_clock_read_every_minute(zone, week, day, closed, offset, length):
    start = utc(day) + offset * MINUTE
    holidays = [day] if closed else []
    expected = sum(60 for n in range(length) if wall_says_open(zone, week, holidays, start + n * MINUTE))
    assert Hours(zone, week, holidays).seconds_between(start, start + length * MINUTE) == expected


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(ZONES), weeks, night, st.booleans(), st.integers(-2000, 2000), st.integers(1, 200_000))
def test_after_and_seconds_between_are_each_others_inverse(zone, week, day, closed, offset, seconds):
    hours = Hours(zone, week, [day] if closed else [])
    start = utc(day) + offset * MINUTE
    end = hours.after(start, seconds)
    assert hours.seconds_between(start, end) == seconds
    assert hours.seconds_between(start, end - timedelta(seconds=1)) == seconds - 1, "an earlier end would do"
    back = hours.after(end, -seconds)
    assert back >= start and hours.seconds_between(back, end) == seconds


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), weeks, night, st.lists(st.integers(0, 6000), min_size=3, max_size=3))
def test_a_stretch_is_the_sum_of_its_parts(zone, week, day, minutes):
    a, b, c = (utc(day) + (n - 3000) * MINUTE for n in sorted(minutes))
    hours = Hours(zone, week)
    assert hours.seconds_between(a, b) + hours.seconds_between(b, c) == hours.seconds_between(a, c)


def test_what_ends_exactly_at_closing_is_due_at_closing():
    assert Hours("UTC", OFFICE).after(utc("2025-06-06T16:30"), 3600) == utc("2025-06-06T17:30")
    assert Hours("UTC", OFFICE).after(utc("2025-06-06T16:30"), 3601) == utc("2025-06-09T09:00:01")


def test_a_clock_that_starts_on_the_weekend_starts_on_monday():
    assert Hours("Europe/Berlin", OFFICE).after(utc("2025-06-07T12:00"), 0) == utc("2025-06-09T07:00")
    assert Hours("Europe/Berlin", OFFICE).after(utc("2025-06-07T12:00"), 1800) == utc("2025-06-09T07:30")


def test_without_opening_hours_the_house_is_open_around_the_clock():
    for week in ({}, {"0": [], "1": []}):
        hours = Hours("Europe/Berlin", week)
        assert hours.after(utc("2025-03-29T23:30"), 7200) == utc("2025-03-30T01:30")
        assert hours.seconds_between(utc("2025-10-25T22:00"), utc("2025-10-26T23:00")) == 25 * 3600


def test_around_the_clock_still_keeps_holidays():
    hours = Hours("Asia/Tokyo", {}, ["2025-01-01"])
    assert hours.after(utc("2024-12-31T14:00"), 7200) == utc("2025-01-01T16:00")


def test_a_night_shift_runs_into_the_next_day():
    hours = Hours("Europe/Berlin", {"4": [["22:00", "06:00"]]})
    assert hours.seconds_between(utc("2025-06-06T00:00"), utc("2025-06-09T00:00")) == 8 * 3600
    assert hours.after(utc("2025-06-06T20:00"), 8 * 3600) == utc("2025-06-07T04:00")


def test_a_night_shift_is_as_long_as_the_night_in_which_the_clocks_change():
    week = {"5": [["22:00", "06:00"]]}
    spring = Hours("Europe/Berlin", week).seconds_between(utc("2025-03-29T12:00"), utc("2025-03-30T12:00"))
    autumn = Hours("Europe/Berlin", week).seconds_between(utc("2025-10-25T12:00"), utc("2025-10-26T12:00"))
    assert (spring, autumn) == (7 * 3600, 9 * 3600)


def test_a_holiday_ends_a_night_shift_at_midnight():
    hours = Hours("UTC", {"3": [["22:00", "06:00"]]}, ["2025-12-26"])
    assert hours.seconds_between(utc("2025-12-25T12:00"), utc("2025-12-26T12:00")) == 2 * 3600


def test_lunch_breaks_do_not_count():
    hours = Hours("Asia/Kolkata", {"0": [["09:00", "12:30"], ["13:30", "18:00"]]})
    assert hours.after(utc("2025-06-02T06:30"), 3600) == utc("2025-06-02T08:30")


def test_overlapping_intervals_count_once():
    hours = Hours("UTC", {"0": [["09:00", "12:00"], ["11:00", "14:00"]]})
    assert hours.seconds_between(utc("2025-06-02T00:00"), utc("2025-06-03T00:00")) == 5 * 3600


def test_the_end_of_the_day_can_be_written_as_24_or_as_midnight():
    for end in ("24:00", "00:00"):
        hours = Hours("UTC", {"0": [["20:00", end]]})
        assert hours.seconds_between(utc("2025-06-02T00:00"), utc("2025-06-04T00:00")) == 4 * 3600


def test_an_end_before_the_start_counts_nothing():
    assert Hours("UTC", OFFICE).seconds_between(utc("2025-06-03T12:00"), utc("2025-06-02T12:00")) == 0
    assert Hours("UTC", OFFICE).seconds_between(utc("2025-06-03T12:00"), utc("2025-06-03T11:00")) == 0
    assert Hours().seconds_between(utc("2025-06-03T12:00"), utc("2025-06-02T12:00")) == 0


def test_parts_of_seconds_survive():
    start = utc("2025-06-06T17:29:59.250000")
    assert Hours("UTC", OFFICE).after(start, 1.5) == utc("2025-06-09T09:00:00.750000")


def test_a_house_that_never_opens_is_an_error_and_no_endless_loop():
    closed = [(utc("2025-01-01") + timedelta(days=n)).date().isoformat() for n in range(-3700, 3700)]
    hours = Hours("UTC", OFFICE, closed)
    with pytest.raises(ValueError, match="do not open within ten years"):
        hours.after(utc("2025-01-01"), 60)
    with pytest.raises(ValueError, match="did not open within ten years"):
        hours.after(utc("2025-01-01"), -60)


@pytest.mark.parametrize("zone, week, holidays, sentence", [
    ("Mars/Olympus", {}, [], "no time zone"),
    ("../etc/passwd", {}, [], "no time zone"),
    ("UTC", {"7": [["09:00", "17:00"]]}, [], "weekday"),
    ("UTC", {"mon": [["09:00", "17:00"]]}, [], "weekday"),
    ("UTC", {"0": [["25:00", "26:00"]]}, [], "written as 09:00"),
    ("UTC", {"0": [["09:60", "17:00"]]}, [], "written as 09:00"),
    ("UTC", {"0": [["09:00", "24:30"]]}, [], "written as 09:00"),
    ("UTC", {"0": [["24:00", "06:00"]]}, [], "cannot start at 24:00"),
    ("UTC", {"0": [["09:00", "09:00"]]}, [], "is no time"),
    ("UTC", {"0": [["09:00"]]}, [], "a start and an end"),
    ("UTC", {}, ["25.12.2025"], "a holiday is written"),
    ("UTC", {}, [None], "a holiday is written"),
])
def test_nonsense_is_answered_with_a_sentence(zone, week, holidays, sentence):
    with pytest.raises(ValueError, match=sentence):
        Hours(zone, week, holidays)
