"""When an answer may be expected: from what really happened, in business time, never more than the data says."""
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from helpdesk import db, models
from helpdesk.services import expected_answer, routes, sla, tickets
from helpdesk.services.expected_answer import Expected, expected, rounded_up, span, words
from helpdesk.services.phrases import LANGUAGES

pytest_plugins = ["tests.desk"]

WEEK = {str(day): [["09:00", "17:00"]] for day in range(5)}
BERLIN = ZoneInfo("Europe/Berlin")


def keep_hours(zone="UTC", week=WEEK, holidays=(), first_response=60):
    with db.transaction() as session:
        hours = models.BusinessHours(name="Office", time_zone=zone, week=week, holidays=list(holidays))
        session.add(hours)
        session.flush()
        policy = sla.ensure_default(session)
        policy.hours_id = hours.id
        policy.first_response = {"normal": first_response} if first_response else {}
        policy.resolution = {}


def answered(desk, wall, minutes, count, channel="whatsapp", team=None):
    """So many first answers that took so long, on weekdays at ten."""
    for n in range(count):
        wall.set(datetime(2025, 6, 2 + n % 5, 10, tzinfo=UTC))
        number = next(desk.numbers)
        ticket = desk.customer_writes(who=f"49170{number:08}" if channel == "whatsapp" else str(10_000 + number),
                                      channel=channel)
        if team:
            desk.on(ticket, tickets.set_team, models.Team(id=team, name="x"), "system")
        wall.go(minutes=minutes)
        desk.agent_answers(ticket)


def ask(desk, wall, at, channel="whatsapp", team=None, code="en"):
    """(what is expected, what is said) for somebody new who writes at that moment."""
    wall.set(at)
    ticket = desk.customer_writes(who="4917099999999" if channel == "whatsapp" else "77777", channel=channel)
    with db.transaction() as session:
        row = tickets.lock(session, ticket)
        row.team_id = team
        session.flush()
        found = expected(session, row, channel)
        return found, expected_answer.sentence(session, row, code, routes.default(session, row, "assistant"))


TUESDAY = datetime(2025, 6, 10, 10, 0, tzinfo=UTC)


def test_the_median_of_the_last_weeks_is_rounded_up_and_never_down(desk, wall):
    keep_hours()
    answered(desk, wall, 22, 10)
    found, said = ask(desk, wall, TUESDAY)
    assert found == Expected("median", 30 * 60) and said == "Usually you have an answer within 30 minutes."


def test_fewer_than_ten_answers_prove_nothing_and_the_promise_is_an_aim(desk, wall):
    keep_hours()
    answered(desk, wall, 5, 9)
    found, said = ask(desk, wall, TUESDAY)
    assert found == Expected("promise", 3600) and said == "We aim to answer within 1 hour."


def test_without_data_and_promise_there_is_no_number(desk, wall):
    keep_hours(first_response=None)
    assert ask(desk, wall, TUESDAY) == (Expected(), "")
    found, said = ask(desk, wall, datetime(2025, 6, 10, 20, 0, tzinfo=UTC))
    assert found == Expected(back=datetime(2025, 6, 11, 9, tzinfo=UTC))
    assert said.startswith("We are closed now and back ")


def test_another_channel_and_old_answers_do_not_count(desk, wall):
    keep_hours()
    answered(desk, wall, 5, 10, channel="telegram")
    assert ask(desk, wall, TUESDAY)[0].basis == "promise"
    answered(desk, wall, 5, 10)
    assert ask(desk, wall, datetime(2025, 9, 9, 10, tzinfo=UTC))[0].basis == "promise"


def test_a_team_of_its_own_pace_is_told_apart_where_there_is_enough(desk, wall):
    keep_hours()
    with db.transaction() as session:
        session.add_all([models.Team(id=7, name="Fast"), models.Team(id=8, name="Few")])
    answered(desk, wall, 100, 12)
    answered(desk, wall, 4, 11, team=7)
    assert ask(desk, wall, TUESDAY, team=7)[0].seconds == 300
    assert ask(desk, wall, TUESDAY, team=None)[0].seconds == 2 * 3600
    assert ask(desk, wall, TUESDAY, team=8)[0].basis == "median", "all teams of the channel together"


def test_out_of_hours_it_says_when_the_house_is_back_over_a_weekend_and_a_holiday(desk, wall):
    keep_hours(holidays=["2025-06-16"])
    answered(desk, wall, 50, 10)
    found, said = ask(desk, wall, datetime(2025, 6, 14, 12, tzinfo=UTC))      # Saturday; Monday is a holiday
    assert found.back == datetime(2025, 6, 17, 9, tzinfo=UTC) and found.by is None
    assert "back Tuesday 11:00 (CEST)" in said, "in the customer's time: a German number"
    assert said.endswith("Usually you then have an answer within 1 hour.")


