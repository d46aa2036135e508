"""Who was erased, in a file beside the database: a backup that is older than an erasure does not know of it.

One JSON line per record of a person: its id, when it was made (an id alone may be somebody else's after a restore), how
and when it was erased. Nothing in it says who that was.
"""
from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import settings
from helpdesk.models import Contact, Erasure

NAME = "erased.jsonl"
CHUNK = 500


def path() -> Path:
    """Where it lies."""
    return Path(settings.current().data_dir) / NAME


def write(session: Session, erasure: Erasure) -> None:
    """Note the records of one erasure, on disk before this returns. Twice is as once."""
    there = {(one["contact"], one["made"]) for one in entries()}
    rows = session.scalars(select(Contact).where(Contact.id.in_(erasure.work["contacts"])))
    lines = [json.dumps({"contact": one.id, "made": one.created_at.isoformat(), "mode": erasure.mode,
                         "at": erasure.created_at.isoformat()}) + "\n"
             for one in rows if (one.id, one.created_at.isoformat()) not in there]
    if lines:
        with open(os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())


def entries() -> list[dict]:
    """All of them; a line that a crash cut short is left out."""
    found = []
    try:
        lines = path().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            one = json.loads(line)
            datetime.fromisoformat(one["made"])
            found.append({"contact": int(one["contact"]), "made": one["made"], "mode": str(one["mode"])})
        except (ValueError, LookupError, TypeError):
            continue
    return found


def risen(session: Session) -> list[tuple[int, str]]:
    """Records that were erased and are here again, because the database is an older one: (id, mode)."""
    known = {(one["contact"], datetime.fromisoformat(one["made"])): one["mode"] for one in entries()}
    found, numbers = [], sorted({number for number, _ in known})
    for at in range(0, len(numbers), CHUNK):
        for row in session.execute(select(Contact.id, Contact.created_at).where(
                Contact.id.in_(numbers[at:at + CHUNK]), Contact.erased_at.is_(None))).all():
            if mode := known.get((row.id, row.created_at)):
                found.append((row.id, mode))
    return found
