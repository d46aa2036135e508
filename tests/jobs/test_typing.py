"""The customer sees on their platform that an agent writes."""
from dataclasses import replace

import pytest

from channels.base import SendError
from channels.telegram import Telegram
from helpdesk import db
from helpdesk.jobs import typing
from helpdesk.services import inboxes
from tests.people import written


@pytest.fixture
def telegram(any_cast, monkeypatch):
    monkeypatch.setattr(typing, "_shown", {})
    with db.transaction() as session:
        return inboxes.create(session, "telegram", "Bot", {
            "bot_token": "1:t", "webhook_secret": "hush", "api_base": "http://127.0.0.1:1"}, assistant=False)


@pytest.fixture
def shown(monkeypatch):
    """What the platform was asked to show: (address, what it answers)."""
    asked = []
    monkeypatch.setattr(Telegram, "can", replace(Telegram.can, typing=True))
    monkeypatch.setattr(Telegram, "typing", lambda self, address, said_last: asked.append((address, said_last)))
    return asked


def test_it_is_shown_where_the_answer_will_go(telegram, shown):
    message = db.run(written, telegram, "Hello", address="4711", external_id="4711:1")
    typing.show(message.ticket_id)
    assert shown == [("4711", ("4711:1",))]


def test_it_is_not_repeated_at_every_key(telegram, shown, monkeypatch):
    message = db.run(written, telegram, "Hello", address="4711")
    at = [100.0]
    monkeypatch.setattr(typing.time, "monotonic", lambda: at[0])
    monkeypatch.setattr(typing.threading, "Thread", _Now)
    for _ in range(5):
        typing.show_soon(message.ticket_id)
    assert len(shown) == 1
    at[0] += typing.EVERY
    typing.show_soon(message.ticket_id)
    assert len(shown) == 2 and len(typing._shown) == 1


class _Now:
    """A thread that runs at once."""
    def __init__(self, target, args, **_):
        self.start = lambda: target(*args)


def test_mail_shows_nothing_and_a_refusal_harms_nobody(telegram, shown, any_cast, monkeypatch):
    by_mail = db.run(written, any_cast.mail, "Hello")
    typing.show(by_mail.ticket_id)
    typing.show(10**6)
    assert shown == []

    def refuse(self, address, said_last):
        raise SendError("blocked", permanent=True)
    monkeypatch.setattr(Telegram, "typing", refuse)
    typing.show(db.run(written, telegram, "Hello", address="4711").ticket_id)
