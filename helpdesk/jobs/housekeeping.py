"""Signs of life, and forgetting what is too old."""
from __future__ import annotations

import os
from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.models import AgentSession, Attachment, RawInbound, SignInLink, SystemState
from helpdesk.services import files, limits, mail_tokens, pictures

HEARTBEAT = "worker"
BATCH = 1000


def heartbeat() -> None:
    """Leave a sign of life for `helpdesk doctor` and the status page."""
    db.run(_beat)


def _beat(session: Session) -> None:
    session.merge(SystemState(key=HEARTBEAT, value={"pid": os.getpid()}, updated_at=now()))


def run() -> None:
    """Forget rate counts, ended sessions, used links, sign-ins for mailboxes, cached pictures, and raw deliveries that
    are older than `raw_keep_days`."""
    db.run(limits.forget_old)
    db.run(_forget)
    db.run(mail_tokens.sweep)
    pictures.forget_old()
    while hashes := db.run(_forget_raw):
        for sha256 in hashes:
            if sha256:
                files.forget(sha256)


def _forget(session: Session) -> None:
    at = now()
    session.execute(delete(SignInLink).where(SignInLink.expires_at < at - timedelta(days=30)))
    session.execute(delete(AgentSession).where(AgentSession.ended_at < at - timedelta(days=90)))


def _forget_raw(session: Session) -> list[str]:
    """Take the bytes of old deliveries out of the database; returns, for each, the hash whose file goes too ('' for
    none, or where something else still needs it)."""
    old = now() - timedelta(days=settings.current().raw_keep_days)
    rows = session.execute(select(RawInbound.id, RawInbound.sha256).where(
        RawInbound.received_at < old, RawInbound.state.in_(("processed", "discarded")),
        or_(RawInbound.body.is_not(None), RawInbound.sha256 != "")).order_by(RawInbound.id).limit(BATCH)).all()
    session.execute(update(RawInbound).where(RawInbound.id.in_([row.id for row in rows]))
                    .values(body=None, sha256="", headers={}, query={}))
    hashes = {row.sha256 for row in rows} - {""}
    needed = {*session.scalars(select(Attachment.sha256).where(Attachment.sha256.in_(hashes))),
              *session.scalars(select(RawInbound.sha256).where(RawInbound.sha256.in_(hashes)))}
    return [row.sha256 if row.sha256 not in needed else "" for row in rows]
