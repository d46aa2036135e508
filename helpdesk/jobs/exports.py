"""Making the archive of one person, and removing it when it expires."""
from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import select

from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import PersonExport
from helpdesk.services import contacts, exports, person_export

STALE_SECONDS = 86_400


def make(_ticket_id: int | None = None, *, export_id: int, **_) -> None:
    """Write the archive. It has its name only when it is whole; run twice, it is made anew."""
    with db.reading() as session:
        export = session.get(PersonExport, export_id)
        if export is None or export.state != "waiting":
            return
        target = exports.path(export)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"):
                pass
            person_export.write(session, export.contact_id, part, export.with_notes)
            os.replace(part, target)
            size, problem = target.stat().st_size, ""
        except OSError as error:
            part.unlink(missing_ok=True)
            size, problem = 0, str(error)
    db.run(exports.done, export_id, size, problem)


def write_now(contact_id: int, target: str, with_notes: bool) -> str:
    """The archive at once, for the command line; returns a sentence. Raises NotFound, or Invalid when `target` exists
    or cannot be written."""
    if os.path.exists(target):
        raise Invalid(f"{target} exists already. Choose another name.")
    try:
        with db.reading() as session:
            contact = contacts.by_id(session, contact_id)
            counts = person_export.write(session, contact.id, Path(target), with_notes)
    except OSError as error:
        raise Invalid(f"{target} cannot be written: {error.strerror}.") from error
    os.chmod(target, 0o600)
    with db.transaction() as session:
        events.record(session, events.PersonExported(export_id=0, with_notes=with_notes),
                      contact=contacts.by_id(session, contact_id))
    said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    return f"{target}: {said}."


def forget_old() -> int:
    """Remove expired archives with their rows, those whose person was erased meanwhile, and what a crash left half
    made. Returns how many expired."""
    with db.transaction() as session:
        old = session.scalars(select(PersonExport).where(PersonExport.expires_at <= now()).limit(500)).all()
        for export in old:
            session.delete(export)
        session.flush()
        kept = set(session.scalars(select(PersonExport.name)))
    for path in exports.folder().glob("*"):
        if path.suffix == ".part":
            gone = now().timestamp() - path.stat().st_mtime > STALE_SECONDS
        else:
            gone = path.name not in kept
        if gone:
            path.unlink(missing_ok=True)
    return len(old)
