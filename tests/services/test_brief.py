"""What whoever answers should know of a person, on both databases, and that it is always asked in three statements."""
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from helpdesk import db
from helpdesk.models import Agent, AssistantTurn, Contact, Pledge, Rating, Survey, Ticket
from helpdesk.services import brief, pledges, sla, tickets
from helpdesk.services.standing import standing

pytest_plugins = ["tests.desk"]

MONDAY = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)        # where tests.desk begins


def of(desk, ticket_id):
    """The brief beside a ticket."""
    with db.reading() as session:
        ticket = session.get(Ticket, ticket_id)
        return brief.brief(session, ticket.contact, ticket_id)


def writes(desk, text, **fields):
    """Carla writes by Telegram, which has no closing window."""
    return desk.customer_writes(text, **{"who": "70001", "channel": "telegram", **fields})


def rates(desk, ticket_id, score, comment=""):
    def add(session):
        survey = Survey(ticket_id=ticket_id, contact_id=session.get(Ticket, ticket_id).contact_id, state="answered",
                        key=f"k{ticket_id}", due_at=desk.wall.at)
        session.add(survey)
        session.flush()
        session.add(Rating(survey_id=survey.id, ticket_id=ticket_id, score=score, comment=comment,
                           created_at=desk.wall.at))
    desk.do(add)


def test_of_somebody_new_there_is_little_and_it_says_so(any_desk):
    found = of(any_desk, writes(any_desk, "Hello"))
    assert (found.standing.word, found.standing.tickets, found.standing.active) == ("new", 1, 1)
    assert found.standing.since == MONDAY
    assert (found.matters, found.promised, list(found.ratings), found.asked) == ([], [], [], [])
    assert [one.value for one in found.identities] == ["70001"] and found.local_time is None


def test_the_last_contacts_come_with_channel_matter_outcome_and_who_had_them(any_desk):
    first = writes(any_desk, "The grinder is broken", subject="Grinder")
    any_desk.wall.go(hours=30)                    # the promised first response has passed
    any_desk.on(first, lambda session, ticket: tickets.assign(session, ticket, session.get(Agent, any_desk.agent),
                                                              "agent:1"))
    any_desk.do(sla.breach_due)
    any_desk.agent_answers(first)
    any_desk.resolve(first)
    rates(any_desk, first, 2, "Took long")
    any_desk.wall.go(days=200)
    second = writes(any_desk, "It is me again")
    assert second != first
    [before] = of(any_desk, second).matters
    assert (before.id, before.channel, before.status, before.agent) == (first, "telegram", "resolved", "Ada Agent")
    assert before.late >= 1 and not before.is_active
    [rating] = of(any_desk, second).ratings
    assert (rating.score, rating.text, rating.ticket_id) == (2, "Took long", first)
    assert of(any_desk, second).standing.word == "returning"


def test_what_is_open_elsewhere_stands_first(any_desk):
    first = writes(any_desk, "Grinder")
    with db.transaction() as session:
        contact = session.get(Ticket, first).contact
        done = [tickets.open_ticket(session, contact, channel="email").id for _ in range(12)]
        for number in done:
            tickets.set_status(session, tickets.lock(session, number), "resolved", "agent:1")
        here = tickets.open_ticket(session, contact, channel="email").id
    found = of(any_desk, here)
    assert [one.id for one in found.open_elsewhere] == [first] and found.matters[0].id == first
    assert found.standing.tickets == 14 and found.standing.active == 2
    assert len(found.matters) == brief.MOST["matters"] - 1


@pytest.mark.parametrize(("days", "state"), [(0, "open"), (1, "open"), (4, "overdue")])
def test_a_promise_is_open_until_its_day_is_over(any_desk, days, state):
    number = writes(any_desk, "Where is it?")
    any_desk.agent_answers(number, "Sorry!\nI'll get back to you by Wednesday.")
    any_desk.wall.go(days=days)
    [one] = of(any_desk, number).promised
    assert (one.state, one.text, one.author) == (state, "I'll get back to you by Wednesday.", "Ada Agent")
    assert [due.id for due in of(any_desk, number).due] == [one.id]
    assert bool(of(any_desk, number).overdue) == (state == "overdue")


