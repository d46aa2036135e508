"""Asking mailboxes for what is new. One mailbox is one lease; the raw mail and the cursor are committed together."""
from __future__ import annotations

import logging
import threading
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from channels.base import Channel, Fetched, Request, SendError
from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.models import Inbox
from helpdesk.services import inbound, inboxes

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=1)        # renewed with each mail; after a crash nobody looks before it has run out
IDLE_SECONDS = 25

_watchers: dict[int, threading.Thread] = {}


def poll_due() -> int:
    """Poll every mailbox whose turn it is, each in a thread of its own so that a slow one holds up no other."""
    with db.reading() as session:
        pollable = [name for name, cls in inboxes.kinds().items() if cls.fetch is not Channel.fetch]
        since = now() - timedelta(seconds=settings.current().imap_poll_seconds)
        ids = session.scalars(select(Inbox.id).where(
            Inbox.enabled, Inbox.channel.in_(pollable), or_(Inbox.polled_at.is_(None), Inbox.polled_at <= since),
            or_(Inbox.lease_until.is_(None), Inbox.lease_until < now()))).all()
    for inbox_id in ids:
        if inbox_id not in _watchers or not _watchers[inbox_id].is_alive():
            _watchers[inbox_id] = threading.Thread(target=_watch, args=(inbox_id,), daemon=True,
                                                   name=f"mailbox-{inbox_id}")
            _watchers[inbox_id].start()
    return len(ids)


def _watch(inbox_id: int) -> None:
    """Poll once; while the server offers IDLE, wait for its hint and poll again."""
    try:
        while poll(inbox_id) and _hint(inbox_id):
            pass
    except Exception:
        log.exception("mailbox %s", inbox_id)


def poll(inbox_id: int) -> bool:
    """Fetch what is new into the raw store; False when the mailbox is not ours now or could not be asked."""
    inbox = db.run(_claim, inbox_id)
    if inbox is None:
        return False
    error = ""
    try:
        channel = inboxes.open_channel(inbox)
        if not channel.config.get("imap_host"):
            return False
        for fetched in channel.fetch(inbox.cursor):
            db.run(_keep, inbox_id, fetched)
    except (SendError, OSError, ValueError) as problem:
        error = str(problem)
        log.warning("mailbox %s: %s", inbox.key, problem)
    finally:
        db.run(_release, inbox_id, error)
    return not error


def _hint(inbox_id: int) -> bool:
    with db.reading() as session:
        inbox = session.get(Inbox, inbox_id)
        channel = inboxes.open_channel(inbox) if inbox and inbox.enabled else None
    try:
        return bool(channel and channel.idle(IDLE_SECONDS))
    except (SendError, OSError):
        return False


def _claim(session: Session, inbox_id: int) -> Inbox | None:
    inbox = session.get(Inbox, inbox_id, with_for_update=True)
    if not inbox or not inbox.enabled or inbox.lease_until and inbox.lease_until > now():
        return None
    inbox.lease_until = now() + LEASE
    return inbox


def _keep(session: Session, inbox_id: int, fetched: Fetched) -> None:
    inbox = session.get(Inbox, inbox_id, with_for_update=True)
    inbound.store(session, inbox, Request("MAIL", {}, {}, fetched.body), fetched.source_key)
    inbox.cursor, inbox.lease_until = fetched.cursor, now() + LEASE


def _release(session: Session, inbox_id: int, error: str) -> None:
    inbox = session.get(Inbox, inbox_id, with_for_update=True)
    inbox.polled_at, inbox.lease_until = now(), None
    inboxes.mark_health(session, inbox_id, error, "Receiving")
