"""Where does a message from outside go? One ladder for all channels; each rung leaves its reason on the message.

An append needs a reference to the ticket *and* a sender who takes part in it, or a secret of ours. A reference alone
(somebody guessed or saw a Message-ID) opens nothing: see docs/decisions/0002-inbound-ladder.md.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from channels.base import Channel, Inbound
from helpdesk import settings
from helpdesk.clock import now
from helpdesk.errors import NotFound
from helpdesk.models import Delivery, Identity, Inbox, Message, Participant, Status, ThreadKey, Ticket
from helpdesk.services import recipients, tickets

FLOOD, FLOOD_WINDOW = 20, timedelta(minutes=10)
BACKLOG = timedelta(days=1)
ROLES = {"cc": "in copy", "bcc": "in hidden copy", "third": "something was forwarded to them",
         "unverified": "nobody has let them in yet"}
LAST = select(Ticket).where(Ticket.contact_id == bindparam("contact_id")).order_by(Ticket.id.desc()).limit(1)


@dataclass
class Decision:
    """`ticket` is None for a new one. `steps` tells what was tried, in words; `follows` is the last matter."""
    rung: str
    ticket: Ticket | None = None
    follows: Ticket | None = None
    unverified: bool = False        # the sender knew a secret but is nobody we know
    switched: bool = False          # the matter changed its channel
    secret: bool = False            # proved to have received something of ours
    flood: bool = False             # one of far too many at once
    role: str = "requester"         # how the sender takes part
    known: bool = False             # they took part before
    steps: list[str] = field(default_factory=list)

    @property
    def aside(self) -> bool:
        """Whether what they write stays out of the customer's conversation."""
        return self.role not in recipients.INSIDE

    @property
    def leads(self) -> bool:
        """Whether the sender is the one to be answered from now on: a colleague in copy is not."""
        return self.role == "requester"

    def silence(self, inbox: Inbox, sent_at: datetime) -> str:
        """Why no machine may answer, whoever wrote: somebody floods us, or an inbox that was connected just now brings
        what people have long answered elsewhere. '' where one may."""
        if self.flood:
            return "too many at once"
        return "written before the inbox was connected" if sent_at < inbox.created_at - BACKLOG else ""

    def trace(self) -> dict:
        """What is stored on the message."""
        return {"rung": self.rung, "steps": self.steps} | ({"role": self.role} if self.role != "requester" else {})


def decide(session: Session, inbox: Inbox, channel: Channel, item: Inbound, identity: Identity) -> Decision:
    """Climb the ladder for one message of `identity`."""
    steps: list[str] = []
    decision = (_by_thread(session, inbox, channel, item, identity, steps)
                or _by_conversation(session, inbox, channel, item, identity, steps))
    last = None if decision else _last(session, identity)
    if last:
        decision = (_by_person(session, inbox, channel, item, identity, steps)
                    or _by_flood(session, channel, identity, last, steps))
    if decision is None:
        steps.append("nothing fits: a new ticket")
        return Decision("new", follows=last, steps=steps)
    if too_old(decision.ticket):
        steps.append(f"ticket {decision.ticket.id} was settled, or silent, for too long to be gone on with")
        if decision.aside:          # what went before is none of a stranger's business
            return Decision("new", steps=steps)
        return Decision("new", follows=decision.ticket, steps=steps, secret=decision.secret)
    decision.steps = steps
    return decision


def _last(session: Session, identity: Identity) -> Ticket | None:
    return None if identity.is_new else session.scalar(LAST, {"contact_id": identity.contact_id})


def _by_thread(session, inbox, channel, item, identity, steps) -> Decision | None:
    """A reply names what it answers: nearest parent first, then tokens of ours in the address or the body."""
    keys = [*item.replies_to, *(f"token:{token.lower()}" for token in item.tokens)]
    found = session.scalars(select(ThreadKey).where(ThreadKey.key.in_(keys))).all() if keys else []
    # One mail to two of our addresses is known in both inboxes: what comes back to this one means this one's ticket.
    rows = {row.key: row for row in sorted(found, key=lambda row: row.inbox_id == inbox.id)}
    for key in keys:
        row = rows.get(key)
        if row is None:
            continue
        try:
            ticket = tickets.lock(session, row.ticket_id)
        except NotFound:
            continue
        participant = session.get(Participant, (ticket.id, identity.id))
        if participant and participant.role != "requester":
            steps.append(f"answers {'our message' if row.secret else 'a message'} in ticket {ticket.id}, and the "
                         f"sender takes part in it: {ROLES[participant.role]}")
            return Decision("thread", ticket, secret=row.secret, role=participant.role, known=True,
                            unverified=participant.role == "unverified", switched=ticket.channel != inbox.channel)
        if participant or identity.verified and identity.contact_id == ticket.contact_id:
            steps.append(f"answers {'our message' if row.secret else 'a message'} in ticket {ticket.id}, "
                         "and the sender takes part in it")
            return Decision("thread", ticket, secret=row.secret, known=participant is not None,
                            switched=ticket.channel != inbox.channel)
        if row.secret and _written_to(session, ticket, identity):
            steps.append(f"answers our message in ticket {ticket.id}, which was sent to this address")
            return Decision("thread", ticket, secret=True, role="cc", switched=ticket.channel != inbox.channel)
        if row.secret:
            steps.append(f"answers our message in ticket {ticket.id}, but the sender was not part of it: unverified")
            return Decision("thread", ticket, secret=True, unverified=True, role="unverified")
        if _was_addressed(session, row, ticket, identity):
            steps.append(f"answers a message in ticket {ticket.id} that was sent to them too, but nobody has let them "
                         "in: unverified")
            return Decision("thread", ticket, unverified=True, role="unverified")
        steps.append(f"names a message of ticket {ticket.id}, but the sender does not take part in it: not let in")
    return None


