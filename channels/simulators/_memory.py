"""What a simulated platform remembers. Bounded, because a demo may run for weeks."""
from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

MOST_CHATS = 2000
MOST_MESSAGES = 500
MOST_BYTES = 200 * 2**20


@dataclass(frozen=True)
class StoredFile:
    name: str
    content_type: str
    content: bytes


class Files:
    """Files by id; the oldest go when they are too many bytes."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        self.most_bytes = most_bytes
        self._files: OrderedDict[str, StoredFile] = OrderedDict()
        self._bytes = 0
        self._lock = RLock()

    def put(self, name: str, content_type: str, content: bytes, key: str = "") -> str:
        """Keep a file; returns its id: the given one, or new digits, as Meta's are."""
        with self._lock:
            key = key or str(secrets.randbelow(9 * 10**15) + 10**15)
            self._files[key] = StoredFile(name, content_type, content)
            self._bytes += len(content)
            while self._bytes > self.most_bytes and len(self._files) > 1:
                self._bytes -= len(self._files.popitem(last=False)[1].content)
            return key

    def get(self, key: str) -> StoredFile | None:
        return self._files.get(key)


class Chats:
    """What each person sees, by address, oldest first."""

    def __init__(self):
        self._chats: OrderedDict[str, deque[dict]] = OrderedDict()
        self._lock = RLock()

    def add(self, address: str, id: str, *, text: str = "", files: list[StoredFile] | None = None,
            buttons: list[dict] | None = None, from_business: bool = False, status: str = "", replies_to: str = "",
            at: datetime | None = None, kind: str = "", template: str = "") -> dict[str, Any]:
        """A new message. `kind`: place, sticker or card, where it is no plain one."""
        entry = {"id": id, "text": text, "buttons": buttons or [], "from_business": from_business, "status": status,
                 "replies_to": replies_to, "at": at or datetime.now(UTC), "kind": kind,
                 "template": template,
                 "files": [{"name": f.name, "type": f.content_type, "content": f.content} for f in files or ()]}
        with self._lock:
            if address not in self._chats:
                self._chats[address] = deque(maxlen=MOST_MESSAGES)
                if len(self._chats) > MOST_CHATS:
                    self._chats.popitem(last=False)
            self._chats[address].append(entry)
        return entry

    def change(self, address: str, id: str, **what: Any) -> None:
        """Something about one message is another now."""
        with self._lock:
            for entry in self._chats.get(address, ()):
                if entry["id"] == id:
                    entry.update(what)

    def seen(self, address: str, id: str) -> None:
        """The business has read what the person wrote, up to this message."""
        with self._lock:
            for entry in self._chats.get(address, ()):
                if not entry["from_business"]:
                    entry["status"] = "read"
                if entry["id"] == id:
                    return

    def age(self, address: str, by: timedelta) -> None:
        """Let this time have passed since everything in one chat."""
        with self._lock:
            for entry in self._chats.get(address, ()):
                entry["at"] -= by

    def addresses(self) -> list[str]:
        """Everybody who has a chat."""
        with self._lock:
            return list(self._chats)

    def knows(self, address: str) -> bool:
        return address in self._chats

    def of(self, address: str) -> list[dict[str, Any]]:
        """Copies of the messages of one person."""
        with self._lock:
            return [dict(entry) for entry in self._chats.get(address, ())]

    def sent(self, address: str) -> Iterator[dict[str, Any]]:
        """The live entries that the business wrote to one person."""
        with self._lock:
            return iter([entry for entry in self._chats.get(address, ()) if entry["from_business"]])

    def last_from_person(self, address: str) -> datetime | None:
        with self._lock:
            return next((e["at"] for e in reversed(self._chats.get(address, ())) if not e["from_business"]), None)


def map_link(latitude: float, longitude: float) -> str:
    """Where a shared place can be looked at."""
    return f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}"
