"""What leaves the house, against a real mail server on loopback."""
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from channels.base import SendError
from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.jobs import connections
from helpdesk.jobs import outbox as jobs_outbox
from helpdesk.models import Delivery, Event, Identity, Inbox, Notification, SystemState, Ticket
from helpdesk.services import files, inboxes, outbox, replies, tickets
from tests.people import written
from tests.services.smtp_sink import Sink


@pytest.fixture
def sink(cast):
    server = Sink()
    with db.transaction() as session:
        inbox = session.get(Inbox, cast.mail.id)
        inboxes.change(session, inbox, {"smtp_port": str(server.port)}, actor="test")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def answer(cast):
    """answer(text) → the delivery of an agent's answer to Ann's mail."""
    with db.transaction() as session:
        message = written(session, cast.mail, "Where is it?", subject="Order 12",
                          external_id="<ann-1@mail.example.com>")

    def send(text="It left today."):
        with db.transaction() as session:
            ticket = tickets.lock(session, message.ticket_id)
            reply = replies.send(session, ticket, text, agent=session.merge(cast.alice))
            return session.scalar(select(Delivery.id).where(Delivery.message_id == reply.id))
    return send


def delivery(delivery_id) -> Delivery:
    with db.reading() as session:
        return session.get(Delivery, delivery_id)


def make_due(delivery_id) -> None:
    with db.transaction() as session:
        session.get(Delivery, delivery_id).next_try_at = now() - timedelta(seconds=1)


def said(mail) -> list[str]:
    """The plain words of a mail, paragraph by paragraph."""
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n").strip().split("\n\n")


def test_an_answer_arrives_as_a_mail_that_can_be_answered(sink, answer, work, cast):
    sent = answer()
    work()
    [mail] = sink.parsed()
    row = delivery(sent)
    assert row.status == "sent"
    assert mail["To"] == "ann@example.com" and mail["Subject"] == "Re: Order 12"
    assert mail["Message-ID"] == row.mail_id
    assert mail["In-Reply-To"] == "<ann-1@mail.example.com>"
    assert row.reply_token in mail["Reply-To"]
    assert mail["From"].startswith('"Alice (Kopi & Co)"') and "support@kopi.example" in mail["From"]
    assert said(mail)[0] == "It left today." and "> Where is it?" in said(mail)[1]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail["Auto-Submitted"] is None, "a person wrote it"


def test_a_passing_refusal_is_tried_again_with_the_same_message_id(sink, answer, work):
    sink.answers = ["451 later"]
    sent = answer()
    work()
    assert delivery(sent).status == "queued" and "451" in delivery(sent).error or "later" in delivery(sent).error
    make_due(sent)
    work()
    assert delivery(sent).status == "sent" and [m["Message-ID"] for m in sink.parsed()] == [delivery(sent).mail_id]


def test_a_final_refusal_fails_at_once_in_the_servers_words(sink, answer, work):
    sink.answers = ["550 no such person"]
    sent = answer()
    work()
    row = delivery(sent)
    assert row.status == "failed" and "no such person" in row.error
    with db.reading() as session:
        assert session.scalar(select(Event.name).where(Event.name == "DeliveryFailed"))
        assert session.get(Identity, row.identity_id).failing_since


def test_a_line_cut_after_the_mail_is_repeated_once_as_the_same_mail(sink, answer, work):
    sink.answers = ["cut"]
    sent = answer()
    work()
    assert delivery(sent).status == "uncertain"
    make_due(sent)
    work()
    assert delivery(sent).status == "sent"
    assert [m["Message-ID"] for m in sink.parsed()] == [delivery(sent).mail_id] * 2


def test_answers_to_one_person_keep_their_order(sink, answer, work):
    sink.answers = ["451 later"]
    first, second = answer("first"), answer("second")
    work()
    assert sink.mails == [] and delivery(second).status == "queued"
    make_due(first)
    work()
    assert [said(m)[0] for m in sink.parsed()] == ["first", "second"]


def test_a_worker_that_died_while_sending_leaves_mail_to_be_repeated(sink, answer, work):
    sent = answer()
    with db.transaction() as session:
        assert outbox.claim_due(session) == [sent]
        session.get(Delivery, sent).lease_until = now() - timedelta(seconds=1)
    work()
    assert delivery(sent).status == "uncertain" and sink.mails == []
    make_due(sent)
    work()
    assert delivery(sent).status == "sent"