def test_kept_late_and_judged_promises(any_desk):
    number = writes(any_desk, "Where is it?")
    any_desk.agent_answers(number, "I'll get back to you by Wednesday.")
    any_desk.wall.go(days=1)
    any_desk.agent_answers(number, "It is at the depot. We will call you tomorrow.")
    any_desk.wall.go(days=3)
    any_desk.agent_answers(number, "I'll let you know.")
    assert [one.state for one in of(any_desk, number).promised] == ["open", "late", "kept"]
    last = of(any_desk, number).promised[0]
    assert last.due_at is None, "no time was named"
    any_desk.do(lambda session: pledges.judge(session, last.id, "none", session.get(Agent, any_desk.agent)))
    assert [one.state for one in of(any_desk, number).promised] == ["late", "kept"]
    second = any_desk.rows(Pledge)[1].id
    any_desk.do(lambda session: pledges.judge(session, second, "kept", session.get(Agent, any_desk.agent)))
    assert [one.state for one in of(any_desk, number).promised] == ["kept", "kept"]


def test_a_question_is_unanswered_until_somebody_answers_in_public(any_desk):
    number = writes(any_desk, "My parcel is late. Where is it?")
    assert [one.text for one in of(any_desk, number).asked] == ["Where is it?"]
    writes(any_desk, "where is it?\nAnd can I still cancel")
    assert [one.text for one in of(any_desk, number).asked] == ["And can I still cancel", "where is it?"]
    any_desk.assistant_answers(number, "I did not understand.", outcome="missed")
    assert len(of(any_desk, number).asked) == 2, "asking back is no answer"
    any_desk.agent_answers(number, "At the depot; and yes.")
    assert of(any_desk, number).asked == []
    writes(any_desk, "Thanks!")
    assert of(any_desk, number).asked == []


def test_an_article_answers_unless_it_did_not_help(any_desk):
    number = writes(any_desk, "How long does it take?")
    any_desk.assistant_answers(number)
    assert of(any_desk, number).asked == []
    with db.transaction() as session:
        session.query(AssistantTurn).update({"helped": False})
    assert [one.text for one in of(any_desk, number).asked] == ["How long does it take?"]


def test_questions_of_other_tickets_of_theirs_are_told_too_and_old_ones_are_not(any_desk):
    first = writes(any_desk, "Do you ship to Norway?")
    any_desk.resolve(first)
    with db.transaction() as session:
        here = tickets.open_ticket(session, session.get(Ticket, first).contact, channel="email").id
    assert [(one.ticket_id, one.text) for one in of(any_desk, here).asked] == [(first, "Do you ship to Norway?")]
    any_desk.wall.go(days=200)
    assert of(any_desk, here).asked == []


def test_nothing_of_somebody_else_is_in_it(any_desk):
    other = any_desk.customer_writes("Where is MY parcel?", who="70002", channel="telegram", name="Otto")
    any_desk.agent_answers(other, "I'll get back to you tomorrow.")
    any_desk.customer_writes("Where is MY parcel?", who="70002", channel="telegram", name="Otto")
    rates(any_desk, other, 1)
    found = of(any_desk, writes(any_desk, "Hello"))
    assert (found.matters, found.promised, list(found.ratings), found.asked) == ([], [], [], [])


def test_it_takes_three_statements_whatever_there_is(any_desk):
    def statements(ticket_id):
        seen = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        with db.reading() as session:
            contact = session.get(Contact, session.get(Ticket, ticket_id).contact_id)
            event.listen(db.engine(), "before_cursor_execute", listener)
            try:
                brief.brief(session, contact, ticket_id)
            finally:
                event.remove(db.engine(), "before_cursor_execute", listener)
        return len(seen)
    number = writes(any_desk, "Hello")
    few = statements(number)
    for _ in range(10):
        writes(any_desk, "Where is it?")
        any_desk.agent_answers(number, "I'll get back to you tomorrow.")
        any_desk.wall.go(hours=1)
    rates(any_desk, number, 5)
    assert statements(number) == few == 3


@pytest.mark.parametrize(("count", "days", "word"), [
    (0, 0, "new"), (1, 400, "new"), (2, 5, "new"), (2, 40, "returning"), (4, 400, "returning"), (9, 20, "returning"),
    (5, 60, "regular"), (50, 900, "regular")])
def test_what_somebody_is_to_the_house(count, days, word):
    assert standing(count, 0, MONDAY - timedelta(days=days) if count else None, MONDAY).word == word
