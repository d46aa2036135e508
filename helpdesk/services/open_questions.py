"""Which messages of customers no article answered: gathered as questions that people decide on.

They are put into groups by helpdesk.services.question_groups, and decided on with helpdesk.services.reviewing.

A question comes in when the assistant did not know an answer, when the customer refused the answer, or when people
resolved a ticket without any. Small talk, buttons, machines and agents never come in, and of a message only what is
asked, without who asks (helpdesk.services.learned_words).
"""
from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session

from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.models import AssistantTurn, Contact, Event, HelpSearch, Identity, Message, OpenQuestion, Ticket
from helpdesk.services import answer_score, articles, tasks
from helpdesk.services.learned_words import GAP, asked, nameless
from helpdesk.services.listening import language
from helpdesk.services.masks import MARK, SHORTEST, Mask
from helpdesk.services.phrases import language_of
from helpdesk.services.questions import questions
from helpdesk.services.words import words

UNANSWERED, REFUSED, RESOLVED, SEARCHED, TAUGHT = "unanswered", "refused", "resolved", "searched", "taught"
SOURCES = {UNANSWERED: "No answer found", REFUSED: "Answer refused", RESOLVED: "Answered by people",
           SEARCHED: "Searched, nothing found"}
NOT_KNOWN = ("misses", "no_match")      # reasons of a hand-over
LENGTH = 500
SEARCHES = 2            # of the same words, from which they are worth an article
LOOKED_BACK, MOST = timedelta(days=90), 2_000       # how far back, and how many tickets, the first time
GROUPING, SOON = "open-questions", timedelta(seconds=15)       # what comes within that time is grouped in one go


def found(session: Session, ticket_id: int) -> dict[int, str]:
    """What a ticket leaves open and is not known yet: message → source. Looks at the whole ticket, and takes as long as
    asking the index does."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is None or ticket.erased_at:
        return {}
    known = set(session.scalars(select(OpenQuestion.message_id).where(OpenQuestion.ticket_id == ticket_id)))
    wanted = _left_open(session, ticket_id)
    if not wanted and not known:
        wanted = _resolved(session, ticket)
    return {message_id: source for message_id, source in wanted.items() if message_id not in known}


def not_looked_at(session: Session) -> list[int]:
    """Tickets of the last months that may leave something open, of which nothing is known: the first time there is a
    queue, or after a restore. The newest are the last."""
    since = now() - LOOKED_BACK
    known = select(OpenQuestion.ticket_id).where(OpenQuestion.ticket_id.is_not(None))
    turns = select(AssistantTurn.ticket_id).where(AssistantTurn.created_at > since)
    ids = session.scalars(select(Ticket.id).where(
        or_(Ticket.id.in_(turns), and_(Ticket.resolved_at > since, Ticket.first_response_at.is_not(None))),
        Ticket.id.not_in(known)).order_by(Ticket.id.desc()).limit(MOST)).all()
    return ids[::-1]


def keep(session: Session, ticket_id: int, wanted: dict[int, str]) -> None:
    """Store what found() said, and forget refusals that were taken back. May run any number of times."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is None or ticket.erased_at:
        return
    fresh = [_add(session, ticket, message_id, source) for message_id, source in wanted.items()]
    if _no_longer_refused(session, ticket_id) or any(fresh):
        db.tell(session, "agents", "review")
    if any(fresh):
        tasks.plan(session, "jobs.open_questions.group", None, due_at=now() + SOON, key=GROUPING)


def keep_searches(session: Session) -> None:
    """What was looked for in the help centre more than once and never found, without who it was."""
    rows = session.execute(select(HelpSearch.locale, func.max(HelpSearch.text), func.max(HelpSearch.created_at)).where(
        HelpSearch.created_at > now() - LOOKED_BACK).group_by(HelpSearch.folded, HelpSearch.locale).having(
        func.count() >= SEARCHES, func.max(HelpSearch.found) == 0).order_by(HelpSearch.folded).limit(MOST)).all()
    known = set(session.scalars(select(OpenQuestion.text).where(OpenQuestion.source == SEARCHED)))
    for locale, text, at in rows:
        text = nameless(text)
        if len(words(text)) > 1 and text not in known:
            known.add(text)
            session.add(OpenQuestion(text=text, locale=locale.split("-")[0], source=SEARCHED, created_at=at))


def _left_open(session: Session, ticket_id: int) -> dict[int, str]:
    """Messages that the assistant could not answer, or whose answer was refused."""
    turns = session.execute(select(AssistantTurn.message_id, AssistantTurn.outcome, AssistantTurn.reason,
                                   AssistantTurn.helped).where(AssistantTurn.ticket_id == ticket_id)
                            .order_by(AssistantTurn.id)).all()
    return {turn.message_id: REFUSED if turn.helped is False else UNANSWERED for turn in turns
            if turn.reason != "not_helped" and (turn.helped is False or turn.outcome == "missed")
            or turn.outcome == "handed_over" and turn.reason in NOT_KNOWN}


