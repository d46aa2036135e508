"""What leaves the house: planned with the message, handed over by a worker, recorded.

A delivery is claimed with a lease, sent outside any transaction and recorded in a second one. Its mail id is fixed
when it is planned, so that every copy that a crash may cause is the same mail. Its status only moves forward.
"""
from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from channels._mail_codes import marks_address
from channels._mail_headers import normal_address
from channels.base import Receipt, SendError
from channels.base import Status as DeliveryStatus
from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Delivery, Identity, Inbox, Message, Status, SystemState, ThreadKey, Ticket
from helpdesk.services import automatic_mail, bounds, inboxes, mail_pause, tickets
from helpdesk.services.routes import Route

LEASE = timedelta(seconds=180)          # longer than any channel's own time-outs (SMTP waits 120 s after DATA)
BATCH = 20
BACK_OFF = (10, 30, 60, 120, 300, 900, 1800, 3600)     # seconds; the last one repeats
GIVE_UP = timedelta(days=5)             # as Postfix does: maximal_queue_lifetime
SLOW_DOWN = 60          # seconds, where the provider does not say how long
UNCERTAIN_WAIT = timedelta(minutes=2)
ORDER = [DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.UNCERTAIN, DeliveryStatus.SENT,
         DeliveryStatus.DELIVERED, DeliveryStatus.READ]
WAITING = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING)
READY = (DeliveryStatus.QUEUED, DeliveryStatus.UNCERTAIN)
HOLD = "outbox_hold"


def enqueue(session: Session, ticket: Ticket, message: Message, route: Route, role: str = "to",
            mail_id: str = "") -> Delivery:
    """Plan the delivery of a message. Whatever may come back from it is remembered as a key to this ticket. Further
    readers of one mail are given its `mail_id`: to mail programs all copies are one mail, to us each is its own."""
    delivery = Delivery(message_id=message.id, ticket_id=ticket.id, inbox_id=route.inbox.id, role=role,
                        identity_id=route.identity.id, address=route.identity.value[:320], held=held(session))
    cls = inboxes.kind(route.inbox.channel)
    if cls.instant:
        delivery.status, delivery.sent_at = DeliveryStatus.SENT, now()
        db.tell(session, f"{route.identity.kind}:{route.identity.id}", "message", seq=message.seq)
    if cls.can.subject:
        _make_answerable(session, ticket, delivery, route, mail_id)
        if automatic_mail.written_by_machine(message, route):
            delivery.error = (automatic_mail.refusal(session, ticket, route, "verification" in (message.payload or {}))
                              or automatic_mail.ended(session, message, route.identity))
            delivery.status = DeliveryStatus.FAILED if delivery.error else DeliveryStatus.QUEUED
            if not delivery.error and not mail_pause.count(session):
                delivery.held, delivery.error = True, mail_pause.HELD
    session.add(delivery)
    session.flush()
    db.tell(session, "worker", "wake")
    return delivery


def _make_answerable(session: Session, ticket: Ticket, delivery: Delivery, route: Route, mail_id: str) -> None:
    domain = normal_address(route.inbox.account).rpartition("@")[2] or "localhost"
    delivery.mail_id = mail_id or f"<{secrets.token_hex(16)}.{ticket.id}@{domain}>"
    delivery.reply_token = secrets.token_hex(16)        # hex: some mail systems lower-case the local part
    for key in (*(() if mail_id else (delivery.mail_id,)), f"token:{delivery.reply_token}"):
        session.add(ThreadKey(key=key, inbox_id=route.inbox.id, ticket_id=ticket.id, secret=True))


def held(session: Session) -> bool:
    """Whether nothing may leave until an admin says so (after a restore)."""
    return session.get(SystemState, HOLD) is not None


def due_inboxes(session: Session) -> list[int]:
    """The inboxes for which there may be something to send now."""
    at = now()
    return list(session.scalars(select(Delivery.inbox_id).distinct().where(or_(
        and_(Delivery.status.in_(READY), Delivery.next_try_at <= at, Delivery.held.is_(False),
             Delivery.inbox_id.not_in(_silent(at))),
        and_(Delivery.status == DeliveryStatus.SENDING, Delivery.lease_until < at)))))


