"""Planning work for later."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.errors import NotFound
from helpdesk.models import Task


def plan(session: Session, name: str, ticket_id: int | None, data: dict | None = None,
         due_at: datetime | None = None, key: str | None = None) -> Task | None:
    """Have `name` run at `due_at`. With a key that is planned already nothing happens and None is returned; one that
    had been given up is planned anew."""
    task = session.scalar(select(Task).where(Task.key == key).with_for_update()) if key else None
    if task and task.state == "due":
        return None
    if task is None:
        task = Task(key=key)
        session.add(task)
    task.name, task.ticket_id, task.data, task.due_at = name, ticket_id, data or {}, due_at or now()
    task.state, task.attempts, task.error, task.lease_until = "due", 0, "", None
    task.depth = events.depth.get()     # a time that comes is no reaction
    db.tell(session, "worker", "wake")
    return task


def failed(session: Session, limit: int = 100) -> list[Task]:
    """What was given up, the last first."""
    return list(session.scalars(select(Task).where(Task.state == "failed").order_by(Task.id.desc()).limit(limit)))


def retry(session: Session, task_id: int, actor: str) -> None:
    """Try a task again that was given up. Raises NotFound."""
    task = session.get(Task, task_id, with_for_update=True)
    if task is None or task.state != "failed":
        raise NotFound("There is no such failed task.")
    task.state, task.attempts, task.due_at = "due", 0, now()
    events.record(session, events.SettingsChanged(what="task", detail=f"tried {task.name} again"), actor=actor)
    db.tell(session, "worker", "wake")


def cancel(session: Session, key: str) -> None:
    """Forget a planned task."""
    session.execute(delete(Task).where(Task.key == key, Task.state == "due"))
