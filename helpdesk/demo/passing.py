"""Letting time pass for one conversation of the demo, so that a reply window closes while somebody watches."""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.models import Identity, Inbox, Message, Ticket
from helpdesk.services import inboxes

DAY = timedelta(hours=25)       # a little more than the longest of the short windows


def let_pass(session: Session, key: str, address: str, by: timedelta = DAY) -> int:
    """Move everything back that was said between one address and the inbox of this key, so that it happened `by`
    earlier; returns how many messages that were. Consoles that show such a ticket are told."""
    inbox = session.scalar(select(Inbox).where(Inbox.key == key))
    if inbox is None:
        return 0
    messages = session.scalars(select(Message).join(Identity, Identity.id == Message.identity_id).where(
        Message.inbox_id == inbox.id, Identity.kind == inboxes.kind(inbox.channel).identity_kind,
        Identity.value == address)).all()
    for message in messages:
        message.sent_at -= by
    tickets = session.scalars(select(Ticket).where(Ticket.id.in_({one.ticket_id for one in messages}))).all()
    for ticket in tickets:
        ticket.last_message_at -= by
        ticket.waiting_since = ticket.waiting_since - by if ticket.waiting_since else None
        db.tell(session, ticket.room, "ticket", ticket=ticket.id, seq=ticket.seq, event="TimePassed")
    return len(messages)
