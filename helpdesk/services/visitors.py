"""Browsers that use the widget: who they are, which conversation is theirs, what they say and what they have read.

A visitor is known by a 256-bit token that only their browser has. It opens their own conversation and nothing else: an
address they type stays a claim, and a signed token of the site (RFC 7519) is the only way to prove who they are.
"""
from __future__ import annotations

import re
import secrets
from datetime import timedelta

import jwt
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Status as DeliveryStatus
from helpdesk import security
from helpdesk.clock import now
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.models import Contact, Delivery, Identity, Inbox, Message, Participant, Ticket, Visitor
from helpdesk.services import identities, inboxes, outbox, ratings

LONGEST_IDENTITY = 3600         # seconds between iat and exp of a signed identity
SHORTEST_SECRET = 32            # RFC 7518 section 3.2: as long as the hash
CLOCK_SKEW = 60                 # seconds the site's clock may be off
TOUCH_AFTER = timedelta(minutes=5)
MERGE_STEPS = 20
UNREAD = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED)


def start(session: Session, inbox: Inbox, locale: str = "", page: str = "") -> tuple[Visitor, str]:
    """A browser nobody knows yet. Returns it and its token, which is not stored and cannot be shown again."""
    identity = identities.resolve(session, "visitor", secrets.token_hex(16), locale=locale[:16], how="platform")
    token = security.token()
    visitor = Visitor(inbox_id=inbox.id, identity_id=identity.id, token_hash=security.token_hash(token),
                      locale=locale[:16], page=page[:500])
    session.add(visitor)
    session.flush()
    return visitor, token


def by_token(session: Session, inbox: Inbox, token: str) -> Visitor | None:
    """The visitor of this inbox who holds this token."""
    if not token or not isinstance(token, str):
        return None
    return session.scalar(select(Visitor).where(Visitor.token_hash == security.token_hash(token),
                                                Visitor.inbox_id == inbox.id))


def contact_of(session: Session, visitor: Visitor) -> Contact:
    """The person behind the browser, as far as known."""
    return identities.survivor(session, session.get(Identity, visitor.identity_id).contact)


def touch(session: Session, visitor: Visitor, locale: str, page: str) -> None:
    """They are here: where, and in which language."""
    if (locale, page) != (visitor.locale, visitor.page) or now() - visitor.seen_at > TOUCH_AFTER:
        visitor.locale, visitor.page = locale[:16] or visitor.locale, page[:500] or visitor.page
        visitor.seen_at = now()


def ticket_of(session: Session, visitor: Visitor) -> Ticket | None:
    """Their current conversation: the one they wrote to last since they began anew. Only one in which this very browser
    takes part; whatever else is known of the person stays closed to it."""
    query = select(Message.ticket_id).join(Participant, Participant.ticket_id == Message.ticket_id).where(
        Participant.identity_id == visitor.identity_id, Participant.role == "requester",
        Message.identity_id == visitor.identity_id, Message.direction == "in")
    if visitor.ended_at:
        query = query.where(Message.created_at > visitor.ended_at)
    ticket_id = session.scalar(query.order_by(Message.id.desc()).limit(1))
    ticket = session.get(Ticket, ticket_id) if ticket_id else None
    for _ in range(MERGE_STEPS):
        if ticket is None or ticket.merged_into_id is None:
            break
        ticket = session.get(Ticket, ticket.merged_into_id)
    if ticket is None or ticket.id != ticket_id and not _takes_part(session, ticket, visitor):
        return None
    return ticket


def own_ticket(session: Session, visitor: Visitor) -> Ticket:
    """The same, where there must be one. Raises NotFound."""
    ticket = ticket_of(session, visitor)
    if ticket is None:
        raise NotFound("There is no conversation yet.")
    return ticket


def end(session: Session, visitor: Visitor) -> None:
    """Leave the conversation: the next message begins a new one."""
    visitor.ended_at, visitor.ticket_id, visitor.seen_seq = now(), None, 0


def undelivered(session: Session, visitor: Visitor, ticket: Ticket, seq: int,
                statuses=(DeliveryStatus.SENT,)) -> list[Delivery]:
    """What was said to this browser up to `seq` and has not got further than `statuses`."""
    return list(session.scalars(select(Delivery).join(Message, Message.id == Delivery.message_id).where(
        Message.ticket_id == ticket.id, Message.seq <= seq, Delivery.identity_id == visitor.identity_id,
        Delivery.status.in_(statuses))))


