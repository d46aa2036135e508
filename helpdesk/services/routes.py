"""By which ways can this person be answered, and which one is best?"""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from channels.base import Can
from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Contact, Identity, Inbox, Message, Participant, Ticket
from helpdesk.services import inboxes

# Built once: every ticket page asks these, and building a statement costs more than running it.
_IDENTITIES = select(*Identity.__table__.c).where((Identity.contact_id == bindparam("contact")) | Identity.id.in_(
    select(Participant.identity_id).where(Participant.ticket_id == bindparam("ticket"),
                                          Participant.role == "requester")))
_MAIL = select(*Identity.__table__.c).where(Identity.kind == "email", Identity.value == bindparam("value"))
_ACCOUNTS = select(*Inbox.__table__.c).where(Inbox.enabled).order_by(Inbox.id)
_LAST_HEARD = select(Message.inbox_id, Message.identity_id, func.max(Message.sent_at)).where(
    Message.identity_id.in_(bindparam("ids", expanding=True)), Message.direction == "in").group_by(
    Message.inbox_id, Message.identity_id)


@dataclass(frozen=True)
class Route:
    """One inbox to one identity, each as its row. A closed one cannot be used; `why` says so, or why it is offered."""
    inbox: Row
    identity: Row
    can: Can
    open: bool
    closes_at: datetime | None
    why: str

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.inbox.id}:{self.identity.id}"


def routes(session: Session, ticket: Ticket, by: str = "agent") -> list[Route]:
    """Every way to this ticket's contact, the best first: open ones, the ticket's current one, the last used. `by`:
    agent, assistant or system; some platforms let people write for longer than machines."""
    identities = db.rows(session, _IDENTITIES, {"contact": ticket.contact_id, "ticket": ticket.id})
    accounts = db.rows(session, _ACCOUNTS)
    heard = _last_heard(session, [i.id for i in identities])
    claimed = _claimed_mail(session, session.get(Contact, ticket.contact_id))
    if claimed is not None and claimed.id not in {i.id for i in identities}:
        identities = [*identities, claimed]
    found = [route for identity in identities for inbox in accounts
             if (route := _route(ticket, inbox, identity, heard.get((inbox.id, identity.id)), by))]

    def rank(route: Route):
        current = (route.inbox.id, route.identity.id) == (ticket.reply_inbox_id, ticket.reply_identity_id)
        last = heard.get((route.inbox.id, route.identity.id))
        return (not route.open, not current, -(last.timestamp() if last else 0), route.inbox.id)
    return sorted(found, key=rank)


def default(session: Session, ticket: Ticket, by: str = "agent") -> Route | None:
    """The best open way; None when there is none."""
    return next((r for r in routes(session, ticket, by) if r.open), None)


def by_key(session: Session, ticket: Ticket, key: str) -> Route | None:
    """The way that a form named, if this ticket has it."""
    return next((r for r in routes(session, ticket) if r.key == key), None)


def _last_heard(session: Session, identity_ids: list[int]) -> dict[tuple[int, int], datetime]:
    rows = db.rows(session, _LAST_HEARD, {"ids": identity_ids})
    return {(inbox_id, identity_id): at for inbox_id, identity_id, at in rows}


def _claimed_mail(session: Session, contact: Contact) -> Row | None:
    """The mail address that the contact named although it is another's: what they asked may be answered there, since
    only its owner will read it."""
    value = (contact.claims or {}).get("email")
    found = db.rows(session, _MAIL, {"value": value}) if value else ()
    return found[0] if found else None


def _route(ticket: Ticket, inbox: Row, identity: Row, last: datetime | None, by: str) -> Route | None:
    cls = inboxes.kind(inbox.channel)
    if cls.identity_kind != identity.kind or identity.scope and identity.scope != inbox.account:
        return None
    if identity.kind == "visitor" and last is None and inbox.id != ticket.reply_inbox_id:
        return None             # a browser belongs to the widget it opened
    if cls.person_first and last is None:
        return None
    closes_at, why, is_open = None, "", True
    window = cls.window(inbox.settings or {}, by)
    if window:
        closes_at = last + window if last else None
        is_open = bool(closes_at and closes_at > now())
        why = "" if is_open else (f"{cls.label} only allows free replies within "
                                  f"{_hours(window)} of the customer's last message."
                                  + (" An approved template still reaches them." if cls.can.templates else ""))
    if identity.failing_since:
        why = why or "Messages to this address have come back."
    if identity.unwanted:
        why = why or f"The reader {identity.unwanted}."
    if inbox.error:
        why = why or f"This inbox has a problem: {inbox.error}"
    if (inbox.id, identity.id) == (ticket.reply_inbox_id, ticket.reply_identity_id):
        why = why or "Where the customer wrote last."
    return Route(inbox, identity, cls.can, is_open, closes_at, why)


def _hours(window) -> str:
    return f"{int(window.total_seconds() // 3600)} hours"
