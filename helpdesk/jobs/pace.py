"""Staying below a platform's limits on our side: so many messages a second for the account, and a pause between two
messages to one address. Kept by each process for itself; beyond that the platform's own "slow down" counts."""
from __future__ import annotations

import threading
import time

from channels.base import Can

KEPT = 10_000       # addresses remembered before those whose time has passed are forgotten

_lock = threading.Lock()
_next: dict[tuple[int, str], float] = {}        # (inbox, address or '' for the account) → when it may send again


def wait_turn(inbox_id: int, address: str, can: Can) -> None:
    """Sleep until this inbox may send to this address. Turns are given out in the order in which they are asked for."""
    gaps = {(inbox_id, ""): 1 / can.per_second if can.per_second else 0, (inbox_id, address): can.pause}
    gaps = {key: gap for key, gap in gaps.items() if gap}
    if not gaps:
        return
    with _lock:
        at = time.monotonic()
        turn = max([at, *(_next.get(key, 0) for key in gaps)])
        for key, gap in gaps.items():
            _next[key] = turn + gap
        if len(_next) > KEPT:
            for key in [key for key, free in _next.items() if free < at]:
                del _next[key]
    if turn > at:
        time.sleep(turn - at)


def reset() -> None:
    """Forget everything (between tests)."""
    _next.clear()
