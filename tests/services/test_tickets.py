"""What can be done with a ticket."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Event, Message, SlaClock, Ticket
from helpdesk.services import accounts, replies, tickets
from tests.people import written


@pytest.fixture
def ticket_id(any_cast):
    with db.transaction() as session:
        return written(session, any_cast.mail, "Where is it?", subject="Order 12").ticket_id


@pytest.fixture
def on(ticket_id):
    """on(verb, …) → verb(session, ticket, …), in a transaction of its own."""
    def run(verb, *args, **kwargs):
        with db.transaction() as session:
            return verb(session, tickets.lock(session, ticket_id), *args, **kwargs)
    return run


def row(ticket_id) -> Ticket:
    with db.reading() as session:
        return session.get(Ticket, ticket_id)


def facts(ticket_id) -> list[str]:
    with db.reading() as session:
        return session.scalars(select(Event.name).where(Event.ticket_id == ticket_id).order_by(Event.seq)).all()[2:]


def test_a_merged_ticket_leads_to_the_one_that_stands_and_a_circle_to_none(any_cast, ticket_id):
    with db.transaction() as session:
        other = written(session, any_cast.mail, "b", external_id="<b>").ticket_id
        session.get(Ticket, ticket_id).merged_into_id = other
        session.flush()
        assert tickets.lock(session, ticket_id).id == other
        session.get(Ticket, other).merged_into_id = ticket_id
        session.flush()
        for number in (ticket_id, 10**6):
            with pytest.raises(NotFound):
                tickets.lock(session, number)


def test_the_same_again_is_no_news(on, ticket_id, any_cast):
    for _ in range(2):
        on(tickets.set_status, "pending", "agent:1")
        on(tickets.set_priority, "high", "agent:1")
        on(lambda session, ticket: tickets.assign(session, ticket, session.merge(any_cast.bob), "agent:1"))
        on(lambda session, ticket: tickets.set_team(session, ticket, session.merge(any_cast.sales), "agent:1"))
        on(tickets.tag, ["VIP ", "vip", ""], [], "agent:1")
    assert facts(ticket_id) == ["StatusChanged", "PriorityChanged", "TicketAssigned", "TeamChanged", "TagsChanged"]


def test_resolving_and_reopening_have_names_of_their_own(on, ticket_id):
    on(tickets.set_status, "resolved", "agent:1")
    assert row(ticket_id).resolved_at and row(ticket_id).waiting_since is None
    on(tickets.set_status, "closed", "agent:1")
    on(tickets.set_status, "open", "contact:1", why="customer wrote")
    assert row(ticket_id).resolved_at is None
    assert facts(ticket_id) == ["TicketResolved", "StatusChanged", "TicketReopened"]


@pytest.mark.parametrize(("verb", "value"), [(tickets.set_status, "done"), (tickets.set_priority, "asap")])
def test_an_unknown_word_is_refused_with_the_known_ones(on, verb, value):
    with pytest.raises(Invalid, match="use one of"):
        on(verb, value, "agent:1")


def test_nobody_who_has_left_gets_work(on, any_cast):
    with db.transaction() as session:
        accounts.disable(session, session.merge(any_cast.bob), "agent:5")
    with pytest.raises(Invalid, match="no longer works here"):
        on(lambda session, ticket: tickets.assign(session, ticket, session.merge(any_cast.bob), "agent:1"))


def test_tags_come_and_go_and_are_shared(on, any_cast, ticket_id):
    on(tickets.tag, ["Refund", "x" * 80], [], "agent:1")
    on(tickets.tag, [], ["REFUND", "never there"], "agent:1")
    with db.transaction() as session:
        other = session.get(Ticket, written(session, any_cast.mail, "b", external_id="<b>").ticket_id)
        tickets.tag(session, other, ["refund"], [], "agent:1")
        assert [t.name for t in session.get(Ticket, ticket_id).tags] == ["x" * 50]
        assert [t.name for t in other.tags] == ["refund"]


def test_a_snoozed_ticket_wakes_when_its_time_comes_once_and_however_late(on, ticket_id):
    on(tickets.snooze, now() + timedelta(hours=1), "agent:1")
    assert db.run(tickets.wake_due) == 0
    with db.transaction() as session:
        session.get(Ticket, ticket_id).snoozed_until = now() - timedelta(days=3)
    assert [db.run(tickets.wake_due) for _ in range(2)] == [1, 0]
    assert facts(ticket_id) == ["TicketSnoozed", "TicketWoken"]


def test_the_clock_stands_still_while_it_sleeps(on, ticket_id):
    def running():
        with db.reading() as session:
            return session.scalar(select(SlaClock.due_at).where(SlaClock.ticket_id == ticket_id,
                                                                SlaClock.kind == "resolution"))
    assert running()
    on(tickets.snooze, now() + timedelta(hours=1), "agent:1")
    assert running() is None
    on(tickets.snooze, None, "agent:1")
    assert running()


def test_only_what_is_active_sleeps_and_only_until_later(on):
    with pytest.raises(Invalid, match="passed"):
        on(tickets.snooze, now(), "agent:1")
    on(tickets.set_status, "resolved", "agent:1")
    with pytest.raises(Invalid, match="open or pending"):
        on(tickets.snooze, now() + timedelta(hours=1), "agent:1")


def test_split_takes_answers_along_and_leaves_the_rest_as_it_was(on, ticket_id, any_cast):
    with db.transaction() as session:
        first = session.scalar(select(Message.id).where(Message.ticket_id == ticket_id))
        second = written(session, any_cast.mail, "Another matter", external_id="<b>",
                         replies_to=[session.get(Message, first).external_id])
        assert second.ticket_id == ticket_id
        answer = replies.send(session, tickets.lock(session, ticket_id), "About that",
                              agent=session.merge(any_cast.alice))
        made = tickets.split(session, tickets.lock(session, ticket_id), second, "agent:1")
        assert session.get(Message, answer.id).ticket_id == second.ticket_id == made.id != ticket_id
        assert (made.preview, made.preview_author, made.waiting_since) == ("About that", "agent", None)
        assert made.follows_ticket_id == ticket_id
        later = written(session, any_cast.mail, "More on it", external_id="<c>", replies_to=["<b>"])
        assert later.ticket_id == made.id, "what answers it follows it"
        kept = session.get(Ticket, ticket_id)
        assert kept.preview == "Where is it?"
        with pytest.raises(Invalid):
            tickets.split(session, kept, answer, "agent:1")
