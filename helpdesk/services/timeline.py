"""What happened in a ticket, in order."""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from helpdesk.models import Event, Message, Ticket

SHOWN_AS_MESSAGES = ("MessageReceived", "ReplySent", "NoteAdded")   # the message itself tells it


def items(session: Session, ticket: Ticket, after: int = 0, before: int | None = None,
          limit: int = 200) -> list[Message | Event]:
    """Messages, notes and events with a seq above `after` (and below `before`), oldest first; the last `limit` ones."""
    found: list[Message | Event] = []
    for model, options in ((Message, (selectinload(Message.attachments), selectinload(Message.deliveries))),
                           (Event, ())):
        query = select(model).where(model.ticket_id == ticket.id, model.seq > after).options(*options)
        if before is not None:
            query = query.where(model.seq < before)
        if model is Event:
            query = query.where(Event.name.not_in(SHOWN_AS_MESSAGES))
        found += session.scalars(query.order_by(model.seq.desc()).limit(limit)).all()
    return sorted(found, key=lambda item: item.seq)[-limit:]


def public_items(session: Session, ticket: Ticket, after: int = 0, limit: int = 200) -> list[Message]:
    """The messages that a customer may read: never notes, never events."""
    query = select(Message).where(Message.ticket_id == ticket.id, Message.seq > after, Message.kind == "message")
    query = query.options(selectinload(Message.attachments), selectinload(Message.deliveries))
    return list(reversed(session.scalars(query.order_by(Message.seq.desc()).limit(limit)).all()))