def test_what_was_restored_from_a_backup_waits_for_an_admin(sink, answer, work):
    with db.transaction() as session:
        session.add(SystemState(key=outbox.HOLD))
    sent = answer()
    work()
    assert sink.mails == []
    with db.transaction() as session:
        assert outbox.release(session, "agent:5") == 1
    work()
    assert delivery(sent).status == "sent"


def test_late_news_never_take_a_delivery_back(cast, answer, sink, work):
    sent = answer()
    work()
    with db.transaction() as session:
        row = session.get(Delivery, sent)
        outbox.mark(session, row, "read")
        outbox.mark(session, row, "delivered")
        outbox.mark(session, row, "failed", "too late")
        assert row.status == "read"


def test_an_agent_can_send_a_failed_one_again(sink, answer, work):
    sink.answers = ["550 no"]
    sent = answer()
    work()
    with db.transaction() as session:
        outbox.retry(session, session.get(Delivery, sent), "agent:1")
    work()
    assert delivery(sent).status == "sent"
    with db.transaction() as session, pytest.raises(Invalid):
        outbox.retry(session, session.get(Delivery, sent), "agent:1")


def test_a_refused_account_shows_on_its_inbox(cast, answer, sink):
    sent = answer()
    with db.transaction() as session:
        outbox.claim_due(session)
        outbox.failed(session, sent, SendError("login refused", broken=True))
        inbox = session.get(Inbox, cast.mail.id)
        assert inbox.error == "Sending fails: login refused" and inbox.error_at and inbox.disconnected_at


def test_what_a_refused_account_should_send_waits_until_it_is_mended(cast, answer, sink, work):
    first, second = answer(), answer("And the bill.")
    with db.transaction() as session:
        outbox.claim_due(session)
        outbox.failed(session, first, SendError("login refused", broken=True, permanent=True))
        outbox.failed(session, first, SendError("login refused", broken=True, permanent=True))
    work()
    assert [delivery(one).status for one in (first, second)] == ["queued", "queued"]
    assert delivery(first).attempts == 0 and not sink.mails
    with db.reading() as session:
        texts = session.scalars(select(Notification.text).where(Notification.kind == "disconnected")).all()
    assert len(texts) == 1 and "login refused" in texts[0], "only admins are told, and once"
    with db.transaction() as session:
        inboxes.reconnect(session, session.get(Inbox, cast.mail.id))
    work()
    assert [delivery(one).status for one in (first, second)] == ["sent", "sent"] and len(sink.mails) == 2


def test_a_refused_account_is_asked_again_by_itself(cast, answer, sink, work):
    sent = answer()
    with db.transaction() as session:
        outbox.claim_due(session)
        outbox.failed(session, sent, SendError("login refused", broken=True))
    connections.probe_due()
    work()
    assert delivery(sent).status == "queued", "not before its time"
    with db.transaction() as session:
        session.get(Inbox, cast.mail.id).resting_until = now() - timedelta(seconds=1)
    connections.probe_due()
    work()
    assert delivery(sent).status == "sent"
    with db.reading() as session:
        assert session.get(Inbox, cast.mail.id).disconnected_at is None


def test_when_the_provider_asks_for_less_all_of_the_inbox_waits(cast, answer, sink, work):
    first, second = answer(), answer("And the bill.")
    with db.transaction() as session:
        outbox.claim_due(session)
        outbox.failed(session, first, SendError("429", slow_down=True, retry_after=300))
    work()
    assert [delivery(one).status for one in (first, second)] == ["queued", "queued"]
    with db.transaction() as session:
        inbox = session.get(Inbox, cast.mail.id)
        assert 290 < (inbox.resting_until - now()).total_seconds() <= 300 and not inbox.error
        inbox.resting_until = now() - timedelta(seconds=1)
    work()
    assert [delivery(one).status for one in (first, second)] == ["sent", "sent"]


def test_sent_twice_with_one_client_id_it_is_one_message(cast, sink, answer, work):
    answer()
    with db.transaction() as session:
        ticket = session.scalar(select(Ticket))
        alice = session.merge(cast.alice)
        first = replies.send(session, ticket, "again", agent=alice, client_id="c1")
        second = replies.send(session, ticket, "again", agent=alice, client_id="c1")
        assert first.id == second.id


