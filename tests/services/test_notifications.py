"""Telling agents: the right ones, once, until they have seen it."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from channels.base import SendError
from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Agent, Delivery, Notification, Ticket
from helpdesk.services import accounts, handover, notifications, outbox, replies, sla, tickets
from tests.people import written


@pytest.fixture
def told(any_cast, work):
    """told(kind) → the names of those who were told, after the worker ran."""
    def names(kind):
        work()
        with db.reading() as session:
            return sorted(session.scalars(select(Agent.name).join(Notification, Notification.agent_id == Agent.id)
                                          .where(Notification.kind == kind)))
    return names


@pytest.fixture
def on(any_cast):
    """on(verb, …) → verb(session, ticket, …) on Ann's ticket in the team Support."""
    with db.transaction() as session:
        number = written(session, any_cast.mail, "Where is it?", subject="Order 12").ticket_id
        tickets.set_team(session, session.get(Ticket, number), session.merge(any_cast.support), "system")

    def run(verb, *args, **kwargs):
        with db.transaction() as session:
            return verb(session, tickets.lock(session, number), *args, **kwargs)
    return run


def assign(session, ticket, agent, by):
    tickets.assign(session, ticket, session.merge(agent), by.actor)


def test_the_team_is_told_of_a_handover_with_what_was_asked(on, told):
    on(handover.hand_over, "asked")
    assert told("handover") == ["Alice", "Bob"]
    with db.reading() as session:
        assert "Where is it?" in session.scalar(select(Notification.text))


def test_a_team_without_members_means_the_whole_house(on, told, any_cast):
    on(lambda session, ticket: tickets.set_team(session, ticket, None, "system"))
    on(handover.hand_over, "asked")
    assert told("handover") == ["Ada", "Alice", "Bob", "Carol", "Mia"]


def test_an_assignment_is_told_unless_one_took_it_oneself(on, told, any_cast):
    on(assign, any_cast.alice, by=any_cast.alice)
    assert told("assigned") == []
    on(assign, any_cast.bob, by=any_cast.alice)
    assert told("assigned") == ["Bob"]


def test_a_failed_delivery_is_told_to_whoever_has_the_ticket(on, told, any_cast):
    on(assign, any_cast.alice, by=any_cast.bob)
    on(lambda session, ticket: replies.send(session, ticket, "x", agent=session.merge(any_cast.alice)))
    with db.transaction() as session:
        [one] = outbox.claim_due(session)
        outbox.failed(session, one, SendError("no such person", permanent=True))
    assert told("failure") == ["Alice"]


def test_when_that_agent_has_left_the_team_is_told(on, told, any_cast):
    on(assign, any_cast.alice, by=any_cast.bob)
    on(lambda session, ticket: replies.send(session, ticket, "x", agent=session.merge(any_cast.alice)))
    with db.transaction() as session:
        session.merge(any_cast.alice).disabled_at = now()
        [one] = outbox.claim_due(session)
        outbox.failed(session, one, SendError("no such person", permanent=True))
    assert told("failure") == ["Bob"]
    with db.reading() as session:
        assert session.scalar(select(Delivery.status)) == "failed"


def test_a_missed_promise_is_told_once(on, told, any_cast):
    on(handover.hand_over, "asked")
    on(assign, any_cast.bob, by=any_cast.alice)
    with db.transaction() as session:
        for clock in sla._clocks(session, session.scalar(select(Ticket))):
            clock.due_at = now() - timedelta(minutes=1) if clock.kind == "first_response" else clock.due_at
    for _ in range(2):
        db.run(sla.breach_due)
    assert told("breach") == ["Bob"]


def test_what_was_seen_is_gone_and_only_ones_own(on, told, any_cast):
    on(handover.hand_over, "asked")
    told("handover")
    with db.transaction() as session:
        assert notifications.count_unseen(session, any_cast.alice) == 1
        [one] = notifications.unseen(session, any_cast.alice)
        notifications.mark_seen(session, any_cast.alice, ticket_id=one.ticket_id + 1)
        assert notifications.count_unseen(session, any_cast.alice) == 1
        notifications.mark_seen(session, any_cast.alice, ticket_id=one.ticket_id)
        assert notifications.count_unseen(session, any_cast.alice) == 0
        assert notifications.count_unseen(session, any_cast.bob) == 1


def test_a_very_long_text_is_cut(on, told, any_cast):
    on(lambda session, ticket: setattr(ticket, "subject", "x " * 150))
    on(assign, any_cast.bob, by=any_cast.alice)
    assert told("assigned") == ["Bob"]
    with db.reading() as session:
        assert len(session.scalar(select(Notification.text))) <= 300
        assert accounts.by_email(session, "bob@kopi.example")
