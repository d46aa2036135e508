"""Mailboxes that are read by IMAP: whether mail comes in as it should."""
from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.checks import Finding, good, many, warn
from helpdesk.clock import now
from helpdesk.models import Inbox
from helpdesk.services.mailbox_health import LATELY, Health, health


def findings() -> Iterator[Finding]:
    """One for each mailbox that was read before."""
    with db.reading() as session:
        yield from _all(session)


def _all(session: Session) -> Iterator[Finding]:
    for inbox in session.scalars(select(Inbox).where(Inbox.enabled).order_by(Inbox.id)):
        if known := health(session, inbox):
            yield _one(inbox, known)


def _one(inbox: Inbox, known: Health) -> Finding:
    name = f"Mailbox {inbox.name}"
    if known.overdue:
        since = f"since {known.read_at:%Y-%m-%d %H:%M} UTC" if known.read_at else "yet"
        return warn(name, f"It was not read {since}. {inbox.error}".strip(),
                    known.advice or "Is the worker alive? Then test the account under Settings, Inboxes.")
    if known.unread:
        return warn(name, f"{many(known.unread, 'mail')} could not be read from it yet.",
                    "They are asked for again by themselves. Settings, Quarantine says why, and which.")
    if known.missing and known.compared_at and now() - known.compared_at < LATELY:
        return warn(name, f"{many(known.missing, 'mail')} of {known.compared} were missing at the last comparison; "
                          f"{known.fetched} have been fetched.",
                    "Nothing is lost now. If it happens again, keep the worker's log of that time.")
    if known.tidy_error:
        return warn(name, f"Mail is read, but cannot be marked or moved there: {known.tidy_error}",
                    "Check the folder's name under Settings, Inboxes, or leave mail as it is.")
    return good(name, f"Read at {known.read_at:%H:%M} UTC; " + (
        f"{many(known.compared, 'mail')} compared, none missing." if known.compared_at else "not compared yet."))
