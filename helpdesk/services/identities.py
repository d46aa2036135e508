"""Who is this? Addresses, and how sure we are whose they are.

An address has one row and one owner. What somebody merely typed gives way to whoever speaks from that address; two
people become one record only when both are proved (docs/decisions/0003-identity.md).
"""
from __future__ import annotations

from datetime import timedelta
from typing import Any

import phonenumbers
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from channels._mail_headers import normal_address
from channels.base import Channel
from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Contact, Identity, Ticket, Trust
from helpdesk.services import bounds, phones
from helpdesk.services.contact_merges import merge_into, survivor, two_numbers

LONGEST = 320           # characters of an address; cut, two people could become one
SEEN_AFTER = timedelta(minutes=1)       # in a chat, not every line needs to be written down as a sign of life
TYPED = "typed"
NAMED = "named"         # an agent wrote it down as a reader of a mail
HOW_TRUST = {TYPED: Trust.CLAIMED, NAMED: Trust.CLAIMED, "wrote": Trust.CLAIMED, "reply": Trust.REPLIED,
             "platform": Trust.VERIFIED, "token": Trust.VERIFIED, "code": Trust.VERIFIED, "link": Trust.VERIFIED,
             "agent": Trust.VERIFIED}
BY_ADDRESS = select(Identity).options(joinedload(Identity.contact, innerjoin=True)).where(
    Identity.kind == bindparam("kind"), Identity.value == bindparam("value"), Identity.scope == bindparam("scope"))


def normal(kind: str, value: str) -> str:
    """The one form in which an address is stored and looked up. Raises Invalid when it cannot be one."""
    value = bounds.clean(value).strip()
    if kind == "email":
        address = normal_address(value)
        local, _, domain = address.rpartition("@")
        if (not local or "." not in domain or not domain.isascii() or any(c.isspace() or c in "<>,;" for c in value)
                or max(len(value), len(address)) >= LONGEST):
            raise Invalid(f"{value[:80]!r} is not a mail address.")
        return address
    if kind == "phone" and not any(c.isalpha() for c in value):     # WhatsApp users who hide their number have an id
        try:
            number = phonenumbers.parse(value if value.startswith("+") else f"+{value}", None)
        except phonenumbers.NumberParseException:
            raise Invalid(f"{value[:40]!r} is not a phone number with its country code.") from None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not value:
        raise Invalid("An empty address.")
    if len(value) > LONGEST:
        raise Invalid(f"An address of {len(value)} characters cannot be one.")
    return value


def find(session: Session, kind: str, value: str, scope: str = "") -> Identity | None:
    """The identity of an address in its normal form, with its contact; a phone number however it is written."""
    found = session.scalar(BY_ADDRESS, {"kind": kind, "value": value, "scope": scope})
    if found is None and kind == "phone" and (twin := phones.twin(value)):
        return session.scalar(BY_ADDRESS, {"kind": kind, "value": twin, "scope": scope})
    return found


def known(session: Session, channel: Channel, item: Any) -> Identity | None:
    """Whoever a fact of this channel is about (`item.address`), if they ever wrote."""
    try:
        value = normal(channel.identity_kind, item.address)
    except Invalid:
        return None
    return find(session, channel.identity_kind, value, channel.scope(item))


def resolve(session: Session, kind: str, value: str, *, scope: str = "", name: str = "", locale: str = "",
            how: str = "wrote") -> Identity:
    """Whoever wrote from this address, made known if new.

    `how`: "platform" where the medium itself proves the sender, else "wrote". An address that somebody else had only
    typed passes to a new contact as soon as it speaks for itself; the other keeps it as a claim.
    """
    value = normal(kind, value)
    identity = find(session, kind, value, scope)
    at = now()
    if identity is None:
        contact = _new_contact(session, name or _as_name(kind, value), locale)
        identity = Identity(contact_id=contact.id, kind=kind, scope=scope, value=value, trust=HOW_TRUST[how],
                            source=how, verified_at=at if how == "platform" else None, seen_at=at)
        db.add(session, identity)
        set_committed_value(identity, "contact", contact)
        identity.is_new = True
        return identity
    identity.is_new = False         # also for one that was made earlier in this transaction
    if identity.source == TYPED and identity.trust == Trust.CLAIMED:
        _hand_to_owner(session, identity, name, locale, how)
    elif how == "platform" and not identity.verified:
        _raise_trust(session, identity, how)
    contact = survivor(session, identity.contact)
    if contact is not identity.contact:
        identity.contact = contact
    if at - contact.seen_at > SEEN_AFTER or identity.seen_at is None or at - identity.seen_at > SEEN_AFTER:
        identity.seen_at = contact.seen_at = at
    if name and contact.name in ("", _as_name(kind, value)):
        contact.name = name[:200]
    if locale and not contact.locale:
        contact.locale = locale[:16]
    return identity


