"""Working off bulk changes: a few tickets at a time, every change in turn, with room for everybody else between."""
from __future__ import annotations

import time

from helpdesk import db
from helpdesk.services import bulk

SECONDS = 2.0       # for one change before the next one has its turn
BREATH = 0.02       # after each step: whoever else waits for the database comes first


def work_due() -> int:
    """Go on with every change that no other worker holds, until none is left; returns how many tickets were done."""
    done = 0
    while ids := _due():
        for change_id in ids:
            if db.run(bulk.claim, change_id):
                done += _some(change_id)
    return done


def _due() -> list[int]:
    with db.reading() as session:
        return bulk.due(session)


def _some(change_id: int) -> int:
    done, end = 0, time.monotonic() + SECONDS
    try:
        while time.monotonic() < end and (count := db.run(bulk.step, change_id)):
            done += count
            time.sleep(BREATH)
    finally:
        db.run(bulk.release, change_id)
    return done
