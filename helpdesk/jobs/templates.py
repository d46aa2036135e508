"""Fetching the lists of approved templates: once a day, when an admin asks, and when a platform says so."""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from channels.base import SendError
from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Inbox
from helpdesk.services import inboxes, templates

EVERY = timedelta(days=1)


def fetch_due() -> None:
    """Plan it for each inbox whose list is a day old."""
    db.run(_plan_due)


def _plan_due(session) -> None:
    for inbox in session.scalars(select(Inbox).where(Inbox.enabled)):
        if inbox.channel in inboxes.kinds() and inboxes.kind(inbox.channel).can.templates:
            last = templates.fetched(session, inbox)
            if last is None or last.updated_at < now() - EVERY:
                templates.refresh(session, inbox)


def fetch(ticket_id: None, *, inbox_id: int, **_) -> None:
    """One inbox's list. What cannot be fetched is noted for the settings page, and asked for again next time."""
    with db.reading() as session:
        inbox = session.get(Inbox, inbox_id)
    if inbox is None:
        return
    try:
        found = inboxes.open_channel(inbox).templates()
    except (SendError, ValueError) as error:
        db.run(templates.note, inbox, str(error))
    else:
        db.run(templates.keep, inbox, found)
