"""Counting who reads: gathered here and written together, so that reading a page never waits for a write.

What is gathered when the process is killed is lost: at most a few seconds of a figure that says how popular an article
is. Machines are not counted.
"""
from __future__ import annotations

import logging
import re
import threading
import time
from collections import Counter

from flask import request

from helpdesk import db
from helpdesk.clock import now
from helpdesk.services import help_reading
from helpdesk.services.help_reading import View

log = logging.getLogger(__name__)
SECONDS, MOST = 5, 500      # so long, and so many, are gathered
PER_MINUTE = 120            # of one address; more is no reading
MACHINES = re.compile(r"bot|crawl|spider|slurp|preview|monitor|uptime|headless|lighthouse|facebookexternalhit|whatsapp|"
                      r"telegram|curl|wget|python|java/|go-http|okhttp|axios|node|ruby|perl|scrapy|feed|archiv", re.I)


class PerMinute:
    """How often an address did something in this minute, in this process alone: for what is not worth a write."""

    def __init__(self, limit: int):
        self.limit, self._minute, self._counts = limit, 0, Counter()

    def over(self, address: str | None) -> bool:
        """Count once more; whether that is too often."""
        minute = int(time.time()) // 60
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        self._counts[address] += 1
        return self._counts[address] > self.limit


_waiting: list[View] = []
_read = PerMinute(PER_MINUTE)
_lock = threading.Lock()
_timer: threading.Timer | None = None


def by_person() -> bool:
    """Whether this request comes from a browser that somebody looks at, and not from a machine or ahead of time."""
    agent = request.headers.get("User-Agent", "")
    ahead = request.headers.get("Sec-Purpose", "") or request.headers.get("Purpose", "")
    return request.method == "GET" and bool(agent) and not MACHINES.search(agent) and "prefetch" not in ahead


def note(article_id: int, place: str, visitor_id: int | None = None, search_id: int | None = None, typed: str = "",
         locale: str = "") -> None:
    """Somebody reads an article (services.help_reading.View). Nothing for a machine; nothing more while too many wait
    to be written."""
    global _timer
    if not by_person() or _read.over(request.remote_addr):
        return
    with _lock:
        if len(_waiting) < MOST:
            _waiting.append(View(article_id, place, now(), visitor_id, search_id, typed, locale))
        if _timer is None:
            _timer = threading.Timer(SECONDS, flush)
            _timer.daemon = True
            _timer.start()


def flush() -> None:
    """Write what was gathered."""
    global _timer
    with _lock:
        views, _timer = _waiting[:], None
        _waiting.clear()
    if not views:
        return
    try:
        with db.transaction(lazy=True) as session:
            help_reading.record(session, views)
    except Exception:       # a figure is not worth more than the pages
        log.exception("views of articles were not kept")


def forget() -> None:
    """Throw away what was gathered: another database is connected."""
    with _lock:
        _waiting.clear()
