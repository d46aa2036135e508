"""What goes into the matcher. Pure."""
from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One entry of an FAQ. The question (the title) is a phrasing like the alternatives; the answer counts a little."""
    id: Hashable
    question: str
    alternatives: tuple[str, ...] = ()
    answer: str = ""
    locale: str = ""

    @property
    def phrasings(self) -> tuple[str, ...]:
        """Each phrasing once."""
        return tuple(dict.fromkeys(text for text in (self.question, *self.alternatives) if text.strip()))
