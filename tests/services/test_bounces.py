"""What comes back: a failed delivery on its message, a mark on the address, and never a ticket."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Delivery, Event, Identity, Inbox, Message, Notification, RawInbound, Ticket
from helpdesk.services import inboxes, replies, tickets
from tests.people import ANN, deliver_mail, written
from tests.services.smtp_sink import Sink


def report(to: str, *, action: str = "failed", status: str = "5.1.1", recipient: str = ANN,
           said: str = "550 5.1.1 user unknown", original: str = "", more: str = "") -> bytes:
    """A delivery report (RFC 3464) that came to `to`; `original`: the Message-ID it gives back, if any."""
    returned = f"Message-ID: {original}\r\nSubject: Re: Order\r\n" if original else "Subject: Re: Order\r\n"
    return (f"Return-Path: <>\r\nFrom: Mail Delivery <MAILER-DAEMON@mx.example.net>\r\nTo: {to}\r\n"
            "Subject: Undelivered Mail Returned to Sender\r\n"
            f"Message-ID: <r-{status}-{action}{len(more)}@mx.example.net>"
            '\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"
            f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
            f"Diagnostic-Code: smtp; {said}\r\n{more}\r\n"
            f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{returned}\r\n--b--\r\n").encode()


@pytest.fixture
def sent(cast, work) -> Delivery:
    """An answer that was taken by Ann's mail server."""
    sink = Sink()
    with db.transaction() as session:
        inbox = session.get(Inbox, cast.mail.id)
        inbox.assistant = False
        inboxes.change(session, inbox, {"smtp_port": str(sink.port)}, actor="test")
        first = written(session, inbox, "Where is it?", external_id="<1@ann>", subject="Order")
        ticket = tickets.lock(session, first.ticket_id)
        replies.send(session, ticket, "On its way.", agent=session.merge(cast.alice))
        tickets.set_status(session, ticket, "pending", "agent:1")
    work()
    sink.shutdown()
    sink.server_close()
    return now_is()


def now_is() -> Delivery:
    with db.reading() as session:
        return session.scalar(select(Delivery))


def ann() -> Identity:
    with db.reading() as session:
        return session.scalar(select(Identity).where(Identity.value == ANN))


def no_ticket_was_made() -> bool:
    with db.reading() as session:
        return len(session.scalars(select(Ticket)).all()) == 1 and len(session.scalars(select(Message)).all()) == 2


def test_a_report_that_names_nothing_is_known_by_the_address_it_came_to(cast, sent, work):
    assert sent.status == "sent"
    deliver_mail(cast.mail, report(f"support+{sent.reply_token}@kopi.example", recipient="ann@forwarded.example"))
    work()
    after = now_is()
    assert (after.status, after.error) == ("failed", "550 5.1.1 user unknown") and ann().failing_since
    assert no_ticket_was_made()
    with db.reading() as session:
        ticket = session.get(Ticket, after.ticket_id)
        assert ticket.status == "open", "the customer has no answer, so somebody must look"
        assert session.scalar(select(Event).where(Event.name == "DeliveryFailed")).data["address"] == ANN
        assert any(ANN in text for text in session.scalars(select(Notification.text)))


def test_a_report_that_gives_our_id_back_is_known_by_it(cast, sent, work):
    deliver_mail(cast.mail, report("support@kopi.example", original=sent.mail_id))
    work()
    assert now_is().status == "failed" and no_ticket_was_made()


def test_a_report_with_neither_speaks_of_the_last_mail_to_that_address(cast, sent, work):
    deliver_mail(cast.mail, report("support@kopi.example", said="mailbox unavailable"))
    work()
    assert now_is().error == "5.1.1 mailbox unavailable" and no_ticket_was_made()


def test_a_report_on_somebody_elses_mail_is_kept_aside(cast, sent, work):
    deliver_mail(cast.mail, report("support@kopi.example", recipient="stranger@example.net"))
    work()
    assert now_is().status == "sent" and no_ticket_was_made()
    with db.reading() as session:
        raw = session.scalar(select(RawInbound).where(RawInbound.state == "quarantined"))
    assert "not sent from here" in raw.error


def test_an_old_mail_is_not_blamed_on_a_guess(cast, sent, work):
    with db.transaction() as session:
        session.get(Delivery, sent.id).sent_at -= timedelta(days=6)
    deliver_mail(cast.mail, report("support@kopi.example"))
    work()
    assert now_is().status == "sent" and no_ticket_was_made()


def test_a_delay_is_told_and_decides_nothing(cast, sent, work):
    to = f"support+{sent.reply_token}@kopi.example"
    deliver_mail(cast.mail, report(to, action="delayed", status="4.4.1", said="connection timed out"))
    work()
    assert (now_is().status, now_is().error) == ("sent", "Delayed: 4.4.1 connection timed out")
    assert ann().failing_since is None and no_ticket_was_made()
    deliver_mail(cast.mail, report(to))
    work()
    assert now_is().status == "failed"


@pytest.mark.parametrize("status, said", [("5.2.2", "mailbox full"), ("5.7.1", "rejected as spam"),
                                          ("5.3.4", "too big")])
def test_what_says_nothing_of_the_address_does_not_mark_it(cast, sent, work, status, said):
    deliver_mail(cast.mail, report(f"support+{sent.reply_token}@kopi.example", status=status, said=said))
    work()
    assert now_is().status == "failed" and ann().failing_since is None


def test_whoever_writes_from_a_marked_address_can_be_written_to_again(cast, sent, work):
    deliver_mail(cast.mail, report(f"support+{sent.reply_token}@kopi.example"))
    work()
    assert ann().failing_since
    with db.transaction() as session:
        written(session, session.get(Inbox, cast.mail.id), "Hello?", external_id="<2@ann>")
    assert ann().failing_since is None


def test_the_ticket_shows_the_servers_words_and_what_to_do(sign_in, cast, sent, work):
    deliver_mail(cast.mail, report(f"support+{sent.reply_token}@kopi.example"))
    work()
    page = sign_in(cast.alice).get(f"/inbox/all/{sent.ticket_id}").text
    assert "550 5.1.1 user unknown" in page and "Look for a typing error" in page


def test_a_report_twice_changes_nothing_more(cast, sent, work):
    for more in ("", "X-Again: 1\r\n"):
        deliver_mail(cast.mail, report(f"support+{sent.reply_token}@kopi.example", more=more))
        work()
    with db.reading() as session:
        assert len(session.scalars(select(Event).where(Event.name == "DeliveryFailed")).all()) == 1
