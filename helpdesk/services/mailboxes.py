"""Mailboxes that are asked for mail (IMAP): who reads one just now, what came, how it is doing.

`inbox.reading` holds what is shown of it: read_at (the last good look), lag (seconds from a mail's arrival there to its
being safe here), left (how many more wait there), tidy_error; looked_at, looked, missing and fetched of the last
comparison; alarmed while admins know of a trouble.
"""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from channels.base import Channel, Fetched, Request
from helpdesk import events, settings
from helpdesk.clock import now
from helpdesk.models import Inbox, Message, RawInbound
from helpdesk.models.raw import MISSING
from helpdesk.services import bounds, inbound, inboxes, late

LEASE = timedelta(minutes=1)        # renewed while somebody reads; after a crash nobody looks before it has run out
COMPARE_EVERY, COMPARE_DAYS = timedelta(hours=24), 7
ALARM_AFTER = timedelta(minutes=15)
CHUNK = 500


class LostLease(Exception):
    """Somebody else reads the mailbox now, because we were silent for too long."""


def due(session: Session) -> list[int]:
    """Mailboxes whose turn it is."""
    since = now() - timedelta(seconds=settings.current().imap_poll_seconds)
    return list(session.scalars(_free(session).where(or_(Inbox.polled_at.is_(None), Inbox.polled_at <= since))))


def to_compare(session: Session) -> list[int]:
    """Mailboxes that were not compared with what is stored for a day."""
    found = session.execute(_free(session).with_only_columns(Inbox.id, Inbox.reading).where(
        Inbox.polled_at.is_not(None), Inbox.error == ""))
    return [inbox_id for inbox_id, reading in found if _older(reading.get("looked_at"), COMPARE_EVERY)]


def _free(session: Session):
    pollable = [name for name, cls in inboxes.kinds().items() if cls.fetch is not Channel.fetch]
    return select(Inbox.id).where(Inbox.enabled, Inbox.channel.in_(pollable),
                                  or_(Inbox.lease_until.is_(None), Inbox.lease_until < now()))


def claim(session: Session, inbox_id: int, holder: str) -> Inbox | None:
    """Make it ours; None when somebody reads it, or it is switched off."""
    inbox = session.get(Inbox, inbox_id, with_for_update=True)
    if not inbox or not inbox.enabled or inbox.lease_until and inbox.lease_until > now():
        return None
    inbox.lease_by, inbox.lease_until = holder, now() + LEASE
    return inbox


def renew(session: Session, inbox_id: int, holder: str) -> bool:
    """We are still at it; False when it is not ours any more."""
    inbox = session.get(Inbox, inbox_id, with_for_update=True)
    if inbox.lease_by != holder:
        return False
    inbox.lease_until = now() + LEASE
    return True


def keep(session: Session, inbox_id: int, holder: str, fetched: Fetched) -> bool:
    """Store one mail, or that it could not be had, together with the place behind it; whether it is news. Raises
    LostLease: then whoever reads the mailbox now stores it."""
    if not renew(session, inbox_id, holder):
        raise LostLease(f"mailbox {inbox_id} is read by somebody else")
    inbox, news = session.get(Inbox, inbox_id), False
    if fetched.problem:
        raw = late.missing(session, inbox, fetched.source_key, fetched.body, fetched.problem)
        if raw and raw.attempts == 0 and _older(raw.received_at, ALARM_AFTER):
            raw.attempts = 1
            _alarm(session, inbox, f"a mail cannot be read since {raw.received_at:%Y-%m-%d %H:%M} UTC: "
                                   f"{fetched.problem}")
    elif fetched.source_key:
        news = inbound.store(session, inbox, Request("MAIL", {}, {}, fetched.body), fetched.source_key) is not None
        lag = max(0, int((now() - fetched.arrived_at).total_seconds())) if fetched.arrived_at else None
        inbox.reading = {**inbox.reading, "left": fetched.left, "lag": lag}
    inbox.cursor = fetched.cursor
    return news


def release(session: Session, inbox_id: int, holder: str, error: str = "", tidy_error: str = "") -> None:
    """The look is over."""
    inbox = session.get(Inbox, inbox_id, with_for_update=True)
    if inbox.lease_by != holder:
        return
    inbox.polled_at, inbox.lease_until, inbox.lease_by = now(), None, ""
    inboxes.mark_health(session, inbox_id, error, "Receiving")
    reading = dict(inbox.reading)
    if not error:
        reading |= {"read_at": now().isoformat(), "left": 0, "tidy_error": bounds.clean(tidy_error)[:500]}
        reading.pop("alarmed", None)
    elif not reading.get("alarmed") and _older(inbox.error_at, ALARM_AFTER):
        reading["alarmed"] = True
        _alarm(session, inbox, f"no mail is received since {inbox.error_at:%Y-%m-%d %H:%M} UTC: {error}")
    inbox.reading = reading


def known(session: Session, inbox_id: int, pairs: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Which of these (Message-ID, size) are messages already."""
    ids = {bounds.key(one): one for one, _ in pairs}
    found = session.execute(select(Message.external_id, RawInbound.size).join(
        RawInbound, RawInbound.id == Message.raw_id).where(
        Message.inbox_id == inbox_id, Message.external_id.in_(ids)))
    return {(ids[external_id], size) for external_id, size in found} & pairs


def not_stored(session: Session, inbox_id: int, keys: Sequence[str]) -> list[str]:
    """Those of the source keys that we have not, not even as something that could not be had."""
    stored: set[str] = set()
    for at in range(0, len(keys), CHUNK):
        stored.update(session.scalars(select(RawInbound.source_key).where(
            RawInbound.inbox_id == inbox_id,
            RawInbound.source_key.in_([bounds.source_key(key) for key in keys[at:at + CHUNK]]))))
    return [key for key in keys if bounds.source_key(key) not in stored]


def compared(session: Session, inbox_id: int, looked: int, missing: int, fetched: int) -> None:
    """Write down what a comparison found. Mail that we should have had and had not is an alarm."""
    inbox = session.get(Inbox, inbox_id, with_for_update=True)
    inbox.reading = {**inbox.reading, "looked_at": now().isoformat(), "looked": looked, "missing": missing,
                     "fetched": fetched}
    if missing:
        _alarm(session, inbox, f"{missing} of {looked} mails of the last {COMPARE_DAYS} days were in the mailbox but "
                               f"not here; {fetched} have been fetched now")


def waiting(session: Session, inbox_id: int) -> int:
    """How many mails could not be had yet."""
    return session.scalar(select(func.count()).select_from(RawInbound).where(
        RawInbound.inbox_id == inbox_id, RawInbound.state == "quarantined", RawInbound.method == MISSING))


def _alarm(session: Session, inbox: Inbox, what: str) -> None:
    events.record(session, events.MailboxTrouble(inbox_id=inbox.id, name=inbox.name, what=what[:500]))


def _older(at: datetime | str | None, span: timedelta) -> bool:
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    return at is None or now() - at > span
