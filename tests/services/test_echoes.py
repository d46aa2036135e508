"""What our own account said, told back by the platform."""
import secrets

import pytest
from sqlalchemy import func, select

from channels.base import Echo, Inbound, SendError, Status
from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Delivery, Message, RawInbound, Ticket
from helpdesk.services import inbound, inboxes, outbox, replies, tickets

ANN = "4711"


@pytest.fixture
def telegram(any_cast):
    with db.transaction() as session:
        return inboxes.create(session, "telegram", "Bot", {
            "bot_token": "1:t", "webhook_secret": "hush", "api_base": "http://127.0.0.1:1"}, assistant=False)


@pytest.fixture
def hear(telegram):
    def heard(*facts) -> int:
        with db.transaction() as session:
            raw = RawInbound(inbox_id=telegram.id, source_key=secrets.token_hex(8), method="POST", body=b"{}")
            session.add(raw)
            session.flush()
            raw_id = raw.id
        db.run(inbound.process, raw_id, inboxes.open_channel(telegram), list(facts))
        return raw_id
    return heard


def said(text="Hello", external_id="1") -> Inbound:
    return Inbound(external_id=external_id, address=ANN, sent_at=now(), text=text, name="Ann")


def echo(text="We are on it", external_id="9", **fields) -> Echo:
    return Echo(external_id, ANN, now(), text=text, **fields)


def the_ticket() -> Ticket:
    with db.reading() as session:
        return session.scalars(select(Ticket)).one()


def out() -> list[Message]:
    with db.reading() as session:
        return list(session.scalars(select(Message).where(Message.direction == "out").order_by(Message.id)))


def answered(cast, external_id="") -> int:
    """An answer of Alice's; its delivery's id."""
    with db.transaction() as session:
        message = replies.send(session, tickets.lock(session, the_ticket().id), "We are on it", agent=cast.alice)
        message.deliveries[0].external_id = external_id or None
        return message.deliveries[0].id


def test_an_answer_from_the_platforms_own_app_is_an_answer(hear):
    hear(said())
    hear(echo())
    hear(echo())
    ticket, [message] = the_ticket(), out()
    assert (message.text, message.author_kind, message.payload["elsewhere"]) == ("We are on it", "agent", True)
    assert ticket.waiting_since is None and ticket.first_response_at and not ticket.with_assistant
    assert ticket.preview == "We are on it"
    with db.reading() as session:
        delivery = session.scalars(select(Delivery)).one()
    assert (delivery.status, delivery.external_id) == (Status.SENT, "9")


def test_receipts_reach_an_answer_from_elsewhere(hear, telegram):
    from channels.base import Receipt
    hear(said())
    hear(echo())
    hear(Receipt("9", Status.READ, now()))
    with db.reading() as session:
        assert session.scalars(select(Delivery.status)).one() == Status.READ


def test_a_conversation_that_we_began_elsewhere_waits_for_the_person(hear):
    hear(echo("Your order is ready"))
    ticket = the_ticket()
    assert (ticket.status, ticket.subject, ticket.waiting_since) == ("pending", "Your order is ready", None)
    hear(said("Thank you"))
    assert the_ticket().id == ticket.id and the_ticket().status == "open"


def test_the_echo_of_our_own_answer_adds_nothing(hear, any_cast):
    hear(said())
    answered(any_cast, "9")
    hear(echo())
    assert len(out()) == 1


def test_an_echo_that_overtakes_the_senders_answer_waits(hear, any_cast, telegram):
    hear(said())
    delivery_id = answered(any_cast)
    assert db.run(outbox.claim_due, telegram.id) == [delivery_id]
    raw_id = hear(echo())
    assert len(out()) == 1
    db.run(outbox.sent, delivery_id, "9", 1)
    db.run(inbound.process, raw_id, inboxes.open_channel(telegram), [echo()])
    assert len(out()) == 1


def test_an_echo_settles_what_was_uncertain(hear, any_cast, telegram):
    hear(said())
    delivery_id = answered(any_cast)
    db.run(outbox.claim_due, telegram.id)
    db.run(outbox.failed, delivery_id, SendError("the line broke", uncertain=True))
    hear(echo(delivery_id=str(delivery_id)))
    from helpdesk.jobs import outbox as sending
    sending.send_due()
    with db.reading() as session:
        delivery = session.get(Delivery, delivery_id)
        assert (delivery.status, delivery.external_id, delivery.error) == (Status.SENT, "9", "")
        assert session.scalar(select(func.count(Message.id)).where(Message.direction == "out")) == 1


@pytest.mark.parametrize("foreign", ["999999", "x", "", "1" * 30])
def test_a_delivery_id_that_is_not_ours_is_not_believed(hear, foreign):
    hear(said())
    hear(echo(delivery_id=foreign))
    assert len(out()) == 1
