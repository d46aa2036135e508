"""Open widgets and consoles: how soon a visitor's message is announced to an agent, how long a notice takes to reach a
thousand consoles beside a bare Flask-SocketIO server (sio_server.py), and what an idle widget costs in memory."""
from __future__ import annotations

import asyncio
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import insert

from helpdesk import db, security
from helpdesk.clock import now
from helpdesk.models import Contact, Identity, Visitor
from tests.bench import lines, running
from tests.bench.figures import Figure, Missing, median, quantile, tool
from tests.house import House, free_port, wait_for

SAMPLES, ROUNDS = 100, 15
NEAR = 10.0             # milliseconds from message to notice, besides the commit
KB_EACH, FAN_OUT = 80.0, 1.5
FIRST = 1_000_000


def run(full: bool) -> Iterator[Figure]:
    """A few hundred sockets; thousands when there is time."""
    with running.house() as house:
        commit = _commit_ms(house.folder)
        yield Figure("one durable commit, p95", commit, "ms")
        for count in (200, 1_000):
            for which, found in zip(("first", "next"), asyncio.run(_announced(house, count)), strict=True):
                what = f"{which} widget message → agent, {count} sockets"
                yield Figure(f"{what}, p50", quantile(found, 0.5), "ms")
                yield Figure(f"{what}, p95", quantile(found, 0.95), "ms", most=round(NEAR + commit, 1))
    with running.house() as house:
        idle = 5_000 if full else 1_000
        yield Figure(f"idle widget, {idle} sockets", asyncio.run(_memory(house, idle)), "KB each", most=KB_EACH)
    count = 1_000 if full else 500
    with running.house() as house:
        ours = asyncio.run(_relayed(house.url, "/agent", running.cookie(house), "presence", count))
        bare = _bare(count)
        yield Figure(f"a notice to {count} consoles, the last one", ours, "ms", bare, most=FAN_OUT)


def _visitors(house: House, count: int) -> list[dict]:
    """That many browsers with a token each, begun just now as by the widget, and what they say on connecting."""
    inbox, tokens = house.inbox("shop").id, [secrets.token_urlsafe(16) for _ in range(count)]
    first = FIRST * (1 + secrets.randbelow(1_000))
    with db.transaction() as session:
        session.execute(insert(Contact), [{"id": first + n} for n in range(count)])
        session.execute(insert(Identity), [
            {"id": first + n, "contact_id": first + n, "kind": "visitor", "value": secrets.token_hex(16),
             "trust": "verified", "source": "platform", "seen_at": now()} for n in range(count)])
        session.execute(insert(Visitor), [
            {"id": first + n, "inbox_id": inbox, "identity_id": first + n, "token_hash": security.token_hash(token)}
            for n, token in enumerate(tokens)])
    return [{"inbox": "shop", "token": token} for token in tokens]


async def _announced(house: House, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each visitor's first message, which opens a ticket, and of their next one."""
    widgets = await lines.opened(house.url, "/widget", _visitors(house, count))
    agent, = await lines.opened(house.url, "/agent", [None], running.cookie(house))
    found = []
    for widget in 2 * widgets[:SAMPLES + 5]:
        message = {"client_id": secrets.token_hex(8), "text": "Is it open today?"}
        found.append(1000 * await lines.heard(
            agent, lambda name, data: name == "ticket" and data["event"] == "MessageReceived",
            lambda widget=widget, message=message: widget.emit("message", message)))
        await asyncio.sleep(0.1)        # what follows from it (the assistant's answer) is not measured
    for line in (*widgets, agent):
        line.close()
    return found[5:SAMPLES + 5], found[SAMPLES + 5:]


async def _memory(house: House, count: int) -> float:
    auths = _visitors(house, count + 20)
    warm = await lines.opened(house.url, "/widget", auths[count:])
    before = running.resident_kb(house)
    widgets = await lines.opened(house.url, "/widget", auths[:count])
    await asyncio.sleep(3)
    found = (running.resident_kb(house) - before) / count
    for line in (*widgets, *warm):
        line.close()
    return found


async def _relayed(url: str, namespace: str, cookie: str, event: str, count: int) -> float:
    """Milliseconds until the last of `count` clients hears what another one says."""
    speaker, *hearers = await lines.opened(url, namespace, [None] * (count + 1), cookie)
    if event == "bcast":
        for line in (speaker, *hearers):
            line.emit("join", {})
        await asyncio.sleep(2)
    found = []
    for _ in range(ROUNDS):
        times = await lines.all_heard(hearers, lambda name, data: name == event, lambda: speaker.emit(
            event, {"ticket": 1, "state": "viewing", "agent": {"id": 1, "name": "Alice"}}))
        found.append(1000 * max(times))
        await asyncio.sleep(0.2)
    for line in (speaker, *hearers):
        line.close()
    return median(found)


def _bare(count: int) -> float:
    port = free_port()
    server = subprocess.Popen([sys.executable, str(tool("sio_server.py")), str(port)], env=running.environment(
        SIO_MODE="gevent"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: running.answers(f"http://127.0.0.1:{port}/"), "the bare server to answer")
        return asyncio.run(_relayed(f"http://127.0.0.1:{port}", "/", "", "bcast", count))
    except AssertionError as error:
        raise Missing(str(error)) from error
    finally:
        server.kill()
        server.wait()


def _commit_ms(folder: Path) -> float:
    """The p95 of a small transaction that reaches the disk."""
    connection, times = sqlite3.connect(folder / "commit.db", isolation_level=None), []
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE one (text TEXT)")
    for _ in range(200):
        start = time.perf_counter()
        connection.execute("INSERT INTO one VALUES (?)", ("a line of text" * 10,))
        times.append(1000 * (time.perf_counter() - start))
    connection.close()
    return quantile(times, 0.95)
