"""The single door for messages from outside: whatever comes, a good message is stored and a bad one is kept aside."""
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from channels.base import File, Inbound, Receipt, Request, Status
from helpdesk import db
from helpdesk.clock import now
from helpdesk.jobs import inbound as reading
from helpdesk.models import Attachment, Contact, Delivery, Identity, Message, RawInbound, ThreadKey, Ticket
from helpdesk.services import inbound, inboxes, outbox, receipts, replies, routes, tickets
from tests.people import ANN, customer_mail, deliver_mail, written


def make_whatsapp(number: str, app_secret: str = "s"):
    with db.transaction() as session:
        return inboxes.create(session, "whatsapp", f"Number {number}", {
            "phone_number_id": number, "access_token": "t", "app_secret": app_secret, "verify_token": "v"})


@pytest.fixture
def whatsapp(any_cast):
    return make_whatsapp("4711")


def said(session, inbox, external_id="", **fields) -> Message | None:
    """One message past the channel's own parsing."""
    raw = RawInbound(inbox_id=inbox.id, source_key=secrets.token_hex(8), method="TEST", body=b"")
    session.add(raw)
    session.flush()
    given = {"address": "+4917011110001", "sent_at": now(), "text": "Hello"} | fields
    item = Inbound(external_id=external_id or secrets.token_hex(8), **given)
    return inbound.receive(session, inbox, inboxes.open_channel(inbox), item, raw)


EXTREMES = [
    {"external_id": "wamid." + secrets.token_hex(4000)}, {"replies_to": [secrets.token_hex(4000)]},
    {"name": "N" * 5_000}, {"subject": "S" * 5_000}, {"text": "T" * 400_000}, {"payload": "p" * 5_000},
    {"locale": "x" * 500}, {"text": "a\0b", "name": "\0", "payload": "\0"}, {"text": "half an emoji: \ud83d"},
    {"files": [File("f" * 400, "application/" + "x" * 400, ref="r" * 5_000, cid="c" * 400, size=10**12)]},
    {"files": [File("n\0.txt", "text/\0plain", content=b"x", cid="\0")]},
    {"sent_at": datetime(1, 1, 1, tzinfo=UTC)}, {"sent_at": datetime(9999, 1, 1, tzinfo=UTC)}]


def test_nothing_that_can_be_said_is_too_much_for_the_database(whatsapp):
    for fields in EXTREMES:
        with db.transaction() as session:
            message = said(session, whatsapp, **fields)
            assert message is not None, fields.keys()
    with db.reading() as session:
        assert len(session.scalars(select(Message.id)).all()) == len(EXTREMES)


def test_a_long_id_is_recognised_when_it_comes_again_and_when_it_is_answered(whatsapp):
    long, other = "wamid." + "x" * 3_000, "wamid." + "x" * 2_999 + "y"
    with db.transaction() as session:
        first = said(session, whatsapp, long)
        assert said(session, whatsapp, long) is None
        assert said(session, whatsapp, other).ticket_id == first.ticket_id


def test_a_sender_with_a_very_long_address_and_no_name_is_heard(any_cast, work):
    address = "a" * 60 + "@" + ".".join(["b" * 60] * 4) + ".example"
    deliver_mail(any_cast.mail, customer_mail("Hello", sender=address, name=""))
    work()
    with db.reading() as session:
        assert session.scalar(select(RawInbound.error)) == ""
        assert session.scalar(select(Identity.value)) == address


def test_what_the_database_refuses_for_good_stops_nobody_behind_it(any_cast, work, monkeypatch):
    real = inbound.receive

    def refused(session, inbox, channel, item, raw):
        if "poison" in item.text:
            session.add(ThreadKey(key=secrets.token_hex(9_000), inbox_id=inbox.id, ticket_id=10**9))
            session.flush()     # too long for an index of PostgreSQL, and a ticket that is not there
        return real(session, inbox, channel, item, raw)
    monkeypatch.setattr(inbound, "receive", refused)
    deliver_mail(any_cast.mail, customer_mail("poison"))
    deliver_mail(any_cast.mail, customer_mail("harmless"))
    work()
    with db.reading() as session:
        states = session.scalars(select(RawInbound.state).order_by(RawInbound.id)).all()
        attempts = session.scalars(select(RawInbound.attempts).order_by(RawInbound.id)).all()
    assert states[1] == "processed" and attempts[0] == 1