def claim(session: Session, contact: Contact, kind: str, value: str) -> Identity:
    """The contact says that this is their address. Returns the address's row, which may belong to somebody else: then
    the contact only keeps the claim, and nothing of that person's becomes visible to them."""
    value = normal(kind, value)
    if kind == "email" and "." not in value.rpartition("@")[2]:
        raise Invalid(f"{value[:80]!r} is not a mail address.")     # a person's slip; machines do write from localhost
    identity = find(session, kind, value)
    if identity is None:
        identity = Identity(kind=kind, value=value, trust=Trust.CLAIMED, source=TYPED, contact=contact)
        session.add(identity)
        session.flush()
        events.record(session, events.IdentityAdded(kind=kind, value=value, trust=Trust.CLAIMED), contact=contact,
                      actor=contact.actor)
    elif survivor(session, identity.contact).id != contact.id:
        contact.claims = {**(contact.claims or {}), kind: value}
    return identity


def mentioned(session: Session, kind: str, value: str, name: str = "") -> Identity:
    """The owner of an address that an agent writes to, made known if new."""
    value = normal(kind, value)
    identity = find(session, kind, value)
    if identity is None:
        identity = Identity(kind=kind, value=value, trust=HOW_TRUST[NAMED], source=NAMED)
        identity.contact = _new_contact(session, name or _as_name(kind, value), "")
        session.add(identity)
        session.flush()
    return identity


def replied(session: Session, identity: Identity) -> None:
    """An answer came from this address to something that only it had received (RFC 5322 reply with our token)."""
    if not Trust(identity.trust).covers(Trust.REPLIED):
        _raise_trust(session, identity, "reply")


def verify(session: Session, contact: Contact, kind: str, value: str, how: str, scope: str = "",
           ticket: Ticket | None = None) -> Contact:
    """It is proved that this address is the contact's. Returns the contact that stands afterwards: where the address
    is proved to be another record's too, both are one person and this record is merged into that one. `ticket`: a
    locked one, in which it is told."""
    value = normal(kind, value)
    identity = find(session, kind, value, scope)
    if identity is None:
        identity = Identity(kind=kind, scope=scope, value=value, contact=contact, trust=Trust.CLAIMED, source=how)
        session.add(identity)
        session.flush()
    owner = survivor(session, identity.contact)
    if owner.id != contact.id:
        if identity.verified and two_numbers(contact, owner):
            _note_claim(contact, identity)          # the site says that they are two: left to a manager
            return contact
        if identity.verified:
            merge_into(session, contact, owner, why=f"both proved to own {kind} {value}")
            return owner
        _note_claim(owner, identity)
        identity.contact = contact
    if not identity.verified:
        _raise_trust(session, identity, how, ticket)
    contact.claims = {k: v for k, v in (contact.claims or {}).items() if (k, v) != (kind, value)}
    return contact


def _as_name(kind: str, value: str) -> str:
    """What a nameless person is called: an address that people know them by, or nothing."""
    return value if kind in ("email", "phone") else ""


def _new_contact(session: Session, name: str, locale: str) -> Contact:
    contact = Contact(name=name[:200], locale=locale[:16], seen_at=now())
    db.add(session, contact)
    return contact


def _hand_to_owner(session: Session, identity: Identity, name: str, locale: str, how: str) -> None:
    _note_claim(identity.contact, identity)
    identity.contact = _new_contact(session, name or _as_name(identity.kind, identity.value), locale)
    identity.source, identity.trust = how, HOW_TRUST[how]
    identity.verified_at = now() if how == "platform" else None
    session.flush()


def _note_claim(contact: Contact, identity: Identity) -> None:
    contact.claims = {**(contact.claims or {}), identity.kind: identity.value}


def _raise_trust(session: Session, identity: Identity, how: str, ticket: Ticket | None = None) -> None:
    identity.trust, identity.source = HOW_TRUST[how], how
    identity.verified_at = now()
    events.record(session, events.IdentityVerified(kind=identity.kind, value=identity.value, how=how),
                  ticket=ticket, contact=identity.contact, actor=identity.contact.actor)
