"""Writing a database anew, so that what was deleted leaves no bytes behind.

SQLite leaves deleted rows in free pages, in the write-ahead log and in the segments of its search index; VACUUM, a
checkpoint and the index's `optimize` remove them (sqlite.org/lang_vacuum.html, fts5.html#the_optimize_command). That
holds the database for a moment, so it is done by a process of its own, and for a large file at night. PostgreSQL frees
dead rows by VACUUM; its write-ahead log is recycled by itself.
"""
from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.models import Base

log = logging.getLogger(__name__)
LARGE = 500_000_000     # bytes; rewriting takes a second for each hundred million or so
NIGHT = range(1, 5)     # hours, in the company's time zone


def due_at() -> datetime:
    """When it may be done: now, or for a large SQLite file in the coming night."""
    if not db.is_sqlite() or _file().stat().st_size < LARGE:
        return now()
    here = now().astimezone(ZoneInfo(settings.current().time_zone))
    if here.hour in NIGHT:
        return now()
    night = here.replace(hour=NIGHT[0], minute=0, second=0, microsecond=0)
    return (night if night > here else night + timedelta(days=1)).astimezone(now().tzinfo)


def run() -> None:
    """Do it now. Raises OSError when SQLite could not be had to itself in time: to be tried again."""
    if db.is_sqlite():
        done = subprocess.run([sys.executable, "-m", __name__, str(_file())], capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"the database could not be rewritten: {done.stderr.strip()[-500:]}")
        return
    engine = create_engine(db.engine().url, isolation_level="AUTOCOMMIT")       # VACUUM is refused in a transaction
    try:
        with engine.connect() as connection:
            for name in Base.metadata.tables:
                connection.execute(text(f'VACUUM "{name}"'))
    finally:
        engine.dispose()


def rewrite(path: str) -> None:
    """The SQLite file, whole."""
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as database:
        database.execute("INSERT INTO message_fts(message_fts) VALUES ('optimize')")
        database.execute("VACUUM")
        if database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise OSError("somebody is reading from the write-ahead log")


def _file() -> Path:
    return Path(make_url(str(db.engine().url)).database)


if __name__ == "__main__":
    rewrite(sys.argv[1])
