"""How far a mailbox has been read, as one text that is stored together with the mail."""
from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta

WAITS = (60, 300, 1800, 7200, 21_600)       # seconds until a mail that could not be had is asked for again; then daily
DAY = 86_400
TRIES = 20                                  # then only when somebody asks for it
MOST_ASIDE = 2000
UNREADABLE = "?"


@dataclass
class Cursor:
    """A place in a folder. Everything up to `uid` was taken, is not wanted, or is noted in `again`. Of what lay there
    at the first look (UIDs up to `upto`) only what arrived since a day is wanted; nothing of it up to `floor`."""
    mailbox: str = ""               # whose: after a change of account, UIDs mean something else
    uidvalidity: int = 0
    uid: int = 0
    next: int = 0                   # the UIDNEXT of the last look: a higher one means new mail
    upto: int = 0
    floor: int = 0
    since: str = ""                 # ISO; "" for no bound
    read_on: str = ""               # ISO day of the last look
    again: dict[str, dict] = field(default_factory=dict)       # UID → tries, at (ISO), why

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """What was stored; None for a first look. An unreadable one asks for everything: rather all again than
        anything lost."""
        if not text:
            return None
        try:
            known = json.loads(text)
            for day in (known.get("since"), known.get("read_on")):
                date.fromisoformat(day or "2000-01-01")
            again = {str(int(uid)): {"tries": int(note["tries"]), "why": str(note["why"]),
                                     "at": datetime.fromisoformat(note["at"]).isoformat()}
                     for uid, note in known.get("again", {}).items()}
            numbers = {key: int(known.get(key, 0)) for key in ("uidvalidity", "uid", "next", "upto", "floor")}
            return cls(mailbox=known.get("mailbox", ""), since=known.get("since", ""),
                       read_on=known.get("read_on", ""), again=again, **numbers)
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls(mailbox=UNREADABLE)

    def text(self) -> str:
        """As it is stored."""
        return json.dumps({key: value for key, value in asdict(self).items() if value})

    def passed(self, uid: int) -> None:
        """This mail is safe, or gone."""
        self.uid = max(self.uid, uid)
        self.again.pop(str(uid), None)

    def failed(self, uid: int, why: str, at: datetime) -> int:
        """It could not be had; returns how often that happened."""
        tries = self.again.get(str(uid), {}).get("tries", 0) + 1
        wait = WAITS[tries - 2] if 2 <= tries < len(WAITS) + 2 else DAY if tries > 2 else 0
        self.again[str(uid)] = {"tries": tries, "at": (at + timedelta(seconds=wait)).isoformat(), "why": why[:200]}
        return tries

    def due(self, at: datetime) -> list[int]:
        """What was put aside and is to be asked for again now."""
        return sorted(int(uid) for uid, note in self.again.items()
                      if int(uid) <= self.uid and note["tries"] < TRIES and datetime.fromisoformat(note["at"]) <= at)

    def ask_again(self, uid: int, at: datetime) -> None:
        """Somebody wants it tried now."""
        self.again[str(uid)] = {"tries": 1, "at": at.isoformat(), "why": "asked for again"}
        self.uid = max(self.uid, uid)