def test_what_ends_after_closing_time_is_named_by_its_hour(desk, wall):
    keep_hours(zone="Europe/Berlin")
    answered(desk, wall, 100, 10)
    found, said = ask(desk, wall, datetime(2025, 6, 13, 14, 0, tzinfo=UTC))     # Friday 16:00 in Berlin
    assert found.by == datetime(2025, 6, 16, 8, 0, tzinfo=UTC) and found.back is None
    assert said == "Usually you have an answer by Monday 10:00 (CEST)."


def test_a_night_on_which_the_clocks_change_is_as_long_as_it_is(desk, wall):
    night = {"6": [["01:00", "05:00"]]}
    keep_hours(zone="Europe/Berlin", week=night, first_response=180)
    wall.set(datetime(2025, 3, 29, 23, 0, tzinfo=UTC))
    found, _ = ask(desk, wall, datetime(2025, 3, 29, 23, 0, tzinfo=UTC))
    assert found.back == datetime(2025, 3, 30, 0, 0, tzinfo=UTC), "01:00 in winter time"
    assert found.by is None and found.seconds == 3 * 3600, "open from 01:00 to 05:00, three hours long that night"
    keep = Expected("promise", 3 * 3600, back=datetime(2025, 10, 26, 6, 0, tzinfo=UTC))
    assert "07:00 (CET)" in words(keep, "en", BERLIN, datetime(2025, 10, 25, 22, tzinfo=UTC))


def test_a_house_that_is_always_open_says_nothing_of_closing(desk, wall):
    answered(desk, wall, 3, 10)
    found, said = ask(desk, wall, datetime(2025, 6, 14, 23, 50, tzinfo=UTC))
    assert found == Expected("median", 300) and said == "Usually you have an answer within 5 minutes."


def test_a_house_that_never_opens_promises_nothing(desk, wall):
    keep_hours(week={"0": [["09:00", "10:00"]]}, holidays=[
        (date(2025, 6, 2) + timedelta(weeks=n)).isoformat() for n in range(530)], first_response=None)
    assert ask(desk, wall, TUESDAY) == (Expected(), "")


def test_many_days_are_no_number(desk, wall):
    assert [rounded_up(n) for n in (0, 1, 301, 3600, 3601, 86_401, 15 * 86_400)] == [
        300, 300, 600, 3600, 7200, 2 * 86_400, 0]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_says_every_case(code):
    at = datetime(2025, 6, 14, 12, tzinfo=UTC)
    back, by = datetime(2025, 6, 16, 7, tzinfo=UTC), datetime(2025, 6, 16, 9, 30, tzinfo=UTC)
    cases = [Expected(basis, 7200, one, two) for basis in ("median", "promise") for one in (None, back)
             for two in (None, by)]
    said = [words(one, code, BERLIN, at) for one in cases]
    assert len(set(said)) == 8 and all("{" not in text for text in said)
    assert all("09:00" in text for text, one in zip(said, cases, strict=True) if one.back)
    assert all("11:30" in text for text, one in zip(said, cases, strict=True) if one.by)
    assert "2" in span(7200, code) and span(7200, code) in said[0]


def test_a_day_far_ahead_has_its_date():
    at = datetime(2025, 6, 14, 12, tzinfo=UTC)
    assert "Monday 23 June, 09:00" in words(Expected(back=datetime(2025, 6, 23, 7, tzinfo=UTC)), "en", BERLIN, at)


def test_how_the_answer_arrives(cast):
    from tests.people import written
    with db.transaction() as session:
        mail = written(session, cast.mail, "Hello", subject="Order")
        ticket = tickets.lock(session, mail.ticket_id)
        said = expected_answer.sentence(session, ticket, "en", routes.default(session, ticket))
        assert said.endswith("It comes by e-mail to ann@example.com.")
        chat = written(session, cast.widget, "Hello", address="visitor-9")
        ticket = tickets.lock(session, chat.ticket_id)
        assert "mail" not in expected_answer.sentence(session, ticket, "en", routes.default(session, ticket))
        session.add(models.Identity(contact_id=ticket.contact_id, kind="email", value="vera@example.com",
                                    trust="claimed", source="typed"))
        session.flush()
        said = expected_answer.sentence(session, ticket, "es", routes.default(session, ticket, "assistant"))
        assert said.endswith("Si deja el chat, llegará por correo a v…@example.com.")
        inbox = session.scalar(select(models.Inbox).where(models.Inbox.id == cast.widget.id))
        inbox.mail_unseen = False
        session.flush()
        assert "correo" not in expected_answer.sentence(session, ticket, "es", routes.default(session, ticket))

