"""Carrying out erasures, batch by batch, and again after an older backup was put back."""
from __future__ import annotations

import logging
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.jobs import compact
from helpdesk.models import Contact, Erasure
from helpdesk.services import contacts, files, pictures, tasks, tombstones, unneeded
from helpdesk.services import erasure as erasures

log = logging.getLogger(__name__)
SECONDS = 120           # a task is leased for five minutes
AGAIN = timedelta(seconds=1)


def run(_ticket_id: int | None = None, *, erasure_id: int, **_) -> None:
    """Go on with one erasure, to its end or until time is up. What was done before is not done again."""
    with db.reading() as session:
        known = session.get(Erasure, erasure_id)
        if known is None or known.done_at:
            return
        tombstones.write(session, known)
    end = time.monotonic() + SECONDS
    while db.run(erasures.go_on, erasure_id):
        if time.monotonic() > end:
            db.run(_later, erasure_id, now() + AGAIN)
            return
        time.sleep(0)       # others come between the batches
    _remove_files(erasure_id)
    if (at := compact.due_at()) > now():
        db.run(_later, erasure_id, at)
        return
    compact.run()
    db.run(erasures.finish, erasure_id)
    compact.run()           # what was looked for lay in the row itself


def _later(session: Session, erasure_id: int, at) -> None:
    erasure = session.get(Erasure, erasure_id, with_for_update=True)
    count = erasure.work.get("planned", 0) + 1
    erasure.work = {**erasure.work, "planned": count}
    tasks.plan(session, "jobs.erasures.run", None, {"erasure_id": erasure_id}, at, key=f"erasure:{erasure_id}:{count}")


def _remove_files(erasure_id: int) -> None:
    with db.reading() as session:
        work = session.get(Erasure, erasure_id).work
        gone = unneeded.unneeded(session, work.get("hashes", ()))
    for sha256 in gone:
        files.forget(sha256)
    pictures.forget_all()
    for name in work.get("exports", ()):
        (Path(settings.current().data_dir) / "exports" / Path(name).name).unlink(missing_ok=True)


def preview_words(session: Session, contact_id: int) -> str:
    """What would go, for the command line."""
    contact = contacts.by_id(session, contact_id)
    found = erasures.preview(session, contact)
    lines = [contact.label, *(f"  {count} {words}" for words, count in found["counts"].items())]
    if found["open"]:
        lines.append(f"Still open: {', '.join(f'#{number}' for number in found['open'])}")
    return "\n".join(lines)


def run_now(contact_id: int, mode: str) -> str:
    """The whole erasure at once, for the command line; returns a sentence. A worker that is at it too does no harm."""
    with db.transaction() as session:
        erasure_id = erasures.begin(session, contact_id, mode, "system").id
    run(erasure_id=erasure_id)
    with db.reading() as session:
        done = session.get(Erasure, erasure_id).done_at
    return (f"Contact {contact_id} was {'erased' if mode == 'erase' else 'pseudonymised'}. Backups from before keep "
            "their data until you throw them away; restored, they are erased again." if done else
            "The words are gone; the database file is rewritten by the worker.")


def reapply() -> int:
    """Before anything is shown: erase again whoever was erased and is back, because an older backup was restored.
    Returns how many records."""
    if not tombstones.entries():
        return 0
    with db.reading() as session:
        risen = tombstones.risen(session)
    for contact_id, mode in risen:
        number = db.run(_begin_again, contact_id, mode)
        if number:
            log.warning("contact %s was erased before and came back with an older backup: erased again", contact_id)
            run(erasure_id=number)
    return len(risen)


def _begin_again(session: Session, contact_id: int, mode: str) -> int | None:
    contact = session.get(Contact, contact_id)
    if contact.erased_at:       # with the record that it was merged into
        return None
    contact.hold = ""           # it was released before they were erased
    return erasures.begin(session, contact_id, mode, "system").id
