"""Messages that go from one ticket into another, with all that hangs on them."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from helpdesk.models import AssistantTurn, Delivery, Identity, Message, Status, ThreadKey, Ticket

CHUNK = 500


def move(session: Session, messages: Sequence[Message], to: Ticket) -> None:
    """Put messages at the end of a locked ticket. Their deliveries and receipts follow, and so does whatever a later
    message may name them by: their Message-IDs, and the tokens of what was sent."""
    keys, ids = [], [message.id for message in messages]
    for message in messages:
        to.seq += 1
        message.ticket_id, message.seq = to.id, to.seq
        keys.append((message.external_id, message.inbox_id))
    for at in range(0, len(ids), CHUNK):
        some = ids[at:at + CHUNK]
        for one in session.scalars(select(Delivery).where(Delivery.message_id.in_(some))):
            one.ticket_id = to.id
            token = one.reply_token and f"token:{one.reply_token}".lower()
            keys += [(key, one.inbox_id) for key in (one.mail_id, one.external_id, token)]
        session.execute(update(AssistantTurn).where(AssistantTurn.message_id.in_(some)).values(ticket_id=to.id))
    named = [(key, inbox_id) for key, inbox_id in keys if key and inbox_id]
    for at in range(0, len(named), CHUNK):
        session.execute(update(ThreadKey).where(tuple_(ThreadKey.key, ThreadKey.inbox_id).in_(named[at:at + CHUNK]))
                        .values(ticket_id=to.id))
    session.flush()


def with_address(session: Session, ticket_ids: Sequence[int], identity_id: int) -> list[Message]:
    """What was said to and from an address in some tickets, the oldest first."""
    return list(session.scalars(select(Message).where(
        Message.ticket_id.in_(ticket_ids), Message.identity_id == identity_id).order_by(Message.id)))


def show_last(session: Session, ticket: Ticket) -> None:
    """After messages left or came: the list shows the last one that is here, and answers go where the customer's last
    one came from. Who waits since when is counted anew."""
    last = preview(session, ticket)
    heard = session.scalar(select(Message).where(
        Message.ticket_id == ticket.id, Message.kind == "message", Message.direction == "in").order_by(
        Message.seq.desc()).limit(1))
    if last:
        ticket.channel, ticket.last_message_at = last.channel, last.sent_at
    if heard:
        identity = session.get(Identity, heard.identity_id)
        ticket.reply_inbox_id = heard.inbox_id
        ticket.reply_identity_id = identity.id if identity else None
    ticket.waiting_since = waiting_since(session, ticket) if ticket.status == Status.OPEN else None


def preview(session: Session, ticket: Ticket) -> Message | None:
    """Have the list show the last thing that people or the assistant said here; returns it."""
    ours = (Message.direction == "out") & (Message.kind == "message") & Message.author_kind.in_(("agent", "assistant"))
    last = session.scalar(select(Message).where(
        Message.ticket_id == ticket.id, ours | ((Message.direction == "in") & (Message.kind != "note")))
        .order_by(Message.seq.desc()).limit(1))
    words = (last.text or ", ".join(one.name for one in last.attachments))[:200] if last else ""
    ticket.preview, ticket.preview_author = words, last.author_kind if last else ""
    return last


def waiting_since(session: Session, ticket: Ticket) -> datetime | None:
    """When the customer said the first thing that no person has answered yet."""
    answered = session.scalar(select(Message.seq).where(
        Message.ticket_id == ticket.id, Message.kind == "message", Message.author_kind == "agent",
        Message.direction == "out").order_by(Message.seq.desc()).limit(1))
    return session.scalar(select(Message.sent_at).where(
        Message.ticket_id == ticket.id, Message.kind == "message", Message.direction == "in",
        Message.seq > (answered or 0)).order_by(Message.seq).limit(1))
