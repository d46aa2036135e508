"""Facts about tickets and people, in the past tense, and how to record one.

One table is the timeline that agents read, the audit log and the source of reports. `record` is called by services
only, in the transaction of the change itself: it writes the event, its reactions (helpdesk.reactions) as task rows,
and the notice to the browsers, so that none of them can exist without the others.
"""
from __future__ import annotations

from contextvars import ContextVar
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from helpdesk import db, models
from helpdesk.clock import now
from helpdesk.reactions import REACTIONS

MOST_DEEP = 5       # reactions to reactions; more is a circle
CIRCLE = f"Stopped: more than {MOST_DEEP} reactions set each other off."
depth: ContextVar[int] = ContextVar("depth", default=0)     # of the reaction that runs here


@dataclass(frozen=True)
class Fact:
    """The base of all. Fields become the event's `data` and the arguments of its reactions."""


@dataclass(frozen=True)
class TicketOpened(Fact):
    """A new ticket. `why` is the rung of the inbound ladder that decided."""
    channel: str
    why: str = ""


@dataclass(frozen=True)
class MessageReceived(Fact):
    """The customer, or somebody who takes part, wrote. `automatic` says why no machine may answer."""
    message_id: int
    channel: str
    automatic: str = ""


@dataclass(frozen=True)
class MessageEdited(Fact):
    """The customer corrected a message of theirs."""
    message_id: int


@dataclass(frozen=True)
class MessageUnsent(Fact):
    """The customer took a message back; its words are gone."""
    message_id: int


@dataclass(frozen=True)
class MessageReacted(Fact):
    """The customer put a sign on a message; '' when they took it off."""
    message_id: int
    emoji: str = ""


@dataclass(frozen=True)
class ReplySent(Fact):
    """Somebody on our side answered in public. `by`: agent, assistant or system."""
    message_id: int
    channel: str
    by: str


@dataclass(frozen=True)
class TicketForwarded(Fact):
    """An agent wrote to somebody outside the conversation. `what`: message, ticket, or nothing (only a note)."""
    message_id: int
    addresses: tuple[str, ...]
    what: str


@dataclass(frozen=True)
class NoteAdded(Fact):
    """An agent wrote something only agents see."""
    message_id: int


@dataclass(frozen=True)
class TicketAssigned(Fact):
    """The ticket changed hands; ids are None for nobody."""
    agent_id: int | None
    previous_id: int | None
    agent_name: str = ""


@dataclass(frozen=True)
class TeamChanged(Fact):
    """The ticket moved to a team's queue."""
    team_id: int | None
    team_name: str = ""


@dataclass(frozen=True)
class StatusChanged(Fact):
    """open, pending and closed; being resolved and reopened have their own names."""
    status: str
    previous: str


@dataclass(frozen=True)
class TicketResolved(Fact):
    """The work is done, for now."""
    previous: str


@dataclass(frozen=True)
class TicketReopened(Fact):
    """It was resolved or closed and is `status` now. `why`: customer wrote, agent."""
    previous: str
    why: str = ""
    status: str = "open"


@dataclass(frozen=True)
class PriorityChanged(Fact):
    """low, normal, high, urgent."""
    priority: str
    previous: str


@dataclass(frozen=True)
class TagsChanged(Fact):
    """Labels added and removed."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class TicketSnoozed(Fact):
    """Hidden until a time (ISO, UTC)."""
    until: str


@dataclass(frozen=True)
class TicketWoken(Fact):
    """A snoozed ticket is back. `why`: due, customer wrote, agent."""
    why: str


@dataclass(frozen=True)
class ChannelSwitched(Fact):
    """The same matter went on over another channel."""
    previous: str
    channel: str
    message_id: int


@dataclass(frozen=True)
class TicketSplit(Fact):
    """A message that had been joined to this ticket went into one of its own."""
    message_id: int
    into_ticket_id: int


@dataclass(frozen=True)
class HandedOver(Fact):
    """The assistant gave the ticket to people. `asked` is what the customer wanted, `tried` the articles shown."""
    reason: str
    asked: str = ""
    tried: tuple[str, ...] = ()


@dataclass(frozen=True)
class AssistantAnswered(Fact):
    """The assistant answered or offered articles. `outcome`: answered, offered, missed, greeted."""
    outcome: str
    message_id: int
    article_id: int | None = None
    title: str = ""
    score: float | None = None


@dataclass(frozen=True)
class AnswerJudged(Fact):
    """The customer said whether the assistant's answer helped."""
    helped: bool
    article_id: int | None = None


