"""The process as such: memory when idle and under load, seconds to the first page, and a second `make run`."""
from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import time
from collections.abc import Iterator

import requests

from tests.bench import running
from tests.bench.figures import ROOT, Figure, median
from tests.house import SUPPORT, House, free_port, wait_for

STARTS, MAILS, PAGES = 5, 300, 200
IDLE_MB, START_SECONDS, SETTLED = 150, 2.0, 5


def run(full: bool) -> Iterator[Figure]:
    """Start it a few times, let it stand, let it work."""
    with running.house(1_000) as house:
        yield Figure("start to the first page", median([_start(house) for _ in range(STARTS)]), "s", most=START_SECONDS)
        _mail(house, 2)
        time.sleep(SETTLED)                                 # the parsers are running now, and have read what they need
        yield Figure("memory, idle, with its parsers", running.whole_mb(house), "MB", most=IDLE_MB)
        browser = {"Cookie": running.cookie(house), "Accept": "text/html"}
        for number in range(PAGES):
            requests.get(f"{house.url}/inbox/all/{number + 1}", headers=browser, timeout=20).raise_for_status()
        _mail(house, MAILS * (5 if full else 1))
        yield Figure("memory, after pages and mails", running.whole_mb(house), "MB")
    yield Figure("second `make run` to the first page", _make_run(), "s")


def _start(house: House) -> float:
    for process in house.parts.values():
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    begin = time.monotonic()
    house.start()
    requests.get(f"{house.url}/sign-in", timeout=20).raise_for_status()
    return time.monotonic() - begin


def _mail(house: House, count: int) -> None:
    with smtplib.SMTP("127.0.0.1", house.smtp_port, timeout=20) as smtp:
        for number in range(count):
            smtp.sendmail("carla@example.com", [SUPPORT], (
                f"From: Carla <carla@example.com>\r\nTo: {SUPPORT}\r\nSubject: Question {number}\r\n"
                f"Message-ID: <{time.time_ns()}@example.com>\r\n\r\nWhere is order {number}?\r\n").encode())


def _make_run() -> float:
    """`make run` where everything is installed and the demo company is loaded."""
    port = free_port()

    def once() -> float:
        begin = time.monotonic()
        shop = subprocess.Popen(["make", "run", f"PORT={port}"], cwd=ROOT, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, start_new_session=True,
                                env={**os.environ, "HELPDESK_DATA_DIR": folder})
        try:
            wait_for(lambda: running.answers(f"http://127.0.0.1:{port}/sign-in"), "the demo to answer", 120)
            return time.monotonic() - begin
        finally:
            os.killpg(shop.pid, signal.SIGTERM)
            shop.wait(30)

    with running.folder() as folder:
        once()
        return once()
