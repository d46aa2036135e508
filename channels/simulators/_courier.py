"""Delivers webhooks as the platforms do: in order, again when they were not taken, and visibly in the end."""
from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Condition, Thread

from channels._http import Http
from channels.base import SendError

# A call's headers; or what makes them for each try, where the platform signs the time of it.
Headers = Mapping[str, str] | Callable[[], Mapping[str, str]]


@dataclass
class Delivery:
    """One webhook call that is owed to the helpdesk."""
    url: str
    headers: Mapping[str, str]
    body: bytes
    not_before: float = 0.0             # monotonic
    attempts: int = 0
    problem: str = ""
    answers: list[int] = field(default_factory=list)
    sign: Callable[[], Mapping[str, str]] | None = None     # makes the headers of each try


class Courier:
    """`pauses` are the seconds before the second, third … attempt; then a delivery counts as undelivered."""

    def __init__(self, pauses: Sequence[float] = (0.2, 1, 5), timeout: float = 10):
        self.pauses, self.timeout = tuple(pauses), timeout
        self.undelivered: deque[Delivery] = deque(maxlen=1000)
        self.delivered: deque[Delivery] = deque(maxlen=1000)
        self._waiting: list[Delivery] = []
        self._busy = 0
        self._changed = Condition()
        self._thread: Thread | None = None
        self._http = Http(allow_private=True)

    def owe(self, url: str, headers: Headers, body: bytes, delay: float = 0) -> None:
        """Deliver later, after `delay` seconds at the earliest. Without a URL nobody has subscribed."""
        if not url:
            return
        sign = headers if callable(headers) else None
        with self._changed:
            self._waiting.append(Delivery(url, {} if sign else headers, body, time.monotonic() + delay, sign=sign))
            self._awake()

    def redeliver(self) -> int:
        """Try once more what was not taken; returns how many."""
        with self._changed:
            again, count = list(self.undelivered), len(self.undelivered)
            self.undelivered.clear()
            for delivery in again:
                delivery.attempts, delivery.not_before = 0, 0.0
            self._waiting.extend(again)
            self._awake()
        return count

    def settled(self, timeout: float = 10) -> bool:
        """Wait until nothing is owed any more; False when it took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def _awake(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._run, daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                delivery = self._next()
                if delivery is None:
                    self._thread = None
                    return
                self._busy += 1
            self._try(delivery)
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _next(self) -> Delivery | None:
        """The oldest delivery that is due, waiting for one; None after a while without any."""
        while True:
            due = next((d for d in self._waiting if d.not_before <= time.monotonic()), None)
            if due:
                self._waiting.remove(due)
                return due
            pause = min((d.not_before for d in self._waiting), default=time.monotonic() + 30) - time.monotonic()
            if not self._changed.wait(max(pause, 0.001)) and not self._waiting:
                return None

    def _try(self, delivery: Delivery) -> None:
        delivery.attempts += 1
        delivery.headers = delivery.sign() if delivery.sign else delivery.headers
        try:
            reply = self._http.post(delivery.url, data=delivery.body, headers=delivery.headers, timeout=self.timeout)
            delivery.answers.append(reply.status)
            delivery.problem = "" if reply.ok else f"HTTP {reply.status}"
        except SendError as error:
            delivery.problem = str(error)
        with self._changed:
            if not delivery.problem:
                self.delivered.append(delivery)
            elif delivery.attempts <= len(self.pauses):
                delivery.not_before = time.monotonic() + self.pauses[delivery.attempts - 1]
                self._waiting.append(delivery)
            else:
                self.undelivered.append(delivery)
