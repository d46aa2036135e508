"""What time it is where a customer is."""
from datetime import UTC, datetime

import pytest

from helpdesk.services.local_time import local_time

AT = datetime(2026, 1, 15, 19, 10, tzinfo=UTC)


@pytest.mark.parametrize(("zone", "phones", "locale", "shown", "how"), [
    ("Asia/Jakarta", (), "", "02:10", "told"),
    ("Asia/Jakarta", ("+4930123456",), "pt-BR", "02:10", "told"),
    ("", ("+919812345678",), "", "00:40", "phone"),           # India has one time
    ("", ("+4930123456",), "", "20:10", "phone"),             # two zones, the same time
    ("", ("nonsense", "+919812345678"), "", "00:40", "phone"),
    ("", (), "hi-IN", "00:40", "locale"), ("", (), "hi_IN", "00:40", "locale"),
    ("Moon/Crater", (), "hi-IN", "00:40", "locale")])
def test_it_is_told_or_follows_from_the_country(zone, phones, locale, shown, how):
    found = local_time(AT, zone, phones, locale)
    assert (f"{found.at:%H:%M}", found.how) == (shown, how)


@pytest.mark.parametrize(("phones", "locale"), [
    ((), ""), ((), "en"), (("+12025550123",), ""), ((), "id-ID"), (("x",), "zz-ZZ")])
def test_nothing_is_guessed_where_a_country_has_several_times(phones, locale):
    assert local_time(AT, "", phones, locale) is None


def test_at_night_it_says_so():
    assert local_time(AT, "Asia/Jakarta").night and not local_time(AT, "Europe/Berlin").night
