"""What the ticket page shows, read in one go."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from flask import g, request
from sqlalchemy import Integer, bindparam, cast, literal, null, select, union_all
from sqlalchemy.orm import Session, joinedload

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import NotFound
from helpdesk.models import (
    Agent,
    Article,
    AssistantTurn,
    Contact,
    Event,
    Identity,
    Inbox,
    Message,
    SlaClock,
    Tag,
    Team,
    Ticket,
    TicketTag,
)
from helpdesk.services import letters, routes, timeline, views
from helpdesk.web import readers
from helpdesk.web.event_words import event_words

TIMELINE = 100
EARLIER = 6

# Built once: putting a statement together costs as much as running it.
_ID, _CONTACT = bindparam("id"), bindparam("contact_id")
DIRECTORY = union_all(
    select(literal("agent").label("sort"), Agent.id, Agent.name).where(Agent.disabled_at.is_(None)),
    select(literal("team"), Team.id, Team.name),
    select(literal("channel"), cast(null(), Integer), Inbox.channel).where(Inbox.enabled).distinct())
TICKET = select(Ticket).where(Ticket.id == _ID).options(joinedload(Ticket.contact), joinedload(Ticket.agent))
TAGS = select(Tag.name).join(TicketTag, TicketTag.tag_id == Tag.id).where(
    TicketTag.ticket_id == _ID).order_by(Tag.name)
TURNS = select(AssistantTurn.reply_id, AssistantTurn.outcome, AssistantTurn.score, AssistantTurn.helped,
               AssistantTurn.article_id, Article.title).outerjoin(
    Article, Article.id == AssistantTurn.article_id).where(AssistantTurn.ticket_id == _ID).order_by(AssistantTurn.id)
BEFORE = select(Ticket.id, Ticket.subject, Ticket.status, Ticket.channel, Ticket.preview, Ticket.last_message_at).where(
    Ticket.contact_id == _CONTACT, Ticket.id != _ID, Ticket.merged_into_id.is_(None)).order_by(
    Ticket.id.desc()).limit(EARLIER)
HANDED_OVER = select(Event.data).where(Event.ticket_id == _ID, Event.name == "HandedOver").order_by(
    Event.seq.desc()).limit(1)
ADDRESSES = select(Identity.kind, Identity.value, Identity.trust, Identity.failing_since, Identity.unwanted).where(
    Identity.contact_id == _CONTACT).order_by(Identity.id)
CLOCKS = select(SlaClock.kind, SlaClock.due_at, SlaClock.paused_at, SlaClock.met_at, SlaClock.breached_at,
                SlaClock.spent_seconds, SlaClock.target_seconds).where(SlaClock.ticket_id == _ID)


@dataclass(frozen=True)
class Directory:
    """Agents and teams as (id, name), and the channels in use."""
    agents: list[tuple[int, str]]
    teams: list[tuple[int, str]]
    channels: list[str]


def directory(session: Session) -> Directory:
    """Everybody who can be chosen, in one statement."""
    named = sorted(db.rows(session, DIRECTORY), key=lambda row: row[2].lower())
    return Directory([(n, name) for sort, n, name in named if sort == "agent"],
                     [(n, name) for sort, n, name in named if sort == "team"],
                     [name for sort, _, name in named if sort == "channel"])


def find_ticket(session: Session, ticket_id: int) -> Ticket:
    """The ticket with its contact and agent, to read. Raises NotFound."""
    ticket = session.scalar(TICKET, {"id": ticket_id})
    if ticket is None:
        raise NotFound("There is no such ticket.")
    return ticket


def filters() -> views.Filters:
    """The narrowing that stands in the address."""
    args = request.args
    return views.Filters(channel=args.get("channel", "")[:32], team=args.get("team", type=int),
                         tag=args.get("tag", "")[:50], q=args.get("q", "")[:200].strip())


def rail(session: Session, people: Directory) -> dict:
    """The views with their counts."""
    return {"views": views.VIEWS.values(), "people": people,
            "counts": views.counts(session, g.agent.id, people.channels, [team for team, _ in people.teams])}


def header(session: Session, ticket: Ticket, people: Directory) -> dict:
    """What the top of the ticket and its menus need."""
    return {"ticket": ticket, "contact": ticket.contact, "people": people, "at": now(),
            "tags": [row.name for row in db.rows(session, TAGS, {"id": ticket.id})]}


def conversation(session: Session, ticket: Ticket, people: Directory, **window) -> dict:
    """Messages and events, and what is needed to put them into words."""
    items = timeline.items(session, ticket, **{"limit": TIMELINE, **window})
    return {"items": items, **speech(session, ticket, people)}


def speech(session: Session, ticket: Ticket, people: Directory) -> dict:
    """How names, events and the assistant's answers are shown."""
    turns = db.rows(session, TURNS, {"id": ticket.id})
    return {"turns": turns, "turn_of": {turn.reply_id: turn for turn in turns if turn.reply_id},
            "words_of": partial(event_words, who=_names(ticket.contact, people))}


def composer(session: Session, ticket: Ticket, items: Sequence = ()) -> dict:
    """The ways to answer, who else may read a mail, and what is put below it. `items`: the conversation that is shown.
    """
    ways = routes.routes(session, ticket)
    signatures = {way.inbox.id: letters.signature(ticket, way.inbox, g.agent.name)[0] for way in ways
                  if way.can.subject}
    return {"ways": ways, "way": next((way for way in ways if way.open), None), "signatures": signatures,
            "readers": readers.of(session, ticket, ways, items) if signatures else None}


def panel(session: Session, ticket: Ticket) -> dict:
    """Who the customer is, and what went on before."""
    asked_for = {"id": ticket.id, "contact_id": ticket.contact_id}
    return {"identities": db.rows(session, ADDRESSES, asked_for),
            "clocks": db.rows(session, CLOCKS, asked_for),
            "earlier": db.rows(session, BEFORE, asked_for),
            "handed": session.scalar(HANDED_OVER, asked_for) if ticket.handed_over_at else None}


def whole(session: Session, ticket: Ticket, people: Directory) -> dict:
    """Everything of the ticket page; `before` in the address asks for an earlier part of the conversation."""
    talk = conversation(session, ticket, people, before=request.args.get("before", type=int))
    return {**header(session, ticket, people), **composer(session, ticket, talk["items"]), **panel(session, ticket),
            **talk}


def one_message(session: Session, message: Message) -> dict:
    """What `_message.html` needs to show a message by itself."""
    ticket = find_ticket(session, message.ticket_id)
    return {"item": message, "ticket": ticket, "contact": ticket.contact, "at": now(),
            **speech(session, ticket, directory(session))}


def _names(contact: Contact, people: Directory) -> Callable[[str], str]:
    agents = dict(people.agents)

    def who(actor: str) -> str:
        kind, _, number = (actor or "").partition(":")
        if kind == "agent":
            return agents.get(int(number), "A former agent")
        if kind == "contact":
            return contact.label
        return {"assistant": "The assistant", "system": "The helpdesk",
                "elsewhere": "Somebody of ours"}.get(kind, kind or "Somebody")
    return who
