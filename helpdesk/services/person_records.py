"""The records of one person: theirs, and all that were merged into it."""
from __future__ import annotations

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased

from helpdesk.models import Contact


def of(contact_id: int | ColumnElement[int]) -> Select:
    """The ids of a record and of everything that went into it, at any depth. UNION leaves out what was met before, so a
    circle ends. A statement may hold one of these."""
    person = select(Contact.id).where(Contact.id == contact_id).cte("person", recursive=True)
    merged = aliased(Contact)
    person = person.union(select(merged.id).join(person, merged.merged_into_id == person.c.id))
    return select(person.c.id)
