"""What people write that no FAQ answers: messages for the class "none of these", in all shipped languages. Pure."""
from __future__ import annotations

from functools import cache

from helpdesk.matching.spelling import DATA


@cache
def messages() -> tuple[str, ...]:
    """The messages, one per line of data/background.txt; lines that begin with # are remarks."""
    lines = (DATA / "background.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))
