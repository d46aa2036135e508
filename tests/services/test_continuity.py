"""An answer that the visitor has not seen in the chat reaches them by mail, once."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.jobs import outbox as sending
from helpdesk.models import Delivery, Event, Identity, Inbox, Message, Task, Ticket
from helpdesk.services import continuity, files, identities, outbox, replies, routes, tickets, timeline
from tests.people import ANN, written


class Chat:
    """One visitor's ticket; every verb is a transaction of its own."""

    def __init__(self, cast):
        self.cast = cast
        with db.transaction() as session:
            self.ticket_id = written(session, cast.widget, "Where is my parcel?", address="browser").ticket_id

    def gives(self, email):
        with db.transaction() as session:
            identities.claim(session, session.get(Ticket, self.ticket_id).contact, "email", email)

    def answer(self, text, stored=(), by="agent"):
        with db.transaction() as session:
            ticket = tickets.lock(session, self.ticket_id)
            agent = session.merge(self.cast.alice) if by == "agent" else None
            return replies.send(session, ticket, text, by=by, agent=agent, files=stored).id

    def look(self):
        with db.transaction() as session:
            continuity.mail_unseen(session, self.ticket_id)

    def mails(self):
        with db.reading() as session:
            rows = session.scalars(select(Delivery).where(Delivery.mail_id != "").order_by(Delivery.id)).all()
            return [sending.prepare(session, row.id)[1][0] for row in rows]

    def planned(self):
        with db.reading() as session:
            return session.scalars(select(Task).where(Task.name == "services.continuity.mail_unseen")).all()


@pytest.fixture
def chat(any_cast):
    return Chat(any_cast)


def test_several_unseen_answers_make_one_mail_with_all_their_words_and_files(chat):
    chat.gives(ANN)
    chat.answer("It left today.", [files.put("label.pdf", "application/pdf", b"%PDF-1")])
    chat.answer("The number is 42.")
    chat.look()
    chat.look()
    [mail] = chat.mails()
    assert mail.address == ANN and "It left today.\n\nThe number is 42." in mail.text
    assert [name for name, _, _ in mail.files] == ["label.pdf"] and mail.html == ""
    with db.reading() as session:
        said = session.scalars(select(Message.text).where(Message.direction == "out").order_by(Message.id)).all()
        assert said == ["It left today.", "The number is 42."], "each stands there once"
        assert session.scalar(select(Event.data).where(Event.name == "AnswerMailed"))["address"] == ANN


def test_what_was_read_is_not_mailed(chat):
    chat.gives(ANN)
    first = chat.answer("Read")
    chat.answer("Unread")
    with db.transaction() as session:
        outbox.mark(session, session.scalar(select(Delivery).where(Delivery.message_id == first)), "read")
    chat.look()
    [mail] = chat.mails()
    assert "Unread" in mail.text and "\n\nRead" not in f"\n\n{mail.text}".split("Unread")[0]


def test_without_an_address_nothing_is_mailed_until_there_is_one(chat):
    chat.answer("Hello?")
    chat.look()
    assert chat.mails() == []
    chat.gives(ANN)
    chat.answer("Still there?")
    chat.look()
    assert "Hello?" in chat.mails()[0].text


def test_answers_are_looked_after_once_however_many_there_are(chat, work):
    chat.gives(ANN)
    for n in range(3):
        chat.answer(f"{n}")
    work()
    [task] = chat.planned()
    assert task.due_at > now() and chat.mails() == []


def test_what_the_assistant_says_is_not_mailed(chat, work):
    chat.gives(ANN)
    chat.answer("Perhaps this helps", by="assistant")
    work()
    assert chat.planned() == []
    chat.look()
    assert chat.mails() == []


def test_an_address_with_enough_mail_for_now_gets_the_rest_later(chat):
    chat.gives(ANN)
    for n in range(4):
        chat.answer(f"Answer {n}")
        chat.look()
    assert len(chat.mails()) == 3
    [task] = chat.planned()
    assert timedelta(minutes=9) < task.due_at - now() <= timedelta(minutes=10)
    with db.transaction() as session:
        for delivery in session.scalars(select(Delivery)):
            delivery.created_at = now() - timedelta(minutes=11)
    chat.look()
    assert "Answer 3" in chat.mails()[3].text


