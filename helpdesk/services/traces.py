"""Finding a person in the rows of others: notes, answers, mails to several people, errors, bytes as they came."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Table, Text, cast, func, or_, select, update
from sqlalchemy.orm import Session

from helpdesk.models import Base, Message, RawInbound
from helpdesk.services import files, wiping
from helpdesk.services.masks import Mask
from helpdesk.services.personal_data import TABLES
from helpdesk.services.wiping import Done

SPAN = 5_000            # ids looked at in one batch
RAW_SPAN = 200          # the same of bytes
BY_HAND = {"event": ("data",), "contact": ("claims",)}


def tables() -> list[str]:
    """Those that may name somebody to whom the row does not belong."""
    return [name for name, held in TABLES.items() if _columns(name) and "id" in Base.metadata.tables[name].c]


def _columns(name: str) -> tuple[str, ...]:
    return TABLES[name].words + BY_HAND.get(name, ())


def batch(session: Session, name: str, mask: Mask, after: int, before: datetime) -> Done:
    """Mask the person in the next rows of one table that are older than `before`: what came later is not theirs."""
    table: Table = Base.metadata.tables[name]
    last = session.scalar(select(func.max(table.c.id))) or 0
    if not mask or after >= last:
        return Done()
    found = or_(*((cast(table.c[one], Text) if isinstance(table.c[one].type, JSON) else table.c[one]).ilike(
        like, escape="\\") for one in _columns(name) for like in mask.likes()))
    query = select(table.c.id).where(table.c.id > after, table.c.id <= after + SPAN, found)
    if "created_at" in table.c:
        query = query.where(table.c.created_at < before)
    changed = wiping.mask_rows(session, table, list(session.scalars(query)), _columns(name), mask)
    hashes = ()
    if name == "message" and changed:
        hashes = wiping.originals(session, list(session.scalars(select(Message.raw_id).where(
            Message.id.in_(changed), Message.raw_id.is_not(None)))))
    return Done(len(changed), after + SPAN if after + SPAN < last else None, hashes)


def originals(session: Session, mask: Mask, after: int, before: datetime) -> Done:
    """Take the bytes out of the next deliveries that name the person: receipts, bounces, mails to several people."""
    rows = session.execute(select(RawInbound.id, RawInbound.body, RawInbound.sha256, RawInbound.source_key,
                                  RawInbound.query).where(RawInbound.id > after, RawInbound.received_at < before)
                           .order_by(RawInbound.id).limit(RAW_SPAN)).all()
    named = []
    for row in rows:
        if mask.names(_bytes(row)) or mask.tree(row.query) != row.query:
            named.append(row.id)
        if mask.text(row.source_key) != row.source_key:
            session.execute(update(RawInbound).where(RawInbound.id == row.id).values(
                source_key=wiping.hidden(row.source_key)))
    return Done(len(named), rows[-1].id if len(rows) == RAW_SPAN else None, wiping.originals(session, named))


def _bytes(row) -> bytes:
    if row.body is not None or not row.sha256:
        return row.body or b""
    try:
        return files.content(row.sha256)
    except FileNotFoundError:
        return b""