def _was_addressed(session: Session, row: ThreadKey, ticket: Ticket, identity: Identity) -> bool:
    """Whether the mail that is named came from somebody inside the ticket and has this sender among its readers."""
    named = session.execute(select(Message.payload, Message.trace).where(
        Message.inbox_id == row.inbox_id, Message.external_id == row.key, Message.ticket_id == ticket.id)).first()
    if named is None or (named.trace or {}).get("role", "requester") not in recipients.INSIDE:
        return False
    readers = [*(named.payload or {}).get("to", ()), *(named.payload or {}).get("cc", ())]
    return identity.kind == "email" and identity.value in readers


def _written_to(session: Session, ticket: Ticket, identity: Identity) -> bool:
    """Whether an answer of ours went to this very address: the one that a visitor of the chat had left, for example."""
    return session.scalar(select(Delivery.id).where(
        Delivery.ticket_id == ticket.id, Delivery.identity_id == identity.id).limit(1)) is not None


def _by_conversation(session, inbox, channel, item, identity, steps) -> Decision | None:
    """On chat and messengers the same person's open or lately closed matter goes on; a new mail is a new matter."""
    if channel.can.subject or item.fresh:
        return None
    ticket = conversation(session, inbox, identity)
    if ticket is None:
        return None
    steps.append(f"goes on with ticket {ticket.id} in this inbox")
    return Decision("conversation", ticket, switched=ticket.channel != inbox.channel)


def conversation(session: Session, inbox: Inbox, identity: Identity) -> Ticket | None:
    """The ticket in which this person and this inbox spoke last, locked."""
    ticket_id = last_ticket_id(session, inbox, identity)
    return tickets.lock(session, ticket_id) if ticket_id else None


def last_ticket_id(session: Session, inbox: Inbox, identity: Identity) -> int | None:
    """The same as a number, without holding it."""
    return session.scalar(select(Message.ticket_id).where(
        Message.identity_id == identity.id, Message.inbox_id == inbox.id).order_by(Message.id.desc()).limit(1))


def _by_person(session, inbox, channel, item, identity, steps) -> Decision | None:
    """A proved person has one story: their open matter of another channel, while it is fresh enough."""
    if item.fresh:
        return None
    since = now() - timedelta(days=settings.current().continuity_days)
    query = select(Ticket).where(Ticket.contact_id == identity.contact_id, Ticket.merged_into_id.is_(None),
                                 Ticket.status.in_((Status.OPEN, Status.PENDING)), Ticket.last_message_at > since)
    ticket = session.scalar(query.order_by(Ticket.last_message_at.desc()).limit(1))
    if ticket is None:
        return None
    if not (channel.proves_sender and identity.verified):
        steps.append(f"perhaps belongs to ticket {ticket.id}, but the sender is not proved: left to the agent")
        return None
    steps.append(f"the verified contact has open ticket {ticket.id} on another channel")
    return Decision("person", tickets.lock(session, ticket.id), switched=ticket.channel != inbox.channel)


def _by_flood(session, channel, identity, last, steps) -> Decision | None:
    """Whoever opens ticket after ticket by mail is a machine gone wrong. Nothing is lost, but it stays in one place."""
    since = now() - FLOOD_WINDOW
    if not channel.can.subject or last.created_at < since:
        return None
    opened = session.scalar(select(func.count()).select_from(Ticket).where(
        Ticket.contact_id == identity.contact_id, Ticket.created_at >= since))
    if opened < FLOOD:
        return None
    steps.append(f"{opened} tickets of this sender within {int(FLOOD_WINDOW.total_seconds() // 60)} minutes: no more "
                 "are opened")
    return Decision("flood", tickets.lock(session, last.id), flood=True)


def too_old(ticket: Ticket) -> bool:
    """Whether it was settled, or nothing was said in it, for too long to be gone on with."""
    if ticket.last_message_at < now() - timedelta(days=settings.current().thread_days):
        return True         # a token or a Message-ID that somebody finds years later opens nothing
    if ticket.active:
        return False
    return ticket.last_message_at < now() - timedelta(days=settings.current().reopen_days)
