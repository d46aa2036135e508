"""Two records of one person.

A merge is a pointer: the merged record stays, with all that is written on it, and points to the one that goes on. Its
addresses and tickets get the new owner, and the event lists which, with every field of the survivor that was filled
from it, so that it can be taken back (services.contact_unmerges; docs/decisions/0003-identity.md).
"""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.models import Contact, Event, Identity, Ticket
from helpdesk.services.parts import STEPS

FILLED = ("company", "locale", "time_zone", "prefers", "prefers_by")       # where the survivor has none


def survivor(session: Session, contact: Contact) -> Contact:
    """The record that a merged one points to, however many steps away."""
    for _ in range(STEPS):
        if contact.merged_into_id is None:
            break
        contact = session.get(Contact, contact.merged_into_id)
    return contact


def merge(session: Session, contact_id: int, into_id: int, why: str, actor: str, *, insist: bool = False) -> Contact:
    """An agent knows that both are one person; returns the record that goes on. Raises NotFound, Conflict when they are
    one record already or the site knows two, Invalid for what cannot be one person."""
    contact, into = session.get(Contact, contact_id), session.get(Contact, into_id)
    if contact is None or into is None:
        raise NotFound("There is no such other contact to merge with.")
    if not merge_into(session, contact, into, why, actor, insist=insist):
        raise Conflict("A record cannot be merged with itself." if contact_id == into_id else
                       "These two are one record already.")
    return survivor(session, into)


def merge_into(session: Session, contact: Contact, into: Contact, why: str, actor: str = "system", *,
               insist: bool = False) -> bool:
    """Two records of one person: `contact` points to `into`. Returns False, and nothing happens, when they are one
    already. Raises Conflict for two that the site knows under two numbers, unless somebody insists; Invalid for what
    cannot be one person."""
    while True:         # until both are ours: somebody else may just have joined the two, or turned them
        contact, into = survivor(session, contact), survivor(session, into)
        if contact.id == into.id:
            return False
        held = session.scalars(select(Contact).where(Contact.id.in_((contact.id, into.id))).order_by(Contact.id)
                               .with_for_update(key_share=True).execution_options(populate_existing=True)).all()
        if all(one.merged_into_id is None for one in held):
            break
    if contact.erased_at or into.erased_at:
        raise Invalid("A person who was erased cannot be merged with anybody.")
    if problem := not insist and two_numbers(contact, into):
        raise Conflict(problem)
    if _depth(session, contact) + 2 >= STEPS:
        raise Invalid("Too many records were merged one after another. Let the older one go on instead.")
    contact.merged_into_id = into.id
    identities = session.scalars(select(Identity).where(Identity.contact_id == contact.id)).all()
    tickets = session.scalars(select(Ticket).where(Ticket.contact_id == contact.id).order_by(Ticket.id)
                              .with_for_update()).all()
    for row in (*identities, *tickets):
        row.contact = into
    changed = _fill(session, contact, into, identities)
    session.flush()
    events.record(session, events.ContactsMerged(
        merged_id=contact.id, why=why, identity_ids=tuple(i.id for i in identities),
        ticket_ids=tuple(t.id for t in tickets), changed=changed), contact=into, actor=actor)
    return True


def two_numbers(contact: Contact, other: Contact) -> str:
    """What stands against joining two that the site knows under two numbers, in words; '' when it does not."""
    if not contact.external_id or not other.external_id or contact.external_id == other.external_id:
        return ""
    return (f"The site knows {contact.label} as {contact.external_id} and {other.label} as {other.external_id}: "
            "two customers of the site.")


def last_merge(session: Session, contact: Contact) -> Event | None:
    """The event that tells how this merged record came to point where it points."""
    merges = session.scalars(select(Event).where(
        Event.contact_id == contact.merged_into_id, Event.name == "ContactsMerged").order_by(Event.id.desc()))
    return next((one for one in merges if one.data["merged_id"] == contact.id), None)


def merged(session: Session, contact: Contact) -> list[tuple[Contact, Event | None]]:
    """The records that point to this one, also by way of others, each with the event of its merge."""
    found, ids = [], [contact.id]
    for _ in range(STEPS):
        rows = session.scalars(select(Contact).where(Contact.merged_into_id.in_(ids)).order_by(Contact.id.desc())).all()
        if not rows:
            break
        found += rows
        ids = [one.id for one in rows]
    return [(one, last_merge(session, one)) for one in found]


def _depth(session: Session, contact: Contact) -> int:
    ids = [contact.id]
    for depth in range(STEPS):
        ids = session.scalars(select(Contact.id).where(Contact.merged_into_id.in_(ids))).all()
        if not ids:
            return depth
    return STEPS


def _fill(session: Session, contact: Contact, into: Contact, moved: list[Identity]) -> dict[str, list]:
    """What the survivor does not know is taken from the other; returns [before, after] by field."""
    new = {field: getattr(contact, field) for field in FILLED if not getattr(into, field) and getattr(contact, field)}
    theirs = {(one.kind, one.value) for one in session.scalars(
        select(Identity).where(Identity.contact_id == into.id))} | {(one.kind, one.value) for one in moved}
    if contact.name and (not into.name or into.name in {value for _, value in theirs}):
        new["name"] = contact.name          # a name is better than an address
    claims = {kind: value for kind, value in {**(contact.claims or {}), **(into.claims or {})}.items()
              if (kind, value) not in theirs}
    if claims != (into.claims or {}):
        new["claims"] = claims
    if contact.external_id and not into.external_id:
        new["external_id"], contact.external_id = contact.external_id, None
        session.flush()                     # it is unique
    changed = {field: [getattr(into, field), value] for field, value in new.items() if getattr(into, field) != value}
    for field, (_, value) in changed.items():
        setattr(into, field, value)
    into.seen_at = max(into.seen_at, contact.seen_at)
    return changed
