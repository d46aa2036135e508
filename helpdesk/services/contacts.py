"""The people outside: finding them and keeping what is known of them right."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import available_timezones

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from helpdesk import events
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Contact, Identity, Ticket
from helpdesk.services import identities

PAGE = 40


@dataclass(frozen=True)
class Page:
    """Some contacts, how many tickets each has, and the id to go on from (None at the end)."""
    rows: Sequence[Contact]
    tickets: dict[int, int]
    next: int | None


def by_id(session: Session, contact_id: int) -> Contact:
    """The contact, or the one it was merged into. Raises NotFound."""
    contact = session.get(Contact, contact_id)
    if contact is None:
        raise NotFound("There is no such contact.")
    return identities.survivor(session, contact)


def contacts(session: Session, q: str = "", before: int | None = None, limit: int = PAGE) -> Page:
    """The newest first; with `q` those whose name, company or address contains it."""
    query = select(Contact).where(Contact.merged_into_id.is_(None), Contact.erased_at.is_(None)).options(
        selectinload(Contact.identities))
    if q:
        like = "%" + "".join("\\" + c if c in "%_\\" else c for c in q.strip()[:100]) + "%"
        query = query.where(or_(Contact.name.ilike(like, escape="\\"), Contact.company.ilike(like, escape="\\"),
                                Contact.id.in_(select(Identity.contact_id).where(
                                    Identity.value.ilike(like, escape="\\")))))
    if before:
        query = query.where(Contact.id < before)
    rows = session.scalars(query.order_by(Contact.id.desc()).limit(limit + 1)).all()
    more, rows = len(rows) > limit, rows[:limit]
    counted = session.execute(select(Ticket.contact_id, func.count()).where(
        Ticket.contact_id.in_([c.id for c in rows]), Ticket.merged_into_id.is_(None)).group_by(Ticket.contact_id))
    return Page(rows, {contact_id: n for contact_id, n in counted}, rows[-1].id if more else None)


def claimed_from(session: Session, contact: Contact) -> list[tuple[str, str, Contact | None]]:
    """The addresses that the contact named although they are somebody else's: (kind, value, whose)."""
    found = []
    for kind, value in (contact.claims or {}).items():
        identity = identities.find(session, kind, value)
        owner = identities.survivor(session, identity.contact) if identity else None
        found.append((kind, value, owner if owner is not None and owner.id != contact.id else None))
    return found


def change(session: Session, contact: Contact, *, name: str, company: str, locale: str, time_zone: str,
           actor: str) -> None:
    """Correct what is known. Raises Invalid for an unknown time zone."""
    if time_zone and time_zone not in available_timezones():
        raise Invalid(f"{time_zone[:60]!r} is no time zone; use a name as Europe/Paris.")
    new = {"name": name.strip()[:200], "company": company.strip()[:200], "locale": locale.strip()[:16],
           "time_zone": time_zone}
    changed = [field for field, value in new.items() if getattr(contact, field) != value]
    for field in changed:
        setattr(contact, field, new[field])
    if changed:
        events.record(session, events.SettingsChanged(what="contact", detail=", ".join(changed)), contact=contact,
                      actor=actor)
