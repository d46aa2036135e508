"""The nightly round of the timers: a bounded batch after the other, each in its own transaction."""
from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.jobs import compact, exports
from helpdesk.services import files, retention, unneeded

log = logging.getLogger(__name__)
BATCH = 200
SECONDS = 600           # of one round; what is left waits for the next one
AGAIN, AT_LATEST = timedelta(hours=6), timedelta(hours=26)


def run_due() -> dict[str, int]:
    """Run every class whose time has come: at night, or by day where the helpdesk is off at night. Returns how much
    went, by class."""
    exports.forget_old()
    with db.reading() as session:
        keys = [rule.key for rule in retention.rules(session) if rule.days is not None and _due(rule.run_at)]
    end, went = time.monotonic() + SECONDS, {}
    for key in keys:
        went[key] = 0
        while time.monotonic() < end:
            try:
                done = db.run(retention.batch, key, BATCH)
            except Exception:       # one class stops no other
                log.exception("the timer %r", key)
                break
            _remove(done.hashes)
            went[key] += done.count
            if not done.count:
                db.run(retention.ran, key, went[key])
                break
    return went


def _due(run_at: datetime | None) -> bool:
    if run_at is None or now() - run_at > AT_LATEST:
        return True
    hour = now().astimezone(ZoneInfo(settings.current().time_zone)).hour
    return hour in compact.NIGHT and now() - run_at > AGAIN


def _remove(hashes: tuple[str, ...]) -> None:
    with db.reading() as session:
        gone = unneeded.unneeded(session, hashes)
    for sha256 in gone:
        files.forget(sha256)
