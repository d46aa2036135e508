"""Copying a database out and in. SQLite by itself; PostgreSQL by its own tools, pg_dump, pg_restore and psql.

A copy of a live SQLite file lacks what still lies in its write-ahead log, so VACUUM INTO is used: it reads one
consistent state and stops nobody (https://sqlite.org/lang_vacuum.html#vacuuminto).
"""
from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import URL, make_url

from helpdesk.backup.archive import DATABASES
from helpdesk.backup.moves import Moves
from helpdesk.errors import Invalid
from helpdesk.models import Base

PACKAGE = "Install PostgreSQL's client programs (Debian: apt-get install postgresql-client)."


def kind(url: str) -> str:
    """sqlite or postgresql."""
    return "sqlite" if url.startswith("sqlite") else "postgresql"


def dump(url: str, folder: Path) -> tuple[str, dict[str, int]]:
    """Write the database into `folder`; returns the file's name and the rows per table, of the very same state."""
    name = DATABASES[kind(url)]
    if kind(url) == "postgresql":
        return name, _dump_postgresql(make_url(url), folder / name)
    with closing(sqlite3.connect(make_url(url).database, timeout=60, isolation_level=None)) as live:
        live.execute("VACUUM INTO ?", (str(folder / name),))
    with closing(sqlite3.connect(folder / name)) as copy:
        there = {table for table, in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return name, {table: copy.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
                      for table in _tables() if table in there}


def load(url: str, source: Path, statements: Sequence[str], moves: Moves, *, beside: Path) -> None:
    """Put `source` in place of the database, changed by `statements` before anybody can see it. The old one is kept:
    a SQLite file where it is, a dump of a PostgreSQL database in `beside`."""
    if kind(url) == "postgresql":
        return _load_postgresql(make_url(url), source, statements, moves, beside)
    with closing(sqlite3.connect(source)) as database:
        if database.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise Invalid("The database in this backup is damaged. Nothing was changed.")
        with database:
            for statement in statements:
                database.execute(statement)
    present = Path(make_url(url).database)
    present.parent.mkdir(parents=True, exist_ok=True)
    for ending in ("-wal", "-shm"):     # SQLite finds them by the name of their database: they go where it goes
        moves.aside(present, ending)
    moves.into_place(source, present)


def _dump_postgresql(url: URL, target: Path) -> dict[str, int]:
    """pg_dump reads the state that this connection has frozen, so that counts and contents agree."""
    engine = create_engine(url, isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection:
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            there = inspect(connection).get_table_names()       # a database from before an upgrade has fewer
            counts = {table: connection.scalar(text(f'SELECT count(*) FROM "{table}"'))
                      for table in _tables() if table in there}
            _tool("pg_dump", url, "-Fc", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", "-f", str(target))
            return counts
    finally:
        engine.dispose()


def _load_postgresql(url: URL, source: Path, statements: Sequence[str], moves: Moves, beside: Path) -> None:
    """Everything, with `statements`, in one transaction: it is all there, or nothing has changed."""
    old = beside / f"database.{moves.stamp}.dump"
    _tool("pg_dump", url, "-Fc", "--no-owner", "--no-privileges", "-f", str(old))
    old.chmod(0o600)
    moves.kept.append(old)
    script = source.with_suffix(".sql")
    _tool("pg_restore", None, "--clean", "--if-exists", "--no-owner", "--no-privileges", "-f", str(script), str(source))
    before, after = source.with_name("before.sql"), source.with_name("after.sql")
    # Tables that are younger than the backup would hold on to the ones it replaces.
    before.write_text("".join(f'DROP TABLE IF EXISTS "{table}" CASCADE;\n' for table in _tables()))
    after.write_text("SET search_path = public;\n" + "".join(f"{one};\n" for one in statements))     # pg_dump clears it
    _tool("psql", url, "-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-o", os.devnull,
          *(part for file in (before, script, after) for part in ("-f", str(file))))


def _tool(name: str, url: URL | None, *arguments: str) -> None:
    """Run one of PostgreSQL's programs. The password goes by the environment: others may read a command line."""
    environment, target = dict(os.environ), []
    if url is not None:
        environment["PGPASSWORD"] = url.password or environment.get("PGPASSWORD", "")
        plain = url.set(drivername="postgresql", password=None)
        target = ["-d", plain.render_as_string(hide_password=False)]
    try:
        done = subprocess.run([name, *target, *arguments], env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        raise Invalid(f"{name} was not found. {PACKAGE}") from None
    if done.returncode:
        raise Invalid(f"{name} failed: {done.stderr.strip()[-1000:] or f'exit code {done.returncode}'}")


def _tables() -> list[str]:
    return [table.name for table in Base.metadata.sorted_tables]
