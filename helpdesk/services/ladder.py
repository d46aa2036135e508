"""Where does a message from outside go? One ladder for all channels; each rung leaves its reason on the message.

An append needs a reference to the ticket *and* a sender who takes part in it, or a secret of ours. A reference alone
(somebody guessed or saw a Message-ID) opens nothing: see docs/decisions/0002-inbound-ladder.md.
"""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from channels.base import Channel, Inbound
from helpdesk import settings
from helpdesk.clock import now
from helpdesk.errors import NotFound
from helpdesk.models import Delivery, Event, Identity, Inbox, Message, Participant, Status, ThreadKey, Ticket
from helpdesk.services import parts, recipients, reopening, spam, tickets

FLOOD, FLOOD_WINDOW = 20, timedelta(minutes=10)
BACKLOG = timedelta(days=1)
ROLES = {"cc": "in copy", "bcc": "in hidden copy", "third": "something was forwarded to them",
         "unverified": "nobody has let them in yet"}
FOLLOWS = "follows"         # the rung of a new ticket that goes on with a settled one
FOLLOWERS = select(Ticket.id).where(
    Ticket.contact_id == bindparam("contact"), Ticket.follows_ticket_id == bindparam("ticket"),
    Ticket.status.in_((Status.OPEN, Status.PENDING)), Ticket.merged_into_id.is_(None))
SPOKE_LAST = select(Message.ticket_id).where(
    Message.identity_id == bindparam("identity"), Message.inbox_id == bindparam("inbox")).order_by(
    Message.id.desc()).limit(1)
SPOKE_LAST_LOCKED = select(Ticket).where(Ticket.id == SPOKE_LAST.scalar_subquery()).with_for_update(
    of=Ticket).execution_options(populate_existing=True)
LAST = select(Ticket).where(Ticket.contact_id == bindparam("contact_id"), Ticket.merged_into_id.is_(None),
                            Ticket.spam_at.is_(None)).order_by(Ticket.id.desc()).limit(1)


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
    reopened: str = ""              # it was settled: by which rule it is opened again, in words
    given_back: str = ""            # why its agent does not have it any more then
    through: int | None = None      # the merged ticket that was named
    spam: str = ""                  # it goes to spam: blocked (the address is), or answers (a ticket that is)
    steps: list[str] = field(default_factory=list)

    @property
    def aside(self) -> bool:
        """Whether what they write stays out of the customer's conversation."""
        return self.role not in recipients.INSIDE

    @property
    def leads(self) -> bool:
        """Whether the sender is the one to be answered from now on: a colleague in copy is not."""
        return self.role == "requester"

    def doubt(self, why: str) -> None:
        """It is perhaps not by whom it says: it stands in the ticket beside the conversation, and changes no route."""
        self.steps.append(why)
        if self.ticket and not self.aside:
            self.role, self.unverified, self.known = "unverified", True, True

    def silence(self, inbox: Inbox, sent_at: datetime) -> str:
        """Why no machine may answer, whoever wrote: somebody floods us, or an inbox that was connected just now brings
        what people have long answered elsewhere. '' where one may."""
        if self.flood:
            return "too many at once"
        if self.spam:
            return spam.WHY_SILENT
        return "written before the inbox was connected" if sent_at < inbox.created_at - BACKLOG else ""

    def trace(self) -> dict:
        """What is stored on the message."""
        return {"rung": self.rung, "steps": self.steps} | ({"role": self.role} if self.role != "requester" else {}) | (
            {"through": self.through} if self.through else {})


