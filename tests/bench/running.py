"""A running helpdesk to measure, and processes beside it."""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from helpdesk import db, schema
from tests.bench import desks
from tests.bench.figures import ROOT
from tests.house import House, opened


@contextmanager
def house(tickets: int = 0) -> Iterator[House]:
    """`helpdesk serve` on SQLite with that many old tickets; ended and removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="helpdesk_bench_") as name:
        made = House(Path(name))
        made.config.data_dir.mkdir(parents=True)
        db.connect(made.config.database_url)
        schema.upgrade()
        made.before_start = lambda: tickets and desks.fill(tickets, made.inbox("mail").id)
        with opened(_Filled(made)):
            yield made


class _Filled:
    """Fills the house between setting it up and starting it."""

    def __init__(self, made: House):
        self.made = made

    def set_up(self) -> None:
        self.made.set_up()
        self.made.before_start()

    def __getattr__(self, name: str):
        return getattr(self.made, name)


def cookie(made: House, name: str = "alice") -> str:
    """The Cookie header of somebody who has signed in."""
    browser = requests.Session()
    browser.post(made.sign_in_link(f"{name}@kopi.example"), timeout=20).raise_for_status()
    return "; ".join(f"{one.name}={one.value}" for one in browser.cookies)


def environment(**more: str) -> dict[str, str]:
    """Ours, and more."""
    return {**os.environ, **more}


@contextmanager
def process(*arguments: str, **more: str) -> Iterator[subprocess.Popen]:
    """`python -m …` in the project, ended afterwards."""
    started = subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT, env=environment(**more))
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@contextmanager
def folder() -> Iterator[str]:
    """An empty folder, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="helpdesk_bench_") as name:
        yield name


def answers(url: str) -> bool:
    """Whether a page is there by now."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def resident_kb(house: House) -> int:
    """The memory of the serving process itself."""
    return _field(house.parts["serve"].pid, "status", "VmRSS:")


def whole_mb(house: House) -> float:
    """The memory of the serving process and its children; what they share is counted once (PSS)."""
    return sum(_field(pid, "smaps_rollup", "Pss:") for pid in _family(house.parts["serve"].pid)) / 1024


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _family(int(child))
    return found


def _field(pid: int, file: str, name: str) -> int:
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
