"""Keeping the suggested pairs of contacts true, a little at a time: contacts change all day, and an update of the
program may bring a hundred thousand at once."""
from __future__ import annotations

import time

from helpdesk import db
from helpdesk.services import duplicate_pairs, duplicates

SECONDS = 1.5       # of work at a tick; the rest waits for the next one
BREATH = 0.002      # after each contact: whoever else waits in this process comes first


def refresh_due(seconds: float = SECONDS) -> int:
    """Work off changed contacts for a while; returns how many changes. Nothing when another worker is at it."""
    with db.reading() as session:
        if not duplicate_pairs.waiting(session, 1):
            return 0
    if not db.run(duplicate_pairs.claim):
        return 0
    done, end = 0, time.monotonic() + seconds
    try:
        while time.monotonic() < end and (changes := _some()):
            done += changes
    finally:
        db.run(duplicate_pairs.release)
    return done


def _some() -> int:
    with db.reading() as session:
        changes = duplicate_pairs.waiting(session)
    contact_ids = sorted({contact_id for _, contact_id in changes})
    if not contact_ids:
        return 0
    db.run_again(duplicate_pairs.write_keys, contact_ids)
    found = {}
    for contact_id in contact_ids:
        with db.reading() as session:
            found[contact_id] = duplicates.likely(session, contact_id)
        time.sleep(BREATH)
    db.run_again(duplicate_pairs.write_pairs, found, [change_id for change_id, _ in changes])
    return len(changes)
