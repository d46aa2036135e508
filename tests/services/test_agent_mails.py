"""What waits for an agent reaches them by mail: once, when they asked for it, and not in their quiet hours."""
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from helpdesk import clock, db
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Notification, Task
from helpdesk.services import agent_preferences, digests, notifications, quiet_hours, unseen_mail
from tests.agents_by_mail import Mailroom

JAKARTA, BERLIN = ZoneInfo("Asia/Jakarta"), ZoneInfo("Europe/Berlin")


@pytest.fixture
def room(any_cast, work):
    made = Mailroom(any_cast, work)
    yield made
    made.close()


def choose(cast, zone="UTC", mail_notices=(), **preferences):
    with db.transaction() as session:
        agent = session.get(Agent, cast.alice.id)
        agent.time_zone, agent.mail_notices = zone, list(mail_notices)
        for name, value in preferences.items():
            agent_preferences.choose(session, agent, name, value)


def mails(room, cast):
    return [mail for mail in room.sink.parsed() if str(mail["To"]) == cast.alice.email]


def tick(room, at, service, times=1):
    with clock.at(at):
        for _ in range(times):
            db.run(service.plan_due)
        room.work()


def test_what_was_not_seen_comes_in_one_mail_once(room, any_cast):
    choose(any_cast, unseen_mail=15)
    number = room.ask()
    with db.transaction() as session:
        session.add(Notification(agent_id=any_cast.alice.id, ticket_id=number, kind="mention", text="Bob names you"))
    tick(room, clock.now() + timedelta(minutes=14), unseen_mail)
    assert mails(room, any_cast) == []
    tick(room, clock.now() + timedelta(minutes=16), unseen_mail, times=2)
    tick(room, clock.now() + timedelta(minutes=60), unseen_mail)
    [mail] = mails(room, any_cast)
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"] == "2 things that you have not looked at" and mail["Auto-Submitted"] == "auto-generated"
    assert f"1 mention and 1 assignment in #{number}" in text and f"/tickets/{number}" in text


def test_what_was_seen_before_the_mail_left_is_not_mailed(room, any_cast):
    choose(any_cast, unseen_mail=5)
    room.ask()
    with clock.at(clock.now() + timedelta(minutes=6)):
        db.run(unseen_mail.plan_due)
        with db.transaction() as session:
            notifications.mark_seen(session, session.get(Agent, any_cast.alice.id))
        room.work()
    assert mails(room, any_cast) == []


def test_what_came_by_mail_at_once_does_not_come_again(room, any_cast):
    choose(any_cast, unseen_mail=5, mail_notices=["assigned"])
    room.ask()
    tick(room, clock.now() + timedelta(minutes=6), unseen_mail)
    assert len(mails(room, any_cast)) == 1 and "is yours now" in mails(room, any_cast)[0].get_body().get_content()


def test_who_did_not_ask_gets_none(room, any_cast):
    choose(any_cast)
    room.ask()
    tick(room, clock.now() + timedelta(days=2), unseen_mail)
    assert mails(room, any_cast) == []


def test_quiet_hours_hold_both_kinds_until_they_are_over(room, any_cast):
    at = clock.now()
    hour = at.astimezone(JAKARTA)
    rule = {"from": f"{hour - timedelta(hours=1):%H:%M}", "to": f"{hour + timedelta(hours=2):%H:%M}"}
    choose(any_cast, "Asia/Jakarta", ["assigned"], unseen_mail=5, quiet=rule)
    room.ask()
    with db.transaction() as session:
        session.add(Notification(agent_id=any_cast.alice.id, kind="rating", text="1 of 5"))
    tick(room, at + timedelta(minutes=90), unseen_mail)
    assert mails(room, any_cast) == []
    tick(room, at + timedelta(minutes=121), unseen_mail)
    assert len(mails(room, any_cast)) == 2


@pytest.mark.parametrize("rule, day, shown, quiet", [
    ({"from": "22:00", "to": "07:00"}, 2, "23:30", True), ({"from": "22:00", "to": "07:00"}, 2, "06:59", True),
    ({"from": "22:00", "to": "07:00"}, 2, "07:00", False), ({"from": "12:00", "to": "13:00"}, 2, "12:30", True),
    ({"days": [5, 6]}, 7, "12:00", True), ({"days": [5, 6]}, 9, "00:00", False), ({}, 7, "12:00", False)])
