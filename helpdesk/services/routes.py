"""By which ways can this person be answered, and which one is best?"""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from channels.base import Can
from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Contact, Identity, Inbox, Message, Participant, Ticket, Trust
from helpdesk.services import inboxes, recipients

# Built once: every ticket page asks these, and building a statement costs more than running it.
_IDENTITIES = select(*Identity.__table__.c).where((Identity.contact_id == bindparam("contact")) | Identity.id.in_(
    select(Participant.identity_id).where(Participant.ticket_id == bindparam("ticket"),
                                          Participant.role == "requester")))
_MAIL = select(*Identity.__table__.c).where(Identity.kind == "email", Identity.value == bindparam("value"))
_ACCOUNTS = select(*Inbox.__table__.c).where(Inbox.enabled).order_by(Inbox.id)
_LAST_HEARD = select(Message.inbox_id, Message.identity_id, func.max(Message.sent_at)).where(
    Message.identity_id.in_(bindparam("ids", expanding=True)), Message.direction == "in").group_by(
    Message.inbox_id, Message.identity_id)


HERE = timedelta(minutes=15)        # who wrote so lately is still there


@dataclass(frozen=True)
class Route:
    """One inbox to one identity, each as its row. A closed one cannot be used. `why` says why it is closed, or what
    speaks against one that is open (`doubtful`); '' otherwise."""
    inbox: Row
    identity: Row
    can: Can
    open: bool
    closes_at: datetime | None
    why: str
    heard_at: datetime | None = None    # when they wrote there last
    current: bool = False               # the ticket's own: where the conversation is
    preferred: bool = False             # the channel that they want
    talking: bool = False               # the contact's, as far as they say, and where the last thing was said
    theirs: bool = True                 # False: they only named it, and it is on record as somebody else's

    @property
    def doubtful(self) -> bool:
        """Whether what goes there probably does not arrive."""
        return self.open and bool(self.why)

    @property
    def known(self) -> bool:
        """Whether somebody wrote from there, or it is proved to be theirs."""
        return self.heard_at is not None or self.theirs and self.identity.trust != Trust.CLAIMED

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.inbox.id}:{self.identity.id}"


def routes(session: Session, ticket: Ticket, by: str = "agent") -> list[Route]:
    """Every way to this ticket's contact, the best first. `by`: agent, assistant or system; some platforms let people
    write for longer than machines.

    For agents: open ones, those nothing speaks against, where the contact is just now, the channel they want, the
    ticket's current one, addresses somebody wrote from or that are proved, the last used. Machines answer where they
    were asked: what is open, the current one, the last used."""
    contact = session.get(Contact, ticket.contact_id)
    identities = db.rows(session, _IDENTITIES, {"contact": ticket.contact_id, "ticket": ticket.id})
    accounts = db.rows(session, _ACCOUNTS)
    claimed = _claimed_mail(session, contact)
    theirs = {i.id for i in identities}
    if claimed is not None and claimed.id not in theirs:
        identities = [*identities, claimed]
        part = session.get(Participant, (ticket.id, claimed.id))
        if part is not None and part.role in recipients.INSIDE:     # what its owner wrote elsewhere is not about this
            theirs.add(claimed.id)
    heard = _last_heard(session, list(theirs))
    found = [route for identity in identities for inbox in accounts
             if (route := _route(ticket, inbox, identity, heard.get((inbox.id, identity.id)), by, contact,
                                 identity.id in theirs))]
    return sorted(found, key=_rank_for_agents if by == "agent" else _rank_for_machines)


def _rank_for_agents(route: Route):
    here = route.talking and route.heard_at is not None and route.heard_at > now() - HERE
    return (not route.open, route.doubtful, not here, not route.preferred, not route.current, not route.known,
            _newest_first(route), route.inbox.id)


def _rank_for_machines(route: Route):
    return not route.open, not route.current, _newest_first(route), route.inbox.id


def _newest_first(route: Route) -> float:
    return -route.heard_at.timestamp() if route.heard_at else 0


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


def _route(ticket: Ticket, inbox: Row, identity: Row, last: datetime | None, by: str, contact: Contact,
           theirs: bool) -> Route | None:
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
    current = (inbox.id, identity.id) == (ticket.reply_inbox_id, ticket.reply_identity_id)
    own = identity.contact_id == contact.id or (contact.claims or {}).get(identity.kind) == identity.value
    wanted = inboxes.is_mail(contact.prefers) and inboxes.is_mail(inbox.channel) or contact.prefers == inbox.channel
    return Route(inbox, identity, cls.can, is_open, closes_at, why, last, current, wanted,
                 own and ticket.channel == inbox.channel, theirs)


def _hours(window) -> str:
    return f"{int(window.total_seconds() // 3600)} hours"
