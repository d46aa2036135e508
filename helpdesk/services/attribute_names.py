"""How facts from the site are shown: an inbox names, orders and hides them, one per line.

    plan = Plan
    lifetime_value = Spent so far
    -internal_segment
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Names:
    """What one inbox wants: names by key, in their order, and the keys that nobody needs to see."""
    named: dict[str, str]
    hidden: frozenset[str]

    def shows(self, key: str) -> bool:
        """Whether agents see this fact."""
        return key not in self.hidden

    def label(self, key: str) -> str:
        """What it is called: as the inbox says, else made readable."""
        return self.named.get(key) or key.replace("_", " ").replace("-", " ").strip().capitalize() or key

    def place(self, key: str) -> tuple[int, str]:
        """Where it stands: named ones in their order, then the others by name."""
        return (list(self.named).index(key), "") if key in self.named else (len(self.named), self.label(key).lower())


@lru_cache(maxsize=64)
def read(text: str) -> Names:
    """The lines of an inbox's form. A line that says nothing is left out."""
    named, hidden = {}, set()
    for line in text.splitlines():
        key, _, label = (part.strip() for part in line.partition("="))
        if key.startswith("-"):
            hidden.add(key[1:].strip())
        elif key:
            named[key] = label
    return Names(named, frozenset(hidden))
