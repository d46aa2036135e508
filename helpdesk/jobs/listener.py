"""Our own SMTP or LMTP door: 250 only after the raw mail is committed."""
from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from channels._smtp_listener import Listener
from channels.base import Request
from helpdesk import db
from helpdesk.errors import NotFound
from helpdesk.models import Inbox
from helpdesk.services import inbound
from helpdesk.settings import Settings

log = logging.getLogger(__name__)

BY_ADDRESS = select(Inbox).where(Inbox.channel == "email", Inbox.enabled,
                                 func.lower(Inbox.account) == bindparam("address"))


def start(config: Settings) -> Callable[[], None]:
    """Open the configured doors; returns a function that closes them."""
    doors = []
    for address, lmtp in ((config.smtp_listen, False), (config.lmtp_listen, True)):
        if address:
            host, _, port = address.rpartition(":")
            door = Listener(host or "127.0.0.1", int(port), accept, known, lmtp=lmtp,
                            max_size=config.max_upload_mb * 1_000_000, relays=config.smtp_relays)
            door.start()
            doors.append(door)
            log.info("%s listens on %s", "LMTP" if lmtp else "SMTP", address)

    def stop() -> None:
        for door in doors:
            door.stop()
    return stop


def known(recipient: str) -> bool:
    """Whether a mail inbox has this address, with or without a +token."""
    with db.reading() as session:
        return find_inbox(session, recipient) is not None


def accept(recipients: list[str], raw: bytes) -> None:
    """Store the mail for each inbox it is addressed to, in one transaction. Raises NotFound when there is none."""
    db.run(keep, recipients, raw)


def keep(session: Session, recipients: list[str], raw: bytes) -> int:
    """Store one mail, with its envelope in its own first lines, for the inboxes of its recipients; returns for how
    many. The same mail given twice by a nervous server is stored once."""
    found = {inbox.id: inbox for r in recipients if (inbox := find_inbox(session, r))}
    if not found:
        raise NotFound(f"No inbox has one of these addresses: {', '.join(recipients)}")
    for inbox in found.values():
        key = hashlib.sha256("\n".join(sorted(recipients)).encode() + b"\0" + raw).hexdigest()
        inbound.store(session, inbox, Request("MAIL", {}, {}, raw), f"mail:{key}")
    return len(found)


def find_inbox(session: Session, recipient: str) -> Inbox | None:
    """The mail inbox of an address."""
    local, _, domain = recipient.strip().lower().rpartition("@")
    return session.scalar(BY_ADDRESS, {"address": f"{local.partition('+')[0]}@{domain}"})
