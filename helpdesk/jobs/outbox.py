"""Handing deliveries to their channels, outside of any transaction."""
from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Button, Channel, FilledTemplate, Outbound, Quote, SendError
from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.jobs import mail_tokens, pace
from helpdesk.models import Attachment, Delivery, Identity, Inbox, Message, Ticket
from helpdesk.services import (
    acknowledgements,
    automatic_mail,
    files,
    inboxes,
    letters,
    outbox,
    parts,
    unsubscribing,
    verification,
)

log = logging.getLogger(__name__)
LANES = 32          # inboxes that are served side by side
AT_ONCE = 4         # messages of one inbox that are on their way side by side, each to another address
RECORD_WAITS = (1, 2, 4, 8, 15)     # seconds; together less than a lease

_pool: ThreadPoolExecutor | None = None
_serving: set[int] = set()      # ids of the inboxes that have a lane


def send_due() -> int:
    """Send what is due and wait for it; returns how many deliveries were tried."""
    return sum(lane.result() for lane in start_sending())


def start_sending() -> list[Future]:
    """Serve every inbox that has something due, each in a lane of its own: a mail server that does not answer holds up
    no other inbox. Returns the lanes that were begun; an inbox that has one already takes up its new messages there."""
    global _pool
    with db.reading() as session:
        due = [inbox_id for inbox_id in outbox.due_inboxes(session) if inbox_id not in _serving]
    _pool = _pool or ThreadPoolExecutor(LANES, thread_name_prefix="send")
    _serving.update(due)
    return [_pool.submit(_serve, inbox_id) for inbox_id in due]


def _serve(inbox_id: int) -> int:
    """Send until nothing of this inbox is due. No more is claimed than is sent at once: what waited longer than its
    lease would count as sent halfway."""
    done = 0
    try:
        mail_tokens.fresh(inbox_id)
        while ids := db.run(outbox.claim_due, inbox_id, AT_ONCE):
            threads = [threading.Thread(target=_send, args=(one,), daemon=True) for one in ids]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            done += len(ids)
    except Exception:       # the database is away: the next tick begins again
        log.exception("sending for inbox %s", inbox_id)
    finally:
        _serving.discard(inbox_id)
    return done


def _send(delivery_id: int) -> None:
    """One delivery, claimed before. What goes wrong before it is handed over is tried again; what goes wrong after,
    nobody can know."""
    attempt = 0
    try:
        try:
            with db.reading() as session:
                delivery = session.get(Delivery, delivery_id)
                attempt, inbox_id = delivery.attempts, delivery.inbox_id
                channel, parts, done = prepare(session, delivery_id)
        except SendError:
            raise
        except Exception as defect:     # it must not stop the others; it is shown on the message
            log.exception("delivery=%s", delivery_id)
            raise SendError(f"{type(defect).__name__}: {defect}") from defect
        if done >= len(parts):
            _record(outbox.complete, delivery_id)
        for part in parts[done:]:
            pace.wait_turn(inbox_id, part.address, channel.can)
            _record(outbox.sent, delivery_id, _hand_over(channel, part), len(parts))
    except SendError as error:
        log.warning("delivery=%s %s", delivery_id, error)
        _record(outbox.failed, delivery_id, error, attempt)
    except Exception:       # it was sent and cannot be written down; when the lease has run out, that is said
        log.exception("delivery=%s", delivery_id)


def _hand_over(channel: Channel, part: Outbound) -> str:
    try:
        return channel.send(part)
    except SendError:
        raise
    except Exception as defect:     # perhaps it was the answer that we could not read: never send twice by mistake
        log.exception("sending %s", part.id)
        raise SendError(f"{type(defect).__name__}: {defect}", uncertain=True) from defect


