"""What a site's makers copy to say who is signed in, in their language, with the inbox's own key. The tests run them
against the door that they are for."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from helpdesk import paths

LANGUAGES = {"py": "Python", "php": "PHP", "js": "Node", "rb": "Ruby", "go": "Go"}
KEY = "INBOX_KEY"


@dataclass(frozen=True)
class Snippet:
    """One language: how a token is made there, and a plain hash."""
    language: str
    label: str
    token: str
    hash: str


def snippets(key: str) -> list[Snippet]:
    """All of them, for the inbox of this key."""
    return [Snippet(name, label, *(_text(kind, name).replace(KEY, key) for kind in ("token", "hash")))
            for name, label in LANGUAGES.items()]


@cache
def _text(kind: str, language: str) -> str:
    file = paths.TEMPLATES / "settings" / "inboxes" / "snippets" / f"{kind}.{language}.txt"
    return file.read_text(encoding="utf-8").strip()
