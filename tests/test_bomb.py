"""Strangers who would have us mail a victim, or many people: by the chat, and by mail with a forged sender (real SMTP).

`make drill` plays it with a thousand tickets.
"""
import os
from email.message import EmailMessage

import pytest
from sqlalchemy import func, select

from helpdesk import db
from helpdesk.models import Delivery, Notification, Ticket
from helpdesk.services import continuity, identities, mail_pause, replies, tickets
from tests.mail_peer import QUESTION, MailWorld
from tests.people import written

TICKETS = int(os.environ.get("HELPDESK_TEST_BOMB", "30"))
VICTIM, SPAM = "victim@example.org", "BUY-NOW spam.example"


@pytest.fixture
def world(cast, config, work):
    """The cast's helpdesk with mail going in and out."""
    there = MailWorld(config, cast.mail, work)
    yield there
    there.close()


def forged(sender: str, number: int, text: str = QUESTION) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = f'"{SPAM}" <{sender}>', "support@kopi.example"
    mail["Subject"], mail["Message-ID"] = f"{text} {SPAM}", f"<{number}@attacker.example>"
    mail.set_content(f"{text} {SPAM}")
    return mail.as_bytes()


def to_victim(world) -> list[bytes]:
    world.sent()
    return [raw for _, to, raw in world.sink.mails if VICTIM in to]


def test_a_thousand_chats_that_name_a_victim_make_one_mail_without_a_word_of_theirs(world, cast):
    for number in range(TICKETS):
        with db.transaction() as session:
            ticket_id = written(session, cast.widget, f"{SPAM} {number}", address=f"browser-{number}",
                                external_id=f"chat-{number}", name=SPAM).ticket_id
            ticket = tickets.lock(session, ticket_id)
            identities.claim(session, ticket.contact, "email", VICTIM)
            replies.send(session, ticket, "Which order is it about?", agent=session.merge(cast.alice))
            continuity.mail_unseen(session, ticket_id)
    mails = to_victim(world)
    assert len(mails) == 1 and b"spam.example" not in mails[0] and b"BUY-NOW" not in mails[0]
    assert b"Which order is it about?" in mails[0] and b"Auto-Submitted: auto-generated" in mails[0]
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == TICKETS, "nothing of it is lost"


@pytest.mark.parametrize("text", [QUESTION, "Nothing that the assistant knows"])
def test_a_thousand_mails_in_a_victims_name_make_one_mail(world, text):
    for number in range(TICKETS):
        world.deliver(forged(VICTIM, number, text), "attacker@attacker.example")
    mails = to_victim(world)
    assert len(mails) == 1
    if text != QUESTION:        # a confirmation, which anybody gets, repeats nothing
        assert b"spam.example" not in mails[0]


def test_mails_in_a_thousand_names_are_stopped_by_a_pause(world, cast, monkeypatch):
    most = mail_pause.PER_MINUTE if TICKETS > 500 else 10
    monkeypatch.setattr(mail_pause, "PER_MINUTE", most)
    for number in range(TICKETS):
        world.deliver(forged(f"name{number}@example.org", number, "Nothing that is known"), "a@attacker.example")
    world.sent()
    with db.reading() as session:
        held = session.scalar(select(func.count()).where(Delivery.held))
        told = session.scalars(select(Notification.agent_id).where(Notification.kind == "paused")).all()
        assert session.scalar(select(func.count()).select_from(Ticket)) == TICKETS
        assert mail_pause.paused(session)
    assert len(world.sink.mails) <= 2 * most, "a minute's worth, and perhaps the next one's, when one has just ended"
    assert told == [cast.ada.id] and held >= 1
    with db.transaction() as session:
        mail_pause.release(session, cast.ada.actor, send=False)
    before = len(world.sink.mails)
    world.sent()
    assert len(world.sink.mails) == before