def _silent(at: datetime):
    """The inboxes that must not send now."""
    return select(Inbox.id).where(or_(Inbox.disconnected_at.is_not(None), Inbox.resting_until > at))


def claim_due(session: Session, inbox_id: int | None = None, limit: int = BATCH) -> list[int]:
    """Take what is due (of one inbox), at most one message per address at a time so that they arrive in order; returns
    their ids."""
    at = now()
    expire_leases(session, at)
    earlier = aliased(Delivery)
    blocked = select(earlier.id).where(
        earlier.identity_id == Delivery.identity_id, earlier.inbox_id == Delivery.inbox_id,
        earlier.id < Delivery.id, earlier.status.in_(WAITING), earlier.held.is_(False)).exists()
    due = select(Delivery).where(
        Delivery.status.in_(READY), Delivery.next_try_at <= at, Delivery.held.is_(False),
        Delivery.lease_until.is_(None), ~blocked, Delivery.inbox_id.not_in(_silent(at)))
    if inbox_id:
        due = due.where(Delivery.inbox_id == inbox_id)
    rows = session.scalars(due.order_by(Delivery.id).limit(limit).with_for_update(skip_locked=True)).all()
    for row in rows:
        row.status, row.lease_until, row.attempts, row.updated_at = (DeliveryStatus.SENDING, at + LEASE,
                                                                     row.attempts + 1, at)
    return [row.id for row in rows]


def expire_leases(session: Session, at: datetime) -> None:
    """A worker died while it was sending. Mail goes out once more under the same Message-ID (nothing lost beats nothing
    doubled); where the medium could not tell a repetition, an agent decides."""
    dead = select(Delivery).where(Delivery.status == DeliveryStatus.SENDING, Delivery.lease_until < at)
    for row in session.scalars(dead.with_for_update(skip_locked=True)):
        row.lease_until = None
        _uncertain(session, row, "The connection broke while it was being sent.")


def sent(session: Session, delivery_id: int, external_id: str, parts: int) -> None:
    """One part was accepted; with the last one the message is sent."""
    delivery = session.get(Delivery, delivery_id, with_for_update=True)
    delivery.parts_sent += 1
    delivery.external_id = external_id = bounds.key(external_id)
    if delivery.inbox_id and external_id:
        _remember(session, delivery, external_id)
    if delivery.parts_sent < parts:
        delivery.lease_until = now() + LEASE
        return
    delivery.lease_until, delivery.error, delivery.sent_at = None, "", now()
    inboxes.mark_health(session, delivery.inbox_id, about="Sending")
    _move(session, delivery, DeliveryStatus.SENT)


def heard(session: Session, delivery: Delivery, external_id: str, part_id: str = "") -> None:
    """The platform shows a part of this delivery that it had not confirmed: an uncertain one is certain now, and goes
    on with its next part (`part_id`: our id of the part, where the platform knows it)."""
    if session.get(ThreadKey, (external_id, delivery.inbox_id)):
        return
    _remember(session, delivery, external_id)
    if delivery.status != DeliveryStatus.UNCERTAIN:     # who is sending it will say so
        return
    number = part_id.partition(".")[2]
    delivery.parts_sent = max(delivery.parts_sent, int(number)) + 1 if number.isdecimal() else delivery.parts_sent + 1
    delivery.external_id, delivery.error = external_id, ""
    delivery.status, delivery.next_try_at = DeliveryStatus.QUEUED, now()
    db.tell(session, "worker", "wake")
    _told(session, delivery)


def complete(session: Session, delivery_id: int) -> None:
    """All parts had been accepted before."""
    delivery = session.get(Delivery, delivery_id, with_for_update=True)
    delivery.lease_until, delivery.error, delivery.sent_at = None, "", now()
    _move(session, delivery, DeliveryStatus.SENT)