def seen(session: Session, visitor: Visitor, ticket: Ticket, seq: int) -> None:
    """The visitor has read up to `seq`: remembered, and reported on each answer."""
    if visitor.ticket_id != ticket.id:
        visitor.ticket_id, visitor.seen_seq = ticket.id, 0
    visitor.seen_seq = max(visitor.seen_seq, min(seq, ticket.seq))
    for delivery in undelivered(session, visitor, ticket, seq, UNREAD):
        outbox.mark(session, delivery, DeliveryStatus.READ)


def claim_contact(session: Session, visitor: Visitor, email: str, name: str = "") -> None:
    """They tell where to write. Raises Invalid for what is no address. Proves nothing: see services.identities."""
    contact = contact_of(session, visitor)
    identities.claim(session, contact, "email", email)
    if name.strip() and not contact.name:
        contact.name = name.replace("\0", "").strip()[:200]


def rate(session: Session, visitor: Visitor, seq: int, score: int, comment: str) -> None:
    """Answer the survey that message `seq` of their conversation asks. Raises as ratings.rate, or NotFound."""
    ticket = own_ticket(session, visitor)
    message = session.scalar(select(Message).where(Message.ticket_id == ticket.id, Message.seq == seq,
                                                   Message.kind == "message"))
    url = ((message.payload or {}).get("survey") or {}).get("url", "") if message else ""
    if not url:
        raise NotFound("Nothing is asked there.")
    ratings.rate(session, url.rstrip("/").rsplit("/", 1)[-1], score, comment)


def identify(session: Session, inbox: Inbox, visitor: Visitor, token: str) -> tuple[Visitor, str | None]:
    """The site says, signed, who this is. Returns the visitor that stands afterwards and its new token, or None when
    the browser was known as this person already.

    The token is a JWT, HS256 under the inbox's identity secret, with sub (the site's own id), aud (the inbox key), iat,
    exp at most an hour later and jti; email, phone and name are taken over. Raises Forbidden with the reason.
    """
    claims = _claims(inbox, token)
    contact, subject = contact_of(session, visitor), claims["sub"][:200]
    if contact.external_id == subject:
        return visitor, None
    known = session.scalar(select(Contact).where(Contact.external_id == subject))
    known = identities.survivor(session, known) if known else None
    if contact.external_id:     # somebody else was signed in here before: they share a browser, not a conversation
        fresh, new_token = start(session, inbox, visitor.locale, visitor.page)
        forget(session, visitor)
        visitor, contact = fresh, contact_of(session, fresh)
    else:
        new_token = security.token()
        visitor.token_hash = security.token_hash(new_token)
    if known:
        identities.merge_into(session, contact, known, why=f"signed in as {subject}")
        contact = known
    else:
        contact.external_id = subject
    _take_over(session, contact, claims)
    return visitor, new_token


def forget(session: Session, visitor: Visitor) -> None:
    """The browser signs out: its token opens nothing any more."""
    visitor.token_hash = security.token_hash(security.token())


def allowed_origins(inbox: Inbox) -> list[str]:
    """The sites that may embed this inbox's chat; none means all. Paths and stray words are left out."""
    given = (inbox.settings or {}).get("origins") or []
    words = re.split(r"[\s,]+", given) if isinstance(given, str) else [str(one) for one in given]
    found = (re.match(r"https?://[A-Za-z0-9.-]+(:\d+)?", word.strip()) for word in words)
    return [match[0].lower() for match in found if match]


def _takes_part(session: Session, ticket: Ticket, visitor: Visitor) -> bool:
    row = session.get(Participant, (ticket.id, visitor.identity_id))
    return row is not None and row.role == "requester"


def _claims(inbox: Inbox, token: str) -> dict:
    whole = inboxes.config(inbox).get("identity_secret", "").strip()
    keys = [key for key in dict.fromkeys((whole, *re.split(r"[\s,]+", whole))) if len(key) >= SHORTEST_SECRET]
    if not keys:
        raise Forbidden(f"This inbox has no identity secret of {SHORTEST_SECRET} characters, so nobody is identified.")
    for key in keys:
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


def _take_over(session: Session, contact: Contact, claims: dict) -> None:
    """Addresses and name of a signed identity. An address that is proved to be somebody else's stays theirs."""
    if isinstance(claims.get("name"), str) and claims["name"].strip():
        contact.name = claims["name"].replace("\0", "").strip()[:200]
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
