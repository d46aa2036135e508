"""A raw mail of 5 KB until it is committed in its ticket: new matters, and replies by In-Reply-To.

Everything is on: the raw bytes kept in a transaction of their own, identity, trace, clocks, events, tasks, search.
The floor parses the mail and inserts three rows (mail_floor.py). Both sides take turns in the same minute.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench import desks
from tests.bench.figures import ROOT, Figure, tool

ROUNDS, MAILS = 5, 100
GOAL = 0.6


class Side:
    """The floor or the product, in its own process."""

    def __init__(self, side: str, kind: str, folder: Path, tickets: int, database: str):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.mail_line", side, kind, str(folder), str(tickets)], cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "BENCH_DATABASE": database})

    def answer(self) -> dict:
        """Its next line."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process ended with {self.process.wait()}")
        return json.loads(line)

    def measure(self, mails: int) -> dict:
        """Send that many of each kind through it."""
        self.process.stdin.write(f"{mails}\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self) -> None:
        """Let it go."""
        self.process.stdin.close()
        self.process.wait(20)


def run(full: bool) -> Iterator[Figure]:
    """Both databases, a small desk and a large one."""
    tool("mail_floor.py")
    for kind in ("sqlite", "postgresql"):
        for tickets in (1_000, 100_000 if full else 10_000):
            yield from _desk(kind, tickets)


def _desk(kind: str, tickets: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="helpdesk_bench_") as name:
        folder = Path(name)
        with desks.scratch(kind, folder) as url:
            sides = {side: Side(side, kind, folder, tickets, url) for side in ("floor", "product")}
            try:
                for side in sides.values():
                    side.answer()
                found = [{name: side.measure(MAILS) for name, side in sides.items()} for _ in range(ROUNDS + 1)][1:]
            finally:
                for side in sides.values():
                    side.end()
                if kind == "postgresql":
                    desks.remove(folder.name)       # the floor's own
    for mail in ("new", "reply"):
        rate = {side: median(one[side][mail]["per_s"] for one in found) for side in sides}
        cpu = {side: median(one[side][mail]["cpu_ms"] for one in found) for side in sides}
        label = f"mail, {mail}, {kind}, {tickets // 1000}k tickets"
        yield Figure(label, rate["product"], "/s", rate["floor"], least=GOAL)
        yield Figure(f"{label}: CPU of a mail", cpu["product"], "ms", cpu["floor"])