def test_a_mail_without_a_sender_is_quarantined_at_once_and_can_be_replayed(any_cast, work):
    deliver_mail(any_cast.mail, b"Subject: no sender\r\n\r\nHello")
    work()
    with db.transaction() as session:
        raw = session.scalar(select(RawInbound))
        assert (raw.state, raw.attempts) == ("quarantined", 1) and "names no sender" in raw.error
        assert inbound.body(raw) == b"Subject: no sender\r\n\r\nHello"
        inbound.replay(session, raw, "agent:1")
    work()
    with db.reading() as session:
        assert session.scalar(select(RawInbound.state)) == "quarantined"


@pytest.mark.parametrize("sender", ["support@kopi.example", "Support+abc123@kopi.example"])
def test_mail_from_our_own_address_is_set_aside(any_cast, work, sender):
    deliver_mail(any_cast.mail, customer_mail("Loop", sender=sender))
    work()
    with db.reading() as session:
        assert "our own address" in session.scalar(select(RawInbound.error))
        assert session.scalar(select(Ticket.id)) is None


def test_two_long_source_keys_with_one_beginning_are_two_deliveries(any_cast):
    with db.transaction() as session:
        for number in (1, 2):
            assert inbound.store(session, any_cast.mail, Request("MAIL", {}, {}, b"x"), f"imap:{'f' * 300}{number}")
        assert inbound.store(session, any_cast.mail, Request("MAIL", {}, {}, b"x"), f"imap:{'f' * 300}2") is None


def test_a_query_with_a_nul_is_stored_without_it(any_cast):
    with db.transaction() as session:
        request = Request("POST", {"User-Agent": "a\0b"}, {"a\0": "b\0"}, b"x")
        raw = session.get(RawInbound, inbound.store(session, any_cast.mail, request, "k\0"))
        assert (raw.query, raw.headers, raw.source_key) == ({"a": "b"}, {"User-Agent": "ab"}, "k")


def test_secrets_of_the_request_are_not_stored(any_cast):
    with db.transaction() as session:
        number = inbound.store(session, any_cast.mail, Request("POST", {
            "Authorization": "Bearer x", "Cookie": "a=b", "X-Telegram-Bot-Api-Secret-Token": "y",
            "Content-Type": "text/plain"}, {}, b"x"), "k")
        assert session.get(RawInbound, number).headers == {"Content-Type": "text/plain"}


def test_a_date_from_the_future_counts_from_now_and_one_from_a_wrong_clock_from_its_arrival(any_cast):
    with db.transaction() as session:
        future = written(session, any_cast.mail, "a", at=now() + timedelta(days=400))
        past = written(session, any_cast.mail, "b", at=now() - timedelta(days=9_000), external_id="<past>")
        late = written(session, any_cast.mail, "c", at=now() - timedelta(days=3), external_id="<late>")
        assert future.sent_at <= now()
        assert now() - past.sent_at < timedelta(minutes=1), "or it would stand below everything, and be overdue"
        assert session.get(Ticket, past.ticket_id).created_at == past.sent_at
        assert timedelta(days=3) <= now() - late.sent_at < timedelta(days=3, minutes=1), "a mailbox was away"


def test_too_many_matters_at_once_stay_in_one_ticket_and_nobody_answers_them(any_cast):
    with db.transaction() as session:
        made = [written(session, any_cast.mail, f"Alarm {n}", external_id=f"<{n}>") for n in range(25)]
        numbers = [message.ticket_id for message in made]
        assert len(set(numbers[:20])) == 20 and set(numbers[20:]) == {numbers[19]}
        assert made[-1].trace["rung"] == "flood" and "20 tickets" in made[-1].trace["steps"][-1]
        other = written(session, any_cast.mail, "Me too", address="eve@example.net", external_id="<e>")
        assert other.ticket_id not in numbers, "only this sender is held back"


def test_an_answer_within_a_flood_still_finds_its_ticket(any_cast):
    with db.transaction() as session:
        made = [written(session, any_cast.mail, f"Alarm {n}", external_id=f"<{n}>") for n in range(21)]
        answer = written(session, any_cast.mail, "About the third", external_id="<x>", replies_to=["<3>"])
        assert answer.ticket_id == made[3].ticket_id


