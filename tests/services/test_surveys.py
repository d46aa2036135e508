"""Asking back: when, whom, over which channel, and what an answer does and does not change."""
from datetime import timedelta

import pytest

from helpdesk import db, models, security, settings
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.services import ratings, survey_words, surveys, tickets

pytest_plugins = ["tests.desk"]


@pytest.fixture
def resolved(desk, wall):
    """A ticket that was answered and resolved, and whose survey is planned."""
    ticket = desk.customer_writes()
    wall.go(minutes=10)
    desk.agent_answers(ticket)
    desk.resolve(ticket)
    plan(desk, ticket)
    return ticket


def plan(desk, ticket):
    """Run the reactions of TicketResolved that stand in the task table, as the worker does."""
    for task in desk.rows(models.Task, name="services.surveys.plan", ticket_id=ticket):
        with db.transaction() as session:
            surveys.plan(session, task.ticket_id, **task.data)
            session.delete(session.get(models.Task, task.id))


def survey(desk, ticket):
    return desk.rows(models.Survey, ticket_id=ticket)[-1]


def link(desk, ticket):
    """The secret part of the address that the customer got."""
    message = desk.rows(models.Message, id=survey(desk, ticket).message_id)[0]
    return message.text.rsplit("/r/", 1)[1]


def sent(desk, ticket, wall):
    wall.go(hours=1)
    assert desk.do(surveys.send_due) == 1
    return link(desk, ticket)


def test_it_is_planned_an_hour_after_resolving(desk, wall, resolved):
    found = survey(desk, resolved)
    assert (found.state, found.due_at, found.agent_id) == ("planned", wall.at + timedelta(hours=1), desk.agent)
    assert desk.do(surveys.send_due) == 0


def test_the_reaction_run_twice_plans_once(desk, resolved):
    desk.do(surveys.plan, resolved, previous="open", actor="agent:1")
    assert len(desk.rows(models.Survey)) == 1


def test_it_is_sent_at_its_time_as_the_systems_own_message(desk, wall, resolved):
    before = desk.ticket(resolved)
    token = sent(desk, resolved, wall)
    found, after = survey(desk, resolved), desk.ticket(resolved)
    message = desk.rows(models.Message, id=found.message_id)[0]
    assert (found.state, found.channel, found.sent_at) == ("sent", "whatsapp", wall.at)
    assert message.author_kind == "system"
    assert message.payload["survey"] == {"id": found.id, "url": f"http://127.0.0.1:5999/r/{token}"}
    assert found.token_hash == security.token_hash(token), "only the hash is kept with the survey"
    for field in ("status", "waiting_since", "first_response_at", "due_at", "agent_id", "preview", "resolved_at"):
        assert getattr(after, field) == getattr(before, field), field
    assert [event.data["survey_id"] for event in desk.events(resolved, "SurveySent")] == [found.id]
    assert desk.do(surveys.send_due) == 0, "asked once"


def test_nobody_is_asked_when_the_ticket_was_reopened(desk, wall, resolved):
    wall.go(minutes=30)
    desk.customer_writes("Not solved.")
    wall.go(minutes=30)
    assert desk.do(surveys.send_due) == 0
    assert (survey(desk, resolved).state, survey(desk, resolved).reason) == ("skipped", "reopened")


def test_only_the_last_resolution_is_asked_about(desk, wall, resolved):
    wall.go(minutes=30)
    desk.customer_writes("Not solved.")
    desk.resolve(resolved)
    plan(desk, resolved)
    first, second = desk.rows(models.Survey)
    assert (first.state, first.reason, second.state) == ("skipped", "resolved again later", "planned")
    assert (first.key, second.key) == (f"csat:{resolved}:1", f"csat:{resolved}:2")


def test_nobody_is_asked_more_than_once_in_thirty_days(desk, wall, resolved):
    sent(desk, resolved, wall)
    wall.go(days=20)
    again = desk.customer_writes("Another matter.")
    desk.resolve(again)
    plan(desk, again)
    assert survey(desk, again).reason == "asked within the last 30 days"
    wall.go(days=31)
    later = desk.customer_writes("A third one.")
    desk.resolve(later)
    plan(desk, later)
    assert survey(desk, later).state == "planned"


