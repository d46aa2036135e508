"""How a mailbox is doing, in words: for the inbox's page and for the doctor."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk import settings
from helpdesk.clock import now
from helpdesk.models import Inbox
from helpdesk.services import mailboxes

LATELY = timedelta(days=7)
LATE_SECONDS = 900
# What the channel or the server said, and what helps. The first that is found counts.
ADVICE = (
    ("refuses the login", "Type the password in again. Many providers want IMAP switched on, and a password made for "
                          "this program."),
    ("certificate", "Use the server's name as your provider writes it. Switch the check of certificates off only for a "
                    "server of your own."),
    ("one after the other", "The line to the mail server is bad, or a program on it, such as a virus scanner, changes "
                            "what passes."),
    ("No space left", "Make room on the disk; nothing was lost."),
    ("in this shape", "Nothing: it is compared after the next look."),
    ("made anew", "Nothing: the next look begins with the new folder."),
    ("to move mail to", "Enter the folder's name, or choose something else to be done with mail."),
    ("to the folder that is read", "Choose another folder to move mail to."),
    ("timed out", "The mail server does not answer: check its name, port and security, and a firewall in between."),
    ("takes too long", "The mail server is very slow; it is tried again by itself."),
    ("Connection refused", "Nothing answers there: check the server's name and port."),
    ("Name or service", "There is no such server: check its name."),
    ("getaddrinfo", "There is no such server: check its name."),
    ("UserFolderSelect", "Check the folder's name; in some mailboxes it begins with INBOX."),
    ("Mailbox doesn't exist", "Check the folder's name; in some mailboxes it begins with INBOX."),
    ("status", "Check the folder's name; in some mailboxes it begins with INBOX."),
)


@dataclass(frozen=True)
class Health:
    """What is known of the reading of one mailbox; times are None and counts 0 where nothing is."""
    read_at: datetime | None            # the last good look
    overdue: bool                       # it should have been looked at since
    lag_seconds: int | None             # of the last mail: from its arrival there to its being safe here
    left: int                           # known to wait there
    unread: int                         # could not be had yet
    compared_at: datetime | None
    compared: int
    missing: int                        # at the last comparison
    fetched: int
    tidy_error: str                     # why mail could not be marked or moved
    advice: str                         # what to do about inbox.error

    @property
    def late(self) -> bool:
        """Whether the last mail took longer than it should."""
        return (self.lag_seconds or 0) > LATE_SECONDS


def health(session: Session, inbox: Inbox) -> Health | None:
    """None for an inbox that reads no mailbox, or has not begun yet."""
    if not inbox.cursor and not (inbox.polled_at and inbox.error.startswith("Receiving")):
        return None
    reading = inbox.reading or {}
    read_at, compared_at = (_time(reading.get(key)) for key in ("read_at", "looked_at"))
    patience = timedelta(seconds=3 * settings.current().imap_poll_seconds) + mailboxes.LEASE
    at_work = inbox.lease_until is not None and inbox.lease_until > now()
    return Health(
        read_at, overdue=inbox.enabled and not at_work and (read_at is None or now() - read_at > patience),
        lag_seconds=reading.get("lag"), left=reading.get("left", 0), unread=mailboxes.waiting(session, inbox.id),
        compared_at=compared_at, compared=reading.get("looked", 0), missing=reading.get("missing", 0),
        fetched=reading.get("fetched", 0), tidy_error=reading.get("tidy_error", ""),
        advice=advice(inbox.error) if inbox.error.startswith("Receiving") else "")


def advice(error: str) -> str:
    """What helps against an error of reading; '' where nothing is known."""
    return next((fix for words, fix in ADVICE if words.lower() in error.lower()), "")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
