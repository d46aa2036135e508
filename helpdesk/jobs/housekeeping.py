"""Signs of life, and forgetting what is too old."""
from __future__ import annotations

import os
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.jobs import retention, unneeded_files
from helpdesk.models import AgentSession, BulkChange, BulkItem, SignInLink, SystemState
from helpdesk.services import audit, limits, mail_tokens, pictures, verification

HEARTBEAT = "worker"
TAKEN_BACK = timedelta(days=7)      # changes that can no longer be taken back, and whose reasons have been read


def heartbeat() -> None:
    """Leave a sign of life for `helpdesk doctor` and the status page."""
    db.run(_beat)


def _beat(session: Session) -> None:
    session.merge(SystemState(key=HEARTBEAT, value={"pid": os.getpid()}, updated_at=now()))


def run() -> None:
    """Forget rate counts, ended sessions, used links, old lines of the audit log,
    sign-ins for mailboxes, old codes, cached pictures, what
    agents changed and could take back, what the timers of the settings' privacy page say, and files that nothing
    speaks of."""
    db.run(limits.forget_old)
    db.run(_forget)
    db.run(audit.forget)
    db.run(mail_tokens.sweep)
    db.run(verification.forget_old)
    pictures.forget_old()
    retention.run_due()
    unneeded_files.sweep_due()


def _forget(session: Session) -> None:
    at = now()
    session.execute(delete(SignInLink).where(SignInLink.expires_at < at - timedelta(days=30)))
    session.execute(delete(AgentSession).where(AgentSession.ended_at < at - timedelta(days=90)))
    old = select(BulkChange.id).where(BulkChange.done_at < at - TAKEN_BACK)
    session.execute(delete(BulkItem).where(BulkItem.bulk_id.in_(old)))
    session.execute(delete(BulkChange).where(BulkChange.id.in_(old)))
