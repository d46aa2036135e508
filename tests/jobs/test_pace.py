"""Turns are given out so that no platform's limit is passed."""
import threading

import pytest

from channels.base import Can
from helpdesk.jobs import pace


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock of our own; sleeping moves it."""
    class Clock:
        at = 100.0
        slept: list[float] = []
    clock = Clock()
    clock.slept = []

    def sleep(seconds):
        clock.slept.append(round(seconds, 3))
        clock.at += seconds
    monkeypatch.setattr(pace.time, "monotonic", lambda: clock.at)
    monkeypatch.setattr(pace.time, "sleep", sleep)
    pace.reset()
    yield clock
    pace.reset()


def test_without_limits_nobody_waits(clock):
    for _ in range(5):
        pace.wait_turn(1, "a", Can())
    assert clock.slept == []


def test_an_account_sends_so_many_a_second(clock):
    for number in range(4):
        pace.wait_turn(1, f"person {number}", Can(per_second=10))
    assert clock.slept == [0.1, 0.1, 0.1]
    pace.wait_turn(2, "person 0", Can(per_second=10))
    assert len(clock.slept) == 3, "another account has its own limit"


def test_one_address_gets_its_pause_and_holds_up_no_other(clock):
    pace.wait_turn(1, "a", Can(pause=1))
    pace.wait_turn(1, "b", Can(pause=1))
    assert clock.slept == []
    pace.wait_turn(1, "a", Can(pause=1))
    assert clock.slept == [1.0]


def test_turns_are_not_given_out_twice(clock, monkeypatch):
    turns = []
    monkeypatch.setattr(pace.time, "sleep", lambda seconds: turns.append(round(seconds, 3)))
    threads = [threading.Thread(target=pace.wait_turn, args=(1, str(n), Can(per_second=2))) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(turns) == [0.5, 1.0, 1.5, 2.0]


def test_what_is_past_is_forgotten(clock, monkeypatch):
    monkeypatch.setattr(pace, "KEPT", 10)
    for number in range(10):
        pace.wait_turn(1, str(number), Can(pause=1))
    clock.at += 5
    pace.wait_turn(1, "new", Can(pause=1))
    assert len(pace._next) == 1
