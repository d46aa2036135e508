"""The manager's numbers: what is counted, and that each number is as long as its list."""
import csv
import io
import itertools
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk import db, models
from helpdesk.errors import Invalid
from helpdesk.services import ratings, reports, reports_chart, reports_filters, sla, surveys
from helpdesk.services.reports import Share
from helpdesk.services.reports_filters import Filters
from helpdesk.services.reports_metrics import OVERVIEW

pytest_plugins = ["tests.desk"]
JUNE = Filters(date(2025, 6, 1), date(2025, 6, 30), "UTC")
METRICS_BY_NUMBER = {
    "first_response": lambda o: o.first_response.n, "resolution": lambda o: o.resolution.n,
    "sla_first_response": lambda o: o.sla_first_response.n, "sla_resolution": lambda o: o.sla_resolution.n,
    "csat": lambda o: o.csat.n, "surveys": lambda o: o.answered.n, "volume": lambda o: o.volume.n,
    "assistant": lambda o: sum(o.assistant_parts.values())}


def overview(filters=JUNE):
    with db.reading() as session:
        return reports.overview(session, filters)


def listed(metric, filters=JUNE, **narrowed):
    with db.reading() as session:
        return reports.rows(session, Filters(**{**vars(filters), "metric": metric, **narrowed}))


def answered_after(desk, wall, minutes, **fields):
    """A new ticket that a person answers so many minutes later."""
    ticket = desk.customer_writes(who=f"49170{next(desk.numbers):07}", **fields)
    wall.go(minutes=minutes)
    desk.agent_answers(ticket)
    return ticket


def asked(desk, wall, ticket, score=None, comment=""):
    """Resolve, ask, and answer."""
    desk.resolve(ticket)
    desk.do(surveys.plan, ticket, actor=f"agent:{desk.agent}")
    wall.go(hours=1)
    desk.do(surveys.send_due)
    survey = desk.rows(models.Survey, ticket_id=ticket)[-1]
    token = desk.rows(models.Message, id=survey.message_id)[0].text.rsplit("/r/", 1)[1]
    if score:
        desk.do(ratings.rate, token, score, comment)


@pytest.fixture
def month(any_desk, wall):
    """A bit of everything, on both databases."""
    desk = any_desk
    for minutes, score in ((5, 5), (20, 4), (90, 1)):
        ticket = answered_after(desk, wall, minutes)
        desk.do(sla.breach_due)
        asked(desk, wall, ticket, score, f"{score} stars")
    asked(desk, wall, answered_after(desk, wall, 10, channel="telegram"))
    alone, helped, runs = (desk.customer_writes(who=f"4917022{n}", assistant=True) for n in range(3))
    for ticket in (alone, helped, runs):
        desk.assistant_answers(ticket)
    desk.resolve(alone)
    wall.go(minutes=30)
    desk.assistant_hands_over(helped)
    wall.go(minutes=15)
    desk.agent_answers(helped)
    return desk


def test_an_empty_house_has_no_numbers_and_no_errors(desk):
    found = overview()
    assert (found.first_response.median, found.csat.rate, found.volume.n) == (None, None, 0)
    assert found.csat.interval == (0.0, 1.0) and found.volume.change is None
    assert len(found.volume.columns) == 30


def test_first_response_is_the_first_human_answer(month):
    rows = {row.ticket_id: row.value for row in listed("first_response")}
    assert sorted(rows.values()) == [300, 600, 900, 1200, 5400], "the assistant's answers do not count"
    found = overview().first_response
    assert (found.n, found.median, found.p90) == (5, 900, 5400)
    assert found.spread == {"up to 1 h": 4, "1 to 4 h": 1, "4 to 8 h": 0, "8 to 24 h": 0, "over 24 h": 0}


def test_after_a_hand_over_first_response_is_measured_from_there(desk, wall):
    ticket = desk.customer_writes(assistant=True)
    wall.go(hours=5)
    desk.assistant_hands_over(ticket)
    wall.go(minutes=7)
    desk.agent_answers(ticket)
    assert [row.value for row in listed("first_response")] == [420]


def test_a_ticket_that_an_agent_started_has_no_first_response(desk, wall):
    ticket = answered_after(desk, wall, 5)
    with db.transaction() as session:
        session.query(models.Message).filter_by(ticket_id=ticket, direction="in").update(
            {"sent_at": wall.at + timedelta(minutes=1)})
    assert listed("first_response") == []


def test_a_second_answer_changes_no_first_response(desk, wall):
    ticket = answered_after(desk, wall, 5)
    wall.go(hours=20)
    desk.agent_answers(ticket)
    assert [row.value for row in listed("first_response")] == [300]


