"""Signs of life, and forgetting what is too old."""
from __future__ import annotations

import os
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.models import AgentSession, RawInbound, SignInLink, SystemState
from helpdesk.services import limits

HEARTBEAT = "worker"
BATCH = 1000


def heartbeat() -> None:
    """Leave a sign of life for `helpdesk doctor` and the status page."""
    db.run(_beat)


def _beat(session: Session) -> None:
    session.merge(SystemState(key=HEARTBEAT, value={"pid": os.getpid()}, updated_at=now()))


def run() -> None:
    """Forget rate counts, ended sessions, used links, and raw deliveries that are older than `raw_keep_days`."""
    db.run(limits.forget_old)
    db.run(_forget)


def _forget(session: Session) -> None:
    at = now()
    session.execute(delete(SignInLink).where(SignInLink.expires_at < at - timedelta(days=30)))
    session.execute(delete(AgentSession).where(AgentSession.ended_at < at - timedelta(days=90)))
    old = at - timedelta(days=settings.current().raw_keep_days)
    ids = session.scalars(select(RawInbound.id).where(RawInbound.received_at < old, RawInbound.body.is_not(None),
                                                      RawInbound.state.in_(("processed", "discarded"))).limit(BATCH))
    session.execute(update(RawInbound).where(RawInbound.id.in_(ids.all())).values(body=None, headers={}))
