"""Saying something: to the customer, or among agents."""
import pytest
from sqlalchemy import func, select

from channels.base import Button
from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Delivery, Event, Message, ThreadKey, Ticket
from helpdesk.services import replies, routes, tickets
from helpdesk.services.files import StoredFile
from tests.people import written


@pytest.fixture
def talk(any_cast):
    """talk(session) → (Ann's ticket, locked, and Alice)."""
    with db.transaction() as session:
        number = written(session, any_cast.mail, "Where is it?", subject="Order 12").ticket_id

    def opened(session):
        return tickets.lock(session, number), session.merge(any_cast.alice)
    return opened


def test_an_answer_is_one_message_one_delivery_and_one_fact(talk):
    with db.transaction() as session:
        ticket, alice = talk(session)
        before = ticket.seq
        message = replies.send(session, ticket, "  On its way.\r\nBye ", agent=alice)
        assert message.text == "On its way.\nBye" and message.author_name == "Alice" and message.seq == before + 1
        assert (ticket.preview, ticket.preview_author, ticket.waiting_since) == ("On its way.\nBye", "agent", None)
        assert ticket.first_response_at == message.sent_at and not ticket.with_assistant
        delivery = session.scalar(select(Delivery))
        assert delivery.status == "queued" and delivery.mail_id.endswith("@kopi.example>")
        keys = session.scalars(select(ThreadKey.key).where(ThreadKey.secret)).all()
        assert set(keys) == {delivery.mail_id, f"token:{delivery.reply_token}"}
        assert session.scalar(select(Event.actor).where(Event.name == "ReplySent")) == alice.actor


def test_seq_has_no_gaps_and_no_doubles(talk):
    with db.transaction() as session:
        ticket, alice = talk(session)
        for n in range(3):
            replies.send(session, ticket, f"{n}", agent=alice)
            replies.note(session, ticket, f"note {n}", alice)
        session.flush()
        seen = [*session.scalars(select(Message.seq).where(Message.ticket_id == ticket.id)),
                *session.scalars(select(Event.seq).where(Event.ticket_id == ticket.id))]
        assert sorted(seen) == list(range(1, ticket.seq + 1))


def test_the_same_client_id_is_said_once(talk):
    with db.transaction() as session:
        ticket, alice = talk(session)
        assert len({replies.send(session, ticket, "again", agent=alice, client_id="c1").id for _ in range(3)}) == 1
        assert len({replies.note(session, ticket, "again", alice, client_id="c2").id for _ in range(3)}) == 1
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1


def test_a_note_never_leaves_the_house(talk):
    with db.transaction() as session:
        ticket, alice = talk(session)
        waiting = ticket.waiting_since
        message = replies.note(session, ticket, "Careful with this one", alice)
        assert message.note and session.scalar(select(Delivery.id)) is None
        assert ticket.waiting_since == waiting and ticket.first_response_at is None and ticket.preview == "Where is it?"


@pytest.mark.parametrize("text", ["", "  \n ", "\0", "x" * (replies.TEXT_LIMIT + 1)])
def test_nothing_and_too_much_are_refused(talk, text):
    with db.transaction() as session, pytest.raises(Invalid):
        ticket, alice = talk(session)
        replies.send(session, ticket, text, agent=alice)


def test_a_very_long_subject_is_cut_and_not_refused_by_the_database(talk):
    with db.transaction() as session:
        ticket, alice = talk(session)
        assert len(replies.send(session, ticket, "x", agent=alice, subject="s" * 900).subject) == 300


def test_without_an_open_way_it_says_so(talk, any_cast):
    with db.transaction() as session:
        ticket, alice = talk(session)
        session.merge(any_cast.mail).enabled = False
        session.flush()
        with pytest.raises(Invalid, match="no open way"):
            replies.send(session, ticket, "x", agent=alice)


def test_a_file_that_the_way_cannot_carry_is_refused_before_it_is_sent(talk):
    with db.transaction() as session:
        ticket, alice = talk(session)
        with pytest.raises(Invalid, match="too large"):
            replies.send(session, ticket, "x", agent=alice, files=[StoredFile("a.zip", "", 10**9, "0" * 64)])
        message = replies.send(session, ticket, "", agent=alice, files=[StoredFile("a.zip", "", 9, "0" * 64)])
        assert [a.name for a in message.attachments] == ["a.zip"]


def test_machines_neither_meet_the_promise_nor_silence_themselves(talk):
    with db.transaction() as session:
        ticket, _ = talk(session)
        waiting = ticket.waiting_since
        replies.send(session, ticket, "Try this", by="assistant", buttons=[Button("Yes", "helped:1")])
        replies.send(session, ticket, "How was it?", by="system")
        assert ticket.first_response_at is None and ticket.waiting_since == waiting and ticket.with_assistant
        assert ticket.preview == "Try this", "what the system says is not what the matter is about"


def test_answering_a_closed_ticket_opens_it_and_a_snoozed_one_wakes(talk):
    with db.transaction() as session:
        ticket, alice = talk(session)
        tickets.set_status(session, ticket, "closed", alice.actor)
        replies.send(session, ticket, "One more thing", agent=alice)
        assert ticket.status == "open"


def test_the_next_answer_goes_where_the_last_one_went(talk, any_cast):
    with db.transaction() as session:
        ticket, alice = talk(session)
        way = routes.default(session, ticket)
        replies.send(session, ticket, "x", agent=alice, route=way)
        assert (ticket.reply_inbox_id, ticket.reply_identity_id) == (way.inbox.id, way.identity.id)
        assert session.get(Ticket, ticket.id).channel == "email"
