"""Who is writing right now. Shown, never stored."""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Channel, Typing
from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import HelpdeskError
from helpdesk.models import Inbox, Message
from helpdesk.services import identities

STALE = timedelta(seconds=30)


def show(session: Session, inbox: Inbox, channel: Channel, item: Typing) -> None:
    """Tell the agents who look at this person's conversation. Late news of it are none."""
    if now() - item.at > STALE:
        return
    try:
        value = identities.normal(channel.identity_kind, item.address)
    except HelpdeskError:
        return
    identity = identities.find(session, channel.identity_kind, value, channel.scope(item))
    ticket_id = identity and session.scalar(select(Message.ticket_id).where(
        Message.identity_id == identity.id, Message.inbox_id == inbox.id).order_by(Message.id.desc()).limit(1))
    if ticket_id:
        db.tell(session, f"ticket:{ticket_id}", "typing", ticket=ticket_id, name=identity.contact.label)
