"""From raw deliveries to messages: read outside of any transaction, a few ahead, then one transaction each."""
from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy.exc import DataError

from channels.base import Channel, ChannelError, Fact, Inbound, SendError, Unreadable
from helpdesk import db
from helpdesk.errors import HelpdeskError
from helpdesk.models import Inbox, RawInbound
from helpdesk.services import inbound, inboxes

log = logging.getLogger(__name__)
AHEAD = 4       # how many are being read while one is being stored

_pool: ThreadPoolExecutor | None = None


def drain() -> int:
    """Process what is due, in the order in which it came; returns how many deliveries were looked at."""
    with db.reading() as session:
        due = inbound.due(session)
    waiting: list[tuple[RawInbound, Channel | None, Future]] = []
    done = 0
    channels = {inbox: _open(inbox) for inbox in {inbox for _, inbox in due}}
    for raw, inbox in due:
        channel = channels[inbox]
        waiting.append((raw, channel, _submit(channel, raw)))
        if len(waiting) > AHEAD:
            done += _finish(*waiting.pop(0))
    return done + sum(_finish(*one) for one in waiting)


def _open(inbox: Inbox) -> Channel | None:
    try:
        return inboxes.open_channel(inbox)
    except (ValueError, LookupError) as error:
        log.error("inbox %s cannot be opened: %s", inbox.key, error)
        return None


def _submit(channel: Channel | None, raw: RawInbound) -> Future:
    """Reading starts at once. Mail is parsed in a child process, so it truly runs beside the database work; for a
    messenger's little JSON a hand-over would cost more than the reading."""
    global _pool
    if channel is None or channel.identity_kind != "email":
        future: Future = Future()
        try:
            future.set_result(_read(channel, raw))
        except Exception as error:
            future.set_exception(error)
        return future
    _pool = _pool or ThreadPoolExecutor(AHEAD, thread_name_prefix="read")
    return _pool.submit(_read, channel, raw)


def _read(channel: Channel | None, raw: RawInbound) -> list[Fact]:
    if channel is None:
        raise Unreadable("the inbox's secrets cannot be opened: is this the right secret key?")
    return channel.read(raw.request(inbound.body(raw)))


def _finish(raw: RawInbound, channel: Channel, future: Future) -> int:
    try:
        items = future.result()
        db.run_again(inbound.process, raw.id, channel, items)
        for item in items:
            if isinstance(item, Inbound) and item.payload:
                channel.acknowledge(item)
    except Exception as error:
        if db.away(error):
            raise       # nothing was lost and the order is kept: the next round begins with this one again
        final = isinstance(error, ChannelError | HelpdeskError | DataError)      # trying again would not change it
        if isinstance(error, SendError):        # but what had to be fetched from the provider may be there later
            final = error.permanent
        log.warning("delivery %s to inbox %s: %s", raw.id, raw.inbox_id, error, exc_info=not final)
        with db.transaction() as session:
            inbound.failed(session, raw.id, f"{type(error).__name__}: {error}", final=final)
    return 1


def reset() -> None:
    """Forget the pool of another process (after a fork, or between tests)."""
    global _pool
    _pool = None
