"""Backup and restore: the database, then the files, in one archive.

The database is copied first and the files afterwards: every file is on disk before a row speaks of it, so the archive
holds at least the files that its rows name. The secret key is never in it; keep a copy elsewhere, because without it
the secrets of inboxes cannot be opened.
"""
from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from helpdesk import __version__, schema, security, settings
from helpdesk.backup import alive, archive, databases, held, moves
from helpdesk.backup.archive import Manifest
from helpdesk.checks import database, many
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.settings import Settings


def write(config: Settings, target: str | Path) -> str:
    """Write an archive while everything runs; the database must be connected. Returns a sentence. Raises Invalid when
    `target` exists, cannot be written, or the database's own tool is missing or fails."""
    target = Path(target).absolute()
    if target.exists():
        raise Invalid(f"{target} exists already. Choose another name; an older backup is never overwritten.")
    if not target.parent.is_dir():
        raise Invalid(f"There is no folder {target.parent}.")
    if not database.exists(config):
        raise Invalid(f"There is no database at {config.database_url.partition('///')[2]} to back up.")
    try:
        with _scratch(target.parent) as scratch:
            name, counts = databases.dump(config.database_url, scratch)
            manifest = Manifest(version=__version__, made_at=now().isoformat(timespec="seconds"),
                                schema=schema.present() or "", database=databases.kind(config.database_url),
                                counts=counts, key=_key_mark(config), members={})
            part = scratch / "archive"
            archive.pack(part, manifest, scratch / name, config.data_dir / "files")
            if target.exists():
                raise Invalid(f"{target} was made by somebody else meanwhile.")
            os.replace(part, target)
            archive.sync(target.parent)
    except (OSError, sqlite3.Error, SQLAlchemyError) as problem:
        raise Invalid(f"The backup could not be written: {str(problem).splitlines()[0]}. Nothing was left behind."
                      ) from problem
    size = target.stat().st_size / 1e6
    return (f"{target}: {_said(manifest)}, "
            f"{size:.1f} MB. The secret key is not in it: keep a copy of it elsewhere.")


def restore(config: Settings, source: str | Path) -> str:
    """Put an archive in place of what is there. Nothing is changed until the whole archive was checked; what was there
    is kept beside it. Raises Invalid for an archive that is damaged, tampered with, newer or of the other database,
    Conflict while a helpdesk is running."""
    settings.use(config)
    alive.refuse(config)
    stamp = f"before-restore-{now():%Y%m%d-%H%M%S}"
    config.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        with _scratch(config.data_dir) as scratch, moves.together(stamp) as moved:
            manifest = archive.unpack(Path(source), scratch)
            _check(config, manifest)
            (scratch / "files").mkdir(exist_ok=True)
            moved.into_place(scratch / "files", config.data_dir / "files")
            databases.load(config.database_url, scratch / archive.DATABASES[manifest.database], held.STATEMENTS, moved,
                           beside=config.data_dir)
    except (OSError, sqlite3.Error) as problem:
        raise Invalid(f"The backup could not be restored: {problem}. Everything is as it was.") from problem
    return _report(config, manifest, moved.kept)


def _check(config: Settings, manifest: Manifest) -> None:
    wanted = databases.kind(config.database_url)
    if manifest.database != wanted:
        raise Invalid(f"This is a backup of a {manifest.database} database, but database_url names a {wanted} one.")
    if not schema.knows(manifest.schema):
        raise Invalid(f"This backup was made by helpdesk {manifest.version} (step {manifest.schema}), which is newer "
                      f"than this program ({__version__}, step {schema.newest()}). Install that version first.")


def _report(config: Settings, manifest: Manifest, kept: list[Path]) -> str:
    lines = [f"Restored the backup of {manifest.made_at}: {_said(manifest)}.",
             *(f"What was there before: {path}" for path in kept),
             "Nothing is sent until an admin releases the outbox (Settings, Deliveries). Everybody signs in again; "
             "`helpdesk agents reset` prints a link. Mailboxes are read again from where the backup stood; what is "
             "known already is left out."]
    if not config.secret_key and not config.key_file.exists():
        lines.append(f"Put your copy of the secret key into {config.key_file} before you start: without it the "
                     "secrets of inboxes cannot be opened.")
    elif manifest.key and manifest.key != _key_mark(config):
        lines.append("The secret key is another one than when the backup was made: put the old one back, or type the "
                     "secrets of all inboxes in again.")
    if manifest.schema != schema.newest() and manifest.database == "postgresql":
        lines.append("The backup is of an older helpdesk. Run: helpdesk db upgrade")
    lines.append("Start with: helpdesk serve")
    return "\n".join(lines)


def _said(manifest: Manifest) -> str:
    tickets, messages = (manifest.counts.get(table, 0) for table in ("ticket", "message"))
    return f"{many(tickets, 'ticket')}, {many(messages, 'message')}, {many(len(manifest.members) - 1, 'file')}"


def _key_mark(config: Settings) -> str:
    """Tells whether two keys are the same, and nothing else of them."""
    return security.sign(config.secret().encode(), "backup")


@contextmanager
def _scratch(parent: Path):
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=".helpdesk-"))       # 0700: customers' data
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
