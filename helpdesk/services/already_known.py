"""What the assistant takes from what is known of a person already, so that nobody is asked or told anything twice.

- An article that did not help them lately is not given again, in whatever ticket or channel they ask.
- Whom an agent promised an answer and has not given it, is a person's to answer, not a machine's.
- Who has written before is spoken to in the language they wrote then, where nothing they say now tells another.
- People who take over get the brief as it was at that moment.
"""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.models import AssistantTurn, Contact, Identity, Pledge, Ticket
from helpdesk.services.brief import Brief, brief
from helpdesk.services.listening import language
from helpdesk.services.site_data import orders

LATELY = timedelta(days=7)
OWED_FOR = timedelta(days=14)       # an older promise has been settled in some way that nobody wrote down
SAMPLES, LINES, WORDS = 5, 6, 120


def did_not_help(session: Session, ticket: Ticket) -> set[int]:
    """The articles that this person said did not help, in their other tickets of the last days."""
    return set(session.scalars(select(AssistantTurn.article_id).join(
        Ticket, Ticket.id == AssistantTurn.ticket_id).where(
        Ticket.contact_id == ticket.contact_id, Ticket.id != ticket.id, AssistantTurn.helped.is_(False),
        AssistantTurn.article_id.is_not(None), AssistantTurn.created_at > now() - LATELY)))


def owed(session: Session, contact_id: int) -> bool:
    """Whether an agent has promised them an answer whose day passed lately, without one."""
    return session.scalar(select(Pledge.id).where(
        Pledge.identity_id.in_(select(Identity.id).where(Identity.contact_id == contact_id)), Pledge.kept_at.is_(None),
        Pledge.judged == "", Pledge.due_at.between(now() - OWED_FOR, now())).limit(1)) is not None


def spoken_before(session: Session, ticket: Ticket) -> str:
    """The language of what they wrote last in their other tickets; '' when nothing tells."""
    for preview in session.scalars(select(Ticket.preview).where(
            Ticket.contact_id == ticket.contact_id, Ticket.id != ticket.id, Ticket.preview_author == "contact")
            .order_by(Ticket.id.desc()).limit(SAMPLES)):
        code, clear = language(preview)
        if clear:
            return code
    return ""


def note(session: Session, ticket: Ticket) -> tuple[str, ...]:
    """The brief in a few sentences, what is owed first, for whoever takes over."""
    contact = session.get(Contact, ticket.contact_id)
    found = brief(session, contact, ticket.id)
    lines = [f"{'Overdue' if one.state == 'overdue' else 'Promised'} (#{one.ticket_id}): “{_short(one.text)}”"
             for one in found.due[:2]]
    lines += [f"Asked and not answered (#{one.ticket_id}): “{_short(one.text)}”"
              for one in found.asked if one.ticket_id != ticket.id][:2]
    lines += [f"Last score: {one.score} of 5 (#{one.ticket_id})" for one in found.ratings[:1]]
    lines += [f"Also open: #{one.id} {_short(one.subject or one.preview)}" for one in found.open_elsewhere[:2]]
    lines += [f"Last order: {one.number}{f', {one.status}' if one.status else ''}"
              for one in orders(session, contact, 1) if one.proved]
    return (_who(found), *lines[:LINES])


def _who(found: Brief) -> str:
    known = found.standing
    if known.tickets <= 1:
        return "The first time that they write."
    return f"{known.word.capitalize()}: {known.tickets} tickets since {known.since:%B %Y}."


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WORDS else text[:WORDS - 1].rstrip() + "…"
