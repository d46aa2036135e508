"""How a ticket and its clocks stand, as plain data that an event can keep, to be compared and put back."""
from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.models import SlaClock, Status, Ticket
from helpdesk.services import sla

COLUMNS = ("status", "resolved_at", "waiting_since", "snoozed_until", "agent_id", "with_assistant", "handed_over_at",
           "last_message_at", "channel", "reply_inbox_id", "reply_identity_id")      # the preview is found again
CLOCK = ("policy_id", "target_seconds", "started_at", "due_at", "paused_at", "spent_seconds", "met_at", "breached_at")


def columns(ticket: Ticket) -> dict[str, Any]:
    """What another ticket that is merged into this one may change."""
    return {name: _written(getattr(ticket, name)) for name in COLUMNS}


def clocks(session: Session, ticket: Ticket) -> dict[str, dict]:
    """Its clocks by kind."""
    session.flush()
    return {one.kind: clock(one) for one in session.scalars(sla.CLOCKS, {"ticket_id": ticket.id})}


def clock(one: SlaClock) -> dict[str, Any]:
    """How one clock stands."""
    return {name: _written(getattr(one, name)) for name in CLOCK}


def set_clock(one: SlaClock, values: dict[str, Any]) -> None:
    """Let a clock stand as it did."""
    for name, value in values.items():
        setattr(one, name, read(name, value))


def changes(before: dict, after: dict) -> dict[str, list]:
    """What differs, by name: [before, after]."""
    return {name: [before.get(name), after.get(name)] for name in before | after
            if before.get(name) != after.get(name)}


def read(name: str, value: Any) -> Any:
    """What was kept under this name, as it was."""
    timed = isinstance(value, str) and (name.endswith(("_at", "_until")) or name == "waiting_since")
    return datetime.fromisoformat(value) if timed else value


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Status) else value
