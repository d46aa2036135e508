"""Everything that is one person: the records that were joined, and the addresses and tickets that are theirs."""
from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from helpdesk.models import Contact, Identity, Message, Ticket, Visitor
from helpdesk.services import identities, person_records

KINDS = ("contact", "identity", "ticket", "message", "visitor", "customer", "email", "phone")


def records(session: Session, contact_id: int) -> list[int]:
    """The ids of all records of the person whom this one is of, however many times they were merged; the lowest
    first."""
    top = identities.survivor(session, session.get(Contact, contact_id)).id
    return sorted(session.scalars(person_records.of(top)))


def named(session: Session, contact_ids: list[int]) -> dict[str, list[str]]:
    """How others name the person: the site's own ids for them, and their mail addresses and phone numbers. What they
    only claimed is not among them: it may be somebody else's."""
    rows = session.execute(select(Identity.kind, Identity.value).where(
        Identity.contact_id.in_(contact_ids), Identity.kind.in_(("email", "phone")))).all()
    return {"customer": list(session.scalars(select(Contact.external_id).where(
        Contact.id.in_(contact_ids), Contact.external_id.is_not(None)))),
        **{kind: [value for given, value in rows if given == kind] for kind in ("email", "phone")}}


def owned(contact_ids: list[int], names: dict[str, list[str]]) -> dict[str, Select | list[str]]:
    """What belongs to these records, by kind: selects of ids, and the names of named(). A message is theirs when it
    stands in a ticket of theirs, or when it came from one of their addresses."""
    addresses = select(Identity.id).where(Identity.contact_id.in_(contact_ids))
    tickets = select(Ticket.id).where(Ticket.contact_id.in_(contact_ids))
    return {"contact": select(Contact.id).where(Contact.id.in_(contact_ids)), "identity": addresses,
            "ticket": tickets, "visitor": select(Visitor.id).where(Visitor.identity_id.in_(addresses)),
            "message": select(Message.id).where(or_(
                Message.ticket_id.in_(tickets), and_(Message.direction == "in", Message.identity_id.in_(addresses)))),
            **{kind: names.get(kind, []) for kind in ("customer", "email", "phone")}}


def said_of(table, by: dict[str, str], own: dict[str, Select | list[str]]) -> ColumnElement[bool]:
    """The condition under which a row of this table belongs to the person."""
    return or_(*(table.c[column].in_(own[kind]) for column, kind in by.items()))
