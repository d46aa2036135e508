"""Fetching mail from a real Dovecot: every mail once, the cursor safe with it, whatever happens in between."""
import imaplib
import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from channels import _imap_cursor, _imap_line
from channels.base import SendError
from channels.email import Email
from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.jobs import mailboxes
from helpdesk.models import Inbox, Message, Notification, RawInbound
from helpdesk.services import inboxes, quarantine
from helpdesk.services import mailboxes as reading
from tests.channels.dovecot import dovecot  # noqa: F401  (a fixture)
from tests.channels.fault_proxy import Announces, Bye, CutAfter, FaultyLine, HalfALiteral, Poor, Refuses
from tests.people import customer_mail


def connected(server, user, **values) -> Inbox:
    """A new inbox that reads this user's mailbox."""
    with db.transaction() as session:
        inbox = inboxes.create(session, "email", "Mailbox", {
            **server.config(user), "address": "help@kopi.example", "smtp_host": "127.0.0.1", **values})
    inbox.user = user
    return inbox


@pytest.fixture
def mailbox(dovecot, any_cast, request):  # noqa: F811
    """An inbox that reads a mailbox of this test's own."""
    return connected(dovecot, f"user-{abs(hash(request.node.name))}")


@pytest.fixture
def box(dovecot, cast, request):  # noqa: F811
    """The same on SQLite alone."""
    return connected(dovecot, f"user-{abs(hash(request.node.name))}")


@pytest.fixture
def quick(monkeypatch):
    """Nobody waits for long, and what was put aside is due at once."""
    monkeypatch.setattr(_imap_line, "SECONDS", 0.7)
    monkeypatch.setattr(_imap_cursor, "WAITS", (0, 0, 0, 0, 0))


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
    real, kept = reading.keep, []

    def killed(session, inbox_id, holder, fetched):
        if len(kept) == 1:
            raise KeyboardInterrupt
        kept.append(fetched)
        return real(session, inbox_id, holder, fetched)
    monkeypatch.setattr(reading, "keep", killed)
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
    for sizes_told_by_the_server in (True, False):
        with db.transaction() as session:       # as after a change of UIDVALIDITY
            session.get(Inbox, mailbox.id).cursor = json.dumps({"uidvalidity": 1, "uid": 99})
            for raw in session.scalars(select(RawInbound)):
                raw.source_key = f"old:{raw.id}"
                raw.size += 0 if sizes_told_by_the_server else 7
        mailboxes.poll(mailbox.id)
        work()
        with db.reading() as session:
            assert session.scalar(select(func.count()).select_from(Message)) == 2
        assert stored() == (2 if sizes_told_by_the_server else 4), "what is known is not even fetched"


def test_a_mailbox_that_somebody_reads_just_now_is_left_alone_until_the_lease_ends(dovecot, mailbox):  # noqa: F811
    put(dovecot, mailbox, 1)
    with db.transaction() as session:
        session.get(Inbox, mailbox.id).lease_until = now() + reading.LEASE
    assert not mailboxes.poll(mailbox.id) and stored() == 0
    assert reading.LEASE <= timedelta(minutes=1), "after a crash nobody reads until then"
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


def texts() -> list[str]:
    with db.reading() as session:
        return [text.strip() for text in session.scalars(select(Message.text).order_by(Message.id))]


FAULTS = {"cuts": lambda: CutAfter(1500, 9), "BYE": lambda: Bye(2, 4, times=3),
          "half a literal": lambda: HalfALiteral(3, times=2), "wrong sizes": lambda: Announces(40, 2, times=2),
          "a poor and chatty server": Poor, "refusals": lambda: Refuses(1, 5, times=4)}


@pytest.mark.parametrize("name", FAULTS)
def test_whatever_the_line_does_every_mail_is_one_message(dovecot, cast, work, quick, name):  # noqa: F811
    user = f"faults{list(FAULTS).index(name)}"
    with FaultyLine(dovecot.port, FAULTS[name]()) as line:
        inbox = connected(dovecot, user, imap_port=str(line.port))
        put(dovecot, inbox, *range(1, 7))
        for _ in range(12):
            mailboxes.poll(inbox.id)
            work()
    assert sorted(texts()) == [f"number {n}" for n in range(1, 7)]
    with db.reading() as session:
        assert set(session.scalars(select(RawInbound.state))) == {"processed"} and stored() == 6
    assert row(inbox).error == ""


