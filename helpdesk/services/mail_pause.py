"""Too much automatic mail at once: the rest is held until an admin has looked.

Whoever finds a way to have us mail thousands of people is stopped here, whatever the way was; what people write is not
concerned.
"""
from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels.base import Status as DeliveryStatus
from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.models import Delivery, SystemState
from helpdesk.services import limits

PER_MINUTE = 100
PAUSE = "automatic_mail_pause"
HELD = f"Held back: more than {PER_MINUTE} automatic mails left within a minute."
DROPPED = "Not sent: an admin dropped it after the pause of automatic mail."


def paused(session: Session) -> SystemState | None:
    """Since when (updated_at), while it lasts."""
    return session.get(SystemState, PAUSE)


def count(session: Session) -> bool:
    """One more automatic mail is about to leave; False when it has to be held."""
    if paused(session):
        return False
    sent = limits.hit(session, "automatic mail", 10 * PER_MINUTE, 60)
    if sent <= PER_MINUTE:
        return True
    if paused(session) is None:     # asked again, because others may have been counted before us
        session.add(SystemState(key=PAUSE, value={"count": sent}))
        session.flush()
        events.record(session, events.AutomaticMailPaused(count=PER_MINUTE))
    return False


def held(session: Session) -> int:
    """How many wait."""
    return session.scalar(select(func.count()).where(*_waiting()))


def release(session: Session, actor: str, send: bool) -> int:
    """End the pause: what was held is sent after all, or dropped; returns how many."""
    rows = session.scalars(select(Delivery).where(*_waiting()).with_for_update()).all()
    for row in rows:
        row.held, row.next_try_at, row.updated_at = False, now(), now()
        row.error = "" if send else DROPPED
        row.status = DeliveryStatus.QUEUED if send else DeliveryStatus.FAILED
        db.tell(session, f"ticket:{row.ticket_id}", "delivery", ticket=row.ticket_id, message=row.message_id)
    if state := paused(session):
        session.delete(state)
    what = f"{len(rows)} messages {'sent' if send else 'dropped'}"
    events.record(session, events.SettingsChanged(what="automatic mail", detail=what), actor=actor)
    db.tell(session, "worker", "wake")
    return len(rows)


def _waiting():
    return Delivery.status == DeliveryStatus.QUEUED, Delivery.held, Delivery.error == HELD
