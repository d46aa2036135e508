"""How often something may be tried. Counted in the database, so that all processes count together."""
from __future__ import annotations

import time
from datetime import timedelta
from functools import cache

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import TooMany
from helpdesk.models import RateCount


def hit(session: Session, key: str, limit: int, per_seconds: int) -> int:
    """Count one try of `key`; returns how many there were in this window. Raises TooMany beyond `limit`.

    The count is one statement, so that parallel tries cannot pass the same number twice.
    """
    window = int(time.time()) // per_seconds * per_seconds
    values = {"key": key[:160], "window": window, "count": 1, "expires_at": now() + timedelta(seconds=2 * per_seconds)}
    count = session.connection().execute(_counting(db.is_sqlite()), values).scalar()
    if count > limit:
        wait = max(1, window + per_seconds - int(time.time()))
        raise TooMany(f"Too many tries. Please wait {wait} seconds.", wait)
    return count


@cache
def _counting(for_sqlite: bool):
    statement = (sqlite if for_sqlite else postgresql).insert(RateCount.__table__)
    count = RateCount.__table__.c.count
    return statement.on_conflict_do_update(index_elements=["key", "window"], set_={"count": count + 1}).returning(count)


def forget_old(session: Session) -> None:
    """Remove counts whose window is long over."""
    session.execute(delete(RateCount).where(RateCount.expires_at < now()))
