"""Who is writing right now. Shown, never stored."""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from channels.base import Channel, Typing
from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Inbox
from helpdesk.services import identities, ladder

STALE = timedelta(seconds=30)


def show(session: Session, inbox: Inbox, channel: Channel, item: Typing) -> None:
    """Tell the agents who look at this person's conversation. Late news of it are none."""
    if now() - item.at > STALE:
        return
    identity = identities.known(session, channel, item)
    ticket_id = identity and ladder.last_ticket_id(session, inbox, identity)
    if ticket_id:
        db.tell(session, f"ticket:{ticket_id}", "typing", ticket=ticket_id, name=identity.contact.label)