def test_a_mail_that_cannot_be_had_lies_in_quarantine(dovecot, cast, work, quick, monkeypatch):  # noqa: F811
    with FaultyLine(dovecot.port, Refuses(2)) as line:
        inbox = connected(dovecot, "quarantine", imap_port=str(line.port))
        put(dovecot, inbox, 1, 2, 3)
        assert mailboxes.poll(inbox.id)
        work()
        assert texts() == ["number 1", "number 3"]
        with db.reading() as session:
            [(raw, _)] = quarantine.items(session)
            assert reading.waiting(session, inbox.id) == 1
            assert "SERVERBUG" in raw.error and b"From: Ann Lee" in raw.body and b"could not be read yet" in raw.body
        with db.transaction() as session:
            session.get(RawInbound, raw.id).received_at = now() - timedelta(minutes=16)
        for _ in range(2):
            mailboxes.poll(inbox.id)
        work()
        with db.reading() as session:
            told = session.scalars(select(Notification).where(Notification.kind == "mailbox")).all()
        assert len(told) == 1 and told[0].agent_id == cast.ada.id and "cannot be read since" in told[0].text
        monkeypatch.undo()      # from here on it would wait for an hour
        line.fault.times = 0
        with db.transaction() as session:
            assert quarantine.replay_numbers(session, [raw.id], False)
        assert mailboxes.poll(inbox.id)
        work()
    assert texts() == ["number 1", "number 3", "number 2"] and stored() == 3
    with db.reading() as session:
        assert quarantine.items(session) == [] and reading.waiting(session, inbox.id) == 0


def test_a_mail_of_another_mailbox_cannot_be_asked_for_again(dovecot, cast, quick):  # noqa: F811
    with FaultyLine(dovecot.port, Refuses(1)) as line:
        inbox = connected(dovecot, "elsewhere", imap_port=str(line.port))
        put(dovecot, inbox, 1)
        mailboxes.poll(inbox.id)
    with db.transaction() as session:
        [(raw, there)] = quarantine.items(session)
        inboxes.change(session, there, {"imap_user": "elsewhere-2"}, actor="test")
        with pytest.raises(Invalid, match="another mailbox now"):
            quarantine.replay_numbers(session, [raw.id], False)


def test_whoever_lost_the_lease_stores_nothing_more(dovecot, mailbox, monkeypatch):  # noqa: F811
    """The first worker hangs for so long that a second one takes over, and then comes back to life."""
    put(dovecot, mailbox, 1, 2, 3)
    real, kept = mailboxes._Held.keep, []

    def slow(held, fetched):
        kept.append(fetched)
        if len(kept) == 2:
            monkeypatch.undo()
            with db.transaction() as session:
                session.get(Inbox, mailbox.id).lease_until = now() - timedelta(seconds=1)
            assert mailboxes.poll(mailbox.id), "the second worker"
        return real(held, fetched)
    monkeypatch.setattr(mailboxes._Held, "keep", slow)
    assert not mailboxes.poll(mailbox.id)
    assert stored() == 3 and row(mailbox).lease_until is None and row(mailbox).error == ""
    assert json.loads(row(mailbox).cursor)["uid"] == 3