def decide(session: Session, inbox: Inbox, channel: Channel, item: Inbound, identity: Identity) -> Decision:
    """Climb the ladder for one message of `identity`."""
    steps: list[str] = []
    if identity.blocked_at:
        steps.append("the address is blocked: its messages go to spam, and nobody is told")
        return Decision("blocked", spam.held(session, identity), spam="blocked", steps=steps)
    decision = (_by_thread(session, inbox, channel, item, identity, steps)
                or _by_conversation(session, inbox, channel, item, identity, steps))
    last = None if decision else _last(session, identity)
    if last:
        decision = (_by_person(session, inbox, channel, item, identity, steps)
                    or _by_flood(session, channel, identity, last, steps))
    if decision is None:
        steps.append("nothing fits: a new ticket")
        return Decision("new", follows=last, steps=steps)
    if decision.ticket.spam_at:
        steps.append(f"ticket {decision.ticket.id} is spam, and stays so until an agent says otherwise")
        decision.spam, decision.switched, decision.steps = "answers", False, steps
        return decision
    if why := _over(session, inbox, item, decision):
        steps.append(f"{why}: a new one")
        if decision.aside:          # what went before is none of a stranger's business
            return Decision("new", steps=steps)
        return _successor(session, inbox, identity, decision, steps)
    decision.steps = [*steps, *([decision.reopened] if decision.reopened else ())]
    if decision.through == decision.ticket.id:
        decision.through = None
    elif decision.through:
        decision.steps.append(f"ticket {decision.through} was merged into it")
    return decision


def _over(session: Session, inbox: Inbox, item: Inbound, decision: Decision) -> str:
    """Why the ticket is not gone on with, in words; '' when it is. Whether a settled one is opened again is asked of
    its team or inbox for what customers write: an absence note must open no new ticket, and third parties none of
    their own."""
    ticket = decision.ticket
    if reopening.silent_too_long(ticket):
        return f"ticket {ticket.id} was silent for too long to be gone on with"
    if ticket.active or decision.flood:
        return ""
    others = item.by_machine or decision.aside
    rule = reopening.house() if others else reopening.rule(session, ticket, inbox)
    why = reopening.stays_settled(ticket, rule)
    if not why and not item.by_machine:
        decision.given_back = reopening.leaves(session, ticket, rule)
        queue = f", back to the queue ({decision.given_back})" if decision.given_back else ""
        decision.reopened = f"ticket {ticket.id} was {ticket.status}: {rule.words}{queue}"
    return why


def _successor(session: Session, inbox: Inbox, identity: Identity, decision: Decision, steps: list[str]) -> Decision:
    """The matter after a settled one. Who answers an old mail twice gets one new ticket, not two."""
    known = session.scalars(FOLLOWERS, {"ticket": decision.ticket.id, "contact": identity.contact_id}).all()
    opened = session.scalars(select(Event.ticket_id).where(
        Event.ticket_id.in_(known), Event.name == "TicketOpened", Event.data["why"].as_string() == FOLLOWS)
        .order_by(Event.ticket_id.desc()).limit(1)).first() if known else None
    if opened is None:
        return Decision(FOLLOWS, follows=decision.ticket, steps=steps, secret=decision.secret)
    steps[-1] += f", which is there already: {opened}"
    ticket = tickets.lock(session, opened)
    return replace(decision, ticket=ticket, steps=steps, known=False, through=None,
                   switched=ticket.channel != inbox.channel)


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
                            unverified=participant.role == "unverified", switched=ticket.channel != inbox.channel,
                            through=row.ticket_id)
        if participant or identity.verified and identity.contact_id == ticket.contact_id:
            steps.append(f"answers {'our message' if row.secret else 'a message'} in ticket {ticket.id}, "
                         "and the sender takes part in it")
            return Decision("thread", ticket, secret=row.secret, known=participant is not None,
                            switched=ticket.channel != inbox.channel, through=row.ticket_id)
        if row.secret and _written_to(session, ticket, identity):
            steps.append(f"answers our message in ticket {ticket.id}, which was sent to this address")
            return Decision("thread", ticket, secret=True, role="cc", switched=ticket.channel != inbox.channel,
                            through=row.ticket_id)
        if row.secret:
            steps.append(f"answers our message in ticket {ticket.id}, but the sender was not part of it: unverified")
            return Decision("thread", ticket, secret=True, unverified=True, role="unverified", through=row.ticket_id)
        if _was_addressed(session, row, ticket, identity):
            steps.append(f"answers a message in ticket {ticket.id} that was sent to them too, but nobody has let them "
                         "in: unverified")
            return Decision("thread", ticket, unverified=True, role="unverified", through=row.ticket_id)
        steps.append(f"names a message of ticket {ticket.id}, but the sender does not take part in it: not let in")
    return None


