"""The site's word on who a visitor is: a signed token (JWT, RFC 7519), or a plain keyed hash of a customer number.

A token says when it was made and for how long it counts, and all that it says is signed. A hash says the number alone,
for ever: whoever has seen it once can show it again until the secret is changed. So an inbox takes hashes only if it
is told to, and what stands beside one is a claim (docs/decisions, identity of the site).
"""
from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import jwt
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.errors import Forbidden, Invalid
from helpdesk.models import Contact, Inbox, Visitor
from helpdesk.services import attributes, bounds, identities, inbox_forms, inboxes, shop_orders, visitors

LONGEST_IDENTITY = 3600         # seconds between iat and exp of a signed identity
SHORTEST_SECRET = 32            # RFC 7518 section 3.2: as long as the hash
CLOCK_SKEW = 60                 # seconds the site's clock may be off
HASH = re.compile(r"[0-9a-fA-F]{64}")


@dataclass
class Identified:
    """Who the visitor is from now on. `token` is None when the browser was known as this person already. `ignored`
    tells the site's makers what was left out, and why."""
    visitor: Visitor
    token: str | None
    ignored: list[str] = field(default_factory=list)


def identify(session: Session, inbox: Inbox, visitor: Visitor, given: Mapping) -> Identified:
    """The site says who this is: {"token": JWT}, or {"id", "hash"} and what it likes to claim beside.

    The token is signed by HS256 under the inbox's identity secret, with sub (the site's own id), aud (the inbox key),
    iat, exp at most an hour later and jti; email, phone, name, attributes and orders are taken over. Raises Forbidden
    with the reason.
    """
    signed = bool(given.get("token"))
    said = _claims(inbox, _text(given, "token")) if signed else _hashed(inbox, given)
    visitor, contact, token = _be(session, visitor, str(said["sub"])[:200])
    found = Identified(visitor, token)
    _name(contact, said.get("name"), replace=signed)
    if signed:
        contact = _take_over(session, contact, said)
        _told(session, inbox, visitor, said, found.ignored)
    else:
        claim(session, contact, said, found.ignored)
    return found


def claim(session: Session, contact: Contact, given: Mapping, ignored: list[str] | None = None) -> None:
    """Somebody says who they are, or a page does: email, phone, name. Proves nothing: see services.identities. Raises
    Invalid for what is no address, or notes it in `ignored`."""
    for kind in ("email", "phone"):
        value = given.get(kind)
        if not isinstance(value, str) or not value.strip():
            continue
        try:
            identities.claim(session, contact, kind, value)
        except Invalid as error:
            if ignored is None:
                raise
            ignored.append(f"{kind}: {error}")
    _name(contact, given.get("name"), replace=False)


def secrets_of(inbox: Inbox) -> list[str]:
    """The inbox's live identity secrets, the newest first; what is too short to be one is left out. One that somebody
    made of several words is one."""
    whole = inboxes.config(inbox).get("identity_secret", "").strip()
    for found in (re.split(r"[\s,]+", whole), [whole]):
        if live := [one for one in dict.fromkeys(found) if len(one) >= SHORTEST_SECRET]:
            return live
    return []


def _be(session: Session, visitor: Visitor, subject: str) -> tuple[Visitor, Contact, str | None]:
    """The visitor who stands for this customer of the site, the contact, and the browser's new token, if any."""
    contact = visitors.contact_of(session, visitor)
    if contact.external_id == subject:
        return visitor, contact, None
    known = session.scalar(select(Contact).where(Contact.external_id == subject))
    known = identities.survivor(session, known) if known else None
    if known is not None and known.id == contact.id:
        return visitor, contact, None
    if contact.external_id:     # somebody else was signed in here before: they share a browser, not a conversation
        fresh, token = visitors.start(session, session.get(Inbox, visitor.inbox_id), visitor.locale, visitor.page)
        visitors.forget(session, visitor)
        visitor, contact = fresh, visitors.contact_of(session, fresh)
    else:
        token = visitors.renew(session, visitor)
    if known:
        identities.merge_into(session, contact, known, why=f"signed in as {subject}")
        return visitor, known, token
    contact.external_id = subject
    return visitor, contact, token


def _claims(inbox: Inbox, token: str) -> dict:
    for key in _keys(inbox):
        try:
            claims = jwt.decode(token, key, algorithms=["HS256"], audience=inbox.key, leeway=CLOCK_SKEW,
                                options={"require": ["sub", "aud", "iat", "exp", "jti"]})
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError as error:
            raise Forbidden(f"The identity is not valid: {error}.") from None
        if claims["exp"] - claims["iat"] > LONGEST_IDENTITY:
            raise Forbidden("The identity is valid for more than an hour; sign a shorter one.")
        if not str(claims["sub"]).strip():
            raise Forbidden("The identity names nobody: sub is empty.")
        return claims
    raise Forbidden("The identity was not signed with this inbox's secret.")


def _hashed(inbox: Inbox, given: Mapping) -> dict:
    if not accepts_hashes(inbox):
        raise Forbidden("This inbox takes signed tokens only. Plain hashes can be switched on in its settings.")
    number, digest = _text(given, "id").strip(), _text(given, "hash").strip()
    if not number or not HASH.fullmatch(digest):
        raise Forbidden("The identity needs id, and hash as 64 hexadecimal digits.")
    matches = [hmac.compare_digest(hmac.new(key.encode(), number.encode(), hashlib.sha256).hexdigest(), digest.lower())
               for key in _keys(inbox)]
    if not any(matches):
        raise Forbidden("The hash was not made with this inbox's secret.")
    return {**given, "sub": number}


def accepts_hashes(inbox: Inbox) -> bool:
    """Whether the inbox takes a hash that counts for ever."""
    return inbox_forms.is_yes((inbox.settings or {}).get("plain_hashes", ""))


def _keys(inbox: Inbox) -> list[str]:
    keys = secrets_of(inbox)
    if not keys:
        raise Forbidden(f"This inbox has no identity secret of {SHORTEST_SECRET} characters, so nobody is identified.")
    return keys


def _text(given: Mapping, key: str) -> str:
    value = given.get(key) or ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value if isinstance(
        value, str) else ""


def _name(contact: Contact, name: object, *, replace: bool) -> None:
    name = bounds.clean(name).strip()[:200] if isinstance(name, str) else ""
    if name and (replace or not contact.name):
        contact.name = name


def _told(session: Session, inbox: Inbox, visitor: Visitor, said: dict, ignored: list[str]) -> None:
    """What the token tells besides who it is. A fault there is no reason not to know the customer."""
    try:
        attributes.tell(session, inbox, visitor.identity_id, attributes.checked(said.get("attributes") or {}),
                        signed=True)
    except Invalid as error:
        ignored.append(f"attributes: {error}")
    if "orders" in said:
        ignored += shop_orders.from_claims(session, inbox, str(said["sub"])[:200], said["orders"],
                                           datetime.fromtimestamp(said["iat"], UTC))


def _take_over(session: Session, contact: Contact, claims: dict) -> Contact:
    """Addresses of a signed identity. An address that is proved to be somebody else's stays theirs."""
    for kind in ("email", "phone"):
        value = claims.get(kind)
        if not isinstance(value, str) or not value.strip():
            continue
        try:
            owner = identities.find(session, kind, identities.normal(kind, value))
        except Invalid:
            continue            # the signature is about who they are; a malformed address is left out
        person = identities.survivor(session, owner.contact) if owner else contact
        if owner and owner.verified and person.id != contact.id and person.external_id:
            identities.claim(session, contact, kind, value)
        else:
            contact = identities.verify(session, contact, kind, value, how="token")
    return contact
