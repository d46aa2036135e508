"""Fetching mail from a real Dovecot: every mail once, the cursor safe with it, whatever happens in between."""
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.jobs import mailboxes
from helpdesk.models import Inbox, Message, RawInbound
from helpdesk.services import inboxes
from tests.channels.dovecot import dovecot  # noqa: F401  (a fixture)
from tests.people import customer_mail


@pytest.fixture
def mailbox(dovecot, any_cast, request):  # noqa: F811
    """An inbox that reads a mailbox of this test's own."""
    user = f"user-{abs(hash(request.node.name))}"
    with db.transaction() as session:
        inbox = inboxes.create(session, "email", "Mailbox", {
            **dovecot.config(user), "address": "help@kopi.example", "smtp_host": "127.0.0.1"})
    inbox.user = user
    return inbox


def put(server, mailbox, *numbers):
    for number in numbers:
        server.append(mailbox.user, customer_mail(f"number {number}", message_id=f"<{number}@x>",
                                                  to="help@kopi.example"))


def row(mailbox) -> Inbox:
    with db.reading() as session:
        return session.get(Inbox, mailbox.id)


def stored() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(RawInbound))


def test_new_mail_becomes_messages_once_and_the_cursor_moves_with_it(dovecot, mailbox, work):  # noqa: F811
    put(dovecot, mailbox, 1, 2)
    assert mailboxes.poll(mailbox.id) and mailboxes.poll(mailbox.id)
    assert stored() == 2 and json.loads(row(mailbox).cursor)["uid"] == 2
    put(dovecot, mailbox, 3)
    assert mailboxes.poll(mailbox.id)
    work()
    with db.reading() as session:
        texts = session.scalars(select(Message.text).order_by(Message.id)).all()
    assert [text.strip() for text in texts] == ["number 1", "number 2", "number 3"]
    assert row(mailbox).lease_until is None and row(mailbox).error == "" and row(mailbox).polled_at


def test_killed_after_a_mail_was_stored_it_goes_on_behind_it(dovecot, mailbox, monkeypatch):  # noqa: F811
    put(dovecot, mailbox, 1, 2, 3)
    real, kept = mailboxes._keep, []

    def killed(session, inbox_id, fetched):
        if len(kept) == 1:
            raise KeyboardInterrupt
        kept.append(fetched)
        real(session, inbox_id, fetched)
    monkeypatch.setattr(mailboxes, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        mailboxes.poll(mailbox.id)
    monkeypatch.undo()
    assert stored() == 1
    assert mailboxes.poll(mailbox.id) and stored() == 3


def test_a_rewound_cursor_stores_nothing_twice(dovecot, mailbox, work):  # noqa: F811
    put(dovecot, mailbox, 1, 2)
    mailboxes.poll(mailbox.id)
    with db.transaction() as session:
        session.get(Inbox, mailbox.id).cursor = ""
    mailboxes.poll(mailbox.id)
    assert stored() == 2


def test_a_mailbox_made_anew_brings_the_same_mails_without_doubling_them(dovecot, mailbox, work):  # noqa: F811
    put(dovecot, mailbox, 1, 2)
    mailboxes.poll(mailbox.id)
    work()
    with db.transaction() as session:       # as after a change of UIDVALIDITY
        session.get(Inbox, mailbox.id).cursor = json.dumps({"uidvalidity": 1, "uid": 99})
        for raw in session.scalars(select(RawInbound)):
            raw.source_key = f"old:{raw.id}"
    mailboxes.poll(mailbox.id)
    work()
    with db.reading() as session:
        assert stored() == 4 and session.scalar(select(func.count()).select_from(Message)) == 2


def test_a_mailbox_that_somebody_reads_just_now_is_left_alone_until_the_lease_ends(dovecot, mailbox):  # noqa: F811
    put(dovecot, mailbox, 1)
    with db.transaction() as session:
        session.get(Inbox, mailbox.id).lease_until = now() + mailboxes.LEASE
    assert not mailboxes.poll(mailbox.id) and stored() == 0
    assert mailboxes.LEASE <= timedelta(minutes=1), "after a crash nobody reads until then"
    with db.transaction() as session:
        session.get(Inbox, mailbox.id).lease_until = now() - timedelta(seconds=1)
    assert mailboxes.poll(mailbox.id) and stored() == 1


def test_a_refused_login_shows_on_the_inbox_and_goes_away_when_it_works(dovecot, mailbox):  # noqa: F811
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, mailbox.id), {"imap_password": "wrong"}, actor="test")
    assert not mailboxes.poll(mailbox.id)
    assert row(mailbox).error.startswith("Receiving fails: ") and row(mailbox).error_at
    assert "wrong" not in row(mailbox).error
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, mailbox.id), {"imap_password": dovecot.config("x")["imap_password"]},
                       actor="test")
        inboxes.mark_health(session, mailbox.id, "login refused", "Sending")
    assert mailboxes.poll(mailbox.id)
    assert row(mailbox).error == "Sending fails: login refused", "reading works; that says nothing about sending"


def test_a_mailbox_that_cannot_be_reached_stops_no_other(dovecot, mailbox):  # noqa: F811
    with db.transaction() as session:
        away = inboxes.create(session, "email", "Away", {
            **dovecot.config("away"), "imap_port": "1", "address": "away@kopi.example", "smtp_host": "127.0.0.1"}).id
    put(dovecot, mailbox, 1)
    assert not mailboxes.poll(away)
    assert mailboxes.poll(mailbox.id) and stored() == 1
    with db.reading() as session:
        assert "Receiving fails" in session.get(Inbox, away).error


def test_only_enabled_mailboxes_whose_turn_it_is_are_asked(mailbox, any_cast, monkeypatch):
    asked = []
    monkeypatch.setattr(mailboxes, "_watch", asked.append)
    monkeypatch.setattr(mailboxes, "_watchers", {})
    mailboxes.poll_due()
    assert mailbox.id in asked and any_cast.widget.id not in asked
    asked.clear()
    mailboxes._watchers.clear()
    with db.transaction() as session:
        for inbox in session.scalars(select(Inbox).where(Inbox.channel == "email")):
            inbox.polled_at = now()
    assert mailboxes.poll_due() == 0 and asked == []
