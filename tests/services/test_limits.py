"""How often something may be tried, counted once for all processes."""
import threading

import pytest
from sqlalchemy import func, select, update

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import TooMany
from helpdesk.models import RateCount
from helpdesk.services import limits


@pytest.fixture
def at_noon(monkeypatch):
    """Windows do not turn over in the middle of a test."""
    monkeypatch.setattr("helpdesk.services.limits.time.time", lambda: 1_800_000_000.0)


def test_beyond_the_limit_one_waits_until_the_window_ends(any_database, at_noon):
    assert [db.run(limits.hit, "k", 3, 60) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(TooMany) as refused:
        db.run(limits.hit, "k", 3, 60)
    assert 0 < refused.value.retry_after <= 60
    assert db.run(limits.hit, "another", 3, 60) == 1


def test_a_new_window_begins_at_one(any_database, monkeypatch):
    clock = [1_800_000_000.0]
    monkeypatch.setattr("helpdesk.services.limits.time.time", lambda: clock[0])
    db.run(limits.hit, "k", 1, 60)
    clock[0] += 60
    assert db.run(limits.hit, "k", 1, 60) == 1


def test_parallel_tries_cannot_slip_through_together(any_database, at_noon):
    passed, refused = [], []

    def attempt():
        try:
            passed.append(db.run(limits.hit, "k", 5, 60))
        except TooMany:
            refused.append(1)
    threads = [threading.Thread(target=attempt) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [1, 2, 3, 4, 5] and len(refused) == 35


def test_a_very_long_key_is_no_error(any_database, at_noon):
    assert db.run(limits.hit, "k" * 5_000, 3, 60) == 1


def test_old_counts_are_forgotten(any_database, at_noon):
    db.run(limits.hit, "k", 3, 60)
    db.run(limits.forget_old)
    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(RateCount)) == 1
        session.execute(update(RateCount).values(expires_at=now()))
    db.run(limits.forget_old)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(RateCount)) == 0