def test_a_server_that_does_not_answer_holds_up_no_other_inbox(cast, sink, answer, work, monkeypatch):
    from channels.email import Email
    stuck, meanwhile = threading.Event(), threading.Event()
    real = Email.send

    def send(self, message):
        if "stuck" in message.text:
            stuck.wait(30)
        else:
            meanwhile.set()
        return real(self, message)
    monkeypatch.setattr(Email, "send", send)
    with db.transaction() as session:
        second = inboxes.create(session, "email", "Sales", {
            "address": "sales@kopi.example", "smtp_host": "127.0.0.1", "smtp_port": str(sink.port),
            "smtp_security": "none"})
    answer("stuck")
    lanes = jobs_outbox.start_sending()
    with db.transaction() as session:
        ticket = session.get(Ticket, written(session, second, "To sales", address="eve@example.net").ticket_id)
        replies.send(session, tickets.lock(session, ticket.id), "quick", agent=session.merge(cast.alice))
    lanes += jobs_outbox.start_sending()
    assert len(lanes) == 2 and meanwhile.wait(20) and not stuck.is_set()
    assert jobs_outbox.start_sending() == [], "an inbox has one lane"
    stuck.set()
    assert [lane.result(30) for lane in lanes] == [1, 1]


def test_no_more_is_claimed_than_is_sent_at_once(cast, sink, answer, work):
    """What waits in a queue behind a slow server would look as if it had been sent halfway."""
    with db.transaction() as session:
        for n in range(9):
            ticket = session.get(Ticket, written(session, cast.mail, "x", address=f"p{n}@example.com",
                                                 external_id=f"<{n}>").ticket_id)
            replies.send(session, ticket, "Hi", agent=session.merge(cast.alice))
    with db.transaction() as session:
        assert len(outbox.claim_due(session, cast.mail.id, jobs_outbox.AT_ONCE)) == 4
        assert len(session.scalars(select(Delivery.id).where(Delivery.status == "queued")).all()) == 5


def test_a_worker_that_comes_too_late_is_not_listened_to(answer, cast):
    sent = answer()
    with db.transaction() as session:
        outbox.claim_due(session)
        session.get(Delivery, sent).attempts = 2        # its lease ran out, and another one has taken over
        outbox.failed(session, sent, SendError("broken line"), attempt=1)
        assert delivery_in(session, sent).status == "sending"
        outbox.sent(session, sent, "<x>", 1)
        outbox.failed(session, sent, SendError("broken line"), attempt=2)
        assert delivery_in(session, sent).status == "sent", "sent is sent"


def delivery_in(session, number) -> Delivery:
    session.flush()
    return session.get(Delivery, number)


def test_a_defect_after_the_handing_over_is_no_reason_to_send_twice(sink, answer, work, monkeypatch):
    from channels.email import Email
    real = Email.send

    def send(self, message):
        real(self, message)
        raise KeyError("the answer cannot be read")
    monkeypatch.setattr(Email, "send", send)
    sent = answer()
    work()
    assert delivery(sent).status == "uncertain" and len(sink.mails) == 1


def test_what_was_sent_is_written_down_even_when_the_database_was_away_for_a_moment(sink, answer, work, monkeypatch):
    real, tries = outbox.sent, []

    def sent(*args):
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("", {}, Exception("the server is restarted"))
        return real(*args)
    monkeypatch.setattr(jobs_outbox, "RECORD_WAITS", (0, 0))
    monkeypatch.setattr(outbox, "sent", sent)
    number = answer()
    work()
    assert delivery(number).status == "sent" and len(sink.mails) == 1 and len(tries) == 2


def test_a_file_that_is_gone_is_said_at_once_and_holds_nothing_up(sink, answer, work, cast):
    first = answer("first")
    with db.transaction() as session:
        ticket = tickets.lock(session, session.get(Delivery, first).ticket_id)
        stored = files.put("a.pdf", "application/pdf", b"%PDF")
        files.forget(stored.sha256)
        broken = replies.send(session, ticket, "see file", agent=session.merge(cast.alice), files=[stored]).id
        broken = session.scalar(select(Delivery.id).where(Delivery.message_id == broken))
    last = answer("last")
    work()
    assert (delivery(broken).status, delivery(last).status) == ("failed", "sent")
    assert "a.pdf are gone" in delivery(broken).error


def test_an_account_that_works_again_says_so(cast, sink, answer, work):
    with db.transaction() as session:
        inboxes.mark_health(session, cast.mail.id, "login refused", "Sending")
    answer()
    work()
    with db.reading() as session:
        assert session.get(Inbox, cast.mail.id).error == ""
