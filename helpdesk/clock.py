"""The one source of "now", so that a test or the demo's history can set it."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_held: datetime | None = None


def now() -> datetime:
    """The current time in UTC."""
    return _held or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside the block it is `moment` for the whole process: only for a process in which nothing else runs."""
    global _held
    before, _held = _held, moment
    try:
        yield
    finally:
        _held = before