def _was_addressed(session: Session, row: ThreadKey, ticket: Ticket, identity: Identity) -> bool:
    """Whether the mail that is named came from somebody inside the ticket and has this sender among its readers."""
    named = session.execute(select(Message.payload, Message.trace).where(
        Message.inbox_id == row.inbox_id, Message.external_id == row.key,
        Message.ticket_id.in_(parts.ids(session, ticket)))).first()
    if named is None or (named.trace or {}).get("role", "requester") not in recipients.INSIDE:
        return False
    readers = [*(named.payload or {}).get("to", ()), *(named.payload or {}).get("cc", ())]
    return identity.kind == "email" and identity.value in readers


def _written_to(session: Session, ticket: Ticket, identity: Identity) -> bool:
    """Whether an answer of ours went to this very address: the one that a visitor of the chat had left, for example."""
    return session.scalar(select(Delivery.id).where(
        Delivery.ticket_id.in_(parts.ids(session, ticket)), Delivery.identity_id == identity.id).limit(1)) is not None


def _by_conversation(session, inbox, channel, item, identity, steps) -> Decision | None:
    """On chat and messengers the same person's open or lately closed matter goes on; a new mail is a new matter."""
    if channel.can.subject or item.fresh:
        return None
    ticket, through = _last_conversation(session, inbox, identity)
    if ticket is None:
        return None
    if not _theirs(session, ticket, identity):
        steps.append(f"ticket {ticket.id}, where they spoke last, is another customer's now: not gone on with")
        return None
    steps.append(f"goes on with ticket {ticket.id} in this inbox")
    return Decision("conversation", ticket, switched=ticket.channel != inbox.channel, through=through)


def conversation(session: Session, inbox: Inbox, identity: Identity) -> Ticket | None:
    """The ticket in which this person and this inbox spoke last, locked; None where it is another customer's now."""
    ticket, _ = _last_conversation(session, inbox, identity)
    return ticket if ticket and _theirs(session, ticket, identity) else None


def _last_conversation(session: Session, inbox: Inbox, identity: Identity) -> tuple[Ticket | None, int | None]:
    """The ticket in which they spoke last, locked, or the one that it was merged into; and the number of the first."""
    found = session.scalars(SPOKE_LAST_LOCKED, {"identity": identity.id, "inbox": inbox.id}).first()
    if found is None or found.merged_into_id is None:
        return found, found.id if found else None
    return tickets.lock(session, found.merged_into_id), found.id


def _theirs(session: Session, ticket: Ticket, identity: Identity) -> bool:
    """Whether it is this person's conversation still: it may have been given to somebody else, or merged into it."""
    if identity.contact_id == ticket.contact_id:
        return True
    row = session.get(Participant, (ticket.id, identity.id))
    return row is not None and row.role in recipients.INSIDE


def last_ticket_id(session: Session, inbox: Inbox, identity: Identity) -> int | None:
    """The same as a number, without holding it."""
    return session.scalar(SPOKE_LAST, {"identity": identity.id, "inbox": inbox.id})


def _by_person(session, inbox, channel, item, identity, steps) -> Decision | None:
    """A proved person has one story: their open matter of another channel, while it is fresh enough."""
    if item.fresh or not inbox.one_matter:
        return None
    days = settings.current().continuity_days if inbox.one_matter_days is None else inbox.one_matter_days
    since = now() - timedelta(days=days)
    query = select(Ticket).where(Ticket.contact_id == identity.contact_id, Ticket.merged_into_id.is_(None),
                                 Ticket.status.in_((Status.OPEN, Status.PENDING)), Ticket.last_message_at > since)
    ticket = session.scalar(query.order_by(Ticket.last_message_at.desc()).limit(1))
    if ticket is None:
        return None
    if not (channel.proves_sender and identity.verified):
        steps.append(f"perhaps belongs to ticket {ticket.id}, but the sender is not proved: left to the agent")
        return None
    last = session.get(Inbox, ticket.reply_inbox_id) if ticket.reply_inbox_id else None
    if last is not None and not last.one_matter:
        steps.append(f"the verified contact has open ticket {ticket.id}, but the inbox {last.name} keeps to itself")
        return None
    steps.append(f"the verified contact has open ticket {ticket.id} on another channel, and something was said there "
                 f"within {days} days")
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

