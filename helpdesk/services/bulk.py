"""One action on many tickets: asked for once, worked off in the background, stopped or taken back on the way.

The tickets are rows (models.bulk_changes), so that a worker that dies half-way leaves what is still to be done. A step
does a few of them in one transaction: each in a savepoint of its own, so that one that cannot be changed keeps its
reason and holds up no other; and browsers are told of the step, not of every ticket.
"""
from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.db import Notice
from helpdesk.errors import HelpdeskError, Invalid, NotFound
from helpdesk.models import Agent, BulkChange, BulkItem, Ticket
from helpdesk.services import actions, handover, snoozing, spam, ticket_merges, tickets, undoing

log = logging.getLogger(__name__)

MOST, MOST_MERGED = 10_000, 20
STEP = 20                               # tickets in one transaction
LEASE = timedelta(seconds=60)
OFFERED = ("status", "assign", "team", "priority", "tag", "untag", "snooze", "follow")
UTC = ZoneInfo("UTC")
UNKNOWN = "Something went wrong on our side. It has been written down."


def start(session: Session, agent: Agent, do: str, value: Any, ticket_ids: Iterable[int],
          zone: ZoneInfo = UTC) -> BulkChange:
    """Have an action done to these tickets; unknown ones are left out. `do` is one of OFFERED, spam or merge (into the
    one of them that is open, has an agent, or is the oldest). `zone`: where the agent is, for a snooze in words. Raises
    Invalid."""
    ids = sorted(set(ticket_ids))
    if len(ids) > MOST:
        raise Invalid(f"At most {MOST:,} tickets at once; these are {len(ids):,}. Narrow the view first.")
    rows = [row for part in range(0, len(ids), 500) for row in session.execute(
        select(Ticket.id, Ticket.status, Ticket.agent_id).where(
            Ticket.id.in_(ids[part:part + 500]), Ticket.merged_into_id.is_(None)))]
    found = [row.id for row in rows]
    if do == "merge":
        if not 2 <= len(found) <= MOST_MERGED:
            raise Invalid(f"Choose 2 to {MOST_MERGED} tickets to merge.")
        into = min(rows, key=lambda row: (row.status not in ("open", "pending"), row.agent_id is None, row.id)).id
        found.remove(into)
        action = {"do": do, "value": into, "said": f"Merge into #{into}"}
    elif do == "spam":
        action = {"do": do, "value": None, "said": "Mark as spam"}
    elif do in OFFERED:
        if do == "snooze":
            value = snoozing.until(str(value or ""), now(), zone).isoformat()
        checked = actions.one(session, {"do": do, "value": value})
        action = {**checked, "said": actions.describe(session, checked)}
    else:
        raise Invalid("That cannot be done to many tickets at once.")
    if not found:
        raise Invalid("Choose at least one ticket.")
    change = BulkChange(agent_id=agent.id, action=action, total=len(found))
    session.add(change)
    session.flush()
    at = {"bulk_id": change.id, "before": {}, "error": ""}
    session.execute(insert(BulkItem), [{**at, "ticket_id": one} for one in sorted(found)])
    return change


def one(session: Session, agent: Agent, change_id: int) -> BulkChange:
    """This change of this agent. Raises NotFound."""
    change = session.get(BulkChange, change_id, populate_existing=True)
    if change is None or change.agent_id != agent.id or "do" not in (change.action or {}):
        raise NotFound("There is no such change of yours.")
    return change


def stop(session: Session, change: BulkChange) -> None:
    """No more tickets are changed; those that were stay so."""
    if change.done_at is None:
        change.stopped = True


def undo(session: Session, change: BulkChange) -> None:
    """Take back what was done so far, in the background."""
    change.undoing, change.stopped, change.lease_until = True, change.stopped or change.done_at is None, None
    change.done_at = change.done_at or now()


def problems(session: Session, change: BulkChange, limit: int = 200) -> list[BulkItem]:
    """The tickets that were left as they are, with the reason."""
    return list(session.scalars(select(BulkItem).where(BulkItem.bulk_id == change.id, BulkItem.error != "").order_by(
        BulkItem.ticket_id).limit(limit)))


def taken_back(session: Session, change: BulkChange) -> int:
    """How many tickets were looked at on the way back."""
    return session.scalar(select(func.count()).select_from(BulkItem).where(
        BulkItem.bulk_id == change.id, BulkItem.undone_at.is_not(None)))