def test_an_address_that_sends_mail_back_is_left_alone(chat):
    chat.gives(ANN)
    with db.transaction() as session:
        session.scalar(select(Identity).where(Identity.value == ANN)).failing_since = now()
    chat.answer("Hello?")
    chat.look()
    assert chat.mails() == [] and chat.planned() == []


def test_an_answer_to_that_mail_comes_back_into_the_chat(chat, any_cast):
    chat.gives(ANN)
    chat.answer("It left today.")
    chat.look()
    token = chat.mails()[0].reply_token
    with db.transaction() as session:
        message = written(session, any_cast.mail, "Thank you", tokens=[token], external_id="<thanks>")
        assert message.ticket_id == chat.ticket_id and message.trace["rung"] == "thread"


def test_only_the_address_it_was_mailed_to_speaks_in_the_chat(chat, any_cast):
    """Somebody else who answers the same mail knows our secret, but was not written to."""
    chat.gives(ANN)
    chat.answer("It left today.")
    chat.look()
    [mail] = chat.mails()
    kinds = {}
    for address in (ANN, "eve@example.net"):
        with db.transaction() as session:
            said = written(session, any_cast.mail, "Thank you", address=address, replies_to=[mail.message_id],
                           external_id=f"<{address}>")
            kinds[address] = said.ticket_id == chat.ticket_id, said.kind
    assert kinds == {ANN: (True, "message"), "eve@example.net": (True, "aside")}


def notices_to(identity_id):
    heard = []
    db.on_commit(lambda notices: heard.extend(notices))
    return lambda: [one for one in heard if one.room == f"visitor:{identity_id}"]


def test_what_was_said_by_mail_stands_in_the_chat_and_open_windows_are_told(chat, any_cast, work):
    chat.gives(ANN)
    chat.answer("It left today.")
    chat.look()
    token = chat.mails()[0].reply_token
    with db.transaction() as session:
        browser = session.scalar(select(Identity.id).where(Identity.kind == "visitor"))
    heard = notices_to(browser)
    with db.transaction() as session:
        written(session, any_cast.mail, "Thank you", tokens=[token], external_id="<thanks>")
    work()
    assert heard(), "the customer's own mail is in the window at once"
    before = len(heard())
    with db.transaction() as session:
        ticket = tickets.lock(session, chat.ticket_id)
        mail = next(one for one in routes.routes(session, ticket) if one.inbox.channel == "email")
        replies.send(session, ticket, "You are welcome", agent=session.merge(any_cast.alice), route=mail)
    work()
    assert len(heard()) > before
    with db.reading() as session:
        ticket = session.get(Ticket, chat.ticket_id)
        assert [one.text for one in timeline.public_items(session, ticket, reader=browser)] == [
            "Where is my parcel?", "It left today.", "Thank you", "You are welcome"]


def test_an_inbox_has_its_own_patience_or_mails_nothing(chat, any_cast, work):
    def rule(**values):
        with db.transaction() as session:
            for name, value in values.items():
                setattr(session.get(Inbox, any_cast.widget.id), name, value)
    chat.gives(ANN)
    rule(mail_after_seconds=900)
    chat.answer("One")
    work()
    [task] = chat.planned()
    assert timedelta(minutes=14) < task.due_at - now() <= timedelta(minutes=15)
    rule(mail_unseen=False)
    chat.look()
    assert chat.mails() == []
    rule(mail_unseen=True)
    chat.look()
    assert len(chat.mails()) == 1


def test_an_address_that_is_given_later_gets_what_waits(chat, work):
    chat.answer("Hello?")
    work()
    chat.look()
    with db.transaction() as session:
        session.query(Task).filter(Task.name == "services.continuity.mail_unseen").delete()
    chat.gives(ANN)
    with db.transaction() as session:
        continuity.address_given(session, session.get(Ticket, chat.ticket_id))
    [task] = chat.planned()
    assert task.due_at > now()