@dataclass(frozen=True)
class DeliveryFailed(Fact):
    """A message will not arrive; `error` is the provider's words."""
    delivery_id: int
    message_id: int
    channel: str
    error: str
    address: str = ""           # of a mail, which may have several readers


@dataclass(frozen=True)
class MailUnwanted(Fact):
    """The reader of a mail of ours wants no more: `did` says what they did ("marked our mail as spam")."""
    address: str
    did: str


@dataclass(frozen=True)
class AnswerMailed(Fact):
    """The visitor had left the chat: what they had not seen went to their mail address."""
    address: str
    message_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class IdentityAdded(Fact):
    """A contact gave or used a new address."""
    kind: str
    value: str
    trust: str


@dataclass(frozen=True)
class IdentityVerified(Fact):
    """An address is proved to be this contact's. `how`: token, platform, reply, agent."""
    kind: str
    value: str
    how: str


@dataclass(frozen=True)
class ContactsMerged(Fact):
    """Two records of one person; `merged_id` now points to this contact. What moved is listed, to be moved back."""
    merged_id: int
    why: str
    identity_ids: tuple[int, ...] = ()
    ticket_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class ParticipantJoined(Fact):
    """Somebody else takes part. `role`: cc, bcc, third or unverified."""
    identity_id: int
    address: str
    role: str


@dataclass(frozen=True)
class Unsubscribed(Fact):
    """A reader wants no more surveys and the like at this address, or wants them again."""
    address: str
    stopped: bool


@dataclass(frozen=True)
class SlaBreached(Fact):
    """A promise was not kept in time. `kind`: first_response or resolution."""
    kind: str
    due_at: str


@dataclass(frozen=True)
class SurveySent(Fact):
    """The customer was asked how it went."""
    survey_id: int
    channel: str


@dataclass(frozen=True)
class RatingGiven(Fact):
    """The customer answered; 1 to 5. `low` when somebody should look."""
    survey_id: int
    score: int
    low: bool
    comment: str = ""


@dataclass(frozen=True)
class InboxDisconnected(Fact):
    """The provider refuses this account: nothing is sent until somebody mends it."""
    inbox_id: int
    name: str
    error: str


@dataclass(frozen=True)
class AutomaticMailWithheld(Fact):
    """A mail that a machine would have sent was not, because of the limits."""
    what: str
    why: str


@dataclass(frozen=True)
class AutomaticMailPaused(Fact):
    """More automatic mail than can be right: the rest waits until an admin has looked."""
    count: int


@dataclass(frozen=True)
class MailboxTrouble(Fact):
    """Mail does not come in as it should; `what` says how."""
    inbox_id: int
    name: str
    what: str


@dataclass(frozen=True)
class AgentSignedIn(Fact):
    """Audit: who came in, from where."""
    agent_id: int
    address: str


@dataclass(frozen=True)
class SettingsChanged(Fact):
    """Audit: what an admin changed."""
    what: str
    detail: str = ""


CHANGES = tuple(fact.__name__ for fact in (MessageEdited, MessageUnsent, MessageReacted))     # of what was said before


def record(session: Session, fact: Fact, *, ticket: models.Ticket | None = None,
           contact: models.Contact | None = None, actor: str = "system") -> None:
    """Write the fact down, plan its reactions and tell whoever watches. A ticket must be locked and flushed."""
    name, data, ticket_id = type(fact).__name__, asdict(fact), ticket.id if ticket else None
    if ticket:
        ticket.seq += 1
    db.insert_later(session, models.Event, name=name, actor=actor, data=data, ticket_id=ticket_id,
                    seq=ticket.seq if ticket else None, created_at=now(),
                    contact_id=contact.id if contact else ticket.contact_id if ticket else None)
    level = depth.get() + 1
    circle = {"state": "failed", "error": CIRCLE} if level > MOST_DEEP else {"state": "due", "error": ""}
    for reaction in REACTIONS.get(name, ()):
        db.insert_later(session, models.Task, name=reaction, ticket_id=ticket_id, data={**data, "actor": actor},
                        depth=level, **circle)
        db.tell(session, "worker", "wake")
    if ticket:
        db.tell(session, ticket.room, "ticket", ticket=ticket.id, seq=ticket.seq, event=name)
        db.tell(session, "agents", "ticket", ticket=ticket.id, seq=ticket.seq, event=name)
