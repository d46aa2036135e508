"""Asking mailboxes for what is new. One mailbox is one lease; the raw mail and the place behind it are committed
together. Once a day what lies there is compared with what is stored."""
from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from channels.base import Channel, Fetched, SendError
from helpdesk import db, settings
from helpdesk.jobs import mail_tokens
from helpdesk.models import Inbox
from helpdesk.services import inboxes, mailboxes
from helpdesk.services.mailboxes import LostLease

log = logging.getLogger(__name__)
RENEW_SECONDS = 20
STUCK_SECONDS = 900         # without a single mail: then another worker may try
TIDY_AT_ONCE = 200

_watchers: dict[int, threading.Thread] = {}


def poll_due() -> int:
    """Poll every mailbox whose turn it is, each in a thread of its own so that a slow one holds up no other."""
    with db.reading() as session:
        ids = mailboxes.due(session)
    for inbox_id in ids:
        _start(inbox_id, _watch)
    return len(ids)


def compare_due() -> int:
    """The same for those that are to be compared."""
    with db.reading() as session:
        ids = mailboxes.to_compare(session)
    for inbox_id in ids:
        _start(-inbox_id, lambda number: compare(-number))
    return len(ids)


def _start(number: int, work: Callable[[int], object]) -> None:
    if number not in _watchers or not _watchers[number].is_alive():
        _watchers[number] = threading.Thread(target=work, args=(number,), daemon=True, name=f"mailbox-{number}")
        _watchers[number].start()


def _watch(inbox_id: int) -> None:
    """Poll; where the server offers IDLE, wait for its hint or until it is time, and poll again."""
    try:
        while poll(inbox_id) and _waited(inbox_id):
            pass
    except Exception:
        log.exception("mailbox %s", inbox_id)


def poll(inbox_id: int) -> bool:
    """Fetch what is new into the raw store; False when the mailbox is not ours now or could not be asked."""
    with _held(inbox_id) as held:
        if held is None:
            return False
        channel = inboxes.open_channel(held.inbox)
        for fetched in channel.fetch(held.inbox.cursor, _known(inbox_id)):
            held.keep(fetched)
            if len(held.safe) >= TIDY_AT_ONCE:
                held.tidy(channel)
        held.tidy(channel)
    return not held.error


def compare(inbox_id: int) -> bool:
    """Fetch what lies in the mailbox since some days and is not here, if there is such; and have everything tidied that
    an earlier look may have left."""
    with _held(inbox_id, "comparing") as held:
        if held is None:
            return False
        channel, cursor = inboxes.open_channel(held.inbox), held.inbox.cursor
        lying = channel.lying(cursor, mailboxes.COMPARE_DAYS) if cursor else []
        with db.reading() as session:
            missing = mailboxes.not_stored(session, inbox_id, lying)
        fetched = sum(held.keep(one) for one in channel.these(cursor, missing)) if missing else 0
        held.tidy(channel)
        gone = set(missing)
        held.safe = [key for key in lying if key not in gone]
        held.tidy(channel, late=True)
        db.run(mailboxes.compared, inbox_id, len(lying), len(missing), fetched)
        if missing:
            log.warning("mailbox %s: %s of %s mails were missing, %s fetched", inbox_id, len(missing), len(lying),
                        fetched)
    return not held.error


class _Held:
    """A mailbox that is ours for a while."""

    def __init__(self, inbox: Inbox, holder: str):
        self.inbox, self.holder = inbox, holder
        self.error = self.tidy_error = ""
        self.safe: list[str] = []           # source keys of what was stored and may be tidied
        self.moved_at, self.over = time.monotonic(), threading.Event()

    def keep(self, fetched: Fetched) -> bool:
        """Commit it; whether it is news."""
        self.moved_at = time.monotonic()
        news = db.run(mailboxes.keep, self.inbox.id, self.holder, fetched)
        if fetched.source_key and not fetched.problem:
            self.safe.append(fetched.source_key)
        return news

    def tidy(self, channel: Channel, late: bool = False) -> None:
        """What the settings want done at the server; no mail depends on it."""
        try:
            channel.tidy(self.safe, late)
        except SendError as error:
            self.tidy_error = str(error)
            log.warning("mailbox %s: %s", self.inbox.key, error)
        self.safe = []

    def stay(self) -> None:
        """Renew the lease as long as there is progress."""
        while not self.over.wait(RENEW_SECONDS) and time.monotonic() - self.moved_at < STUCK_SECONDS:
            try:
                if not db.run(mailboxes.renew, self.inbox.id, self.holder):
                    return
            except Exception:       # the database is away: the next mail, or the next time, will tell
                log.exception("mailbox %s: its lease", self.inbox.key)


@contextmanager
def _held(inbox_id: int, doing: str = "reading") -> Iterator[_Held | None]:
    """The mailbox, if nobody else reads it; what goes wrong on the way is written down."""
    holder = secrets.token_hex(16)
    mail_tokens.fresh(inbox_id)
    inbox = db.run(mailboxes.claim, inbox_id, holder)
    if inbox is None:
        yield None
        return
    held = _Held(inbox, holder)
    staying = threading.Thread(target=held.stay, daemon=True, name=f"lease-{inbox_id}")
    staying.start()
    try:
        yield held
    except LostLease as lost:
        held.error = str(lost)
        log.warning("%s", lost)
    except (SendError, OSError, ValueError) as problem:
        held.error = str(problem)
        log.warning("%s mailbox %s: %s", doing, inbox.key, problem)
    finally:
        held.over.set()
        db.run(mailboxes.release, inbox_id, holder, held.error, held.tidy_error)


def _known(inbox_id: int) -> Callable[[set[tuple[str, int]]], set[tuple[str, int]]]:
    def known(pairs: set[tuple[str, int]]) -> set[tuple[str, int]]:
        with db.reading() as session:
            return mailboxes.known(session, inbox_id, pairs)
    return known


def _waited(inbox_id: int) -> bool:
    """Wait for the server's hint, at most until the next look is due; False where it gives none."""
    seconds, begin = settings.current().imap_poll_seconds, time.monotonic()
    with db.reading() as session:
        inbox = session.get(Inbox, inbox_id)
        channel = inboxes.open_channel(inbox) if inbox and inbox.enabled else None
    if not hasattr(channel, "idle"):
        return False
    try:
        return channel.idle(seconds, inbox.cursor) or time.monotonic() - begin > seconds / 2
    except (SendError, OSError):
        return False
