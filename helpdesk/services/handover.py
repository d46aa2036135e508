"""From the assistant to people, with everything they need so that nobody has to say anything twice; and back."""
from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import events, settings
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import AssistantTurn, Contact, Event, Inbox, Message, Status, Team, Ticket
from helpdesk.services import already_known, expected_answer, parts, replies, routes, sla, tickets, topics
from helpdesk.services.languages import detect
from helpdesk.services.packet import Packet, packet, summary
from helpdesk.services.phrases import language_of, say

RECENT = 5              # messages that tell the language
SILENT = ("agent",)     # reasons after which a person writes at once
UNVERIFIED = ("unverified", "not_theirs", "account")


def hand_over(session: Session, ticket: Ticket, reason: str, actor: str = "assistant", *, tell: bool = True,
              text: str = "") -> Message | None:
    """Give a locked ticket to people: the assistant falls silent, the ticket waits for an answer from now on.

    `reason`: asked, topic, misses, not_helped, frustrated, unverified, files, no_match, answered_once, other_person,
    promised, turns, error …, or agent (an agent took over, who will write anyway). A topic's team gets the ticket. The
    customer is told in their language, with when to expect an answer, unless `tell` is off or there is no way to;
    `text` helps to know the language. Returns what was said. A ticket that people have already stays as it is.
    """
    if not ticket.with_assistant:
        return None
    ticket.with_assistant = False
    touchy = f"{text}\n{ticket.subject}" if reason == "topic" else ""
    found = packet(session, ticket, written_language(session, ticket, text), touchy)
    if touchy:
        _to_its_team(session, ticket, touchy)
    message = None
    if tell and reason not in SILENT and (route := routes.default(session, ticket, "assistant")):
        message = replies.send(session, ticket, _sentence(session, ticket, reason, route, text), by="assistant",
                               route=route, payload={"handed_over": reason})
    at = now()
    ticket.handed_over_at = ticket.handed_over_at or at
    if ticket.status != Status.OPEN:
        tickets.set_status(session, ticket, Status.OPEN, actor, why="handed over")
    ticket.waiting_since = at
    sla.handed_over(session, ticket, at)
    events.record(session, _fact(session, ticket, reason, found), ticket=ticket, actor=actor)
    return message


def take_over(session: Session, ticket: Ticket, actor: str) -> None:
    """An agent sees to a locked ticket: by taking it, giving it to somebody, or moving it to a team. The assistant
    falls silent there."""
    hand_over(session, ticket, "agent", actor, tell=False)


def hand_back(session: Session, ticket: Ticket, actor: str) -> None:
    """Give a locked ticket to the assistant, which answers from the customer's next message on. It is nobody's then,
    and the promise of a first answer waits again: as long as no person has answered, that ticket counts as never handed
    over, and the time to a first answer is taken from the next time. Raises Invalid where there is no assistant."""
    if ticket.with_assistant:
        return
    inbox = session.get(Inbox, ticket.reply_inbox_id) if ticket.reply_inbox_id else None
    if inbox is None or not inbox.assistant:
        raise Invalid("The inbox of this ticket has no assistant.")
    tickets.assign(session, ticket, None, actor)
    ticket.with_assistant, ticket.assistant_misses = True, 0
    if ticket.first_response_at is None:
        ticket.handed_over_at = None
    sla.handed_back(session, ticket)
    events.record(session, events.HandedBack(), ticket=ticket, actor=actor)


def back_since(session: Session, ticket: Ticket) -> int:
    """The place (seq) in the ticket from which the assistant has it again; 0 when it was never handed back."""
    return session.scalar(select(func.max(Event.seq)).where(Event.ticket_id == ticket.id,
                                                            Event.name == "HandedBack")) or 0


def person_wrote(session: Session, ticket: Ticket) -> bool:
    """Whether a person of the house has said something here since the assistant has the ticket."""
    return session.scalar(select(Message.id).where(
        Message.ticket_id == ticket.id, Message.direction == "out", Message.kind == "message",
        Message.author_kind == "agent", Message.seq > back_since(session, ticket)).limit(1)) is not None


def turns_taken(session: Session, ticket: Ticket) -> int:
    """How often the assistant has had its say since it has the ticket."""
    return session.scalar(select(func.count()).select_from(AssistantTurn).join(
        Message, Message.id == AssistantTurn.message_id).where(
        AssistantTurn.ticket_id == ticket.id, Message.seq > back_since(session, ticket)))


def customer_language(session: Session, ticket: Ticket, text: str = "") -> str:
    """What to speak: the language somebody plainly writes in, else their device's, else the one they wrote in before,
    else what their words hint at, else the house's. Always one that the assistant speaks."""
    contact = session.get(Contact, ticket.contact_id)
    hint = ""
    for sample in (text, *_said(session, ticket)):
        guess = detect(sample, contact.locale if contact else "")
        if guess.clear and guess.spoken:
            return guess.code
        hint = hint or (guess.code if guess.spoken else "")
    return (language_of(contact.locale if contact else "") or already_known.spoken_before(session, ticket) or hint
            or language_of(settings.current().default_locale) or "en")


def written_language(session: Session, ticket: Ticket, text: str = "") -> str:
    """What they write in, also where the assistant does not speak it."""
    foreign = next((guess.code for sample in (text, *_said(session, ticket)) if (guess := detect(sample)).clear), "")
    return foreign or customer_language(session, ticket, text)


def _said(session: Session, ticket: Ticket) -> list[str]:
    return list(session.scalars(select(Message.text).where(
        Message.ticket_id.in_(parts.ids(session, ticket)), Message.direction == "in", Message.kind == "message")
        .order_by(Message.id.desc()).limit(RECENT)))


def _to_its_team(session: Session, ticket: Ticket, text: str) -> None:
    hit = topics.find(session, text)
    team = session.get(Team, hit.topic.team_id) if hit and hit.topic.team_id else None
    if team is not None:
        tickets.set_team(session, ticket, team, "assistant")


def _fact(session: Session, ticket: Ticket, reason: str, found: Packet) -> events.HandedOver:
    return events.HandedOver(
        reason=reason, asked=found.asked, tried=tuple(one.title for one in found.tried), refused=found.refused,
        brief=already_known.note(session, ticket), summary=summary(found, reason), language=found.language,
        trust=found.trust, mood=found.mood_word, forms=found.forms, topic=found.topic)


def _sentence(session: Session, ticket: Ticket, reason: str, route: routes.Route, text: str) -> str:
    code = customer_language(session, ticket, text)
    told = say(code, "unverified" if reason in UNVERIFIED else "handed_over")
    return f"{told} {expected_answer.sentence(session, ticket, code, route)}".strip()
