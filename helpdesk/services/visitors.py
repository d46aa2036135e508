"""Browsers that use the widget: who they are, which conversation is theirs, what they say and what they have read.

A visitor is known by a 256-bit token that only their browser has. It opens their own conversation and nothing else,
whatever is proved of the person: see services.site_identity and services.proofs.
"""
from __future__ import annotations

import math
import re
import secrets
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Status as DeliveryStatus
from helpdesk import security
from helpdesk.clock import now
from helpdesk.errors import NotFound
from helpdesk.models import Contact, Delivery, Identity, Inbox, Message, Participant, Ticket, Visitor
from helpdesk.services import identities, outbox, parts, ratings, timeline

TOUCH_AFTER = timedelta(minutes=5)
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
    if ticket is None or ticket.merged_into_id is None:
        return ticket
    whole = parts.live(session, ticket)         # where they take no part in that, they keep what was theirs
    return whole if _takes_part(session, whole, visitor) else ticket


def own_ticket(session: Session, visitor: Visitor) -> Ticket:
    """The same, where there must be one. Raises NotFound."""
    ticket = ticket_of(session, visitor)
    if ticket is None:
        raise NotFound("There is no conversation yet.")
    return ticket


def end(session: Session, visitor: Visitor) -> None:
    """Leave the conversation: the next message begins a new one."""
    visitor.ended_at, visitor.ticket_id, visitor.seen_seq = now(), None, 0


def is_place(value: object) -> bool:
    """Whether what a browser sent can be a place in a conversation."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= timeline.END


def undelivered(session: Session, visitor: Visitor, ticket: Ticket, place: float,
                statuses=(DeliveryStatus.SENT,)) -> list[Delivery]:
    """What was said to this browser up to a place and has not got further than `statuses`. What was merged into the
    ticket lies before."""
    return list(session.scalars(select(Delivery).join(Message, Message.id == Delivery.message_id).where(
        Message.ticket_id.in_(parts.ids(session, ticket)), (Message.ticket_id != ticket.id) | (Message.seq <= place),
        Delivery.identity_id == visitor.identity_id, Delivery.status.in_(statuses))))


def seen(session: Session, visitor: Visitor, ticket: Ticket, place: float) -> None:
    """The visitor has read up to a place: remembered, and reported on each answer."""
    if visitor.ticket_id != ticket.id:
        visitor.ticket_id, visitor.seen_seq = ticket.id, 0
    visitor.seen_seq = max(visitor.seen_seq, min(math.ceil(place), ticket.seq))
    for delivery in undelivered(session, visitor, ticket, place, UNREAD):
        outbox.mark(session, delivery, DeliveryStatus.READ)


def rate(session: Session, visitor: Visitor, place: float, score: int, comment: str) -> None:
    """Answer the survey that the message in this place of their conversation asks. Raises as ratings.rate, or NotFound.
    """
    ticket = own_ticket(session, visitor)
    message = timeline.public_at(session, ticket, place)
    url = ((message.payload or {}).get("survey") or {}).get("url", "") if message else ""
    if not url:
        raise NotFound("Nothing is asked there.")
    ratings.rate(session, url.rstrip("/").rsplit("/", 1)[-1], score, comment)


def renew(session: Session, visitor: Visitor) -> str:
    """The browser's token is another one from now on; returns it."""
    token = security.token()
    visitor.token_hash = security.token_hash(token)
    return token


def forget(session: Session, visitor: Visitor) -> None:
    """The browser signs out: its token opens nothing any more."""
    renew(session, visitor)


def allowed_origins(inbox: Inbox) -> list[str]:
    """The sites that may embed this inbox's chat; none means all. Paths and stray words are left out."""
    given = (inbox.settings or {}).get("origins") or []
    words = re.split(r"[\s,]+", given) if isinstance(given, str) else [str(one) for one in given]
    found = (re.match(r"https?://[A-Za-z0-9.-]+(:\d+)?", word.strip()) for word in words)
    return [match[0].lower() for match in found if match]


def _takes_part(session: Session, ticket: Ticket, visitor: Visitor) -> bool:
    row = session.get(Participant, (ticket.id, visitor.identity_id))
    return row is not None and row.role == "requester"
