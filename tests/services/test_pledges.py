"""Promises in agents' own words: noted, kept by the next answer, overdue, judged."""
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import (
    Agent,
    BusinessHours,
    Contact,
    Delivery,
    Event,
    Identity,
    Inbox,
    Message,
    Pledge,
    Ticket,
)
from helpdesk.services import pledges, replies, tickets

pytest_plugins = ["tests.desk"]

MONDAY = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)        # where tests.desk begins


def only(desk):
    [pledge] = desk.rows(Pledge)
    return pledge


@pytest.fixture
def promised(any_desk):
    """Carla asked on Monday morning and was promised an answer by Wednesday: (the desk, the ticket's id)."""
    number = any_desk.customer_writes("Where is my parcel?", channel="telegram", who="70001")
    any_desk.agent_answers(number, "Sorry about that.\nI'll get back to you by Wednesday. Kind regards")
    return any_desk, number


def test_a_promise_is_noted_with_its_words_its_day_and_whom_it_was_made_to(promised):
    desk, number = promised
    pledge, [answer] = only(desk), desk.rows(Message, ticket_id=number, direction="out")
    assert answer.text[pledge.begins:pledge.ends] == "I'll get back to you by Wednesday."
    assert pledge.due_at == MONDAY.replace(day=4, hour=23, minute=59, second=59)
    assert (pledge.message_id, pledge.identity_id) == (answer.id, answer.identity_id)
    assert not pledge.kept and pledge.kept_at is None


def test_the_next_answer_keeps_it_and_the_goodbye_of_the_same_minute_does_not(promised):
    desk, number = promised
    desk.agent_answers(number, "Have a nice day!")
    assert only(desk).kept_at is None
    desk.wall.go(days=1)
    desk.agent_answers(number, "It is at the depot.")
    assert only(desk).kept and only(desk).kept_at == desk.wall.at
    desk.wall.go(days=1)
    desk.agent_answers(number, "And now it is with you.")
    assert only(desk).kept_at == desk.wall.at - timedelta(days=1), "kept once"


def test_an_answer_after_the_day_keeps_it_late(promised):
    desk, number = promised
    desk.wall.go(days=4)
    desk.agent_answers(number, "Sorry that it took so long.")
    assert only(desk).kept_at == desk.wall.at and not only(desk).kept


def test_an_answer_in_another_ticket_of_the_same_person_keeps_it_and_one_to_somebody_else_does_not(promised):
    desk, number = promised
    desk.resolve(number)
    desk.wall.go(days=1)
    desk.agent_answers(desk.customer_writes("Hello", who="70002", channel="telegram", name="Otto"), "Hello Otto")
    assert only(desk).kept_at is None
    with db.transaction() as session:
        first = session.get(Ticket, number)
        other = tickets.open_ticket(session, first.contact, channel="telegram",
                                    inbox=session.get(Inbox, first.reply_inbox_id),
                                    identity_id=session.get(Identity, first.reply_identity_id).id).id
    desk.agent_answers(other, "About your parcel: it is here.")
    assert only(desk).kept


def test_what_the_assistant_says_neither_promises_nor_keeps(promised):
    desk, number = promised
    desk.wall.go(days=1)
    desk.assistant_answers(number, "I will call you tomorrow.")
    assert len(desk.rows(Pledge)) == 1 and only(desk).kept_at is None


def test_a_note_is_no_promise(any_desk):
    number = any_desk.customer_writes()
    any_desk.on(number, lambda session, ticket: replies.note(
        session, ticket, "I will call them tomorrow, and get back to you.", session.get(Agent, any_desk.agent)))
    assert any_desk.rows(Pledge) == []


def test_days_are_those_of_the_house(any_desk):
    any_desk.do(lambda session: session.add(BusinessHours(name="Jakarta", time_zone="Asia/Jakarta", week={})))
    any_desk.wall.set(MONDAY.replace(hour=20))        # three in the morning of Tuesday there
    number = any_desk.customer_writes()
    any_desk.agent_answers(number, "We will call you tomorrow.")
    assert only(any_desk).due_at == MONDAY.replace(day=4, hour=16, minute=59, second=59)


def test_an_agent_says_that_it_was_kept_or_was_none_and_may_take_it_back(promised):
    desk, number = promised
    pledge_id = only(desk).id

    def judge(judgement):
        desk.do(lambda session: pledges.judge(session, pledge_id, judgement, session.get(Agent, desk.agent)))
    judge("kept")
    judge("kept")
    assert only(desk).kept and only(desk).judged_by_id == desk.agent
    assert len(desk.events(number, "PledgeJudged")) == 1, "the same again changes nothing"
    judge("none")
    assert not only(desk).kept
    judge("")
    assert only(desk).judged == "" and only(desk).judged_by_id is None
    with pytest.raises(Invalid):
        judge("maybe")
    with pytest.raises(NotFound):
        desk.do(lambda session: pledges.judge(session, 999, "kept", session.get(Agent, desk.agent)))


def test_it_goes_with_its_message_when_that_is_erased(promised):
    desk, number = promised
    with db.transaction() as session:
        session.execute(delete(Delivery))
        session.execute(delete(Message).where(Message.direction == "out"))
    assert desk.rows(Pledge) == [] and desk.rows(Event) and desk.rows(Contact)