def failed(session: Session, delivery_id: int, error: SendError, attempt: int = 0) -> None:
    """It was not accepted: try later, give up, or leave it to an agent. `attempt` is the one that failed: a worker that
    comes so late that another one has taken over is not listened to."""
    delivery = session.get(Delivery, delivery_id, with_for_update=True)
    if attempt not in (0, delivery.attempts) or delivery.status not in (DeliveryStatus.SENDING,
                                                                        DeliveryStatus.UNCERTAIN):
        return
    delivery.lease_until = None
    delivery.error = str(error)[:1000]
    if error.broken:
        inboxes.disconnect(session, session.get(Inbox, delivery.inbox_id), str(error))
        return _put_back(session, delivery)
    if error.slow_down:
        inboxes.rest(session, session.get(Inbox, delivery.inbox_id), error.retry_after or SLOW_DOWN)
        return _put_back(session, delivery)
    if error.permanent or now() - delivery.created_at > GIVE_UP:
        return _fail(session, delivery, str(error))
    if error.uncertain:
        return _uncertain(session, delivery, str(error))
    wait = error.retry_after or BACK_OFF[min(delivery.attempts, len(BACK_OFF)) - 1]
    delivery.status, delivery.next_try_at = DeliveryStatus.QUEUED, now() + timedelta(seconds=wait)
    _told(session, delivery)


def _put_back(session: Session, delivery: Delivery) -> None:
    """It is the account's trouble and not this message's: no try is counted."""
    delivery.attempts = max(delivery.attempts - 1, 0)
    delivery.status, delivery.next_try_at = DeliveryStatus.QUEUED, now()
    if now() - delivery.created_at > GIVE_UP:
        return _fail(session, delivery, delivery.error)
    _told(session, delivery)


def mark(session: Session, delivery: Delivery, status: DeliveryStatus, error: str = "") -> None:
    """What the provider, or the reader's own page, reports. Late news never take a delivery back; but a mail that one
    server took may still come back from the next."""
    if status == DeliveryStatus.FAILED:
        arrived = delivery.status == DeliveryStatus.DELIVERED and not inboxes.is_mail(
            session.get(Inbox, delivery.inbox_id).channel)
        if delivery.status not in (DeliveryStatus.READ, DeliveryStatus.FAILED) and not arrived:
            _fail(session, delivery, error)
    else:
        _move(session, delivery, status)


def unwanted(session: Session, delivery: Delivery, did: str) -> None:
    """The reader complained of this mail, or unsubscribed: no machine mails them until they write themselves."""
    identity = session.get(Identity, delivery.identity_id)
    if identity.unwanted == did[:60]:
        return
    identity.unwanted = did[:60]
    events.record(session, events.MailUnwanted(address=identity.value, did=did[:60]),
                  ticket=tickets.lock(session, delivery.ticket_id), contact=identity.contact)


def delayed(session: Session, delivery: Delivery, words: str) -> None:
    """The other side still tries."""
    if delivery.status == DeliveryStatus.SENT:
        delivery.error = f"Delayed: {words}"[:1000]
        _told(session, delivery)


def retry(session: Session, delivery: Delivery, actor: str) -> None:
    """An agent wants it sent again. Raises Invalid unless it failed or may not have arrived."""
    if delivery.status not in (DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN):
        raise Invalid("This message is on its way already.")
    session.get(Identity, delivery.identity_id).failing_since = None
    delivery.status, delivery.error, delivery.attempts = DeliveryStatus.QUEUED, "", 0
    delivery.created_at = delivery.next_try_at = now()
    db.tell(session, "worker", "wake")
    _told(session, delivery)


def release(session: Session, actor: str) -> int:
    """Let everything go that was held after a restore; returns how many."""
    rows = session.scalars(select(Delivery).where(Delivery.held, Delivery.error != mail_pause.HELD)).all()
    for row in rows:
        row.held = False
    if state := session.get(SystemState, HOLD):
        session.delete(state)
    events.record(session, events.SettingsChanged(what="outbox released", detail=f"{len(rows)} messages"), actor=actor)
    db.tell(session, "worker", "wake")
    return len(rows)


