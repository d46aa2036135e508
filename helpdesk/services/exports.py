"""Exports of one person: asked for, made by the worker, fetched within a week, removed."""
from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import events, settings
from helpdesk.clock import now
from helpdesk.errors import NotFound
from helpdesk.models import Agent, Contact, PersonExport
from helpdesk.services import persons, tasks

KEPT = timedelta(days=7)


def folder() -> Path:
    """Where archives lie until they expire. It is in no backup."""
    return Path(settings.current().data_dir) / "exports"


def path(export: PersonExport) -> Path:
    """Where this one lies, or will."""
    return folder() / export.name


def ask(session: Session, contact: Contact, agent: Agent, with_notes: bool) -> PersonExport:
    """Have everything about this person put into an archive. One that is being made is the same one."""
    waiting = session.scalar(select(PersonExport).where(
        PersonExport.contact_id == contact.id, PersonExport.state == "waiting",
        PersonExport.with_notes == with_notes).with_for_update())
    if waiting:
        return waiting
    export = PersonExport(contact_id=contact.id, agent_id=agent.id, with_notes=with_notes,
                          name=f"{contact.id}-{secrets.token_hex(16)}.zip", expires_at=now() + KEPT)
    session.add(export)
    session.flush()
    events.record(session, events.PersonExported(export_id=export.id, with_notes=with_notes), contact=contact,
                  actor=agent.actor)
    tasks.plan(session, "jobs.exports.make", None, {"export_id": export.id}, key=f"export:{export.id}")
    return export


def recent(session: Session, contact: Contact) -> list[PersonExport]:
    """Those that can still be fetched, or are being made, the newest first."""
    return list(session.scalars(select(PersonExport).where(
        PersonExport.contact_id.in_(persons.records(session, contact.id)), PersonExport.expires_at > now())
        .order_by(PersonExport.id.desc()).limit(5)))


def ready(session: Session, export_id: int) -> PersonExport:
    """One that can be fetched. Raises NotFound when it is not there, not made yet, or too old."""
    export = session.get(PersonExport, export_id)
    if export is None or export.state != "ready" or export.expires_at <= now() or not path(export).exists():
        raise NotFound("There is no such export any more. Make a new one on the contact's page.")
    return export


def done(session: Session, export_id: int, size: int, error: str = "") -> None:
    """It is made, or could not be."""
    if export := session.get(PersonExport, export_id, with_for_update=True):
        export.state, export.size, export.error = "failed" if error else "ready", size, error[:300]
