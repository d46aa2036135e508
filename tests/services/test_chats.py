"""What a visitor writes in the widget: in its ticket with one commit, and kept whatever happens."""
import json
import threading

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from helpdesk import db
from helpdesk.errors import Invalid, TooMany
from helpdesk.models import Event, Message, RawInbound, Task, Ticket
from helpdesk.services import chats, inbound, visitors


@pytest.fixture
def visitor(any_cast):
    with db.transaction() as session:
        return visitors.start(session, any_cast.widget, "en")[0].id


def write(cast, visitor, text, client_id="client-0001"):
    with db.transaction() as session:
        chats.write(session, cast.widget, visitor, {"client_id": client_id, "text": text})


def kept():
    with db.reading() as session:
        return [json.loads(body)["text"] for body in session.scalars(select(RawInbound.body).order_by(RawInbound.id))]


def said():
    """What stands in tickets, with the ticket's number, in its order there."""
    with db.reading() as session:
        return session.execute(select(Message.text, Message.ticket_id).where(Message.direction == "in")
                               .order_by(Message.ticket_id, Message.seq)).all()


def states():
    with db.reading() as session:
        return session.scalars(select(RawInbound.state).order_by(RawInbound.id)).all()


def breaking(monkeypatch, error, name="_move_ticket"):
    """Processing fails near its end, after most of it is written; returns what mends it."""
    def fail(*args, **kwargs):
        raise error
    real = getattr(inbound, name)
    monkeypatch.setattr(inbound, name, fail)
    return lambda: monkeypatch.setattr(inbound, name, real)


def test_it_is_in_its_ticket_with_the_commit_that_keeps_it(any_cast, visitor):
    heard = []
    forget = db.on_commit(lambda notices: heard.append({notice.data.get("event") for notice in notices}))
    write(any_cast, visitor, "hello")
    write(any_cast, visitor, "are you there?", "client-0002")
    forget()
    assert [text for text, _ in said()] == ["hello", "are you there?"] and len({ticket for _, ticket in said()}) == 1
    assert states() == ["processed", "processed"]
    assert len(heard) == 2 and {"TicketOpened", "MessageReceived"} <= heard[0] and "MessageReceived" in heard[1]


def test_what_cannot_be_processed_at_once_is_kept_whole_and_processed_later_once(any_cast, visitor, work, monkeypatch):
    mend = breaking(monkeypatch, RuntimeError("a slip of ours"))
    write(any_cast, visitor, "hello")
    assert (kept(), states(), said()) == (["hello"], ["new"], [])
    with db.reading() as session:
        assert [session.scalar(select(func.count()).select_from(model)) for model in (Ticket, Task)] == [0, 0]
        assert session.scalars(select(Event.name).where(Event.ticket_id.is_not(None))).all() == []
    write(any_cast, visitor, "hello")       # the browser heard no answer and says it again
    mend()
    work()
    work()
    assert [text for text, _ in said()] == ["hello"] and states() == ["processed"]


def test_nothing_overtakes_what_still_waits(any_cast, visitor, work, monkeypatch):
    mend = breaking(monkeypatch, RuntimeError("a slip of ours"))
    write(any_cast, visitor, "first")
    mend()
    write(any_cast, visitor, "second", "client-0002")
    assert (states(), said()) == (["new", "new"], [])
    work()
    assert [text for text, _ in said()] == ["first", "second"] and len({ticket for _, ticket in said()}) == 1
    write(any_cast, visitor, "third", "client-0003")
    assert [text for text, _ in said()] == ["first", "second", "third"]


def test_when_the_database_is_away_nothing_is_acknowledged(any_cast, visitor, monkeypatch):
    import sqlite3
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorname = "SQLITE_FULL"
    mend = breaking(monkeypatch, OperationalError("INSERT", {}, full))
    with pytest.raises(OperationalError):
        write(any_cast, visitor, "hello")
    assert kept() == []
    mend()
    write(any_cast, visitor, "hello")
    assert [text for text, _ in said()] == ["hello"]


def test_two_tabs_of_one_browser_at_once_make_one_ticket_and_what_comes_twice_is_there_once(any_cast, visitor,
                                                                                            monkeypatch):
    monkeypatch.setattr(chats.limits, "hit", lambda *_: 1)      # its row would queue them too, within one minute
    start = threading.Barrier(8)

    def say(number):
        start.wait()
        text = f"{number // 2}"
        db.run(chats.write, any_cast.widget, visitor, {"client_id": f"client-000{text}", "text": text})
    threads = [threading.Thread(target=say, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(text for text, _ in said()) == ["0", "1", "2", "3"]
    assert len({ticket for _, ticket in said()}) == 1 and states() == ["processed"] * 4


def test_who_says_too_much_at_once_leaves_nothing_of_it(any_cast, visitor, monkeypatch):
    write(any_cast, visitor, "hello")

    def too_many(*_):
        raise TooMany("Too many tries.", 1)
    monkeypatch.setattr(chats.limits, "hit", too_many)
    with pytest.raises(TooMany):
        write(any_cast, visitor, "more", "client-more")
    assert kept() == ["hello"] and [text for text, _ in said()] == ["hello"]


def test_half_a_character_does_not_lose_the_message(any_cast, visitor):
    write(any_cast, visitor, "\ud83d hello\0")
    assert kept() == ["hello"]


def test_the_same_client_id_is_kept_once(any_cast, visitor):
    write(any_cast, visitor, "hello")
    write(any_cast, visitor, "hello")
    assert kept() == ["hello"]


@pytest.mark.parametrize("text, client_id", [("", "client-0001"), ("x" * 10_001, "client-0001"), ("hello", "short"),
                                             ("hello", "with spaces in it")])
def test_what_makes_no_sense_is_refused_in_words(any_cast, visitor, text, client_id):
    with pytest.raises(Invalid):
        write(any_cast, visitor, text, client_id)


def test_nobody_can_flood_an_inbox(any_cast, visitor):
    for number in range(chats.MESSAGES_PER_MINUTE):
        write(any_cast, visitor, "hello", f"client-{number:04}")
    with pytest.raises(TooMany) as refused:
        write(any_cast, visitor, "hello", "client-last")
    assert 0 < refused.value.retry_after <= 60
