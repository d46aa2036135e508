"""Asking refused accounts now and then whether they work again, so that a passing trouble heals by itself."""
from __future__ import annotations

import logging

from channels.base import SendError
from helpdesk import db
from helpdesk.jobs import mail_tokens
from helpdesk.models import Inbox
from helpdesk.services import inboxes

log = logging.getLogger(__name__)


def probe_due() -> None:
    """Try every disconnected account whose time has come; connect it again when it works."""
    with db.reading() as session:
        due = inboxes.to_probe(session)
    for inbox in due:
        try:
            mail_tokens.fresh(inbox.id)
            with db.reading() as session:
                inbox = session.get(Inbox, inbox.id)
            inboxes.open_channel(inbox).test()
        except (SendError, OSError, ValueError) as error:
            log.info("inbox %s is still disconnected: %s", inbox.key, error)
            db.run(_note, inbox.id, inboxes.disconnect, str(error))
        else:
            db.run(_note, inbox.id, inboxes.reconnect)


def _note(session, inbox_id: int, verb, *args) -> None:
    inbox = session.get(Inbox, inbox_id, with_for_update=True)
    if inbox.disconnected_at:       # nobody was faster
        verb(session, inbox, *args)
