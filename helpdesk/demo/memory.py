"""What the phones remember across restarts: data_dir/simulator.db, a small SQLite file beside the helpdesk's own.

The platforms keep everything in memory. `save` writes what is new or has changed since it was last called, so that it
can be called every second; `restore` gives it back to platforms that have just been made.
"""
from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from channels.simulators._memory import StoredFile
from helpdesk.demo import trouble
from helpdesk.demo.apps import APPS
from helpdesk.demo.people import People
from helpdesk.demo.platforms import Platforms

log = logging.getLogger(__name__)
SECONDS = 1.0
SOMETIMES = ("kind", "edited", "unsent", "reaction", "template")      # what an entry has beside
TABLES = """
CREATE TABLE IF NOT EXISTS person (id TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entry (app TEXT, address TEXT, id TEXT, position INTEGER, value TEXT NOT NULL,
                                  PRIMARY KEY (app, address, id));
CREATE TABLE IF NOT EXISTS mail (id TEXT PRIMARY KEY, position INTEGER, value TEXT NOT NULL, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS trouble (app TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS file (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL);
"""


class Memory:
    """One file. All methods may be called from any thread or greenlet."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._lock = threading.Lock()
        self._saved: dict[tuple, str] = {}
        with self._db:
            self._db.executescript(TABLES)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def forget(self) -> None:
        """Begin anew."""
        with self._lock, self._db:
            for table in ("person", "entry", "mail", "trouble", "file"):
                self._db.execute(f"DELETE FROM {table}")
            self._saved.clear()

    def people(self) -> People:
        """Everybody who was saved."""
        with self._lock:
            rows = self._db.execute("SELECT id, value FROM person ORDER BY rowid").fetchall()
        self._saved.update({("person", number): value for number, value in rows})
        return People(json.loads(value) for _, value in rows)

    def restore(self, platforms: Platforms, people: People, mails: bool = True) -> None:
        """Lay the messages back into the platforms; without `mails` only those of the chats."""
        for person in people:
            for app in APPS:
                if app != "email":
                    self._restore_chat(platforms, app, person.address(app), person.name)
        with self._lock:
            switched = self._db.execute("SELECT app, value FROM trouble").fetchall()
        for app, value in switched:
            trouble.restore(platforms.account(app), json.loads(value))
            self._saved["trouble", app] = value
        with self._lock:
            rows = self._db.execute("SELECT id, value, raw FROM mail ORDER BY position").fetchall() if mails else ()
        for number, value, raw in rows:
            kept = json.loads(value)
            platforms.mail.put(raw, kept["from_business"], kept["recipients"], datetime.fromisoformat(kept["at"]))
            self._saved["mail", number] = value

    def save(self, platforms: Platforms, people: People) -> int:
        """Write what is new or changed; returns how many rows that were."""
        with self._lock, self._db:
            count = sum(self._put_person(one) for one in people.described())
            count += sum(self._put_trouble(app, trouble.kept(platforms.account(app))) for app in APPS)
            for person in people:
                for app in APPS:
                    put = self._put_mail if app == "email" else self._put_entry
                    count += sum(put(app, person.address(app), one) for one in platforms.conversation(person, app))
        return count

    def keep(self, platforms: Platforms, people: People) -> Callable[[], None]:
        """Save every second in the background; returns a function that saves a last time and stops."""
        stopping = threading.Event()

        def save() -> None:
            try:
                self.save(platforms, people)
            except sqlite3.Error:
                log.exception("the phones' conversations could not be saved")

        def loop() -> None:
            while not stopping.wait(SECONDS):
                save()

        thread = threading.Thread(target=loop, name="phones", daemon=True)
        thread.start()

        def stop() -> None:
            stopping.set()
            thread.join(5)
            save()
        return stop

    def _restore_chat(self, platforms: Platforms, app: str, address: str, name: str) -> None:
        with self._lock:
            rows = self._db.execute("SELECT id, value FROM entry WHERE app = ? AND address = ? ORDER BY position",
                                    (app, address)).fetchall()
        account = platforms.account(app)
        for number, value in rows:
            kept = json.loads(value)
            account.names[address] = name
            files = [StoredFile(f["name"], f["type"], self._file(f["sha256"])) for f in kept["files"]]
            entry = account.chats.add(
                address, number, text=kept["text"], files=files, buttons=kept["buttons"], status=kept["status"],
                from_business=kept["from_business"], replies_to=kept["replies_to"],
                at=datetime.fromisoformat(kept["at"]))
            entry.update({k: kept[k] for k in SOMETIMES if k in kept})
            self._saved["entry", app, address, number] = json.dumps({k: v for k, v in kept.items() if k != "files"})

    def _put_person(self, person: dict) -> bool:
        value = json.dumps(person, ensure_ascii=False)
        if not self._news(("person", person["id"]), value):
            return False
        self._db.execute("INSERT INTO person VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                         (person["id"], value))
        return True

    def _put_trouble(self, app: str, switched: dict) -> bool:
        value = json.dumps(switched)
        if not self._news(("trouble", app), value):
            return False
        self._db.execute("INSERT INTO trouble VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                         (app, value))
        return True

    def _put_entry(self, app: str, address: str, entry: dict) -> bool:
        kept = {**{k: entry[k] for k in ("text", "buttons", "status", "from_business", "replies_to")},
                **{k: entry[k] for k in SOMETIMES if entry.get(k)}, "at": entry["at"].isoformat()}
        if not self._news(("entry", app, address, entry["id"]), json.dumps(kept)):
            return False
        kept["files"] = [{"name": f["name"], "type": f["type"], "sha256": self._put_file(f["content"])}
                         for f in entry["files"]]
        self._db.execute("INSERT INTO entry VALUES (?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM entry), ?) "
                         "ON CONFLICT DO UPDATE SET value = excluded.value",
                         (app, address, entry["id"], json.dumps(kept, ensure_ascii=False)))
        return True

    def _put_mail(self, app: str, address: str, mail: dict) -> bool:
        value = json.dumps({"from_business": mail["from_business"], "recipients": list(mail["recipients"]),
                            "at": mail["at"].isoformat()})
        number = f"{mail['id']} {' '.join(mail['recipients'])}"     # each reader has a copy, all with one id
        if not self._news(("mail", number), value):
            return False
        self._db.execute("INSERT OR REPLACE INTO mail VALUES (?, (SELECT coalesce(max(position), 0) + 1 FROM mail), "
                         "?, ?)", (number, value, mail["raw"]))
        return True

    def _put_file(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self._db.execute("INSERT OR IGNORE INTO file VALUES (?, ?)", (sha256, content))
        return sha256

    def _news(self, key: tuple, value: str) -> bool:
        if self._saved.get(key) == value:
            return False
        self._saved[key] = value
        return True

    def _file(self, sha256: str) -> bytes:
        with self._lock:
            row = self._db.execute("SELECT content FROM file WHERE sha256 = ?", (sha256,)).fetchone()
        return row[0] if row else b""
