"""What the widget is told, as plain data. Visitors get their own shapes, so that nothing internal can slip in."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.web import FILE_ENDINGS, Web
from helpdesk import settings
from helpdesk.models import Agent, Article, Contact, Identity, Inbox, Message, Rating, Ticket, Visitor
from helpdesk.rendering import asset_url, initials
from helpdesk.services import (
    asking,
    help_centre,
    inboxes,
    opening,
    page_views,
    parts,
    prechat,
    proofs,
    timeline,
    verification,
    visitors,
    widget_words,
)
from helpdesk.services.help_urls import PUBLIC

PAGE = 300              # messages of one answer
TOPICS = 3              # suggestions per language
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
PERSON = "person"       # the button's payload that asks the assistant for a human being


def config(session: Session, inbox: Inbox, own_origin: str, locale: str) -> dict:
    """What the frame needs before anybody is known: words, colour, limits, topics, and who may embed it."""
    chosen = {**{s.key: s.default for s in Web.settings}, **(inbox.settings or {})}
    origins = visitors.allowed_origins(inbox)
    return {"key": inbox.key, "title": chosen["title"] or settings.current().company_name,
            "greeting": chosen["greeting"], "color": chosen["color"], "locale": locale,
            "locales": widget_words.locales(), "words": widget_words.words(inbox, locale),
            "origins": [own_origin, *origins] if origins else [], "topics": _topics(session) if inbox.assistant else [],
            "hours": hours(session), "person": PERSON if inbox.assistant else "",
            "ask": _questions(prechat.asked_now(session, inbox)), "privacy": privacy_line(chosen),
            "help": _help(session),
            "pages": page_views.query_words(inbox) if page_views.wanted(inbox) else None,
            "limits": {"text": Web.can.text_limit, "file": Web.can.file_limit, "endings": FILE_ENDINGS}}


def _help(session: Session) -> dict | None:
    """The files of the help centre's panel, loaded when it is opened; None where there is nothing to read."""
    if not help_centre.look(session).on or session.scalar(select(Article.id).where(PUBLIC).limit(1)) is None:
        return None
    return {"script": asset_url("widget-help.js"), "style": asset_url("widget-help.css")}


def privacy_line(chosen: dict) -> dict:
    """What the visitor is asked to agree to, and where it is told in full; both may be empty."""
    url = chosen.get("privacy_url", "").strip()
    return {"text": chosen.get("privacy_text", "").strip()[:1000],
            "url": url if url.startswith(("https://", "http://")) else ""}


def hours(session: Session) -> dict:
    """Whether somebody is there now, and when again."""
    is_open, opens_at = opening.opening(session)
    return {"open": is_open, "opens_at": _iso(opens_at) if opens_at else None}


def state(session: Session, inbox: Inbox, visitor: Visitor, ticket: Ticket | None) -> dict:
    """Where the visitor's conversation stands."""
    contact = visitors.contact_of(session, visitor)
    shown = {"conversation": None, "seen": 0, "read": 0, "person": inbox.assistant, "human": False, "settled": False,
             "agent": "", "ask_contact": False, "name": contact.name, "hours": hours(session),
             "ask": [], "confirm": None}
    if ticket is None:
        return shown | {"ask": _questions(prechat.open_questions(session, inbox, contact))}
    last = session.scalar(select(Message).where(
        Message.ticket_id.in_(parts.ids(session, ticket)), Message.direction == "out", Message.kind == "message",
        Message.author_kind == "agent").order_by(Message.id.desc()).limit(1))
    agent = session.get(Agent, ticket.agent_id) if ticket.agent_id else None
    human = not ticket.with_assistant
    return shown | {
        "conversation": ticket.id, "seen": visitor.seen_seq if visitor.ticket_id == ticket.id else 0,
        "read": timeline.place_of(session, ticket, last) if last else 0, "human": human,
        "person": bool(inbox.assistant and ticket.with_assistant),
        "away": human and ticket.handed_over_at is None and last is None, "settled": not ticket.active,
        "agent": agent.name if agent else last.author_name if last else "",
        "ask_contact": human and ticket.active and "email" not in prechat.known(session, contact),
        "confirm": _confirm(session, inbox, visitor, contact, ticket)}


