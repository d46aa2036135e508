"""Taking the words out of rows, table by table and batch by batch, as helpdesk.services.personal_data says.

Rows stay, so that every count in the reports stays; only what is marked `gone` is removed. Both verbs may be repeated
at will: what is empty already is emptied again.
"""
from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Column, Select, Table, delete, select, update
from sqlalchemy.orm import Session

from helpdesk.models import Attachment, Base, Message, RawInbound
from helpdesk.services import inboxes
from helpdesk.services.masks import MARK, Mask
from helpdesk.services.personal_data import TABLES, is_plain
from helpdesk.services.persons import said_of

BATCH = 500
ERASE, PSEUDONYMISE = "erase", "pseudonymise"
DESIGNED = "html"       # a person can hide in its markup: pseudonymising keeps the plain text alone


@dataclass(frozen=True)
class Reach:
    """Whose rows: `own` as persons.owned() tells; `mask` is what pseudonymising looks for in their words."""
    own: dict[str, Select | list]
    mode: str
    mask: Mask


@dataclass
class Done:
    """One batch: how many rows, the id to go on from (None at the end), files that may be needed no more."""
    count: int = 0
    after: int | None = None
    hashes: tuple[str, ...] = ()


def order() -> list[str]:
    """The tables in the order in which they can be treated: what refers to something before what it refers to."""
    return [table.name for table in reversed(Base.metadata.sorted_tables)
            if TABLES[table.name].by and table.name not in ("contact", "identity")]


def batch(session: Session, reach: Reach, name: str, after: int = 0) -> Done:
    """Treat the next rows of one table."""
    table, held = Base.metadata.tables[name], TABLES[name]
    if not (held.gone or held.words or held.who or held.by_hand):
        return Done()
    mine = said_of(table, held.by, reach.own)
    if "id" not in table.c:
        return Done(session.execute(delete(table).where(mine)).rowcount if held.gone else 0)
    ids = list(session.scalars(select(table.c.id).where(mine, table.c.id > after).order_by(table.c.id).limit(BATCH)))
    done = Done(len(ids), ids[-1] if len(ids) == BATCH else None)
    if not ids:
        return done
    if held.gone:
        if name == "attachment":
            done.hashes = tuple(set(session.scalars(select(Attachment.sha256).where(Attachment.id.in_(ids)))) - {""})
        session.execute(delete(table).where(table.c.id.in_(ids)))
        return done
    if name == "message":
        done.hashes = _message(session, ids, reach.mask)
    elif name == "event":
        _events(session, table, ids, reach)
    _columns(session, table, held, ids, reach)
    return done


def _columns(session: Session, table: Table, held, ids: list[int], reach: Reach) -> None:
    emptied = {name: empty(table.c[name]) for name in held.who}
    if reach.mode == ERASE:
        emptied |= {name: empty(table.c[name]) for name in held.words}
        if table.name == "message":
            emptied["text"] = MARK
    elif table.name == "message":
        emptied[DESIGNED] = ""
    if emptied:
        session.execute(update(table).where(table.c.id.in_(ids)).values(emptied))
    if reach.mode == PSEUDONYMISE:
        mask_rows(session, table, ids, held.words, reach.mask)


def mask_rows(session: Session, table: Table, ids: list[int], columns: tuple[str, ...], mask: Mask) -> list[int]:
    """Put the mark in place of the person in these rows; returns the ids of those that named them."""
    if not columns:
        return []
    changed = []
    for row in session.execute(select(table.c.id, *(table.c[one] for one in columns)).where(table.c.id.in_(ids))).all():
        new = {one: fitting(table.c[one], mask.tree(getattr(row, one))) for one in columns}
        if new := {one: value for one, value in new.items() if value != getattr(row, one)}:
            session.execute(update(table).where(table.c.id == row.id).values(new))
            changed.append(row.id)
    return changed


def fitting(column: Column, value):
    """A text that the mark made longer than its column, cut."""
    length = getattr(column.type, "length", None)
    return value[:length] if length and isinstance(value, str) else value


def empty(column: Column):
    """Nothing, as this column has it."""
    if column.nullable:
        return None
    if column.default is not None and column.default.is_callable:
        return column.default.arg(None)
    return "" if column.type.python_type is str else {}


def _message(session: Session, ids: list[int], mask: Mask) -> tuple[str, ...]:
    """Who wrote, the ids that a platform gave (some have the number in them), and the bytes as they came. A mail keeps
    its Message-ID, because a mailbox that is read anew must not bring it back."""
    session.execute(update(Message).where(Message.id.in_(ids), Message.author_kind == "contact").values(author_name=""))
    mail = inboxes.mail_channels()
    for row in session.execute(select(Message.id, Message.external_id, Message.channel).where(
            Message.id.in_(ids), Message.external_id.is_not(None))).all():
        if row.channel not in mail or mask.text(row.external_id) != row.external_id:
            session.execute(update(Message).where(Message.id == row.id).values(external_id=hidden(row.external_id)))
    return originals(session, list(session.scalars(select(Message.raw_id).where(
        Message.id.in_(ids), Message.raw_id.is_not(None)))))


def originals(session: Session, raw_ids: list[int]) -> tuple[str, ...]:
    """Take the bytes out of these deliveries; they stay known, so that the same mail is not taken in again. Returns the
    hashes of files that may be needed no more."""
    hashes = set(session.scalars(select(RawInbound.sha256).where(RawInbound.id.in_(raw_ids)))) - {""}
    session.execute(update(RawInbound).where(RawInbound.id.in_(raw_ids)).values(
        body=None, sha256="", headers={}, query={}, error=""))
    session.execute(update(RawInbound).where(
        RawInbound.id.in_(raw_ids), RawInbound.state.in_(("new", "quarantined"))).values(state="discarded"))
    return tuple(hashes)


def hidden(value: str) -> str:
    """A hash in place of an id, the same for the same."""
    if value.startswith("erased:"):
        return value
    return f"erased:{hashlib.sha256(value.encode()).hexdigest()}"


def _events(session: Session, table: Table, ids: list[int], reach: Reach) -> None:
    for row in session.execute(select(table.c.id, table.c.name, table.c.data).where(table.c.id.in_(ids))).all():
        new = {key: value if is_plain(row.name, key) else _without_words(value, reach)
               for key, value in (row.data or {}).items()}
        if new != row.data:
            session.execute(update(table).where(table.c.id == row.id).values(data=new))


def _without_words(value, reach: Reach):
    """Numbers and yes-or-no stay: reports count by them."""
    if isinstance(value, str):
        return "" if reach.mode == ERASE else reach.mask.text(value)
    if isinstance(value, (list, tuple)):
        return [one for one in (_without_words(one, reach) for one in value) if one != ""]
    if isinstance(value, dict):
        return {key: _without_words(one, reach) for key, one in value.items()}
    return value
