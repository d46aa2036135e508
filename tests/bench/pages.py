"""The inbox and a ticket, for one signed-in agent with a kept-alive connection.

The floor shows the same kind of page with nothing but Flask, a session cookie, the ORM and Jinja (flask_floor.py).
Both are asked in turns by the same client (http_lat.py), which also counts the server's computing time: on a machine
that others use too, that is the steadier figure.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import requests

from tests.bench import running
from tests.bench.figures import Figure, median, tool
from tests.house import free_port, wait_for

ROUNDS, REQUESTS = 5, 100
SHARES = {"p50": "p50", "p95": "p95", "server_cpu_ms": "computing"}
GOAL = 2.0


def run(full: bool) -> Iterator[Figure]:
    """A small desk, and a large one when there is time."""
    tool("flask_floor.py"), tool("http_lat.py")
    for tickets in (1_000, 100_000) if full else (1_000, 10_000):
        yield from _desk(tickets)


def _desk(tickets: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="helpdesk_bench_") as folder, running.house(tickets) as house:
        port, database = free_port(), str(Path(folder) / "floor.db")
        subprocess.run([sys.executable, str(tool("flask_floor.py")), "seed", str(tickets)], check=True,
                       env={**os.environ, "FF_DB": database})
        with running.process("tests.bench.floor_web", str(port), FF_DB=database) as floor_web:
            floor = f"http://127.0.0.1:{port}"
            wait_for(lambda: running.answers(f"{floor}/login"), "the floor to answer")
            browser = requests.Session()
            browser.get(f"{floor}/login", timeout=5)
            cookies = "; ".join(f"{c.name}={c.value}" for c in browser.cookies), running.cookie(house)
            ticket = tickets // 2 + 1
            pairs = {"inbox": (f"{floor}/inbox", f"{house.url}/inbox/all"),
                     "ticket": (f"{floor}/ticket/{min(ticket, 900)}", f"{house.url}/inbox/all/{ticket}"),
                     "ticket, as a fragment": (f"{floor}/ticket/{min(ticket, 900)}", f"{house.url}/inbox/all/{ticket}")}
            pids = floor_web.pid, house.parts["serve"].pid
            for page, urls in pairs.items():
                extra = [], ["-H", "X-Fragment: 1"] if "fragment" in page else []
                found: list[dict] = []
                for turn in range(ROUNDS):
                    found.append({side: ask(urls[side], cookies[side], pids[side], *extra[side])
                                  for side in ((0, 1), (1, 0))[turn % 2]})
                for share, name in SHARES.items():
                    floors, ours = (median([one[side][share] for one in found]) for side in (0, 1))
                    yield Figure(f"page, {page}, {tickets // 1000}k tickets, {name}", ours, "ms", floors,
                                 most=GOAL if share == "p95" else None)


def ask(url: str, cookie: str, pid: int, *extra: str) -> dict:
    """The times of a page, asked for again and again, and the server's computing time of one, in ms."""
    answer = subprocess.run(
        [sys.executable, str(tool("http_lat.py")), "-n", str(REQUESTS), "-w", "10", "--json", "--pid", str(pid),
         "-H", f"Cookie: {cookie}", "-H", "Accept: text/html", *extra, url], capture_output=True, text=True, check=True)
    found = json.loads(answer.stdout)
    if found["status"] != {"200": REQUESTS}:
        raise RuntimeError(f"{url} answered {found['status']}")
    return found
