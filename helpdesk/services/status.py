"""How the installation is doing, in figures."""
from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.models import Delivery, RawInbound, SystemState, Task, Ticket


def figures(session: Session) -> dict[str, float]:
    """Counts by name: raw deliveries, messages on their way, tasks, tickets, and the age of the oldest waiting one."""
    found: dict[str, float] = {}
    for prefix, column in (("inbound", RawInbound.state), ("delivery", Delivery.status), ("task", Task.state),
                           ("ticket", Ticket.status)):
        for value, count in session.execute(select(column, func.count()).group_by(column)):
            found[f'{prefix}_total{{state="{value}"}}'] = count
    oldest = session.scalar(select(func.min(RawInbound.received_at)).where(RawInbound.state == "new"))
    found["inbound_oldest_seconds"] = round((now() - oldest).total_seconds(), 1) if oldest else 0
    waiting = session.scalar(select(func.min(Delivery.created_at)).where(Delivery.status == "queued"))
    found["delivery_oldest_seconds"] = round((now() - waiting).total_seconds(), 1) if waiting else 0
    beat = session.get(SystemState, "worker")
    found["worker_silent_seconds"] = round((now() - beat.updated_at).total_seconds(), 1) if beat else -1
    return found
