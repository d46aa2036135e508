"""When one of us passes a customer's mail on, and that is proved, the ticket is about the customer."""
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime

import pytest

from channels.base import File
from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Identity, Inbox, Message, RawInbound, ThreadKey, Ticket, Trust
from helpdesk.services import inboxes
from tests.agents_by_mail import FAILED, MX, PASSED
from tests.people import ANN, browser_of, customer_mail, deliver_mail, ticket_of, written

NOTE = """Please take this one.

---------- Forwarded message ---------
From: Ann Lee <ann@example.com>
Date: Mon, Jun 2, 2025 at 10:00 AM
Subject: My order
To: <alice@kopi.example>

Where is my kettle?
"""


@pytest.fixture
def arrives(cast, work):
    """A whole mail by the real way in, after the house's mail server; its message."""
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, cast.mail.id), {
            "agent_forwards": "yes", "proof": "server", "proof_server": MX}, actor="test")

    def arrive(raw: bytes, checked: str = PASSED) -> Message:
        deliver_mail(cast.mail, f"Authentication-Results: {checked}\n".encode() + raw)
        work()
        with db.reading() as session:
            return session.query(Message).filter(Message.kind != "note").order_by(Message.id.desc()).first()
    return arrive


def notes(message: Message) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(one.author_name, one.text) for one in session.query(Message).filter_by(
            ticket_id=message.ticket_id, kind="note")]


def test_the_writer_of_a_mail_that_an_agent_passes_on_is_the_contact(cast, arrives):
    message = arrives(customer_mail(NOTE, sender="alice@kopi.example", subject="Fwd: My order", name="Alice"))
    with db.reading() as session:
        message = session.get(Message, message.id)
        ticket = session.get(Ticket, message.ticket_id)
        identity = session.get(Identity, message.identity_id)
        assert (ticket.contact.name, identity.value, ticket.subject) == ("Ann Lee", ANN, "My order")
        assert identity.trust == Trust.CLAIMED and identity.verified_at is None
        assert ticket.reply_identity_id == message.identity_id
        assert (message.text, message.author_name) == ("Where is my kettle?", "Ann Lee")
        assert f"{message.sent_at:%Y-%m-%d %H:%M}" == "2025-06-02 10:00" and ticket.created_at > message.sent_at
        assert message.trace["steps"][0].startswith("Alice passed it on (DMARC passed")
        assert message.payload["passed_on_by"] == "Alice" and message.payload["marks"] == ["forwarded"]
    assert notes(message) == [("Alice", "Please take this one.")]


def test_a_mail_that_is_attached_brings_its_own_number_and_files(cast, arrives, work):
    inner = customer_mail("Where is my kettle?", message_id="<first@example.com>")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "alice@kopi.example", "support@kopi.example", "Fwd: My order"
    mail["Message-ID"], mail["Date"] = "<fwd@kopi.example>", format_datetime(now())
    mail.set_content("For you.")
    mail.add_attachment(message_from_bytes(inner, policy=policy.default))
    message = arrives(mail.as_bytes())
    assert (message.text, notes(message)) == ("Where is my kettle?", [("Alice", "For you.")])
    with db.reading() as session:
        assert len(session.get(Message, message.id).attachments) == 1
    again = arrives(customer_mail("Any news?", reply_to="<first@example.com>"))
    assert again.ticket_id == message.ticket_id, "what the customer writes next finds the same ticket"


@pytest.mark.parametrize("checked, values", [
    (FAILED, {}), ("mx.evil.example; dmarc=pass header.from=kopi.example", {}), (PASSED, {"agent_forwards": "no"})])
def test_what_is_not_proved_or_not_wanted_stays_the_senders(cast, arrives, checked, values):
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, cast.mail.id), values, actor="test")
    message = arrives(customer_mail(NOTE, sender="alice@kopi.example", subject="Fwd: My order"), checked)
    with db.reading() as session:
        assert session.get(Identity, message.identity_id).value == "alice@kopi.example"
        assert not session.query(Identity).filter_by(value=ANN).count()
    assert notes(message) == []


def test_an_agent_of_whom_nobody_can_tell_what_is_whose_keeps_it(cast, arrives):
    message = arrives(customer_mail("Please take this.\n\n---------- Forwarded message ---------\nWhere is it?",
                                    sender="alice@kopi.example", subject="Fwd: My order"))
    with db.reading() as session:
        assert session.get(Identity, message.identity_id).value == "alice@kopi.example"


@pytest.mark.parametrize("sender, text", [
    ("bert@example.net", NOTE),                                                     # a customer who forwards
    ("alice@kopi.example", NOTE.replace("ann@example.com", "bob@kopi.example")),    # one of us wrote it
    ("alice@kopi.example", NOTE.replace("ann@example.com", "support@kopi.example")),
    ("alice@kopi.example", NOTE.replace("ann@example.com", "ann@localhost")),
    ("alice@kopi.example", NOTE.replace("<ann@example.com>", ""))])
def test_otherwise_whoever_sent_it_is_the_contact(cast, arrives, sender, text):
    message = arrives(customer_mail(text, sender=sender, subject="Fwd: My order"))
    with db.reading() as session:
        assert session.get(Identity, message.identity_id).value == sender
        assert session.query(RawInbound).one().state == "processed"


def test_passing_on_our_answer_proves_nothing_about_its_reader(cast):
    def passed_on(session):
        inboxes.change(session, session.get(Inbox, cast.mail.id), {
            "agent_forwards": "yes", "proof_server": MX}, actor="test")
        first = written(session, cast.mail, "Where is my kettle?")
        session.add(ThreadKey(key="<ours-1@kopi.example>", inbox_id=cast.mail.id, ticket_id=first.ticket_id,
                              secret=True))
        session.flush()
        return first, written(session, session.get(Inbox, cast.mail.id), NOTE, address="alice@kopi.example",
                              external_id="<f-1@kopi.example>",
                              replies_to=("<ours-1@kopi.example>",), marks=("forwarded",), proof="DMARC passed",
                              passed_on={"text": "Where is my kettle?"}, forwarded_from=("Ann Lee", ANN))
    first, second = db.run(passed_on)
    assert ticket_of(second).id == ticket_of(first).id
    with db.reading() as session:
        assert session.get(Identity, second.identity_id).trust == Trust.CLAIMED


def test_what_a_mail_is_stands_beside_its_writer(app, cast):
    def mails(session):
        written(session, cast.mail, "Hello", marks=("signed", "encrypted", "calendar"), files=[
            File("signature.asc", "application/pgp-signature", content=b"x")])
        return written(session, cast.mail, NOTE, address="bert@example.net", marks=("forwarded",),
                       forwarded_from=("Ann <b>Lee", ANN), external_id="<2@example.net>")
    message = db.run(mails)
    alice = browser_of(app, cast.alice)
    page = alice.get(f"/inbox/all/{ticket_of(message).id}").text
    assert "Forwarded, from Ann &lt;b&gt;Lee" in page
    page = alice.get(f"/inbox/all/{ticket_of(message).id - 1}").text
    assert all(word in page for word in ("Signed", "Encrypted", "Invitation"))
