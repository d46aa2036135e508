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
from helpdesk.services import (
    agent_preferences,
    duplicate_pairs,
    following,
    later,
    letters,
    parts,
    routes,
    suggested_answers,
    switches,
    ticket_links,
    timeline,
    views,
    workload,
)
from helpdesk.services import brief as briefs
from helpdesk.web import drafts, readers, way_words
from helpdesk.web.event_words import event_words

TIMELINE = 100

# Built once: putting a statement together costs as much as running it.
_ID = bindparam("id")
DIRECTORY = union_all(
    select(literal("agent").label("sort"), Agent.id, Agent.name).where(Agent.disabled_at.is_(None)),
    select(literal("address"), Agent.id, Agent.email).where(Agent.disabled_at.is_(None)),
    select(literal("team"), Team.id, Team.name),
    select(literal("channel"), cast(null(), Integer), Inbox.channel).where(Inbox.enabled).distinct())
TICKET = select(Ticket).where(Ticket.id == _ID).options(joinedload(Ticket.contact), joinedload(Ticket.agent))
TAGS = select(Tag.name).join(TicketTag, TicketTag.tag_id == Tag.id).where(
    TicketTag.ticket_id == _ID).order_by(Tag.name)
TURNS = select(AssistantTurn.reply_id, AssistantTurn.outcome, AssistantTurn.score, AssistantTurn.helped,
               AssistantTurn.article_id, AssistantTurn.message_id, AssistantTurn.candidates, AssistantTurn.understood,
               AssistantTurn.locale, AssistantTurn.mood, Article.title).outerjoin(
    Article, Article.id == AssistantTurn.article_id).where(
    AssistantTurn.ticket_id.in_(bindparam("ids", expanding=True))).order_by(AssistantTurn.id)
HANDED_OVER = select(Event.data).where(Event.ticket_id == _ID, Event.name == "HandedOver").order_by(
    Event.seq.desc()).limit(1)
CLOCKS = select(SlaClock.kind, SlaClock.due_at, SlaClock.paused_at, SlaClock.met_at, SlaClock.breached_at,
                SlaClock.spent_seconds, SlaClock.target_seconds).where(SlaClock.ticket_id == _ID)


@dataclass(frozen=True)
class Directory:
    """Agents and teams as (id, name), the channels in use, and the agents' own addresses."""
    agents: list[tuple[int, str]]
    teams: list[tuple[int, str]]
    channels: list[str]
    staff: frozenset[str] = frozenset()


def directory(session: Session) -> Directory:
    """Everybody who can be chosen, in one statement."""
    named = sorted(db.rows(session, DIRECTORY), key=lambda row: row[2].lower())
    return Directory([(n, name) for sort, n, name in named if sort == "agent"],
                     [(n, name) for sort, n, name in named if sort == "team"],
                     [name for sort, _, name in named if sort == "channel"],
                     frozenset(name.lower() for sort, _, name in named if sort == "address"))


def find_ticket(session: Session, ticket_id: int) -> Ticket:
    """The ticket with its contact and agent, to read; a merged one gives its survivor. Raises NotFound."""
    for _ in range(parts.STEPS):
        ticket = session.scalar(TICKET, {"id": ticket_id})
        if ticket is None:
            break
        if ticket.merged_into_id is None:
            return ticket
        ticket_id = ticket.merged_into_id
    raise NotFound("There is no such ticket.")


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
    inbox = session.get(Inbox, ticket.reply_inbox_id) if ticket.reply_inbox_id and not ticket.with_assistant else None
    return {"ticket": ticket, "contact": ticket.contact, "people": people, "at": now(), "writers": dict(people.agents),
            "loads": workload.everybody(session),
            "can_hand_back": inbox is not None and inbox.assistant and ticket.active,
            "followers": following.followers(session, ticket), "spam_from": _spammer(session, ticket),
            "switch": switches.open_one(session, ticket), "switch_proof": way_words.proof,
            "tags": [row.name for row in db.rows(session, TAGS, {"id": ticket.id})]}


