"""This machine: the program, its folders, its key, its clock."""
from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from helpdesk import paths
from helpdesk.checks import Finding, fail, good, warn
from helpdesk.clock import now
from helpdesk.settings import KEY_BYTES, Settings

LITTLE_SPACE, NO_SPACE = 1_000_000_000, 100_000_000     # bytes
OLDEST_PYTHON, OLDEST_SQLITE = (3, 11), (3, 35)         # SQLite 3.35 brought RETURNING


def findings(config: Settings) -> Iterator[Finding]:
    """Every check of this file."""
    yield python()
    yield sqlite()
    yield data_folder(config)
    yield secret_key(config)
    yield clock(now())
    yield time_zones(config.time_zone)
    yield assets(paths.DIST)


def python() -> Finding:
    """The interpreter."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return fail("Python", f"This is Python {found}.", "Install Python 3.11 or newer.")
    return good("Python", f"Python {found}.")


def sqlite() -> Finding:
    """The library that Python was built with; needed for the full-text search of a SQLite installation."""
    with sqlite3.connect(":memory:") as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
        except sqlite3.OperationalError:
            return fail("SQLite", f"SQLite {sqlite3.sqlite_version} was built without full-text search (FTS5).",
                        "Use a Python whose SQLite has FTS5, or PostgreSQL (database_url).")
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        return fail("SQLite", f"SQLite {sqlite3.sqlite_version} is too old.", "SQLite 3.35 or newer is needed.")
    return good("SQLite", f"SQLite {sqlite3.sqlite_version} with full-text search.")


def data_folder(config: Settings) -> Finding:
    """Whether the data folder, or the place where it will be made, can be written to and has room."""
    there = next(folder for folder in (config.data_dir, *config.data_dir.parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return fail("Data folder", f"{there} cannot be written to.",
                    f"Give this user ({_user()}) the right to write there, or set data_dir to another folder.")
    free = shutil.disk_usage(there).free
    says = f"{config.data_dir}{'' if there == config.data_dir else ' (made on the first start)'}, " \
           f"{free / 1e9:.1f} GB free."
    if free < NO_SPACE:
        return fail("Data folder", says, "Make room on this disk now: without any, messages are refused.")
    if free < LITTLE_SPACE:
        return warn("Data folder", says, "Make room on this disk soon.")
    return good("Data folder", says)


def secret_key(config: Settings) -> Finding:
    """The key is there, long enough, not all the same, and readable by its owner alone."""
    name = "Secret key"
    if config.secret_key:
        key, place = config.secret_key, f"secret_key ({config.origins['secret_key']})"
    elif not config.key_file.exists():
        return good(name, f"It will be made in {config.key_file} on the first start.")
    else:
        place = str(config.key_file)
        try:
            key = config.key_file.read_text().strip()
        except OSError as problem:
            return fail(name, f"{place} cannot be read: {problem.strerror}.", f"Let this user ({_user()}) read it.")
        if len(key) < KEY_BYTES:
            return fail(name, f"{place} holds no whole key.", "Put the right key back from where you keep copies.")
        if stat.S_IMODE(config.key_file.stat().st_mode) & 0o077:
            return warn(name, f"{place} can be read by other users of this machine.", f"chmod 600 {place}")
    if len(set(key)) < 10:
        return warn(name, f"{place} is easy to guess.",
                    'Make a random one: python -c "import secrets; print(secrets.token_urlsafe(32))". '
                    "The secrets of inboxes must be typed in again then.")
    return good(name, f"{place}.")


def clock(at: datetime) -> Finding:
    """A machine without battery or time service starts somewhere in the past."""
    if at.year < 2025:
        return fail("Clock", f"This machine's clock says {at:%Y-%m-%d}.", "Set it, and let NTP keep it right.")
    return good("Clock", f"{at:%Y-%m-%d %H:%M:%S} UTC.")


def time_zones(name: str) -> Finding:
    """The time zone data is installed and knows the configured zone."""
    try:
        ZoneInfo(name)
        ZoneInfo("America/Sao_Paulo")
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        return fail("Time zones", f"The time zone data is not complete: {problem}.", "pip install --upgrade tzdata")
    return good("Time zones", f"Reports and new business hours use {name}.")


def assets(folder: Path) -> Finding:
    """The built scripts and styles are all there."""
    name, manifest = "Front end", folder / "manifest.json"
    try:
        files = json.loads(manifest.read_text())
        missing = [file for file in files.values() if not (folder / file).is_file()]
    except (OSError, ValueError, AttributeError):
        return fail(name, f"{manifest} is not there.", "In a checkout: make build. Otherwise install the wheel again.")
    if missing or not files:
        return fail(name, f"Files are missing in {folder}: {', '.join(missing) or 'all'}.",
                    "In a checkout: make build. Otherwise install the wheel again.")
    return good(name, f"{len(files)} bundles.")


def _user() -> str:
    return os.environ.get("USER") or f"uid {os.getuid()}"