def find_by_external(session: Session, inbox_id: int, external_id: str) -> Delivery | None:
    """The delivery that the provider knows by this id."""
    return session.scalar(select(Delivery).where(Delivery.inbox_id == inbox_id, Delivery.external_id == external_id))


def spoken_of(session: Session, inbox_id: int, receipt: Receipt) -> list[Delivery]:
    """The deliveries that a receipt or a bounce speaks of: by the secret in the address to which it came, else by the
    id of what we sent, and of several readers the one it names."""
    if receipt.tokens and (found := session.scalars(select(Delivery).where(
            Delivery.reply_token.in_(receipt.tokens))).all()):
        return list(found)
    external_id = bounds.key(receipt.external_id)
    found = session.scalars(select(Delivery).where(Delivery.inbox_id == inbox_id, Delivery.external_id == external_id)
                            ).all() if external_id else []
    found = found or (session.scalars(select(Delivery).where(
        Delivery.inbox_id == inbox_id, Delivery.mail_id == external_id)).all() if external_id else [])
    return [one for one in found if len(found) == 1 or one.address == normal_address(receipt.address)]


def last_to(session: Session, inbox_id: int, address: str) -> Delivery | None:
    """The last mail to this address, if it is so fresh that a report may still come."""
    return session.scalar(select(Delivery).where(
        Delivery.inbox_id == inbox_id, Delivery.mail_id != "", Delivery.address == normal_address(address),
        Delivery.sent_at > now() - GIVE_UP).order_by(Delivery.id.desc()).limit(1))


def _move(session: Session, delivery: Delivery, status: DeliveryStatus) -> None:
    if delivery.status in ORDER and ORDER.index(status) > ORDER.index(delivery.status):
        delivery.status = status
        _told(session, delivery)


def _fail(session: Session, delivery: Delivery, error: str) -> None:
    delivery.status, delivery.error = DeliveryStatus.FAILED, error[:1000]
    inbox, identity = session.get(Inbox, delivery.inbox_id), session.get(Identity, delivery.identity_id)
    mail = inboxes.is_mail(inbox.channel)
    if mail and marks_address(error):       # a full mailbox, or a rule against us, says nothing of it
        identity.failing_since = identity.failing_since or now()
    ticket = tickets.lock(session, delivery.ticket_id)
    message = session.get(Message, delivery.message_id)
    events.record(session, events.DeliveryFailed(
        delivery_id=delivery.id, message_id=delivery.message_id, error=error[:500],
        channel=inbox.channel, address=delivery.address if mail else ""), ticket=ticket)
    if (message.author_kind, message.kind, delivery.role) == ("agent", "message", "to") and ticket.status in (
            Status.PENDING, Status.RESOLVED):           # nobody waits for an answer to what never arrived
        tickets.set_status(session, ticket, Status.OPEN, "system", why="not delivered")
    _told(session, delivery)


def _uncertain(session: Session, delivery: Delivery, error: str) -> None:
    again = inboxes.is_mail(session.get(Inbox, delivery.inbox_id).channel) and delivery.attempts < 2
    delivery.status, delivery.error = DeliveryStatus.UNCERTAIN, error[:1000]
    delivery.next_try_at = now() + (UNCERTAIN_WAIT if again else timedelta(days=36_500))
    _told(session, delivery)


def _remember(session: Session, delivery: Delivery, external_id: str) -> None:
    if not session.get(ThreadKey, (external_id, delivery.inbox_id)):
        session.add(ThreadKey(key=external_id, inbox_id=delivery.inbox_id, ticket_id=delivery.ticket_id, secret=True))


def _told(session: Session, delivery: Delivery) -> None:
    delivery.updated_at = now()
    db.tell(session, f"ticket:{delivery.ticket_id}", "delivery", ticket=delivery.ticket_id,
            message=delivery.message_id)
    message = session.get(Message, delivery.message_id)
    if message.channel == "web":
        db.tell(session, f"visitor:{delivery.identity_id}", "status", message=message.id, status=delivery.status)
