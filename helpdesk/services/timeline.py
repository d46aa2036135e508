"""What happened in a ticket, in order."""
from __future__ import annotations

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, selectinload

from helpdesk.models import Event, Message, Ticket

SHOWN_AS_MESSAGES = ("MessageReceived", "ReplySent", "NoteAdded", "MessageReacted")   # the message itself tells it
END = 2**31 - 1


def _between(model, *also):
    """The last ones of a ticket between two seqs. Built once: building costs more than asking."""
    return select(model).where(model.ticket_id == bindparam("ticket"), model.seq > bindparam("after"),
                               model.seq < bindparam("before"), *also
                               ).order_by(model.seq.desc()).limit(bindparam("most"))


_WITH_ALL = (selectinload(Message.attachments), selectinload(Message.deliveries))
_MESSAGES = _between(Message).options(*_WITH_ALL)
_PUBLIC = _between(Message, Message.kind == "message").options(*_WITH_ALL)
_EVENTS = _between(Event, Event.name.not_in(SHOWN_AS_MESSAGES))


def items(session: Session, ticket: Ticket, after: int = 0, before: int | None = None,
          limit: int = 200) -> list[Message | Event]:
    """Messages, notes and events with a seq above `after` (and below `before`), oldest first; the last `limit` ones."""
    given = {"ticket": ticket.id, "after": after, "before": END if before is None else before, "most": limit}
    found = [*session.scalars(_MESSAGES, given), *session.scalars(_EVENTS, given)]
    return sorted(found, key=lambda item: item.seq)[-limit:]


def public_items(session: Session, ticket: Ticket, after: int = 0, limit: int = 200,
                 reader: int | None = None) -> list[Message]:
    """The messages that a customer may read: never notes, never events. With a `reader` (an identity) only from where
    that address joined: a proof on one channel opens no other channel's history."""
    if reader is not None:
        since = joined_at(session, ticket, reader)
        if since is None:
            return []
        after = max(after, since - 1)
    found = session.scalars(_PUBLIC, {"ticket": ticket.id, "after": after, "before": END, "most": limit})
    return list(reversed(found.all()))


def joined_at(session: Session, ticket: Ticket, identity_id: int) -> int | None:
    """The seq of the first message from or to this address in the ticket; None when it never took part."""
    return session.scalar(select(func.min(Message.seq)).where(
        Message.ticket_id == ticket.id, Message.identity_id == identity_id, Message.kind == "message"))