def test_resolution_lasts_until_the_last_time_within_the_period(desk, wall):
    ticket = desk.customer_writes()
    for step in ({"hours": 1}, {"days": 1}, {"days": 40}):
        wall.go(**step)
        desk.set_status(ticket, "open")
        desk.resolve(ticket)
    (row,) = listed("resolution")
    assert row.value == 25 * 3600, "what was resolved again after June is July's"


def test_business_time_leaves_the_night_out(desk, wall):
    with db.transaction() as session:
        hours = models.BusinessHours(name="Office", time_zone="UTC",
                                     week={str(day): [["09:00", "17:00"]] for day in range(5)})
        session.add(hours)
        session.flush()
        session.query(models.SlaPolicy).update({"hours_id": hours.id})
    wall.set(datetime(2025, 6, 2, 16, 30, tzinfo=UTC))
    answered_after(desk, wall, 17 * 60)
    assert [row.value for row in listed("first_response")] == [17 * 3600]
    assert [row.value for row in listed("first_response", business=True)] == [3600]


def test_promises_kept_and_broken(month):
    found = overview()
    assert (found.sla_first_response.part, found.sla_first_response.n) == (4, 5)
    (late,) = listed("sla_first_response", bucket="breached")
    assert (late.value, late.target) == (5400, 3600)


def test_a_promise_counts_on_the_day_it_was_broken_though_it_still_runs(desk, wall):
    desk.customer_writes()
    wall.go(days=40)
    desk.do(sla.breach_due)
    assert [row.value for row in listed("sla_first_response", bucket="breached")] == [None]
    assert [row.at.date() for row in listed("sla_resolution")] == [date(2025, 6, 3)]


def test_a_promise_that_runs_is_neither_kept_nor_broken(desk):
    desk.customer_writes()
    assert overview().sla_first_response.n == 0


def test_satisfaction_counts_ratings_and_the_response_rate_counts_surveys(month):
    found = overview()
    assert (found.csat.part, found.csat.n, found.csat.few) == (2, 3, True)
    assert (found.answered.part, found.answered.n) == (3, 4)
    assert found.scores == {5: 1, 4: 1, 3: 0, 2: 0, 1: 1}
    assert [row.note for row in listed("csat", bucket="score 1")] == ["1 stars"]


def test_the_interval_of_few_answers_is_wilsons():
    low, high = Share(8, 10).interval
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert Share(0, 3).interval[0] == 0 and Share(3, 3).interval[1] == 1
    assert not Share(8, 10).few and Share(7, 9).few


def test_what_the_assistant_contained_is_known_after_three_days(month, wall):
    parts = {"contained": 0, "with people": 1, "came back to people": 0, "still running": 1, "too young": 1}
    assert overview().assistant_parts == parts
    assert (overview().assistant.part, overview().assistant.n) == (0, 1), "what is too young is in no share"
    wall.go(hours=73)
    assert overview().assistant_parts == {**parts, "contained": 2, "still running": 0, "too young": 0}


def test_volume_by_day_and_by_the_channel_on_which_it_began(desk, wall):
    ticket = desk.customer_writes("By WhatsApp.")
    desk.customer_writes("By Telegram.", who="555", channel="telegram")
    wall.go(days=1)
    desk.customer_writes("Me too.", who="556", channel="telegram")
    desk.on(ticket, lambda session, row: setattr(row, "channel", "telegram"))
    volume = overview().volume
    assert volume.channels == {"telegram": 2, "whatsapp": 1}
    assert {day: dict(parts) for day, parts in volume.columns if parts} == {
        date(2025, 6, 2): {"whatsapp": 1, "telegram": 1}, date(2025, 6, 3): {"telegram": 1}}


def test_merged_tickets_count_once(desk):
    one, other = desk.customer_writes(), desk.customer_writes(who="555", channel="telegram")
    desk.on(one, lambda session, row: setattr(row, "merged_into_id", other))
    assert [row.ticket_id for row in listed("volume")] == [other]


def test_every_number_is_as_long_as_its_list(month):
    for metric, channel in itertools.product(OVERVIEW, ("", "whatsapp", "telegram")):
        filters = Filters(JUNE.first, JUNE.last, "UTC", channel)
        found = listed(metric, filters)
        assert METRICS_BY_NUMBER[metric](overview(filters)) == len(found), (metric, channel)
        assert all(row.channel == channel for row in found) or not channel
        by_day = [listed(metric, filters, day=day) for day in {row.at.date() for row in found}]
        assert sum(map(len, by_day)) == len(found)
        assert sum(len(listed(metric, filters, bucket=name)) for name in {row.bucket for row in found}) == len(found)