def test_one_mail_to_two_of_our_addresses_is_two_tickets_and_each_answer_finds_its_own(any_cast):
    with db.transaction() as session:
        sales = inboxes.create(session, "email", "Sales", {"address": "sales@kopi.example", "smtp_host": "127.0.0.1"})
        here = written(session, any_cast.mail, "To both", external_id="<both>")
        there = said(session, sales, "<both>", address=ANN)
        assert here.ticket_id != there.ticket_id
        for inbox, first in ((any_cast.mail, here), (sales, there)):
            again = said(session, inbox, address=ANN, replies_to=["<both>"])
            assert again.ticket_id == first.ticket_id


def test_a_stranger_who_holds_an_old_secret_learns_nothing_and_is_not_trusted(any_cast):
    with db.transaction() as session:
        ticket = session.get(Ticket, written(session, any_cast.mail, "Hello").ticket_id)
        sent = replies.send(session, ticket, "Hi", agent=session.merge(any_cast.alice))
        tickets.set_status(session, ticket, "resolved", "agent:1")
        ticket.last_message_at = now() - timedelta(days=99)
        token = session.scalar(select(Delivery.reply_token).where(Delivery.message_id == sent.id))
        stray = written(session, any_cast.mail, "I found this", address="eve@example.net", tokens=[token],
                        external_id="<stray>")
        assert session.get(Ticket, stray.ticket_id).follows_ticket_id is None
        assert session.get(Identity, stray.identity_id).trust == "claimed"


def sent_over(session, inbox, external_id) -> Delivery:
    ticket = session.get(Ticket, written(session, inbox, "Hi", address="+4917011110001",
                                         external_id=f"in-{external_id}").ticket_id)
    message = replies.send(session, ticket, "Hello", route=routes.default(session, ticket))
    delivery = session.scalar(select(Delivery).where(Delivery.message_id == message.id))
    delivery.status, delivery.parts_sent = "sending", 0
    outbox.sent(session, delivery.id, external_id, 1)
    return delivery


def test_news_of_a_sibling_number_of_the_same_app_come_through_any_door(whatsapp):
    sibling, stranger = make_whatsapp("4712"), make_whatsapp("4713", app_secret="another app")
    with db.transaction() as session:
        ours, theirs = sent_over(session, sibling, "wamid.1"), sent_over(session, stranger, "wamid.2")
        for number in ("wamid.1", "wamid.2", "wamid.unknown"):
            receipts.report(session, session.merge(whatsapp), Receipt(number, Status.READ, now()))
        assert (ours.status, theirs.status) == ("read", "sent")


def test_a_delay_is_no_failure_and_late_news_take_nothing_back(whatsapp):
    with db.transaction() as session:
        delivery = sent_over(session, whatsapp, "wamid.1")
        inbox = session.merge(whatsapp)
        receipts.report(session, inbox, Receipt("wamid.1", Status.FAILED, now(), "slow", permanent=False))
        assert delivery.status == "sent" and delivery.error == "Delayed: slow"
        receipts.report(session, inbox, Receipt("wamid.1", Status.READ, now()))
        receipts.report(session, inbox, Receipt("wamid.1", Status.DELIVERED, now()))
        assert delivery.status == "read"


def test_a_large_delivery_lies_in_the_file_store_and_is_read_from_there(any_cast, work):
    raw = customer_mail("x " * 200_000)
    deliver_mail(any_cast.mail, raw)
    with db.reading() as session:
        row = session.scalar(select(RawInbound))
        assert row.body is None and inbound.body(row) == raw
    work()
    with db.reading() as session:
        assert session.scalar(select(Message.id))


def test_when_the_database_is_away_nothing_is_counted_as_a_failure(cast, monkeypatch):
    from sqlalchemy.exc import OperationalError
    deliver_mail(cast.mail, customer_mail("Hello"))

    class Locked(Exception):
        sqlstate = "57P01"

    def gone(*_):
        raise OperationalError("", {}, Locked())
    monkeypatch.setattr(inbound, "process", gone)
    with pytest.raises(OperationalError):
        reading.drain()
    with db.reading() as session:
        assert session.scalar(select(RawInbound.attempts)) == 0
    monkeypatch.undo()
    assert reading.drain() == 1
    with db.reading() as session:
        assert session.scalar(select(RawInbound.state)) == "processed"


def test_an_inline_picture_and_its_name_are_kept_harmless(any_cast):
    with db.transaction() as session:
        written(session, any_cast.mail, "x", files=[File("../../etc/pass\u202ewd", "image/png", content=b"\x89PNG")])
        assert session.scalar(select(Attachment.name)) == "passwd"
        assert session.scalar(select(Contact.id))