def _record(verb: Callable, *args) -> None:
    """Write down what became of it, insisting while the database is away: forgetting it would mean sending twice."""
    for wait in (*RECORD_WAITS, None):
        try:
            return db.run(verb, *args)
        except Exception as error:
            if wait is None or not db.away(error):
                raise
            time.sleep(wait)


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
    aside = message.kind == "aside"
    by_agent = message.author_kind == "agent"
    digest = mail and "mail_text" in payload        # what was not seen in the chat, in one mail
    letter = mail and by_agent and not digest
    ended = mail and unsubscribing.due(message)
    plain, designed = letters.signature(ticket, inbox, message.author_name) if letter else (
        letters.way_out(identity) if ended else "", "")
    outbound = Outbound(
        id=str(delivery.id), address=identity.value, html="" if digest else message.html,
        text=_text(session, message, ticket, digest),
        subject=letters.subject(ticket, message, bare=automatic_mail.bare(ticket, message, identity, inbox))
        if mail else "",
        files=_files(session, payload["mail_messages"] if digest else [message.id]),
        replies_to=letters.replies_to(session, delivery, aside) if mail else _answered(session, message),
        buttons=[Button(b["label"], b["payload"]) for b in payload.get("buttons", ())],
        message_id=delivery.mail_id, reply_token=delivery.reply_token or _fresh_token(session, channel, delivery),
        sender_name=_sender_name(message), to=payload.get("to", ()) if letter else (),
        cc=payload.get("cc", ()) if letter else (),
        history=_history(session, ticket, message, channel) if letter else (),
        signature=plain, signature_html=designed, automatic=not by_agent or digest,
        no_return=bool(payload.get(acknowledgements.MARK)),
        unsubscribe=unsubscribing.link(identity) if ended else "",
        template=FilledTemplate(**payload["template"]) if payload.get("template") else None,
        within_window=_within_window(session, channel, inbox, identity))
    return channel, channel.prepare(outbound), delivery.parts_sent


def _text(session: Session, message: Message, ticket: Ticket, digest: bool) -> str:
    if digest:
        return message.payload["mail_text"]
    if number := (message.payload or {}).get(verification.MARK):
        return verification.words(session, number, ticket.contact.locale)
    return message.text


def _history(session: Session, ticket: Ticket, message: Message, channel: Channel) -> list[Quote]:
    if message.kind == "aside":
        return letters.forwarded(session, ticket, message)
    return letters.quotes(session, ticket, message, channel.config.get("quote", ""))


def _files(session: Session, message_ids: list[int]) -> list[tuple[str, str, bytes]]:
    found = []
    for one in session.scalars(select(Attachment).where(Attachment.message_id.in_(message_ids), Attachment.sha256 != "")
                               .order_by(Attachment.id)):
        try:
            found.append((one.name, one.content_type, files.content(one.sha256)))
        except FileNotFoundError:
            raise SendError(f"the bytes of {one.name} are gone from the file store", permanent=True) from None
    return found


def _answered(session: Session, message: Message) -> list[str]:
    whole = parts.ids(session, session.get(Ticket, message.ticket_id))
    last = session.scalar(select(Message.external_id).where(
        Message.ticket_id.in_(whole), Message.inbox_id == message.inbox_id, Message.direction == "in",
        Message.id < message.id).order_by(Message.id.desc()).limit(1))
    return [last] if last else []


def _fresh_token(session: Session, channel: Channel, delivery: Delivery) -> str:
    """What the person's last message brought along for its answer, unless it is too old. After a first try it may have
    been used up, and is not given again."""
    if not channel.can.reply_token_lives or delivery.attempts > 1 or delivery.parts_sent:
        return ""
    last = session.execute(select(Message.payload, Message.sent_at).where(
        Message.identity_id == delivery.identity_id, Message.inbox_id == delivery.inbox_id, Message.direction == "in")
        .order_by(Message.id.desc()).limit(1)).first()
    return last.payload.get("reply_token", "") if last and last.sent_at + channel.can.reply_token_lives > now() else ""


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
    _serving.clear()
