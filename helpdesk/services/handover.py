"""From the assistant to people, with everything they need so that nobody has to say anything twice."""
from __future__ import annotations

from datetime import datetime

from babel import Locale
from babel.dates import format_datetime
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import events, settings
from helpdesk.clock import now
from helpdesk.models import Article, AssistantTurn, Contact, Message, SlaPolicy, Status, Ticket
from helpdesk.services import replies, routes, sla, tickets
from helpdesk.services.listening import language, small_talk
from helpdesk.services.phrases import language_of, say

ASKED_LIMIT = 300       # characters of the customer's own words
RECENT = 5              # messages that tell the language
SILENT = ("agent",)     # reasons after which a person writes at once


def hand_over(session: Session, ticket: Ticket, reason: str, actor: str = "assistant", *, tell: bool = True,
              text: str = "") -> Message | None:
    """Give a locked ticket to people: the assistant falls silent, the ticket waits for an answer from now on.

    `reason`: asked, misses, not_helped, frustrated, files, no_match, answered_once, other_person, turns or agent (an
    agent took over, who will write anyway). The customer is told in their language unless `tell` is off or there is
    no way to; `text` helps to know the language. Returns what was said. A ticket that people have already stays as
    it is.
    """
    if not ticket.with_assistant:
        return None
    ticket.with_assistant = False
    message = None
    if tell and reason not in SILENT and (route := routes.default(session, ticket, "assistant")):
        message = replies.send(session, ticket, _sentence(session, customer_language(session, ticket, text)),
                               by="assistant", route=route, payload={"handed_over": reason})
    at = now()
    ticket.handed_over_at = ticket.handed_over_at or at
    if ticket.status != Status.OPEN:
        tickets.set_status(session, ticket, Status.OPEN, actor, why="handed over")
    ticket.waiting_since = at
    sla.handed_over(session, ticket, at)
    events.record(session, events.HandedOver(reason=reason, asked=asked(session, ticket),
                                             tried=tuple(tried(session, ticket))), ticket=ticket, actor=actor)
    return message


def customer_language(session: Session, ticket: Ticket, text: str = "") -> str:
    """What to speak: the language somebody plainly writes in, else their device's, else what their words hint at, else
    the house's."""
    said = session.scalars(select(Message.text).where(
        Message.ticket_id == ticket.id, Message.direction == "in", Message.kind == "message")
        .order_by(Message.seq.desc()).limit(RECENT)).all()
    hint = ""
    for sample in (text, *said):
        code, clear = language(sample)
        if clear:
            return code
        hint = hint or code
    contact = session.get(Contact, ticket.contact_id)
    return (language_of(contact.locale if contact else "") or hint
            or language_of(settings.current().default_locale) or "en")


def asked(session: Session, ticket: Ticket) -> str:
    """What the customer wanted, in their own words: their messages that were more than a greeting or a button."""
    rows = session.execute(select(Message.text, Message.payload).where(
        Message.ticket_id == ticket.id, Message.direction == "in", Message.kind == "message").order_by(Message.seq))
    kept: list[str] = []
    for text, payload in rows:
        text = " ".join(text.split())
        if len(text) > 2 and not (payload or {}).get("pressed") and not small_talk(text) and text not in kept:
            kept.append(text)
    whole = " / ".join(kept)
    return whole if len(whole) <= ASKED_LIMIT else whole[:ASKED_LIMIT - 1].rstrip() + "…"


def tried(session: Session, ticket: Ticket) -> list[str]:
    """The titles of the articles that the customer was shown, in order."""
    rows = session.execute(select(Article.title).join(AssistantTurn, AssistantTurn.article_id == Article.id).where(
        AssistantTurn.ticket_id == ticket.id, AssistantTurn.outcome == "answered").order_by(AssistantTurn.id))
    return list(dict.fromkeys(title for (title,) in rows))


def _sentence(session: Session, code: str) -> str:
    back = _opens_at(session, now())
    told = say(code, "handed_over")
    if back is None:
        return told
    local = format_datetime(back, "EEEE HH:mm (z)", locale=Locale.parse(code))
    return f"{told} {say(code, 'hours', time=local)}"


def _opens_at(session: Session, at: datetime) -> datetime | None:
    """When the house opens again, in its own time zone; None while it is open or keeps no hours."""
    policy = session.scalar(select(SlaPolicy).order_by(SlaPolicy.position, SlaPolicy.id).limit(1))
    hours = sla.hours_of(session, policy)
    if hours.always:
        return None
    try:
        opens = hours.after(at, 0)
    except ValueError:          # never open: nothing to promise
        return None
    return opens.astimezone(hours.zone) if opens > at else None
