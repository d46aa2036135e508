"""Facts about tickets and people, in the past tense, and how to record one.

One table is the timeline that agents read, the audit log and the source of reports. `record` is called by services
only, in the transaction of the change itself: it writes the event, its reactions (helpdesk.reactions) as task rows,
and the notice to the browsers, so that none of them can exist without the others.
"""
from __future__ import annotations

from contextvars import ContextVar
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from helpdesk import audit, db, models
from helpdesk.clock import now
from helpdesk.fact import Fact
from helpdesk.handover_facts import HandedBack, HandedOver  # noqa: F401
from helpdesk.learning_facts import ArticleUsed, PhrasingLearned  # noqa: F401
from helpdesk.merge_facts import (  # noqa: F401
    ContactChanged,
    ContactsMerged,
    ContactsUnmerged,
    TicketLinked,
    TicketMergedInto,
    TicketsMerged,
    TicketSplit,
    TicketsUnmerged,
    TicketUnlinked,
    TicketUnmergedFrom,
)
from helpdesk.reactions import REACTIONS
from helpdesk.spam_facts import AddressBlocked, TicketMarkedSpam, TicketNotSpam  # noqa: F401
from helpdesk.way_facts import AnswerMailed, ChannelSwitched, PreferenceStated, SwitchAccepted  # noqa: F401

MOST_DEEP = 5       # reactions to reactions; more is a circle
CIRCLE = f"Stopped: more than {MOST_DEEP} reactions set each other off."
depth: ContextVar[int] = ContextVar("depth", default=0)     # of the reaction that runs here


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
class WriterNamed(Fact):
    """A forwarded mail became the ticket of who wrote it (`address`), no more of the `carrier`; or that was undone."""
    message_id: int
    address: str
    carrier: str
    undone: bool = False


@dataclass(frozen=True)
class NoteAdded(Fact):
    """An agent wrote something only agents see."""
    message_id: int


@dataclass(frozen=True)
class AgentMailRefused(Fact):
    """A mail answered a notice to this agent, but is not proved to be theirs. `tell`: for the first time."""
    message_id: int
    agent_id: int
    why: str
    tell: bool = True


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
class AssistantAnswered(Fact):
    """The assistant answered or offered articles. `outcome`: answered, offered, asked, missed, greeted."""
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
class PledgeJudged(Fact):
    """An agent said of a promise in somebody's own words that it was kept, or was none; '' takes that back."""
    pledge_id: int
    message_id: int
    judgement: str


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
class IdentityAdded(Fact):
    """A contact gave or used a new address."""
    kind: str
    value: str
    trust: str


@dataclass(frozen=True)
class IdentityVerified(Fact):
    """An address is proved to be this contact's. `how`: token, code, link, platform, reply, agent."""
    kind: str
    value: str
    how: str


@dataclass(frozen=True)
class ConfirmationAsked(Fact):
    """A code or a link went to an address that somebody says is theirs. `way`: code or link."""
    value: str
    way: str


@dataclass(frozen=True)
class AddressConfirmed(Fact):
    """An address that was proved before is proved by somebody once more. `way`: code or link."""
    value: str
    way: str


@dataclass(frozen=True)
class AddressDenied(Fact):
    """It is not theirs: its owner says so (`why`: denied), or nobody knew the code (wrong codes)."""
    value: str
    why: str


@dataclass(frozen=True)
class ToldApart(Fact):
    """An agent said that this contact and another are not one person, or took that back."""
    other_id: int
    apart: bool


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
class ConsentChanged(Fact):
    """Somebody agreed to something, or ended it. `source` is where they said so (helpdesk.services.consents)."""
    purpose: str
    channel: str
    given: bool
    source: str


@dataclass(frozen=True)
class PersonErased(Fact):
    """All words and addresses of a person went. `mode`: erase or pseudonymise. Names nobody."""
    mode: str


@dataclass(frozen=True)
class PersonExported(Fact):
    """Everything that is held of a person was put into an archive."""
    export_id: int
    with_notes: bool


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
    if name in audit.AUDITED:
        audit.note_fact(session, name, data, actor, contact.id if contact else None)
    level = depth.get() + 1
    circle = {"state": "failed", "error": CIRCLE} if level > MOST_DEEP else {"state": "due", "error": ""}
    for reaction in REACTIONS.get(name, ()):
        db.insert_later(session, models.Task, name=reaction, ticket_id=ticket_id, data={**data, "actor": actor},
                        depth=level, **circle)
        db.tell(session, "worker", "wake")
    if ticket:
        db.tell(session, ticket.room, "ticket", ticket=ticket.id, seq=ticket.seq, event=name)
        db.tell(session, "agents", "ticket", ticket=ticket.id, seq=ticket.seq, event=name)
