"""Whether somebody is there now."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.models import SlaPolicy
from helpdesk.services import sla


def opening(session: Session) -> tuple[bool, datetime | None]:
    """(open now, when again if not). (False, None) for a house that is never open: nothing can be promised."""
    policy = session.scalar(select(SlaPolicy).order_by(SlaPolicy.position, SlaPolicy.id).limit(1))
    at = now()
    try:
        opens = sla.hours_of(session, policy).after(at, 0)
    except ValueError:
        return False, None
    return opens <= at, opens if opens > at else None
