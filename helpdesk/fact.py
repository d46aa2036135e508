"""The base of all facts. See helpdesk.events."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """The base of all. Fields become the event's `data` and the arguments of its reactions."""
