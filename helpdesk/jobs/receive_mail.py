"""One mail from a mail server's pipe. Exit codes are those of sysexits.h, which mail servers understand."""
from __future__ import annotations

from email import message_from_bytes
from email.utils import getaddresses

from sqlalchemy.exc import SQLAlchemyError

from helpdesk import db
from helpdesk.errors import NotFound
from helpdesk.jobs import listener

STORED, UNKNOWN_ADDRESS, NO_INPUT, TRY_AGAIN = 0, 67, 66, 75
ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")


def take(recipients: list[str], raw: bytes) -> tuple[int, str]:
    """Store it; returns the exit code and a sentence when something is wrong. Named recipients are written on top, as a
    mail server does at final delivery, because a plus-address may stand nowhere else."""
    if not raw.strip():
        return NO_INPUT, "There was no mail on standard input."
    envelope = b"".join(b"Delivered-To: " + "".join(one.split()).encode() + b"\n" for one in recipients)
    try:
        db.run(listener.keep, recipients or _addressed(raw), envelope + raw)
    except NotFound as error:
        return UNKNOWN_ADDRESS, str(error)
    except (SQLAlchemyError, OSError) as error:
        return TRY_AGAIN, f"Not stored, try again: {error}"
    return STORED, ""


def _addressed(raw: bytes) -> list[str]:
    head = message_from_bytes(raw[:200_000])
    return [address for name in ADDRESSED
            for _, address in getaddresses([str(v) for v in head.get_all(name, [])]) if "@" in address]
