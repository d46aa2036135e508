"""A forwarded mail becomes the ticket of who wrote it: previewed, done, and taken back."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Delivery, Event, Identity, Inbox, Message, Participant, Ticket, Trust
from helpdesk.services import passed_on, replies, tickets
from tests.people import ANN, EVE, browser_of, customer_mail, deliver_mail, written

BERT = "bert@example.net"
NOTE = f"""Can you help her?

---------- Forwarded message ---------
From: Ann Lee <{ANN}>
Date: Mon, Jun 2, 2025 at 10:00 AM
Subject: My order
To: <{BERT}>

Where is my kettle?
"""


@pytest.fixture
def message(cast, work) -> Message:
    """Bert, whom we do not know, forwards Ann's mail to us."""
    with db.transaction() as session:
        session.get(Inbox, cast.mail.id).assistant = False
    deliver_mail(cast.mail, customer_mail(NOTE, sender=BERT, name="Bert", subject="Fwd: My order"))
    work()
    with db.reading() as session:
        return session.scalar(select(Message))


def give(message: Message) -> None:
    with db.transaction() as session:
        ticket = tickets.lock(session, message.ticket_id)
        one = passed_on.message_of(session, ticket, message.id)
        passed_on.give_to_writer(session, ticket, one, passed_on.inside(one), "agent:1")


def take_back(message: Message) -> None:
    with db.transaction() as session:
        ticket = tickets.lock(session, message.ticket_id)
        passed_on.give_back(session, ticket, passed_on.message_of(session, ticket, message.id), "agent:1")


def state(message: Message) -> dict:
    """All that the deed may change, but for the note and the events."""
    with db.reading() as session:
        ticket, one = session.get(Ticket, message.ticket_id), session.get(Message, message.id)
        roles = dict(session.execute(select(Identity.value, Participant.role).join(
            Participant, Participant.identity_id == Identity.id).where(Participant.ticket_id == ticket.id)).all())
        return {"contact": ticket.contact.name, "subject": ticket.subject, "to": ticket.reply_identity_id,
                "preview": ticket.preview, "roles": roles, "said": (
                    one.author_name, one.author_id, one.text, one.full_text, one.html, one.sent_at, one.payload),
                "kinds": session.scalars(select(Message.kind).where(Message.ticket_id == ticket.id,
                                                                    Message.kind != "note")).all()}


def test_the_writer_becomes_the_customer_and_nothing_is_proved(message, cast, work):
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, message.ticket_id), "Dear Bert, we look into it.",
                     agent=session.get(Agent, cast.alice.id))
    give(message)
    after = state(message)
    assert after["contact"] == "Ann Lee" and after["subject"] == "My order"
    assert after["said"][0] == "Ann Lee" and after["said"][2:5] == ("Where is my kettle?", "", "")
    assert after["roles"] == {BERT: "third", ANN: "requester"} and after["kinds"] == ["message", "aside"]
    with db.reading() as session:
        identity = session.scalar(select(Identity).where(Identity.value == ANN))
        assert identity.trust == Trust.CLAIMED
        note = session.scalar(select(Message).where(Message.kind == "note"))
        assert (note.text, note.author_name) == ("Can you help her?", "Bert")
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, message.ticket_id), "It left today.",
                     agent=session.get(Agent, cast.alice.id))
    with db.reading() as session:
        last = session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
        assert last.address == ANN


def test_undone_all_is_as_it_was(message, cast):
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, message.ticket_id), "Dear Bert",
                     agent=session.get(Agent, cast.alice.id))
    before = state(message)
    give(message)
    assert state(message) != before
    take_back(message)
    assert state(message) == before
    give(message)
    assert state(message)["contact"] == "Ann Lee"
    with db.reading() as session:
        assert len(session.scalars(select(Message).where(Message.kind == "note")).all()) == 1
        assert [one.data["undone"] for one in session.scalars(select(Event).where(
            Event.name == "WriterNamed").order_by(Event.id))] == [False, True, False]


def test_twice_and_after_an_answer_it_is_refused(message, cast):
    with pytest.raises(Invalid, match="not given"):
        take_back(message)
    give(message)
    with pytest.raises(Invalid, match="does not say"):
        give(message)
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, message.ticket_id), "Hello Ann",
                     agent=session.get(Agent, cast.alice.id))
    with pytest.raises(Invalid, match="stays theirs"):
        take_back(message)


def test_where_others_wrote_it_is_split_off_first(message, cast):
    with db.transaction() as session:
        inbox, ticket = session.get(Inbox, cast.mail.id), session.get(Ticket, message.ticket_id)
        other = written(session, inbox, "Me too", address=EVE, external_id="<e@x>")
        other.ticket_id, other.seq = ticket.id, ticket.seq + 1
        ticket.seq += 1
    with pytest.raises(Invalid, match="Split this message off"):
        give(message)


@pytest.mark.parametrize("address", ["alice@kopi.example", "support+x@kopi.example", BERT, "nobody"])
def test_our_own_people_and_no_address_are_no_customers(message, address):
    with db.transaction() as session:
        session.get(Message, message.id).payload = {"marks": ["forwarded"], "forwarded_from": ["X", address]}
    with pytest.raises(Invalid, match="cannot be a customer"):
        give(message)


def test_an_agent_sees_what_would_happen_does_it_and_takes_it_back(message, cast, app):
    alice = browser_of(app, cast.alice)
    shown = alice.get(f"/inbox/all/{message.ticket_id}").text
    link = f"/tickets/{message.ticket_id}/messages/{message.id}/writer"
    assert link in shown and "Make this Ann Lee’s ticket" in shown
    preview = alice.get(link).text
    assert all(words in preview for words in ("Ann Lee", ANN, BERT, "Not proved", "Where is my kettle?",
                                              "Can you help her?", "a new contact"))
    assert alice.post(link).status_code == 302
    shown = alice.get(f"/inbox/all/{message.ticket_id}").text
    assert "Passed on by Bert" in shown and "Give it back to Bert" in shown and f'"{link}"' not in shown
    assert alice.get(link).status_code == 422 and alice.post(f"{link}/undo").status_code == 302
    assert link in alice.get(f"/inbox/all/{message.ticket_id}").text
    assert alice.get(f"/tickets/{message.ticket_id}/messages/999/writer").status_code == 404