def conversation(session: Session, inbox: Inbox, visitor: Visitor, ticket: Ticket | None = None,
                 after: float = 0) -> dict:
    """Where it stands, and what was said after a place."""
    ticket = ticket or visitors.ticket_of(session, visitor)
    return {"state": state(session, inbox, visitor, ticket),
            "items": items(session, visitor, ticket, after) if ticket else []}


def items(session: Session, visitor: Visitor, ticket: Ticket, after: float) -> list[dict]:
    """The public messages after a place, oldest first; of a very long conversation the end."""
    contact = visitors.contact_of(session, visitor)
    return [_item(session, message, visitor, contact)
            for message in timeline.public_items(session, ticket, after=after, limit=PAGE,
                                                  reader=visitor.identity_id)
            if not {"unsent_at", verification.MARK} & (message.payload or {}).keys()]


def _item(session: Session, message: timeline.Said, visitor: Visitor, contact: Contact) -> dict:
    payload = message.payload or {}
    shown = {"seq": message.place, "from": _speaker(session, message, visitor, contact), "text": message.text,
             "at": _iso(message.sent_at), "files": [_file(one) for one in message.attachments]}
    if message.author_kind == "agent" or shown["from"] == "other":
        shown |= {"name": message.author_name, "initials": initials(message.author_name)}
    if message.channel and message.channel != "web":
        shown["channel"] = inboxes.kind(message.channel).label
    if message.identity_id == visitor.identity_id and message.direction == "in":
        shown["client_id"] = (message.external_id or "").partition(":")[2]
    if payload.get("buttons"):
        shown["buttons"] = [{"label": b["label"], "payload": b["payload"]} for b in payload["buttons"]]
    if title := (payload.get("article") or {}).get("title"):
        shown["title"] = title
        shown["text"] = message.text.removeprefix(title).lstrip()
    if payload.get("sections"):
        shown["sections"] = [{"title": one["title"], "text": one["text"]} for one in payload["sections"]]
        shown |= {"title": "", "text": "\n\n".join(payload.get("after", ()))}
    if payload.get("form"):
        shown["form"] = {key: payload["form"].get(key, "") for key in ("type", "label", "problem", "send", "like")}
    if survey := payload.get("survey"):
        rating = session.scalar(select(Rating).where(Rating.survey_id == survey.get("id")))
        shown |= {"survey": {"score": rating.score if rating else None}, "text": ""}
    return shown


def _speaker(session: Session, message: timeline.Said, visitor: Visitor, contact: Contact) -> str:
    """me, other (somebody else who takes part), agent, assistant or system. What came from the address they gave us is
    theirs too, though it is not proved that it is: they are shown it either way."""
    if message.direction == "out":
        return message.author_kind
    if visitor.identity_id == message.identity_id:
        return "me"
    sender = session.get(Identity, message.identity_id) if message.identity_id else None
    own = sender and (sender.contact_id == contact.id or (contact.claims or {}).get(sender.kind) == sender.value)
    return "me" if own else "other"


def _file(attachment) -> dict:
    return {"id": attachment.id if attachment.sha256 else None, "name": attachment.name, "size": attachment.size,
            "picture": attachment.content_type in PICTURES}


def _questions(asked: list[prechat.Question]) -> list[dict]:
    return [{"field": one.field, "required": one.required, "options": list(one.options), "kind": one.kind}
            for one in asked]


def _confirm(session: Session, inbox: Inbox, visitor: Visitor, contact: Contact, ticket: Ticket) -> dict | None:
    """The address that they could prove, and whether a code is waiting to be typed; by whom it was asked for."""
    identity = verification.offered(session, inbox, contact, ticket)
    sent = proofs.waiting(session, visitor) if identity else None
    if identity is None or ticket.with_assistant and sent is None and not asking.proof_wanted(session, ticket):
        return None         # while the assistant answers, nobody needs it, unless the answer does
    return {"to": verification.masked(identity), "kind": identity.kind, "sent": sent is not None,
            "wanted": bool(sent and sent.asked_by.startswith("agent:"))}


def _topics(session: Session) -> list[dict]:
    """The articles that helped most, a few of each language."""
    rows = session.execute(select(Article.title, Article.locale).where(PUBLIC)
                           .order_by((Article.helped - Article.not_helped).desc(), Article.id))
    chosen: dict[str, list[dict]] = {}
    for title, locale in rows:
        few = chosen.setdefault(locale, [])
        if len(few) < TOPICS:
            few.append({"title": title, "locale": locale})
    return [topic for few in chosen.values() for topic in few]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
