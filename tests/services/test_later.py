"""Replies that leave later: taken back, sent once, held where something speaks against them."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Conflict, Forbidden, Invalid
from helpdesk.jobs import later_replies
from helpdesk.models import Agent, Draft, Inbox, LaterReply, Message, Notification, Ticket
from helpdesk.services import accounts, files, later, replies, ticket_merges, tickets
from tests.people import written


@pytest.fixture
def number(any_cast):
    with db.transaction() as session:
        return written(session, any_cast.mail, "Where is it?", name="Ann Lee").ticket_id


@pytest.fixture
def plan(any_cast, number):
    """plan(text, seconds, …) → the id of a reply of alice's that leaves then."""
    def make(text="On its way.", seconds=-1, **more):
        with db.transaction() as session:
            ticket = tickets.lock(session, number)
            return later.plan(session, ticket, session.get(Agent, any_cast.alice.id), text,
                              **{"client_id": "c1", "due_at": now() + timedelta(seconds=seconds), **more}).id
    return make


def row(later_id) -> LaterReply:
    with db.reading() as session:
        return session.get(LaterReply, later_id)


def said(number) -> list[str]:
    with db.reading() as session:
        return session.scalars(select(Message.text).where(
            Message.ticket_id == number, Message.direction == "out").order_by(Message.id)).all()


def told(who) -> list[str]:
    with db.reading() as session:
        return session.scalars(select(Notification.text).where(Notification.agent_id == who.id)).all()


def test_each_channel_has_its_grace_and_an_inbox_its_own(any_cast):
    with db.reading() as session:
        mail, chat = session.get(Inbox, any_cast.mail.id), session.get(Inbox, any_cast.widget.id)
        assert (later.grace(mail), later.grace(chat)) == (10, 0)
        mail.undo_seconds = 0
        assert later.grace(mail) == 0


def test_it_leaves_at_its_time_once_with_what_was_chosen(any_cast, number, plan):
    stored = files.put("a.txt", "text/plain", b"a")
    one = plan(seconds=60, then="resolved", attached=[stored], fields={"actions": [{"do": "tag", "value": "vip"}]})
    assert plan(seconds=60) == one
    assert later_replies.run() == 0 and said(number) == []
    with db.transaction() as session:
        session.get(LaterReply, one).due_at = now()
    assert later_replies.run() == 1 and later_replies.run() == 0
    assert said(number) == ["On its way."]
    with db.reading() as session:
        ticket, message = session.get(Ticket, number), session.scalar(select(Message).where(Message.client_id == "c1"))
        assert ticket.status == "resolved" and [tag.name for tag in ticket.tags] == ["vip"]
        assert [file.name for file in message.attachments] == ["a.txt"] and row(one).message_id == message.id
        assert later.waiting(session, ticket) == ()


def test_dying_in_the_middle_sends_it_once(any_cast, number, plan, monkeypatch):
    one = plan(then="resolved")
    monkeypatch.setattr(later, "end", lambda *_: 1 / 0)
    later_replies.run()
    assert said(number) == [] and row(one).done_at is None and row(one).lease_until > now()
    monkeypatch.undo()
    assert later_replies.run() == 0      # not at once again
    with db.transaction() as session:
        session.get(LaterReply, one).lease_until = None
    later_replies.run()
    assert said(number) == ["On its way."]


def test_what_was_sent_by_another_way_already_is_not_sent_again(any_cast, number, plan):
    plan()
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, number), "On its way.", client_id="c1",
                     agent=session.get(Agent, any_cast.alice.id))
    later_replies.run()
    assert said(number) == ["On its way."]


def test_its_writer_takes_it_back_into_the_draft_with_its_files(any_cast, number, plan):
    one = plan(seconds=10, attached=[files.put("a.txt", "text/plain", b"a")], fields={"cc": "b@example.com"})
    with db.transaction() as session:
        with pytest.raises(Forbidden):
            later.take_back(session, session.get(Agent, any_cast.bob.id), one)
        later.take_back(session, session.get(Agent, any_cast.alice.id), one)
    with db.transaction() as session:
        session.get(LaterReply, one).due_at = now()
        draft = session.get(Draft, (number, any_cast.alice.id, "reply"))
        assert draft.text == "On its way." and draft.fields["cc"] == "b@example.com"
        assert draft.fields["files"][0][0] == "a.txt"
        with pytest.raises(Conflict, match="taken back already"):
            later.take_back(session, session.get(Agent, any_cast.alice.id), one)
    assert later_replies.run() == 0 and said(number) == []


def test_what_has_left_cannot_be_taken_back(any_cast, plan):
    one = plan()
    later_replies.run()
    with db.transaction() as session, pytest.raises(Conflict, match="has left"):
        later.take_back(session, session.get(Agent, any_cast.alice.id), one)


@pytest.fixture
def chat(any_cast):
    """chat(text) → the visitor writes; the ticket's number."""
    def write(text):
        with db.transaction() as session:
            ticket = session.get(Ticket, written(session, any_cast.widget, text, address="visitor-1").ticket_id)
            ticket.with_assistant = False
            return ticket.id
    return write


def test_a_customer_who_writes_holds_a_scheduled_reply_and_its_writer_decides(any_cast, chat):
    number = chat("Where is it?")
    with db.transaction() as session:
        planned = [later.plan(session, tickets.lock(session, number), session.get(Agent, any_cast.alice.id), text,
                              client_id=text, due_at=now() + timedelta(hours=1), chosen=chosen).id
                   for text, chosen in (("Tomorrow", True), ("In a moment", False))]
    assert later_replies.run() == 0
    assert chat("Never mind, it came!") == number
    assert later_replies.run() == 1 and later_replies.run() == 0
    assert row(planned[0]).error == later.WROTE and "has not left" in told(any_cast.alice)[0]
    assert not row(planned[1]).done_at          # the one in its grace goes
    with db.transaction() as session:
        assert {one.id for one in later.waiting(session, session.get(Ticket, number))} == set(planned)
        later.send_now(session, session.get(Agent, any_cast.alice.id), planned[0])
    assert later_replies.run() == 1 and said(number) == ["Tomorrow"]


@pytest.mark.parametrize("broken, why", [("merged", "was merged into"), ("file", "is not there any more"),
                                         ("gone", "is gone"), ("agent", "no longer works here")])
def test_what_cannot_leave_is_told_and_kept(any_cast, number, plan, broken, why):
    stored = files.put("a.txt", "text/plain", b"a")
    one = plan(attached=[stored], fields={"route": "999:999"} if broken == "gone" else {})
    with db.transaction() as session:
        if broken == "merged":
            other = written(session, any_cast.mail, "Other", name="Ann Lee", subject="Other matter")
            ticket_merges.merge(session, number, other.ticket_id, any_cast.alice.actor)
        elif broken == "file":
            files.forget(stored.sha256)
        elif broken == "agent":
            accounts.disable(session, session.get(Agent, any_cast.alice.id), "system")
    later_replies.run()
    assert said(number) == [] and row(one).done_at and row(one).text == "On its way."
    assert why in row(one).error
    assert broken == "agent" or any("has not left" in text for text in told(any_cast.alice))


@pytest.mark.parametrize("wrong", [{"seconds": 3600, "chosen": True, "then": "closed"}, {"text": " "},
                                   {"seconds": -5, "chosen": True}, {"seconds": 400 * 86400, "chosen": True},
                                   {"then": "snooze:soon"}])
def test_what_cannot_be_planned(plan, wrong):
    with pytest.raises(Invalid):
        plan(**wrong)
