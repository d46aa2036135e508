"""Taking out of the file store what nothing speaks of: an import that nobody confirmed, a file of an answer that was
never sent, half a file that a dying process left behind."""
from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.models import SystemState
from helpdesk.services import published, unneeded

log = logging.getLogger(__name__)
KEPT = published.LIVES + timedelta(days=1)      # what is published by address has no row
EVERY = timedelta(days=1)
SWEPT = "files_swept"
HASH = 64               # characters of a name that is whole


def sweep_due() -> int:
    """Once a day, remove what is older than KEPT and belongs to nothing. Returns how many files went."""
    at = now()
    with db.reading() as session:
        last = session.get(SystemState, SWEPT)
        if last is not None and at - last.updated_at < EVERY:
            return 0
    gone = sum(_remove(path, at - KEPT) for path in _unneeded(at - KEPT))
    db.run(_note, at)
    if gone:
        log.info("removed %d files that nothing speaks of", gone)
    return gone


def _note(session: Session, at: datetime) -> None:
    session.merge(SystemState(key=SWEPT, value={}, updated_at=at))


def _unneeded(cut: datetime) -> Iterator[Path]:
    for folder in sorted((Path(settings.current().data_dir) / "files").glob("??")):
        old = {path.name: path for path in folder.iterdir() if path.is_file() and _older(path, cut)}
        whole = [name for name in old if len(name) == HASH]
        with db.reading() as session:
            free = unneeded.unneeded(session, whole)
        yield from (path for name, path in old.items() if name in free or len(name) != HASH)


def _remove(path: Path, cut: datetime) -> bool:
    """The same bytes may be stored again at this moment, which makes them young (files.save): they are moved aside
    before the last look, so that whoever stores them then writes them anew."""
    aside = path.with_suffix(".gone")
    try:
        os.rename(path, aside)
        if not _older(aside, cut):
            os.rename(aside, path)
            return False
        aside.unlink()
    except FileNotFoundError:       # another process was here
        return False
    return True


def _older(path: Path, cut: datetime) -> bool:
    try:
        return path.stat().st_mtime < cut.timestamp()
    except FileNotFoundError:
        return False