def _spammer(session: Session, ticket: Ticket) -> Identity | None:
    return session.get(Identity, ticket.reply_identity_id) if ticket.spam_at and ticket.reply_identity_id else None


def conversation(session: Session, ticket: Ticket, people: Directory, ways: Sequence[routes.Route] | None = None,
                 **window) -> dict:
    """Messages and events, and what is needed to put them into words. `ways`: to the customer, where they are known."""
    items = timeline.items(session, ticket, **{"limit": TIMELINE, **window})
    return {"items": items, **speech(session, ticket, people, items, ways)}


def speech(session: Session, ticket: Ticket, people: Directory, items: Sequence,
           ways: Sequence[routes.Route] | None = None) -> dict:
    """How names, events, the assistant's answers, and answers that a visitor has not seen are shown."""
    whole = parts.all_ids(session, ticket)
    turns = db.rows(session, TURNS, {"ids": whole})
    if ways is None and any(map(way_words.is_unseen, items)):
        ways = routes.routes(session, ticket)
    apart = set(whole) - set(parts.ids(session, ticket))
    return {"parts": set(whole), "apart": apart,
            "turns": turns, "turn_of": {turn.reply_id or turn.message_id: turn for turn in turns},
            "words_of": partial(event_words, who=names(ticket.contact, people)),
            "unseen_words": partial(way_words.unseen, ways=ways or ())}


def composer(session: Session, ticket: Ticket, ways: Sequence[routes.Route], items: Sequence = ()) -> dict:
    """The ways to answer, who else may read a mail, and what is put below it. `items`: the conversation that is shown.
    """
    signatures = {way.inbox.id: letters.signature(ticket, way.inbox, g.agent.name)[0] for way in ways
                  if way.can.subject}
    return {"ways": ways, "way": next((way for way in ways if way.open), None), "signatures": signatures,
            "reason": partial(way_words.reason, ways=ways), "way_name": way_words.name,
            "readers": readers.of(session, ticket, ways, items) if signatures else None,
            "later": later.waiting(session, ticket), "sending": agent_preferences.of(g.agent, "sending"),
            "enter_sends": agent_preferences.of(g.agent, "enter_sends")}


def panel(session: Session, ticket: Ticket) -> dict:
    """Who the customer is, and what went on before."""
    asked_for = {"id": ticket.id}
    return {"brief": briefs.brief(session, ticket.contact, ticket.id),
            "clocks": db.rows(session, CLOCKS, asked_for),
            "may_be": duplicate_pairs.likeliest(session, ticket.contact_id),
            "links": ticket_links.links(session, parts.all_ids(session, ticket)),
            "handed": session.scalar(HANDED_OVER, asked_for) if ticket.handed_over_at else None}


def whole(session: Session, ticket: Ticket, people: Directory) -> dict:
    """Everything of the ticket page; `before` in the address asks for an earlier part of the conversation."""
    ways = routes.routes(session, ticket)
    talk = conversation(session, ticket, people, ways, before=request.args.get("before", type=float))
    return {**header(session, ticket, people), **composer(session, ticket, ways, talk["items"]),
            "drafts": drafts.all_shown(session, ticket), **panel(session, ticket), **talk, "taken": _taken(session)}


def _taken(session: Session) -> str:
    """What `take` in the address puts into the composer: an article's text, or with how=linked its address. Scripts put
    it there themselves."""
    article = session.get(Article, request.args["take"]) if request.args.get("take", "").isdecimal() else None
    if article is None:
        return ""
    found = suggested_answers.one(session, article)
    return f"{article.title}: {found.url}" if request.args.get("how") == "linked" and found.url else found.text


def one_message(session: Session, message: Message) -> dict:
    """What `_message.html` needs to show a message by itself."""
    ticket = find_ticket(session, message.ticket_id)
    [item] = timeline.by_id(session, ticket, [message.id])
    return {"item": item, "ticket": ticket, "contact": ticket.contact, "at": now(),
            **speech(session, ticket, directory(session), [item])}


def names(contact: Contact, people: Directory) -> Callable[[str], str]:
    """Turns an actor ("agent:3") into a name."""
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