def test_two_tickets_resolved_together_ask_once(desk, wall, resolved):
    other = desk.customer_writes("By Telegram.", who="555", channel="telegram")
    desk.on(other, lambda session, row: setattr(row, "contact_id", session.get(models.Ticket, resolved).contact_id))
    desk.resolve(other)
    plan(desk, other)
    wall.go(hours=1)
    assert desk.do(surveys.send_due) == 1
    assert sorted(one.state for one in desk.rows(models.Survey)) == ["sent", "skipped"]


def test_switched_off_nothing_is_planned(desk):
    settings.use(settings.load(env={}, overrides={"data_dir": str(settings.current().data_dir),
                                                  "survey_enabled": False}))
    ticket = desk.customer_writes()
    desk.resolve(ticket)
    plan(desk, ticket)
    assert desk.rows(models.Survey) == []


def test_machines_and_spammers_are_not_asked(desk):
    robot = desk.customer_writes("Out of office.", automatic="auto-submitted")
    spam = desk.customer_writes("Buy now!", who="666", channel="telegram")
    desk.on(spam, tickets.tag, ["spam"], [], "agent:1")
    for ticket in (robot, spam):
        desk.resolve(ticket)
        plan(desk, ticket)
    assert [one.reason for one in desk.rows(models.Survey)] == ["no person has written", "marked as spam"]


def test_a_worker_that_was_off_for_long_asks_nobody(desk, wall, resolved):
    wall.go(days=8)
    assert desk.do(surveys.send_due) == 0
    assert survey(desk, resolved).reason == "too late"


def test_it_goes_where_the_customer_wrote_last(desk, wall):
    ticket = desk.customer_writes("By WhatsApp.")
    telegram = desk.customer_writes("By Telegram.", who="555", channel="telegram")

    def move(session):
        identity = session.query(models.Identity).filter_by(value="555").one()
        identity.contact_id = session.get(models.Ticket, ticket).contact_id
        message = session.query(models.Message).filter_by(ticket_id=telegram).one()
        row = tickets.lock(session, ticket)
        row.seq += 1
        message.ticket_id, message.seq = ticket, row.seq
    desk.do(move)
    desk.resolve(ticket)
    plan(desk, ticket)
    sent(desk, ticket, wall)
    assert survey(desk, ticket).channel == "telegram"


def test_where_the_reply_window_has_closed_another_open_way_is_taken(desk, wall):
    ticket = desk.customer_writes("By WhatsApp.")
    telegram = desk.customer_writes("By Telegram.", who="555", channel="telegram")
    desk.on(telegram, lambda session, row: session.query(models.Identity).filter_by(value="555").update(
        {"contact_id": session.get(models.Ticket, ticket).contact_id}))
    wall.go(hours=24)
    desk.resolve(ticket)
    plan(desk, ticket)
    sent(desk, ticket, wall)
    assert survey(desk, ticket).channel == "telegram"


def test_without_any_open_way_it_is_skipped_with_the_reason(desk, wall):
    ticket = desk.customer_writes()
    wall.go(hours=24)
    desk.resolve(ticket)
    plan(desk, ticket)
    wall.go(hours=1)
    assert desk.do(surveys.send_due) == 0
    assert survey(desk, ticket).reason == "no open way to the customer"


def test_one_that_fails_is_tried_later_and_stops_no_other(desk, wall, resolved, monkeypatch):
    other = desk.customer_writes("By Telegram.", who="555", channel="telegram")
    desk.resolve(other)
    plan(desk, other)
    real = surveys.replies.send

    def send(session, ticket, *args, **kwargs):
        if ticket.id == resolved:
            raise RuntimeError("a fault")
        return real(session, ticket, *args, **kwargs)
    monkeypatch.setattr(surveys.replies, "send", send)
    wall.go(hours=1)
    assert desk.do(surveys.send_due) == 1
    assert (survey(desk, resolved).state, survey(desk, resolved).due_at) == ("planned", wall.at + surveys.AGAIN)
    assert survey(desk, other).state == "sent"


@pytest.mark.parametrize("locale, begins", [("pt-BR", "Quão"), ("hi", "आप"), ("in", "Seberapa"), ("es_MX", "¿Qué"),
                                            ("fi", "How"), ("", "How")])
def test_it_speaks_the_customers_language(desk, wall, locale, begins):
    ticket = desk.customer_writes(locale=locale)
    desk.resolve(ticket)
    plan(desk, ticket)
    sent(desk, ticket, wall)
    assert desk.rows(models.Message, id=survey(desk, ticket).message_id)[0].text.startswith(begins)


def test_every_language_has_every_sentence():
    english = survey_words.WORDS["en"]
    for words in survey_words.WORDS.values():
        assert words.keys() == english.keys()
        for key, sentence in words.items():
            assert sentence.count("{") == english[key].count("{"), key


def test_languages_of_a_browser_come_in_its_order():
    assert survey_words.accepted("en;q=0.5, pt-BR, hi;q=0, es;q=0.9, x;q=bad") == ["pt-BR", "es", "en"]


def test_a_rating_is_stored_and_told_and_changes_nothing_else(desk, wall, resolved):
    token = sent(desk, resolved, wall)
    before = desk.ticket(resolved)
    desk.do(ratings.rate, token, 2, "  Too slow.\r\nReally. ")
    (rating,) = desk.rows(models.Rating)
    assert (rating.score, rating.comment, rating.ticket_id) == (2, "Too slow.\nReally.", resolved)
    (event,) = desk.events(resolved, "RatingGiven")
    assert event.data == {"survey_id": rating.survey_id, "score": 2, "low": True, "comment": "Too slow.\nReally."}
    after = desk.ticket(resolved)
    assert (after.status, after.waiting_since, after.due_at) == (before.status, before.waiting_since, before.due_at)
    assert survey(desk, resolved).state == "answered"


def test_three_stars_are_not_low(desk, wall, resolved):
    desk.do(ratings.rate, sent(desk, resolved, wall), 3)
    assert desk.events(resolved, "RatingGiven")[0].data["low"] is False


def test_the_last_word_counts_and_the_same_word_twice_is_said_once(desk, wall, resolved):
    token = sent(desk, resolved, wall)
    desk.do(ratings.rate, token, 5)
    desk.do(ratings.rate, token, 5)
    wall.go(days=13)
    desk.do(ratings.rate, token, 1, "It broke.")
    (rating,) = desk.rows(models.Rating)
    assert (rating.score, rating.comment, rating.changed_at) == (1, "It broke.", wall.at)
    assert [event.data["score"] for event in desk.events(resolved, "RatingGiven")] == [5, 1]


def test_after_fourteen_days_it_is_final(desk, wall, resolved):
    token = sent(desk, resolved, wall)
    desk.do(ratings.rate, token, 5)
    wall.go(days=14, seconds=1)
    with pytest.raises(Conflict):
        desk.do(ratings.rate, token, 1)
    with db.reading() as session:
        answer = ratings.show(session, token)
    assert (answer.score, answer.editable) == (5, False)


@pytest.mark.parametrize("score, comment", [(0, ""), (6, ""), (5, "x" * 2001)])
def test_nonsense_is_refused_and_nothing_stored(desk, wall, resolved, score, comment):
    token = sent(desk, resolved, wall)
    with pytest.raises(Invalid):
        desk.do(ratings.rate, token, score, comment)
    assert desk.rows(models.Rating) == []


def test_a_link_that_was_not_sent_leads_nowhere(desk, wall, resolved):
    for token in ("", "x", sent(desk, resolved, wall)[:-1], survey(desk, resolved).token_hash):
        with pytest.raises(NotFound), db.reading() as session:
            ratings.show(session, token)
        with pytest.raises(NotFound):
            desk.do(ratings.rate, token, 5)


def test_a_rating_of_a_merged_ticket_is_told_where_it_went(desk, wall, resolved):
    token = sent(desk, resolved, wall)
    other = desk.customer_writes("Survivor.", who="777", channel="telegram")
    desk.on(resolved, lambda session, row: setattr(row, "merged_into_id", other))
    desk.do(ratings.rate, token, 4)
    assert len(desk.events(other, "RatingGiven")) == 1
    assert desk.rows(models.Rating)[0].ticket_id == resolved


