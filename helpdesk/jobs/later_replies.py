"""Replies whose time has come, each in a transaction of its own, so that one that fails holds up no other."""
from __future__ import annotations

import logging

from helpdesk import db
from helpdesk.services import later

log = logging.getLogger(__name__)


def run() -> int:
    """Hold what the customer has overtaken, send what is due; returns how many were worked off."""
    held = db.run(later.hold_answered)
    with db.reading() as session:
        ids = later.due(session)
    for later_id in ids:
        try:
            db.run(later.leave, later_id)
        except Exception:
            log.exception("later reply=%s", later_id)
            db.run(later.postpone, later_id)
    return held + len(ids)
