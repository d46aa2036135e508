"""The pairs of the whole base that are likely one person, kept as contacts change.

A change is a row that a trigger of the database wrote (models.ContactChange). It is worked off in three steps, each
of which may be done again: the keys of the contacts are written, their likeliest others are looked up without holding
anybody, and the pairs are written together with the removal of the rows. One worker at a time does it.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, delete, func, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased, selectinload

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Contact, ContactChange, ContactKey, DuplicatePair, SystemState
from helpdesk.services import duplicate_evidence, duplicate_keys, duplicates, told_apart
from helpdesk.services.contact_traits import traits
from helpdesk.services.duplicate_evidence import Comparison
from helpdesk.services.duplicates import Found

BATCH = 50              # changes at once
PAGE = 20
MOST_COUNTED = 100
LEASE, LEASE_KEY = timedelta(minutes=1), "duplicates"
First, Second = aliased(Contact), aliased(Contact)
STANDING = (select(DuplicatePair).join(First, First.id == DuplicatePair.first_id)
            .join(Second, Second.id == DuplicatePair.second_id)
            .where(First.merged_into_id.is_(None), Second.merged_into_id.is_(None)))
_ID = bindparam("contact_id")
OTHERS = union_all(
    select(DuplicatePair.second_id.label("id"), DuplicatePair.score).where(DuplicatePair.first_id == _ID),
    select(DuplicatePair.first_id, DuplicatePair.score).where(DuplicatePair.second_id == _ID)).subquery()
LIKELIEST = select(Contact.id, Contact.name, OTHERS.c.score).join(OTHERS, OTHERS.c.id == Contact.id).where(
    Contact.merged_into_id.is_(None)).order_by(OTHERS.c.score.desc(), Contact.id).limit(2)


@dataclass(frozen=True)
class Pair:
    """Two contacts with their addresses, why they may be one, and since when that is known."""
    first: Contact
    second: Contact
    comparison: Comparison
    found_at: datetime


@dataclass(frozen=True)
class Page:
    """Some pairs, and where to go on (None at the end)."""
    rows: Sequence[Pair]
    next: str | None


def pairs(session: Session, after: str = "", limit: int = PAGE) -> Page:
    """The likeliest first. The evidence is put into words anew: what is stored is only that they are alike."""
    order = (DuplicatePair.score.desc(), DuplicatePair.first_id, DuplicatePair.second_id)
    query = STANDING.order_by(*order).limit(limit + 1)
    if place := _place(after):
        score, first, second = place
        query = query.where(or_(DuplicatePair.score < score, and_(
            DuplicatePair.score == score,
            tuple_(DuplicatePair.first_id, DuplicatePair.second_id) > tuple_(first, second))))
    rows = session.scalars(query).all()
    more, rows = len(rows) > limit, rows[:limit]
    ids = {one for row in rows for one in (row.first_id, row.second_id)}
    known = traits(session, ids)
    people = {one.id: one for one in session.scalars(select(Contact).where(Contact.id.in_(ids)).options(
        selectinload(Contact.identities)))}
    shown = [Pair(people[row.first_id], people[row.second_id],
                  duplicate_evidence.compare(known[row.first_id], known[row.second_id], row.alike), row.found_at)
             for row in rows]
    last = rows[-1] if more else None
    return Page(shown, f"{last.score}.{last.first_id}.{last.second_id}" if last else None)


def count(session: Session) -> int:
    """How many pairs there are, up to MOST_COUNTED."""
    return session.scalar(select(func.count()).select_from(
        STANDING.with_only_columns(DuplicatePair.first_id).limit(MOST_COUNTED).subquery()))


def likeliest(session: Session, contact_id: int) -> Sequence:
    """(id, name, score) of at most two contacts that may be this one, from what is stored: one cheap statement."""
    return db.rows(session, LIKELIEST, {"contact_id": contact_id})


def waiting(session: Session, limit: int = BATCH) -> list[tuple[int, int]]:
    """The oldest changes that are to be worked off: (id, contact id)."""
    return [tuple(row) for row in db.rows(session, select(ContactChange.id, ContactChange.contact_id).order_by(
        ContactChange.id).limit(limit))]


def claim(session: Session) -> bool:
    """Take the work for LEASE, or keep what one has with `claim` again after it ran out; False when another has it."""
    state = session.get(SystemState, LEASE_KEY, with_for_update=True)
    if state and (until := (state.value or {}).get("until")) and datetime.fromisoformat(until) > now():
        return False
    session.merge(SystemState(key=LEASE_KEY, value={"until": (now() + LEASE).isoformat()}, updated_at=now()))
    return True


def release(session: Session) -> None:
    """Let another one take it."""
    session.merge(SystemState(key=LEASE_KEY, value={}, updated_at=now()))


def write_keys(session: Session, contact_ids: Sequence[int]) -> None:
    """Make the stored keys of these contacts what they are now; those of merged ones go."""
    wanted = {(key, who.id) for who in traits(session, contact_ids).values() for key in duplicate_keys.keys(who)}
    stored = {tuple(row) for row in db.rows(session, select(ContactKey.key, ContactKey.contact_id).where(
        ContactKey.contact_id.in_(contact_ids)))}
    gone = defaultdict(list)
    for key, contact_id in stored - wanted:
        gone[contact_id].append(key)
    for contact_id, keys in gone.items():
        session.execute(delete(ContactKey).where(ContactKey.contact_id == contact_id, ContactKey.key.in_(keys)))
    for key, contact_id in sorted(wanted - stored):
        db.insert_later(session, ContactKey, unless_there=True, key=key, contact_id=contact_id)


def write_pairs(session: Session, found: Mapping[int, Sequence[Found]], change_ids: Sequence[int]) -> None:
    """Make the pairs of these contacts what was found, and strike the changes off the list."""
    ids = sorted(found)
    session.execute(delete(DuplicatePair).where(or_(DuplicatePair.first_id.in_(ids), DuplicatePair.second_id.in_(ids))))
    rows = {(min(one, other.contact_id), max(one, other.contact_id)): other for one in ids for other in found[one]}
    alive = set(traits(session, {one for pair in rows for one in pair}))
    for (first, second), other in sorted(rows.items()):
        if first in alive and second in alive:
            db.insert_later(session, DuplicatePair, unless_there=True, first_id=first, second_id=second,
                            score=other.comparison.score, alike=other.alike, found_at=now())
    if change_ids:
        session.execute(delete(ContactChange).where(ContactChange.id.in_(change_ids)))


def tell_apart(session: Session, contact: Contact, other: Contact, actor: str) -> None:
    """They are not one person, and are no longer suggested. Raises Invalid for one and the same. The worker is asked to
    look again: it may just be writing down what it found before this was said."""
    told_apart.tell(session, contact, other, actor)
    db.insert_later(session, ContactChange, contact_id=contact.id)
    first, second = sorted((contact.id, other.id))
    session.execute(delete(DuplicatePair).where(DuplicatePair.first_id == first, DuplicatePair.second_id == second))


def may_be_one(session: Session, contact: Contact, other: Contact, actor: str) -> None:
    """Take that back: they are suggested again if they are alike."""
    told_apart.forget(session, contact, other, actor)
    write_pairs(session, {contact.id: duplicates.likely(session, contact.id)}, ())


def _place(after: str) -> tuple[int, int, int] | None:
    parts = after.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return None
    return tuple(map(int, parts))
