"""Handing deliveries to their channels, outside of any transaction."""
from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Button, Channel, Outbound, SendError
from helpdesk import db, settings, texts
from helpdesk.clock import now
from helpdesk.models import Delivery, Identity, Inbox, Message, Ticket
from helpdesk.services import files, inboxes, outbox

log = logging.getLogger(__name__)
AT_ONCE = 4         # addresses that are served side by side
REFERENCES = 20     # how many earlier Message-IDs a mail names; longer lists are refused by some relays

_pool: ThreadPoolExecutor | None = None


def send_due() -> int:
    """Send what is due; returns how many deliveries were tried."""
    global _pool
    with db.transaction() as session:
        ids = outbox.claim_due(session)
    if len(ids) > 1:
        _pool = _pool or ThreadPoolExecutor(AT_ONCE, thread_name_prefix="send")
        list(_pool.map(_send, ids))
    else:
        for delivery_id in ids:
            _send(delivery_id)
    return len(ids)


def _send(delivery_id: int) -> None:
    try:
        with db.reading() as session:
            channel, parts, done = prepare(session, delivery_id)
        for part in parts[done:]:
            external_id = channel.send(part)
            db.run(outbox.sent, delivery_id, external_id, len(parts))
    except SendError as error:
        log.warning("delivery=%s %s", delivery_id, error)
        db.run(outbox.failed, delivery_id, error)
    except Exception as error:      # a defect of ours must not stop the others; it is shown on the message
        log.exception("delivery=%s", delivery_id)
        db.run(outbox.failed, delivery_id, SendError(f"{type(error).__name__}: {error}"))


def prepare(session: Session, delivery_id: int) -> tuple[Channel, list[Outbound], int]:
    """The delivery's channel, the message in the parts that it can carry, and how many of them were sent already."""
    delivery = session.get(Delivery, delivery_id)
    message, ticket = session.get(Message, delivery.message_id), session.get(Ticket, delivery.ticket_id)
    inbox, identity = session.get(Inbox, delivery.inbox_id), session.get(Identity, delivery.identity_id)
    try:
        channel = inboxes.open_channel(inbox)
    except ValueError as error:
        raise SendError(str(error), broken=True) from error
    payload = message.payload or {}
    mail = channel.can.subject
    outbound = Outbound(
        id=str(delivery.id), address=identity.value, html=message.html,
        text=payload.get("mail_text", message.text) if mail else message.text,
        subject=_subject(ticket, message) if mail else "",
        files=[(a.name, a.content_type, files.content(a.sha256)) for a in message.attachments if a.sha256],
        replies_to=_replies_to(session, ticket, delivery) if mail else _answered(session, message),
        buttons=[Button(b["label"], b["payload"]) for b in payload.get("buttons", ())],
        message_id=delivery.mail_id, reply_token=delivery.reply_token, sender_name=_sender_name(message),
        cc=payload.get("cc", ()), automatic=message.author_kind != "agent",
        within_window=_within_window(session, channel, inbox, identity))
    return channel, channel.prepare(outbound), delivery.parts_sent


def _subject(ticket: Ticket, message: Message) -> str:
    locale = ticket.contact.locale
    if message.subject:
        return message.subject
    if not ticket.subject:
        return texts.text("no_subject", locale, company=settings.current().company_name)
    if ticket.subject[:3].lower() in ("re:", "aw:", "sv:", "rv:"):
        return ticket.subject
    return texts.text("reply_subject", locale, subject=ticket.subject)


def _replies_to(session: Session, ticket: Ticket, delivery: Delivery) -> list[str]:
    """Earlier Message-IDs of this mail conversation, the nearest first."""
    rows = session.execute(
        select(Message.external_id, Message.id).where(Message.ticket_id == ticket.id, Message.direction == "in",
                                                      Message.inbox_id == delivery.inbox_id)
        .union_all(select(Delivery.mail_id, Delivery.message_id).where(
            Delivery.ticket_id == ticket.id, Delivery.inbox_id == delivery.inbox_id, Delivery.id < delivery.id))).all()
    latest = sorted((row for row in rows if row[0] and row[0].startswith("<")), key=lambda row: -row[1])
    return [row[0] for row in latest[:REFERENCES]]


def _answered(session: Session, message: Message) -> list[str]:
    last = session.scalar(select(Message.external_id).where(
        Message.ticket_id == message.ticket_id, Message.inbox_id == message.inbox_id, Message.direction == "in",
        Message.seq < message.seq).order_by(Message.seq.desc()).limit(1))
    return [last] if last else []


def _sender_name(message: Message) -> str:
    company = settings.current().company_name
    return f"{message.author_name} ({company})" if message.author_kind == "agent" and company else company


def _within_window(session: Session, channel: Channel, inbox: Inbox, identity: Identity) -> bool:
    window = channel.can.reply_window
    if window is None:
        return True
    last = session.scalar(select(Message.sent_at).where(
        Message.inbox_id == inbox.id, Message.identity_id == identity.id, Message.direction == "in")
        .order_by(Message.sent_at.desc()).limit(1))
    return bool(last and last + window > now())


def reset() -> None:
    """Forget the pool of another process (after a fork, or between tests)."""
    global _pool
    _pool = None