def test_the_days_are_those_of_the_reader(desk, wall):
    wall.set(datetime(2025, 6, 30, 23, 30, tzinfo=UTC))
    desk.customer_writes()
    assert overview().volume.n == 1
    assert overview(Filters(JUNE.first, JUNE.last, "Asia/Jakarta")).volume.n == 0
    july = Filters(date(2025, 7, 1), date(2025, 7, 1), "Asia/Jakarta")
    assert overview(july).volume.columns == [(date(2025, 7, 1), {"whatsapp": 1})]


def test_the_period_before_is_as_long_and_just_before(desk, wall):
    answered_after(desk, wall, 10)
    wall.go(days=7)
    for minutes in (15, 15):
        answered_after(desk, wall, minutes)
    week = Filters(date(2025, 6, 9), date(2025, 6, 15), "UTC")
    assert (week.previous().first, week.previous().last) == (date(2025, 6, 2), date(2025, 6, 8))
    found = overview(week)
    assert (found.first_response.change, found.volume.change) == (0.5, 1.0)


def test_long_periods_are_drawn_by_week_and_by_month(desk):
    assert overview(Filters(date(2025, 1, 1), date(2025, 3, 31), "UTC")).volume.step == 7
    volume = overview(Filters(date(2024, 1, 1), date(2025, 12, 31), "UTC")).volume
    assert volume.step == 30 and len(volume.columns) <= reports.COLUMNS


def test_the_table_is_a_csv_that_no_spreadsheet_runs(desk, wall):
    for subject, name in (("=HYPERLINK(1)", "+Eve"), ("@SUM(A1)", "-2"), ("\tx", "Élodie, \"Lo\"\nDupont")):
        desk.customer_writes("Hi", who=f"49170{next(desk.numbers):07}", subject=subject, name=name)
    with db.reading() as session:
        text = reports.table(session, Filters(**{**vars(JUNE), "metric": "volume"}))
    head, *rows = csv.reader(io.StringIO(text))
    assert head[:4] == ["ticket", "subject", "contact", "channel"]
    assert {row[1] for row in rows} == {"'=HYPERLINK(1)", "'@SUM(A1)", "'\tx"}
    assert {row[2] for row in rows} == {"'+Eve", "'-2", "Élodie, \"Lo\"\nDupont"}


@pytest.mark.parametrize("args, sentence", [
    ({"from": "2025-07-01", "to": "2025-06-01"}, "cannot end"), ({"from": "yesterday"}, "is a date such as"),
    ({"to": "0001-01-01"}, "too far"), ({"from": "2020-01-01", "to": "2025-01-01"}, "at most 731"),
    ({"days": "0"}, "a number from 1"), ({"days": "many"}, "a number from 1"), ({"metric": "magic"}, "no report"),
    ({"day": "32"}, "is a date such as"), ({"span": "-1"}, "a number from 1")])
def test_filters_that_make_no_sense_are_answered_with_a_sentence(args, sentence):
    with pytest.raises(Invalid, match=sentence):
        reports_filters.parse(args, "UTC", date(2025, 6, 30))


def test_the_address_of_a_list_leads_back_to_the_same_filters():
    filters = Filters(date(2025, 6, 1), date(2025, 6, 30), "UTC", "web", True, "volume", date(2025, 6, 2), 7, "e mail&")
    query = dict(part.split("=") for part in filters.url("volume", "e mail&", filters.day, 7).split("?")[1].split("&"))
    again = reports_filters.parse({key: unquote_plus(value) for key, value in query.items()}, "UTC", date(2030, 1, 1))
    assert again == filters


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 5000)), min_size=1, max_size=62))
def test_every_bar_stands_inside_the_chart_and_on_the_one_below(parts):
    first = date(2025, 1, 1)
    columns = [(first + timedelta(days=n), one) for n, one in enumerate(parts)]
    chart = reports_chart.stacked(columns, 1, columns[-1][0], "abc")
    assert sum(bar.count for bar in chart.bars) == sum(sum(one.values()) for one in parts)
    for bar in chart.bars:
        assert chart.left <= bar.x and bar.x + bar.width <= chart.width + 0.01
        assert 0 <= bar.y and bar.y + bar.height <= chart.height - reports_chart.BOTTOM + 0.05
    assert len(chart.lines) <= 6 and len(chart.dates) <= reports_chart.LABELS
