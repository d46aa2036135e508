"""What somebody is to the house, by how often and how long they have written: new, returning, regular. Pure."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FRESH = timedelta(days=30)
LONG = timedelta(days=60)
OFTEN = 5


@dataclass(frozen=True)
class Standing:
    """`word`: new (one matter, or two within a month), regular (five and more over two months), otherwise returning.
    `tickets` are all of theirs, `active` those still open or pending, `since` when the first came."""
    word: str
    tickets: int
    active: int
    since: datetime | None


def standing(tickets: int, active: int, since: datetime | None, at: datetime) -> Standing:
    """From the number of a person's tickets and the time of the first; `since` is None when there is none."""
    span = at - since if since else timedelta()
    if tickets <= 1 or tickets == 2 and span < FRESH:
        word = "new"
    elif tickets >= OFTEN and span >= LONG:
        word = "regular"
    else:
        word = "returning"
    return Standing(word, tickets, active, since)