def _resolved(session: Session, ticket: Ticket) -> dict[int, str]:
    """The first message that asks something, in a ticket that a person answered and resolved without any article."""
    if ticket.resolved_at is None or ticket.first_response_at is None:
        return {}
    if session.scalar(select(Event.id).where(Event.ticket_id == ticket.id, Event.name == "ArticleUsed").limit(1)):
        return {}
    first = session.scalars(select(Message).where(
        Message.ticket_id == ticket.id, Message.direction == "in", Message.kind == "message",
        Message.author_kind == "contact").order_by(Message.seq).limit(3)).all()
    for message in first:
        text = question_of(session, ticket, message)
        if text and questions(message.text):
            matches = articles.index(session).rank(text, 1, locale_of(session, ticket, text))
            sure = matches and matches[0].score >= answer_score.current(session)
            return {} if sure else {message.id: RESOLVED}
    return {}


def _add(session: Session, ticket: Ticket, message_id: int, source: str) -> bool:
    message = session.get(Message, message_id)
    text = question_of(session, ticket, message) if message else ""
    if not text:
        return False
    return db.insert_new(
        session, OpenQuestion, text=text, locale=locale_of(session, ticket, text), source=source, ticket_id=ticket.id,
        message_id=message_id, state="open", decided_by="", created_at=message.sent_at) is not None


def question_of(session: Session, ticket: Ticket, message: Message) -> str:
    """What a message asks, without who asks it; '' when there is nothing to learn from it."""
    if message.direction != "in" or message.kind != "message" or message.author_kind != "contact":
        return ""
    payload = message.payload or {}
    if payload.get("pressed") or payload.get("unsent_at") or _by_a_machine(session, message):
        return ""
    names, mask = _names(session, message.author_id or ticket.contact_id)
    return nameless(asked(message.text, message.subject), names, mask)[:LENGTH]


def without_names(session: Session, ticket: Ticket, text: str) -> str:
    """What an agent wrote, without the customer's name and addresses, line by line."""
    names, mask = _names(session, ticket.contact_id)
    for name in names:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", GAP, text)
    return mask.text(text).replace(MARK, GAP).strip()


def locale_of(session: Session, ticket: Ticket, text: str) -> str:
    """The language of a question: what it is plainly written in, else what the assistant took it for, the contact's,
    or the house's."""
    code, clear = language(text)
    turn = session.scalar(select(AssistantTurn.locale).where(
        AssistantTurn.ticket_id == ticket.id, AssistantTurn.locale != "").order_by(AssistantTurn.id.desc()).limit(1))
    contact = session.get(Contact, ticket.contact_id)
    return (code if clear else "") or turn or language_of(contact.locale) or code or language_of(
        settings.current().default_locale) or "en"


def _by_a_machine(session: Session, message: Message) -> bool:
    """Whether the guard saw that nobody wrote it: a newsletter, an absence, a bounce."""
    facts = session.scalars(select(Event.data).where(Event.ticket_id == message.ticket_id,
                                                     Event.name == "MessageReceived"))
    return any(data.get("message_id") == message.id and data.get("automatic") for data in facts)


def _names(session: Session, contact_id: int) -> tuple[tuple[str, ...], Mask]:
    """How the writer may name themselves: parts of their name as they spell it, and addresses and numbers."""
    contact = session.get(Contact, contact_id)
    values = session.execute(select(Identity.kind, Identity.value).where(Identity.contact_id == contact_id)).all()
    parts = {part for part in (contact.name if contact else "").split() if len(part) > 2 and part[0].isupper()}
    return tuple(sorted(parts)), Mask(
        tuple(value for kind, value in values if kind not in ("visitor", "phone") and len(value) >= SHORTEST),
        tuple(value for kind, value in values if kind == "phone" and value.startswith("+")))


def _no_longer_refused(session: Session, ticket_id: int) -> bool:
    """Who refused an answer and then said that it helped after all, asks nothing."""
    helped = select(AssistantTurn.message_id).where(AssistantTurn.ticket_id == ticket_id, AssistantTurn.helped)
    return bool(session.execute(delete(OpenQuestion).where(
        OpenQuestion.ticket_id == ticket_id, OpenQuestion.source == REFUSED, OpenQuestion.state == "open",
        OpenQuestion.message_id.in_(helped)).execution_options(synchronize_session=False)).rowcount)
