"""Taking back what was done to a ticket."""
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent, BulkChange, Event, SlaClock, Ticket
from helpdesk.services import tickets, undoing
from tests.people import written


@pytest.fixture
def ticket_id(any_cast):
    with db.transaction() as session:
        return written(session, any_cast.mail, "Where is it?", subject="Order 12").ticket_id


@pytest.fixture
def did(any_cast, ticket_id):
    """did(verb, …) → the change that it made, by Alice."""
    def run(verb, *args):
        with db.transaction() as session:
            ticket, alice = tickets.lock(session, ticket_id), session.get(Agent, any_cast.alice.id)
            before = undoing.standing(ticket)
            verb(session, ticket, *args, alice.actor)
            session.flush()
            kept = undoing.remember(session, alice, ticket_id, undoing.changes(before, undoing.standing(ticket)), "it")
            return kept and kept.id
    return run


@pytest.fixture
def take_back(any_cast):
    """take_back(change) → what stays as it is."""
    def run(change_id):
        with db.transaction() as session:
            alice = session.get(Agent, any_cast.alice.id)
            return undoing.undo(session, undoing.one(session, alice, change_id), alice)[1]
    return run


def stands(ticket_id) -> dict:
    with db.reading() as session:
        return undoing.standing(session.get(Ticket, ticket_id))


@pytest.mark.parametrize("verb", [
    lambda s, t, actor: tickets.set_status(s, t, "resolved", actor),
    lambda s, t, actor: tickets.set_status(s, t, "pending", actor),
    lambda s, t, actor: tickets.set_priority(s, t, "urgent", actor),
    lambda s, t, actor: tickets.assign(s, t, s.scalar(select(Agent).where(Agent.name == "Bob")), actor),
    lambda s, t, actor: tickets.tag(s, t, ["vip"], [], actor),
    lambda s, t, actor: tickets.snooze(s, t, now() + timedelta(hours=2), actor)])
def test_each_verb_goes_back_once_and_nothing_else_changes(did, take_back, ticket_id, verb):
    before = stands(ticket_id)
    change = did(verb)
    assert stands(ticket_id) != before
    assert take_back(change) == [] and stands(ticket_id) == before
    with pytest.raises(Invalid, match="already"):
        take_back(change)


def test_a_resolved_ticket_goes_on_being_measured(did, take_back, ticket_id):
    take_back(did(tickets.set_status, "resolved"))
    with db.reading() as session:
        clock = session.scalar(select(SlaClock).where(SlaClock.ticket_id == ticket_id, SlaClock.kind == "resolution"))
        assert clock.met_at is None and clock.due_at
        assert session.scalar(select(Event.data).where(Event.name == "TicketReopened"))["why"] == "undone"


def test_what_somebody_changed_since_stays_and_is_named(did, take_back, any_cast, ticket_id):
    change = did(lambda s, t, actor: (tickets.set_priority(s, t, "high", actor), tickets.tag(s, t, ["vip"], [], actor)))
    with db.transaction() as session:
        tickets.set_priority(session, tickets.lock(session, ticket_id), "low", "agent:99")
    left = take_back(change)
    assert left == ["priority"] and "priority" in undoing.words(left)
    assert stands(ticket_id)["priority"] == "low" and stands(ticket_id)["tags"] == []


def test_only_ones_own_can_be_undone_and_not_for_ever(did, take_back, any_cast):
    change = did(tickets.set_priority, "high")
    with db.transaction() as session:
        assert undoing.last(session, session.get(Agent, any_cast.alice.id)).id == change
        with pytest.raises(NotFound):
            undoing.last(session, session.get(Agent, any_cast.bob.id))
        with pytest.raises(NotFound):
            undoing.one(session, session.get(Agent, any_cast.bob.id), change)
        session.execute(update(BulkChange).values(done_at=now() - timedelta(minutes=11),
                                                  created_at=now() - timedelta(minutes=11)))
    with pytest.raises(Invalid, match="too late"):
        take_back(change)
    assert did(tickets.set_priority, "high") is None, "what changes nothing is not kept"
