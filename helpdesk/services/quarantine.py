"""Deliveries that could not be read: looking at them, trying again, giving them up."""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Inbox, RawInbound
from helpdesk.services import inbound


def items(session: Session, limit: int | None = 200) -> list[tuple[RawInbound, Inbox]]:
    """What lies in quarantine, newest first, with its inbox."""
    rows = session.execute(select(RawInbound, Inbox).join(Inbox, Inbox.id == RawInbound.inbox_id).where(
        RawInbound.state == "quarantined").options(defer(RawInbound.body))
        .order_by(RawInbound.id.desc()).limit(limit))
    return [tuple(row) for row in rows]


def one(session: Session, raw_id: int, lock: bool = False) -> RawInbound:
    """One delivery, locked when it is to be changed. Raises NotFound."""
    raw = session.get(RawInbound, raw_id, with_for_update=lock or None)
    if raw is None:
        raise NotFound("There is no such delivery.")
    return raw


def replay_numbers(session: Session, numbers: list[int], everything: bool, actor: str = "system") -> str:
    """Process some or all again; without either, say what there is."""
    waiting = items(session, None)
    if not numbers and not everything:
        return "\n".join(f"{raw.id}  {raw.received_at:%Y-%m-%d %H:%M}  {inbox.name}: "
                         f"{' '.join(raw.error.split())[:100]}" for raw, inbox in waiting) or "The quarantine is empty."
    chosen = [raw for raw, _ in waiting if everything or raw.id in numbers]
    missing = set(numbers) - {raw.id for raw in chosen}
    if missing:
        raise Invalid(f"Not in quarantine: {', '.join(map(str, sorted(missing)))}.")
    stays = []
    for raw in chosen:
        try:
            inbound.replay(session, raw, actor)
        except Invalid as problem:      # one that must wait keeps no other from being processed
            if len(chosen) == 1:
                raise
            stays.append(f"{raw.id} stays: {problem}")
    return " ".join([f"{len(chosen) - len(stays)} will be processed again by the worker.", *stays])
