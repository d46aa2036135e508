"""Our own mail server over real SMTP: 250 only after the mail is committed."""
import smtplib
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from helpdesk import db
from helpdesk.jobs import listener, receive_mail
from helpdesk.models import Message, RawInbound, Ticket
from helpdesk.services import inbound, inboxes, outbox, replies, tickets
from tests.house import free_port
from tests.people import ANN, customer_mail, written


@pytest.fixture
def door(any_cast, config):
    """A connection to the listener, and what was stored."""
    port = free_port()
    stop = listener.start(replace(config, smtp_listen=f"127.0.0.1:{port}", lmtp_listen=""))
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
        yield smtp
    stop()


def rows() -> list[RawInbound]:
    with db.reading() as session:
        return list(session.scalars(select(RawInbound).order_by(RawInbound.id)))


def test_what_was_answered_with_250_is_committed(door, work):
    raw = customer_mail("Hello")
    assert door.sendmail(ANN, ["support@kopi.example"], raw) == {}
    [row] = rows()
    assert raw.strip() in inbound.body(row) and row.state == "new"
    work()
    with db.reading() as session:
        assert session.scalar(select(Message.text)).strip() == "Hello"


def test_what_cannot_be_stored_is_not_taken(door, monkeypatch):
    def away(*_):
        raise OperationalError("", {}, Exception("the disk is full"))
    monkeypatch.setattr(inbound, "store", away)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        door.sendmail(ANN, ["support@kopi.example"], customer_mail("Hello"))
    assert refused.value.smtp_code == 451 and "disk" not in str(refused.value), "our trouble is none of theirs"
    monkeypatch.undo()
    assert door.sendmail(ANN, ["support@kopi.example"], customer_mail("Hello")) == {} and len(rows()) == 1


def test_a_nervous_server_that_repeats_a_mail_has_it_stored_once(door):
    raw = customer_mail("Hello")
    for _ in range(3):
        door.sendmail(ANN, ["support@kopi.example"], raw)
    assert len(rows()) == 1


def test_nobody_we_do_not_know_gets_mail_here(door):
    for stranger in ("nobody@kopi.example", "support@elsewhere.example"):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            door.sendmail(ANN, [stranger], customer_mail("Hello"))
        assert refused.value.recipients[stranger][0] == 550
    assert rows() == []


def test_a_disabled_inbox_takes_nothing(door, any_cast):
    with db.transaction() as session:
        inboxes.set_enabled(session, session.merge(any_cast.mail), False, "test")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        door.sendmail(ANN, ["support@kopi.example"], customer_mail("Hello"))


def test_a_mail_to_two_of_our_addresses_lies_in_both_inboxes(door):
    with db.transaction() as session:
        inboxes.create(session, "email", "Sales", {"address": "sales@kopi.example", "smtp_host": "127.0.0.1"})
    door.sendmail(ANN, ["support@kopi.example", "SALES+x@kopi.example"], customer_mail("Hello"))
    assert len({row.inbox_id for row in rows()}) == 2


def test_an_inbox_with_letters_of_its_own_is_found_by_either_spelling_and_can_answer(door, any_cast):
    with db.transaction() as session:
        inbox = inboxes.create(session, "email", "Bücher", {
            "address": "hilfe@bücher.example", "smtp_host": "127.0.0.1"})
        assert inbox.account == "hilfe@xn--bcher-kva.example"
        assert listener.find_inbox(session, "hilfe+abc@xn--bcher-kva.example").id == inbox.id
        ticket = session.get(Ticket, written(session, inbox, "Hallo").ticket_id)
        replies.send(session, tickets.lock(session, ticket.id), "Guten Tag", agent=session.merge(any_cast.alice))
        [one] = outbox.claim_due(session)
    from helpdesk.jobs.outbox import prepare
    with db.reading() as session:
        assert prepare(session, one)[1][0].message_id.isascii()


def test_the_plus_address_of_the_envelope_leads_to_the_ticket(door, any_cast, work):
    with db.transaction() as session:
        ticket = session.get(Ticket, written(session, any_cast.mail, "First").ticket_id)
        replies.send(session, ticket, "Hi", agent=session.merge(any_cast.alice))
        session.flush()
        token = session.scalar(select(outbox.Delivery.reply_token))
    door.sendmail(ANN, [f"support+{token}@kopi.example"], customer_mail("Second", to="hidden@list.example"))
    work()
    with db.reading() as session:
        assert set(session.scalars(select(Message.ticket_id))) == {ticket.id}


def test_from_a_pipe_the_exit_code_tells_the_mail_server_what_to_do(any_cast, monkeypatch):
    take = receive_mail.take
    assert take(["support@kopi.example"], customer_mail("Hello")) == (0, "")
    assert take([], customer_mail("By its To field")) == (0, "")
    assert take(["nobody@kopi.example"], customer_mail("Hello"))[0] == 67
    assert take([], b" ")[0] == 66
    monkeypatch.setattr(inbound, "store", lambda *_: (_ for _ in ()).throw(OSError("full")))
    assert take(["support@kopi.example"], customer_mail("Hello"))[0] == 75
    assert len(rows()) == 2