def test_workers_side_by_side_read_each_mail_once(dovecot, mailbox):  # noqa: F811
    put(dovecot, mailbox, *range(1, 9))
    asked = []
    real = Email.fetch

    def counted(self, *args):
        for one in real(self, *args):
            asked.append(one.source_key)
            yield one
    Email.fetch = counted
    try:
        workers = [threading.Thread(target=mailboxes.poll, args=(mailbox.id,)) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        Email.fetch = real
    asked = [key for key in asked if key]
    assert stored() == 8 and len(asked) == len(set(asked)) == 8


def test_what_is_missing_is_found_by_comparing_and_reported_once(dovecot, box, work):  # noqa: F811
    put(dovecot, box, *range(1, 6))
    mailboxes.poll(box.id)
    with db.transaction() as session:       # as if two had been lost
        for raw in session.scalars(select(RawInbound).order_by(RawInbound.id).limit(2)):
            session.delete(raw)
    with db.reading() as session:
        assert reading.to_compare(session) == [box.id]
    assert mailboxes.compare(box.id)
    work()
    assert stored() == 5 and sorted(texts()) == [f"number {n}" for n in range(1, 6)]
    report = row(box).reading
    assert (report["looked"], report["missing"], report["fetched"]) == (5, 2, 2)
    assert mailboxes.compare(box.id)
    assert row(box).reading["missing"] == 0 and stored() == 5
    with db.reading() as session:
        told = session.scalars(select(Notification.text).where(Notification.kind == "mailbox")).all()
        assert reading.to_compare(session) == []
    assert len(told) == 1 and told[0].startswith("Mailbox: 2 of 5 mails of the last 7 days were in the mailbox ")


def test_three_days_without_a_look_cost_nothing(dovecot, box, work):  # noqa: F811
    put(dovecot, box, 1)
    mailboxes.poll(box.id)
    with dovecot.client(box.user) as client:
        for number in range(2, 42):
            at = now() - timedelta(hours=72 - number)
            client.append("INBOX", "\\Seen" if number % 2 else None, imaplib.Time2Internaldate(at),
                          customer_mail(f"number {number}", message_id=f"<{number}@x>", to="help@kopi.example"))
    mailboxes.poll(box.id)
    work()
    assert texts() == [f"number {n}" for n in range(1, 42)]
    seen = row(box).reading
    assert seen["read_at"] and seen["left"] == 0 and 30 * 3600 < seen["lag"] < 72 * 3600


def test_safe_mail_is_moved_and_what_was_left_is_moved_later(dovecot, cast, monkeypatch):  # noqa: F811
    def lie(folder):
        with dovecot.client("moving") as client:
            client.select(folder, readonly=True)
            return len(client.search(None, "UNDELETED")[1][0].split())
    inbox = connected(dovecot, "moving", imap_after="move", imap_move_to="Done")
    put(dovecot, inbox, 1, 2)
    assert mailboxes.poll(inbox.id) and (lie("INBOX"), lie("Done")) == (0, 2)
    put(dovecot, inbox, 3)
    monkeypatch.setattr(Email, "tidy", lambda *_: (_ for _ in ()).throw(SendError("the folder is full")))
    assert mailboxes.poll(inbox.id), "that is no reason not to read"
    assert row(inbox).reading["tidy_error"] == "the folder is full" and stored() == 3 and row(inbox).error == ""
    monkeypatch.undo()
    assert mailboxes.compare(inbox.id) and (lie("INBOX"), lie("Done")) == (0, 3)
    assert row(inbox).reading["tidy_error"] == ""


def test_when_nothing_is_received_for_a_while_admins_are_told_once(dovecot, cast, work):  # noqa: F811
    inbox = connected(dovecot, "alarm", imap_password="wrong")
    assert not mailboxes.poll(inbox.id)
    with db.transaction() as session:
        session.get(Inbox, inbox.id).error_at = now() - timedelta(minutes=16)
    for _ in range(2):
        assert not mailboxes.poll(inbox.id)
    work()
    with db.reading() as session:
        [told] = session.scalars(select(Notification.text).where(Notification.kind == "mailbox"))
    assert "no mail is received since" in told and "refuses the login" in told


def test_the_hint_is_waited_for_as_long_as_the_server_gives_one(dovecot, box, monkeypatch):  # noqa: F811
    mailboxes.poll(box.id)
    asked = []
    monkeypatch.setattr(Email, "idle", lambda self, seconds, cursor: asked.append((seconds, cursor)))
    assert not mailboxes._waited(box.id), "no IDLE: the tick asks again"
    assert asked == [(60, row(box).cursor)]
    monkeypatch.setattr(Email, "idle", lambda self, seconds, cursor: True)
    assert mailboxes._waited(box.id)
    with db.transaction() as session:
        session.get(Inbox, box.id).enabled = False
    assert not mailboxes._waited(box.id)


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
