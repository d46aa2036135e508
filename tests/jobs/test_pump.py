"""The worker's loops: woken by a commit, and none waits for another."""
import threading

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.jobs import inbound, outbox, pump, tasks
from helpdesk.models import Message
from tests.house import wait_for
from tests.people import customer_mail, deliver_mail


@pytest.fixture
def loops(monkeypatch):
    """loops(a=step, …) → runs pump.start with these steps; ended by itself."""
    stops = []

    def begin(*steps):
        monkeypatch.setattr(pump, "LOOPS", steps)
        stops.append(pump.start())
    yield begin
    for stop in stops:
        stop()


def test_all_there_is_to_do_belongs_to_one_of_the_loops():
    assert pump.LOOPS == (inbound.drain, tasks.run_due, tasks.run_slow, outbox.start_sending)


def test_a_commit_wakes_the_loops_and_they_go_on_until_nothing_is_left(cast, loops):
    work, seen = [3, 2, 1], []

    def step():
        seen.append(len(work))
        return work.pop() if work else 0
    loops(step)
    wait_for(lambda: seen and seen[-1] == 0, "the first round to end")
    assert seen == [3, 2, 1, 0]
    with db.transaction() as session:
        work.append(1)
        db.tell(session, "worker", "wake")
    wait_for(lambda: seen[4:] == [1, 0], "the second round")
    with db.transaction() as session:
        db.tell(session, "agents", "ticket")
    assert len(seen) == 6, "news for browsers are none for the worker"


def test_what_is_said_during_a_round_is_heard_after_it(cast, loops):
    seen = []

    def step():
        seen.append(1)
        if len(seen) == 1:
            pump.wake()
        return 0
    loops(step)
    wait_for(lambda: len(seen) == 2, "a second round")


def test_a_loop_that_waits_for_somebody_holds_up_no_other(cast, loops):
    """A mail server that does not answer, and a customer who writes meanwhile."""
    server = threading.Event()

    def stuck():
        server.wait(30)
        return 0
    loops(stuck, inbound.drain)
    deliver_mail(cast.mail, customer_mail("Hello"))
    try:
        wait_for(lambda: _stored(), "the mail to be processed")
        assert not server.is_set()
    finally:
        server.set()


def _stored():
    with db.reading() as session:
        return session.scalar(select(Message.id))


def test_a_step_that_fails_is_tried_again_at_the_next_wake(cast, loops):
    seen = []

    def step():
        seen.append(1)
        if len(seen) == 1:
            raise OSError("the database is away")
        return 0
    loops(step)
    wait_for(lambda: seen, "the first round")
    pump.wake()
    wait_for(lambda: len(seen) == 2, "the second round")


def test_a_process_without_loops_calls_the_one_that_has_them(cast):
    called = []
    pump.tell_others_by(lambda: called.append(1))
    try:
        db.on_commit(pump.wake)
        with db.transaction() as session:
            db.tell(session, "worker", "wake")
        with db.transaction() as session:
            db.tell(session, "agents", "ticket")
        assert called == [1]
    finally:
        pump.tell_others_by(None)


def test_what_was_kept_wakes_only_the_loop_that_reads_it(cast, loops, monkeypatch):
    read, others = [], []

    def drain():
        read.append(1)
        return 0
    monkeypatch.setattr(inbound, "drain", drain)
    loops(drain, lambda: others.append(1) or 0)
    wait_for(lambda: read and others, "the first round")
    with db.transaction() as session:
        db.tell(session, "worker", "inbound")
    wait_for(lambda: len(read) == 2, "the reading round")
    assert len(others) == 1
