"""Reading the audit log that helpdesk.audit writes: searched, as a table, and forgotten when its time is over."""
from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from helpdesk import audit
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.i18n import mark
from helpdesk.models import Agent, AuditEntry, SystemState

KINDS = {"sign-in": mark("Sign-ins"), "agents": mark("Agents, teams and roles"), "inbox": mark("Inboxes"),
         "settings": mark("Settings"), "person": mark("People"), "export": mark("Exports"), "erasure": mark("Erasures"),
         "deletion": mark("Deletions"), "backup": mark("Backups")}
KEPT, KEEP_DAYS = "audit_days", 730     # two years, unless the house says otherwise
KEEP_AT_LEAST = 90
PAGE = 50
EXPORT_MOST = 100_000
HEADINGS = ("time", "who", "account", "kind", "what", "how", "address", "browser")


@dataclass(frozen=True)
class Filters:
    """Which lines are looked for; what is empty does not matter. Days are those of whoever looks."""
    kind: str = ""
    actor: str = ""
    q: str = ""
    since: date | None = None
    until: date | None = None


def lines(session: Session, filters: Filters, zone: ZoneInfo, before: int | None = None,
          limit: int = PAGE) -> list[AuditEntry]:
    """The newest first; `before` is the number of a line, for those that came earlier."""
    query = select(AuditEntry).where(*_conditions(filters, zone)).order_by(AuditEntry.id.desc()).limit(limit)
    return list(session.scalars(query.where(AuditEntry.id < before) if before else query))


def actors(session: Session) -> list[tuple[str, str]]:
    """Whom one can look for: (actor, name), those who work here and the shell."""
    found = session.execute(select(Agent.id, Agent.name).order_by(Agent.name)).all()
    return [(f"agent:{number}", name) for number, name in found] + [("system", mark("The shell or the system"))]


def as_csv(session: Session, filters: Filters, zone: ZoneInfo) -> str:
    """The lines as a table, at most EXPORT_MOST, the newest first. Cells that a spreadsheet would take for a formula
    are defused."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for one in lines(session, filters, zone, limit=EXPORT_MOST):
        writer.writerow([_plain(cell) for cell in (
            one.created_at.astimezone(zone).isoformat(timespec="seconds"), one.actor_name or one.actor, one.actor,
            one.kind, one.subject, one.detail, one.address, one.browser)])
    return out.getvalue()


def keep_days(session: Session) -> int:
    """How long lines are kept."""
    row = session.get(SystemState, KEPT)
    return int(row.value["days"]) if row else KEEP_DAYS


def set_keep_days(session: Session, days: int, actor: str) -> None:
    """Keep lines this long from now on. Raises Invalid for less than KEEP_AT_LEAST or more than ten years."""
    if not KEEP_AT_LEAST <= days <= 3650:
        raise Invalid(f"The audit log is kept {KEEP_AT_LEAST} to 3650 days.")
    before = keep_days(session)
    if before != days:
        session.merge(SystemState(key=KEPT, value={"days": days}))
        audit.note(session, "settings", "audit log", f"kept {days} days (before: {before})", actor=actor)


def forget(session: Session) -> int:
    """Take away the lines whose time is over; returns how many."""
    gone = session.execute(delete(AuditEntry).where(AuditEntry.created_at < now() - timedelta(
        days=keep_days(session))))
    return gone.rowcount


def _conditions(filters: Filters, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.kind in KINDS:
        found.append(AuditEntry.kind == filters.kind)
    if filters.actor:
        found.append(AuditEntry.actor == filters.actor)
    for word in filters.q.split()[:8]:
        # An address is known by how it begins: a 7 is not looked for inside of 127.0.0.1.
        found.append(or_(*(column.icontains(word, autoescape=True) for column in (
            AuditEntry.subject, AuditEntry.detail, AuditEntry.actor_name)), AuditEntry.address.istartswith(
            word, autoescape=True)))
    if filters.since:
        found.append(AuditEntry.created_at >= datetime.combine(filters.since, time(), zone))
    if filters.until:
        found.append(AuditEntry.created_at < datetime.combine(filters.until + timedelta(days=1), time(), zone))
    return found


def _plain(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell

