"""Running what reactions planned. `services.x.f` runs together with the removal of its row: exactly once.
`jobs.x.f` runs outside of any transaction, and its row is removed afterwards: at least once."""
from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.models import Task

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
BATCH = 50
SLOW = "jobs."          # names of work that waits for others
BACK_OFF = (5, 30, 120, 600, 3600)      # seconds; after the last one the task is kept as failed


def run_due() -> int:
    """Run every quick task whose time has come; returns how many. A failing one is put off and stops no neighbour."""
    return _run_all(Task.name.not_like(f"{SLOW}%"))


def run_slow() -> int:
    """The same for what waits for other machines."""
    return _run_all(Task.name.like(f"{SLOW}%"))


def _run_all(kind) -> int:
    with db.reading() as session:
        ids = session.scalars(select(Task.id).where(Task.state == "due", Task.due_at <= now(), _free(), kind)
                              .order_by(Task.id).limit(BATCH)).all()
    return sum(_run(task_id) for task_id in ids)


def _free():
    return or_(Task.lease_until.is_(None), Task.lease_until < now())


def _run(task_id: int) -> int:
    try:
        ran = db.run_again(_run_inside, task_id)
        if ran is not None:
            return ran
        claimed = db.run(_claim, task_id)
        if claimed is None:
            return 0        # another worker has it
        name, ticket_id, data, depth = claimed
        with _as_deep_as(depth):
            function(name)(ticket_id=ticket_id, **data)
        db.run(_remove, task_id)
    except Exception as error:
        log.exception("task %s failed", task_id)
        db.run(_put_off, task_id, "".join(traceback.format_exception(error))[-4000:])
    return 1


def function(name: str):
    """What a task's name stands for."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(f"helpdesk.{module}"), attribute)


def _run_inside(session: Session, task_id: int) -> int | None:
    """1 when it ran, 0 when somebody else has it, None when it is slow work that must run outside."""
    task = session.scalar(select(Task).where(Task.id == task_id, Task.state == "due", _free())
                          .with_for_update(skip_locked=True))
    if task is None:
        return 0
    if not task.name.startswith("services."):
        return None
    session.delete(task)
    session.flush()         # a second worker that had read the id waits here and then finds nothing
    with _as_deep_as(task.depth):
        function(task.name)(session, task.ticket_id, **(task.data or {}))
    return 1


@contextmanager
def _as_deep_as(depth: int) -> Iterator[None]:
    """What happens here is a reaction: its own reactions are one deeper (helpdesk.events)."""
    mark = events.depth.set(depth)
    try:
        yield
    finally:
        events.depth.reset(mark)


def _claim(session: Session, task_id: int) -> tuple | None:
    task = session.scalar(select(Task).where(Task.id == task_id, Task.state == "due", _free())
                          .with_for_update(skip_locked=True))
    if task is None:
        return None
    task.lease_until = now() + LEASE
    return task.name, task.ticket_id, dict(task.data or {}), task.depth


def _remove(session: Session, task_id: int) -> None:
    session.execute(delete(Task).where(Task.id == task_id))


def _put_off(session: Session, task_id: int, error: str) -> None:
    task = session.get(Task, task_id, with_for_update=True)     # another worker may be at it, and finish it
    if task is None:
        return
    task.lease_until, task.error, task.attempts = None, error, task.attempts + 1
    if task.attempts > len(BACK_OFF):
        task.state = "failed"
    else:
        task.due_at = now() + timedelta(seconds=BACK_OFF[task.attempts - 1])
