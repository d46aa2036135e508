"""When one of us passes a customer's mail on, the ticket is about the customer."""
import pytest

from channels.base import File
from helpdesk import db
from helpdesk.models import Identity, Message, RawInbound, ThreadKey, Ticket, Trust
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
    """A whole mail by the real way in; its message."""
    def arrive(raw: bytes) -> Message:
        deliver_mail(cast.mail, raw)
        work()
        with db.reading() as session:
            return session.query(Message).order_by(Message.id.desc()).first()
    return arrive


def test_the_writer_of_a_mail_that_an_agent_passes_on_is_the_contact(cast, arrives):
    message = arrives(customer_mail(NOTE, sender="alice@kopi.example", subject="Fwd: My order", name="Alice"))
    with db.reading() as session:
        message = session.get(Message, message.id)
        ticket = session.get(Ticket, message.ticket_id)
        identity = session.get(Identity, message.identity_id)
        assert (ticket.contact.name, identity.value) == ("Ann Lee", ANN)
        assert identity.trust == Trust.CLAIMED and identity.verified_at is None
        assert ticket.reply_identity_id == message.identity_id
        assert "Please take this one." in message.text and "Where is my kettle?" in message.text
        assert message.trace["steps"][0].startswith("Alice passed it on")
        assert message.payload["passed_on_by"] == "Alice" and message.payload["marks"] == ["forwarded"]


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
        first = written(session, cast.mail, "Where is my kettle?")
        session.add(ThreadKey(key="<ours-1@kopi.example>", inbox_id=cast.mail.id, ticket_id=first.ticket_id,
                              secret=True))
        session.flush()
        return first, written(session, cast.mail, NOTE, address="alice@kopi.example", external_id="<f-1@kopi.example>",
                              replies_to=("<ours-1@kopi.example>",), marks=("forwarded",),
                              forwarded_from=("Ann Lee", ANN))
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
