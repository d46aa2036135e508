"""The worker's loops: inbound deliveries, quick tasks, slow ones and outbound deliveries, each until nothing is due;
then it sleeps until it is woken by a commit of this process, by a Redis message from another one, or by the next tick.
Each has a loop of its own, so that a mail server that does not answer holds up no chat."""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from helpdesk import db
from helpdesk.db import Notice
from helpdesk.jobs import inbound, outbox, tasks

log = logging.getLogger(__name__)

STEPS: tuple[Callable[[], int], ...] = (inbound.drain, tasks.run_due, tasks.run_slow, outbox.send_due)
LOOPS = (*STEPS[:-1], outbox.start_sending)     # begun lanes send by themselves; nothing waits for them

_due: list[tuple[Callable, threading.Event]] = []       # one for each loop
_tell_others: Callable[[], None] | None = None


def wake(notices: list[Notice] | None = None) -> None:
    """Something may be due. As a commit listener it looks for notices to the worker."""
    told = None if notices is None else {n.name for n in notices if n.room == "worker"}
    if told == set():
        return
    for step, event in _due:
        if told is None or ("inbound" if step is inbound.drain else "wake") in told:
            event.set()
    if _tell_others and not _due:
        _tell_others()


def tell_others_by(call: Callable[[], None] | None) -> None:
    """How a process without a worker wakes the one that has it."""
    global _tell_others
    _tell_others = call


def run_until_idle() -> int:
    """Do everything that is due now, one after the other; returns how many pieces of work there were."""
    done = 0
    while (count := sum(step() for step in STEPS)) > 0:
        done += count
    return done


def start() -> Callable[[], None]:
    """Run the loops in the background; returns a function that stops them after the work in hand."""
    stopping = threading.Event()

    def loop(step: Callable, due: threading.Event) -> None:
        while not stopping.is_set():
            due.wait()
            due.clear()
            try:
                while not stopping.is_set() and step():
                    pass
            except Exception:   # a step guards its own rows; this is the database being away: the next tick tries again
                log.exception("the worker could not finish its round")

    threads = []
    for step in LOOPS:
        due = threading.Event()
        _due.append((step, due))
        threads.append(threading.Thread(target=loop, args=(step, due), name=step.__name__, daemon=True))
        threads[-1].start()
    forget = db.on_commit(wake)
    wake()

    def stop() -> None:
        forget()
        stopping.set()
        wake()
        for thread in threads:
            thread.join(10)
        _due.clear()
    return stop
