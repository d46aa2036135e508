"""Spam: what is marked, and what comes from addresses that are blocked."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.jobs import pump
from helpdesk.models import Agent, AssistantTurn, Delivery, Event, Identity, Message, Notification, Ticket
from helpdesk.services import reports_rows, spam, tickets, undoing, views
from helpdesk.services.reports_rows import Range
from tests.desk import MONDAY
from tests.people import written


def write(cast, text="Buy now", inbox=None, **fields) -> int:
    with db.transaction() as session:
        number = written(session, inbox or cast.mail, text, **fields).ticket_id
    pump.run_until_idle()
    return number


def on(number, verb, *args, **kwargs):
    with db.transaction() as session:
        return verb(session, tickets.lock(session, number), *args, **kwargs)


def block(number, blocked=True):
    with db.transaction() as session:
        spam.block(session, spam.sender(session, session.get(Ticket, number)), "agent:1", blocked)


def seen_in(key, q="") -> list[int]:
    with db.reading() as session:
        return [row.id for row in views.tickets(session, views.find_view(key), 1, views.Filters(q=q)).rows]


def row(number) -> Ticket:
    with db.reading() as session:
        return session.get(Ticket, number)


def count(model) -> int:
    with db.reading() as session:
        return len(session.scalars(select(model)).all())


def test_spam_is_in_no_view_but_its_own_and_not_counted(any_cast):
    number = write(any_cast, "cheap watches", subject="cheap watches")
    on(number, spam.mark, "agent:1")
    on(number, spam.mark, "agent:1")
    assert seen_in("spam") == [number] and row(number).status == "closed"
    assert not any(number in seen_in(key) for key in views.VIEWS if key != "spam")
    assert seen_in("all", "watches") == [] and seen_in("spam", "watches") == [number]
    with db.reading() as session:
        always = Range(MONDAY.replace(year=2000), MONDAY.replace(year=2100))
        assert not [one for one in reports_rows.METRICS["volume"](session, always)]
        assert session.scalars(select(Event.name).where(Event.name == "TicketMarkedSpam")).all() == ["TicketMarkedSpam"]


def test_no_spam_is_a_ticket_as_any_other_again_and_waits_for_us(any_cast):
    number = write(any_cast)
    on(number, spam.mark, "agent:1")
    on(number, spam.release, "agent:1")
    assert row(number).status == "open" and row(number).waiting_since and seen_in("spam") == []


@pytest.mark.parametrize("channel", ["mail", "widget"])
def test_what_comes_from_a_blocked_address_goes_to_spam_and_nobody_is_told(any_cast, channel):
    inbox = getattr(any_cast, channel)
    address = "eve@example.net" if channel == "mail" else "visitor-1"
    number = write(any_cast, "Hello", inbox, address=address, external_id="<1>", subject="One")
    block(number)
    with db.transaction() as session:
        tickets.assign(session, tickets.lock(session, number), session.get(Agent, any_cast.bob.id), any_cast.bob.actor)
    told, sent, turns = count(Notification), count(Delivery), count(AssistantTurn)
    second = write(any_cast, "How long does delivery take?", inbox, address=address, external_id="<2>", subject="Two")
    third = write(any_cast, "Answer me!", inbox, address=address, external_id="<3>", subject="Three",
                  replies_to=("<1>",))
    assert second == third != number, "gathered in one place"
    assert row(second).spam_at and row(second).status == "closed" and row(number).status == "open"
    assert (count(Notification), count(Delivery), count(AssistantTurn)) == (told, sent, turns)
    with db.reading() as session:
        trace = session.scalar(select(Message.trace).where(Message.external_id == "<3>"))
    assert trace["rung"] == "blocked" and "blocked" in trace["steps"][0]
    block(number, False)
    on(second, spam.release, "agent:1")
    assert write(any_cast, "Thank you", inbox, address=address, external_id="<4>", subject="Three",
                 replies_to=("<3>",)) == second
    assert row(second).status == "open"


def test_what_answers_a_ticket_that_is_spam_stays_there_silently(any_cast):
    number = write(any_cast, external_id="<1>")
    on(number, spam.mark, "agent:1")
    assert write(any_cast, "And again", external_id="<2>", replies_to=("<1>",)) == number
    assert row(number).status == "closed" and row(number).spam_at and row(number).waiting_since is None
    assert write(any_cast, "A new matter", external_id="<3>", subject="New") != number, "the person is not blocked"


def test_marking_and_blocking_is_undone_as_one(any_cast):
    number = write(any_cast)
    with db.transaction() as session:
        ticket, alice = tickets.lock(session, number), session.get(Agent, any_cast.alice.id)
        before = undoing.standing(ticket)
        spam.mark(session, ticket, alice.actor)
        spam.block(session, spam.sender(session, ticket), alice.actor)
        changed = undoing.changes(before, undoing.standing(ticket)) | {"blocked": [False, True]}
        kept = undoing.remember(session, alice, number, changed, "Spam.")
        assert undoing.undo(session, kept, alice)[1] == []
    with db.reading() as session:
        assert not session.scalars(select(Identity).where(Identity.blocked_at.is_not(None))).all()
    assert row(number).status == "open" and row(number).spam_at is None and row(number).waiting_since
