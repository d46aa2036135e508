"""What agents said of two contacts: that they are not one person.

The rows name the records that were looked at. When one of them is merged into a third, it holds for that one too, since
a person who is not Ann is not whoever Ann turns out to be; when the merge is taken back, it holds as before.
"""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.orm import Session

from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Contact, ToldApart
from helpdesk.services import contact_merges, person_records

WHOLE = person_records.of(bindparam("id"))
ABOUT = select(ToldApart.first_id, ToldApart.second_id, ToldApart.actor, ToldApart.created_at).where(
    or_(ToldApart.first_id.in_(WHOLE), ToldApart.second_id.in_(WHOLE))).order_by(ToldApart.created_at.desc())


class Apart(NamedTuple):
    """Another contact, as it stands now, and who said when that it is somebody else."""
    contact: Contact
    actor: str
    at: datetime


def tell(session: Session, contact: Contact, other: Contact, actor: str) -> None:
    """Remember that these two are not one person. Saying it twice changes nothing. Raises Invalid for one and the same.
    """
    if contact.id == other.id:
        raise Invalid("These are one record already.")
    first, second = sorted((contact.id, other.id))
    if session.get(ToldApart, (first, second)):
        return
    db.insert_later(session, ToldApart, unless_there=True, first_id=first, second_id=second, actor=actor,
                    created_at=now())
    events.record(session, events.ToldApart(other_id=other.id, apart=True), contact=contact, actor=actor)


def forget(session: Session, contact: Contact, other: Contact, actor: str) -> None:
    """Take it back: they may be one person after all. Nothing happens when nobody said so."""
    here, there = _whole(session, contact.id), _whole(session, other.id)
    gone = session.execute(delete(ToldApart).where(or_(
        ToldApart.first_id.in_(here) & ToldApart.second_id.in_(there),
        ToldApart.first_id.in_(there) & ToldApart.second_id.in_(here)))).rowcount
    if gone:
        events.record(session, events.ToldApart(other_id=other.id, apart=False), contact=contact, actor=actor)


def ids(session: Session, contact_id: int) -> set[int]:
    """Whom this contact, with everything merged into it, was told apart from: the ids of the records said, and of those
    that go on for them. One statement as long as there is nobody."""
    rows = db.rows(session, ABOUT, {"id": contact_id})
    if not rows:
        return set()
    said = {one for row in rows for one in row[:2]} - _whole(session, contact_id)
    return said | {other.id for other in _survivors(session, said).values()}


def apart(session: Session, contact_id: int) -> Sequence[Apart]:
    """The same with who said it and when; each other contact once, the latest first."""
    rows = db.rows(session, ABOUT, {"id": contact_id})
    own = _whole(session, contact_id) if rows else set()
    others = _survivors(session, {one for row in rows for one in row[:2]} - own)
    found: dict[int, Apart] = {}
    for row in rows:
        other = others.get(row.second_id if row.first_id in own else row.first_id)
        if other is not None and other.id not in own:       # both were merged into one since: then it is settled
            found.setdefault(other.id, Apart(other, row.actor, row.created_at))
    return list(found.values())


def _whole(session: Session, contact_id: int) -> set[int]:
    return {row.id for row in db.rows(session, WHOLE, {"id": contact_id})}


def _survivors(session: Session, contact_ids: set[int]) -> dict[int, Contact]:
    rows = session.scalars(select(Contact).where(Contact.id.in_(contact_ids)))
    return {row.id: contact_merges.survivor(session, row) for row in rows}