def test_quiet_is_by_the_clock_there(rule, day, shown, quiet):
    at = datetime.fromisoformat(f"2025-06-0{day}T{shown}").replace(tzinfo=JAKARTA)     # the 2nd is a Monday
    assert quiet_hours.quiet(rule, at.astimezone(UTC), JAKARTA) is quiet


def test_it_is_over_at_its_end_though_days_follow():
    rule = {"from": "22:00", "to": "07:00", "days": [5, 6]}
    friday_night = datetime(2025, 6, 6, 23, tzinfo=JAKARTA).astimezone(UTC)
    assert quiet_hours.over(rule, friday_night, JAKARTA) == datetime(2025, 6, 9, 7, tzinfo=JAKARTA)
    noon = datetime(2025, 6, 4, 12, tzinfo=JAKARTA).astimezone(UTC)
    assert quiet_hours.over(rule, noon, JAKARTA) == noon


@pytest.mark.parametrize("rule", [{"from": "22:00"}, {"from": "9:00", "to": "9 o'clock"}, {"days": list(range(7))},
                                  {"from": "08:00", "to": "08:00"}, ["22:00"]])
def test_hours_that_cannot_be_are_refused(rule):
    with pytest.raises(Invalid):
        quiet_hours.checked(rule)


def planned() -> list[str]:
    with db.reading() as session:
        return [task.data["day"] for task in session.scalars(select(Task).where(
            Task.name == "jobs.agent_mails.digest").order_by(Task.id))]


@pytest.mark.parametrize("zone, hour, day", [
    (BERLIN, "02:30", date(2025, 3, 30)), (BERLIN, "02:30", date(2025, 10, 26)), (JAKARTA, "08:00", date(2025, 6, 2))])
def test_there_is_one_digest_a_day_also_when_the_clocks_are_set(room, any_cast, zone, hour, day):
    choose(any_cast, str(zone), digest=hour)
    at = datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)
    for _ in range(26 * 6):
        with clock.at(at):
            db.run(digests.plan_due)
        at += timedelta(minutes=10)
    days = planned()
    assert days[0] == day.isoformat() and days.count(day.isoformat()) == 1 and len(days) <= 2


def test_a_digest_says_what_waits_and_comes_neither_late_nor_to_who_is_away_nor_on_a_quiet_day(room, any_cast):
    choose(any_cast, digest="08:00")
    number = room.ask("Where is my kettle?")
    tomorrow = (clock.now() + timedelta(days=1)).replace(hour=8, minute=1)
    tick(room, tomorrow + timedelta(hours=5), digests)
    with db.transaction() as session:
        session.get(Agent, any_cast.alice.id).away_since = clock.now()
    tick(room, tomorrow, digests)
    with db.transaction() as session:
        session.get(Agent, any_cast.alice.id).away_since = None
    choose(any_cast, quiet={"days": [tomorrow.weekday()]})
    tick(room, tomorrow, digests)
    assert mails(room, any_cast) == []
    choose(any_cast, quiet={})
    tick(room, tomorrow, digests, times=2)
    [mail] = mails(room, any_cast)
    assert mail["Subject"] == "Your day: 1 waiting for your answer"
    assert f"#{number} My order" in mail.get_body(("plain",)).get_content()


def test_the_page_keeps_what_is_chosen_and_says_what_cannot_be(sign_in, cast):
    alice = sign_in(cast.alice)
    assert "Quiet hours" in alice.get("/account/news").text
    answer = alice.post("/account/news", data={"unseen": 15, "digest": "07:30", "from": "22:00", "to": "", "days": 6})
    assert answer.status_code == 422 and "a beginning and an end" in answer.text and 'value="07:30"' in answer.text
    alice.post("/account/news", data={"unseen": 15, "digest": "07:30", "from": "22:00", "to": "07:00", "days": 6})
    with db.reading() as session:
        assert session.get(Agent, cast.alice.id).preferences == {
            "unseen_mail": 15, "digest": "07:30", "quiet": {"from": "22:00", "to": "07:00", "days": [6]}}
