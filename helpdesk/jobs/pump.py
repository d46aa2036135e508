"""The worker's loop: inbound deliveries, tasks and outbound deliveries, until nothing is due; then it sleeps until it
is woken by a commit of this process, by a Redis message from another one, or by the next tick."""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from helpdesk import db
from helpdesk.db import Notice
from helpdesk.jobs import inbound, outbox, tasks

log = logging.getLogger(__name__)

STEPS: tuple[Callable[[], int], ...] = (inbound.drain, tasks.run_due, outbox.send_due)

_due = threading.Event()
_lock = threading.Lock()
_tell_others: Callable[[], None] | None = None
_running = False


def wake(notices: list[Notice] | None = None) -> None:
    """Something may be due. As a commit listener it looks for notices to the worker."""
    if notices is not None and not any(n.room == "worker" for n in notices):
        return
    _due.set()
    if _tell_others and not _running:
        _tell_others()


def tell_others_by(call: Callable[[], None] | None) -> None:
    """How a process without a worker wakes the one that has it."""
    global _tell_others
    _tell_others = call


def run_until_idle() -> int:
    """Do everything that is due now; returns how many pieces of work there were. One at a time per process."""
    done = 0
    with _lock:
        while (count := sum(step() for step in STEPS)) > 0:
            done += count
    return done


def start() -> Callable[[], None]:
    """Run the loop in the background; returns a function that stops it after the work in hand."""
    global _running, _due
    _due, stopping = threading.Event(), threading.Event()
    _running = True

    def loop() -> None:
        while not stopping.is_set():
            _due.wait()
            _due.clear()
            if stopping.is_set():
                return
            try:
                run_until_idle()
            except Exception:   # a step guards its own rows; this is the database being away: the next tick tries again
                log.exception("the worker could not finish its round")

    thread = threading.Thread(target=loop, name="pump", daemon=True)
    thread.start()
    forget = db.on_commit(wake)
    _due.set()

    def stop() -> None:
        global _running
        _running = False
        forget()
        stopping.set()
        _due.set()
        thread.join(10)
    return stop
