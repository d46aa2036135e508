"""What a message brings along for its answer (LINE's reply token) is used while it is fresh, and only once."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.jobs import outbox as jobs_outbox
from helpdesk.models import Delivery
from helpdesk.services import inboxes, outbox, replies, tickets
from tests.people import written

ANN = "U5b0c4f1a9d7e3862ab90cd41ef72360a"


@pytest.fixture
def line(any_cast):
    with db.transaction() as session:
        return inboxes.create(session, "line", "LINE", {"access_token": "t", "channel_secret": "s"}, assistant=False)


def answered(any_cast, inbox, ago: float, **fields) -> int:
    """An answer of Alice's to what Ann said so many seconds ago; its delivery's id, claimed."""
    with db.transaction() as session:
        message = written(session, inbox, "Hello", address=ANN, at=now() - timedelta(seconds=ago), **fields)
        ticket = tickets.lock(session, message.ticket_id)
        reply = replies.send(session, ticket, "Hi", agent=session.merge(any_cast.alice))
        found = session.scalar(select(Delivery.id).where(Delivery.message_id == reply.id))
    db.run(outbox.claim_due)
    return found


def token(delivery_id: int) -> str:
    with db.reading() as session:
        return jobs_outbox.prepare(session, delivery_id)[1][0].reply_token


def test_a_fresh_token_goes_with_the_answer(any_cast, line):
    assert token(answered(any_cast, line, 2, reply_token="a" * 32)) == "a" * 32


def test_an_old_token_does_not(any_cast, line):
    assert token(answered(any_cast, line, 51, reply_token="a" * 32)) == ""


def test_a_message_without_a_token_has_none(any_cast, line):
    assert token(answered(any_cast, line, 2)) == ""


def test_a_second_try_has_none_since_the_first_may_have_used_it(any_cast, line):
    delivery_id = answered(any_cast, line, 2, reply_token="a" * 32)
    with db.transaction() as session:
        session.get(Delivery, delivery_id).attempts = 2
    assert token(delivery_id) == ""


def test_other_channels_are_not_given_any(any_cast):
    with db.transaction() as session:
        bot = inboxes.create(session, "telegram", "Bot", {"bot_token": "1:t", "webhook_secret": "s"}, assistant=False)
    assert token(answered(any_cast, bot, 2, reply_token="a" * 32)) == ""
