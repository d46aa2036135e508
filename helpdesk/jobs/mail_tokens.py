"""Asking providers for fresh tokens before the old ones run out."""
from __future__ import annotations

import logging
import time

from channels import _oauth
from channels._http import Http
from channels.base import SendError
from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.models import Inbox
from helpdesk.services import inboxes, mail_tokens

log = logging.getLogger(__name__)
PATIENCE = 20           # seconds that one waits for another's renewal
LOOK_SECONDS = 0.2


def renew_due() -> None:
    """Tick: every mailbox whose token runs out soon."""
    with db.reading() as session:
        ids = mail_tokens.due(session)
    for inbox_id in ids:
        renew(inbox_id)


def fresh(inbox_id: int) -> None:
    """Before a mailbox is used: see that its token is good. Whoever is second waits for the first, unless the token at
    hand still lives. What goes wrong is written on the inbox; the use itself then says so."""
    with db.reading() as session:
        if not mail_tokens.needed(session.get(Inbox, inbox_id)):
            return
    end = time.monotonic() + PATIENCE
    while not renew(inbox_id):
        with db.reading() as session:
            inbox = session.get(Inbox, inbox_id)
            tokens = mail_tokens.of(inbox)
            if not mail_tokens.needed(inbox) or tokens and tokens.expires_at > now():
                return
        if time.monotonic() > end:
            return
        time.sleep(LOOK_SECONDS)


def renew(inbox_id: int) -> bool:
    """Renew the token of one mailbox; False when somebody else is at it, or it needs none."""
    inbox = db.run(mail_tokens.claim, inbox_id)
    if inbox is None:
        return False
    before = mail_tokens.of(inbox)
    try:
        config = inboxes.config(inbox)
        after = _oauth.renewed(Http(allow_private=settings.current().allow_private_hosts), config,
                               before.refresh_token if before else "")
    except (SendError, ValueError) as error:
        log.warning("mailbox %s: its token could not be renewed: %s", inbox.key, error)
        db.run(mail_tokens.release, inbox_id)
        if getattr(error, "broken", True):
            db.run(_disconnect, inbox_id, str(error))
        return True
    except BaseException:
        db.run(mail_tokens.release, inbox_id)
        raise
    db.run(mail_tokens.keep, inbox_id, before, after)
    return True


def _disconnect(session, inbox_id: int, error: str) -> None:
    inboxes.disconnect(session, session.get(Inbox, inbox_id, with_for_update=True), error)