def due(session: Session) -> list[int]:
    """The changes that are to be gone on with, and that no other worker holds."""
    return list(session.scalars(select(BulkChange.id).where(
        or_(BulkChange.done_at.is_(None), BulkChange.undoing & BulkChange.undone_at.is_(None)),
        or_(BulkChange.lease_until.is_(None), BulkChange.lease_until < now())).order_by(BulkChange.id)))


def claim(session: Session, change_id: int) -> bool:
    """Hold a change for a while; False when another worker was faster."""
    return session.execute(update(BulkChange).where(
        BulkChange.id == change_id, or_(BulkChange.lease_until.is_(None), BulkChange.lease_until < now())).values(
        lease_until=now() + LEASE)).rowcount == 1


def release(session: Session, change_id: int) -> None:
    """Let others go on."""
    session.execute(update(BulkChange).where(BulkChange.id == change_id).values(lease_until=None))


def step(session: Session, change_id: int) -> int:
    """Do the next few tickets of a change that is held; returns how many. 0: it is finished, or was stopped."""
    change = session.get(BulkChange, change_id, with_for_update=True, populate_existing=True)
    back = change.undoing
    if change.undone_at or change.done_at and not back:
        return 0
    agent = session.get(Agent, change.agent_id)
    stopped = not back and (change.stopped or agent.disabled_at is not None)
    todo = select(BulkItem.ticket_id, BulkItem.before).where(BulkItem.bulk_id == change_id)
    todo = (todo.where(BulkItem.done_at.is_not(None), BulkItem.error == "", BulkItem.undone_at.is_(None)) if back
            else todo.where(BulkItem.done_at.is_(None)))
    items = [] if stopped else session.execute(todo.order_by(BulkItem.ticket_id).limit(STEP)).all()
    action, agent_id, failed = dict(change.action), agent.id, 0
    for ticket_id, before in items:
        kept, error = _safely(session, agent_id, ticket_id, action, before if back else None)
        failed += bool(error)
        session.execute(update(BulkItem).where(BulkItem.bulk_id == change_id, BulkItem.ticket_id == ticket_id).values(
            {"error": error, **({"undone_at": now()} if back else {"before": kept, "done_at": now()})}))
    ended = {("undone_at" if back else "done_at"): now()} if len(items) < STEP else {}
    counted = {} if back else {"done": BulkChange.done + len(items) - failed, "failed": BulkChange.failed + failed}
    session.execute(update(BulkChange).where(BulkChange.id == change_id).values(
        lease_until=None if ended else now() + LEASE, **counted, **ended))
    _tell_once(session, agent_id, change_id)
    return len(items) if not ended else 0


def _safely(session: Session, agent_id: int, ticket_id: int, action: dict, before: dict | None) -> tuple[dict, str]:
    """One ticket there, or back; what changed, and why not."""
    try:
        with db.savepoint(session):
            agent = session.get(Agent, agent_id)
            if before is not None:
                return before, undoing.words(undoing.put_back(session, ticket_id, before, agent))
            return _do(session, agent, ticket_id, action), ""
    except HelpdeskError as problem:
        return {}, str(problem)
    except Exception as problem:
        if db.away(problem):
            raise
        log.exception("ticket %s of a bulk change", ticket_id)
        return {}, UNKNOWN


def _do(session: Session, agent: Agent, ticket_id: int, action: dict) -> dict:
    if action["do"] == "merge":
        ticket_merges.merge(session, ticket_id, action["value"], agent.actor)
        return {"merged_into_id": [None, action["value"]]}
    ticket = tickets.lock(session, ticket_id)
    if ticket.id != ticket_id:
        raise Invalid(f"It was merged into #{ticket.id} meanwhile.")
    before = undoing.standing(ticket)
    if action["do"] == "spam":
        spam.mark(session, ticket, agent.actor)
    else:
        if action["do"] in ("assign", "team") and action["value"] != actions.NOBODY:
            handover.take_over(session, ticket, agent.actor)
        actions.run(session, ticket, action, agent)
    session.flush()
    changed = undoing.changes(before, undoing.standing(ticket))
    return changed | ({"following": [False, True]} if action["do"] == "follow" else {})


def _tell_once(session: Session, agent_id: int, change_id: int) -> None:
    """Lists hear once of the whole step; whoever looks at one of the tickets hears of that."""
    told = session.info.get("notices", [])
    kept = [one for one in told if not (one.room == "agents" and one.name == "ticket")]
    if len(kept) < len(told):
        kept.append(Notice("agents", "ticket", {"ticket": None, "event": "BulkChange"}))
    session.info["notices"] = kept
    db.tell(session, f"agent:{agent_id}", "bulk", bulk=change_id)

