"""Teaching the assistant from a ticket: this message is one more way to ask for that article."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid
from helpdesk.models import Article, Event, Message, OpenQuestion, Ticket
from helpdesk.services import articles, open_questions, phrasings, question_groups, tickets
from helpdesk.services.matching import Match
from helpdesk.services.questions import questions

LOOKED_AT = 12          # the customer's last messages, of which one is offered
SUGGESTED = 3


@dataclass(frozen=True)
class Offer:
    """What could be taught: the message, its question, and the articles that it may belong to, the likeliest first,
    each with why: "used", or how sure the assistant is (0 to 1)."""
    message: Message
    text: str
    articles: Sequence[tuple[Article, str | float]]
    taught: Article | None = None       # that was done already


def teach(session: Session, article: Article, message: Message, actor: str, text: str = "") -> OpenQuestion:
    """Add what the message asks, or `text`, as a phrasing of the article; returns the question, now decided. Doing it
    again does nothing. Raises Invalid when there is nothing to learn, Conflict when it was decided otherwise."""
    ticket = tickets.lock(session, message.ticket_id)
    text = " ".join(text.split()) or open_questions.question_of(session, ticket, message)
    if message.direction != "in" or message.author_kind != "contact" or not text:
        raise Invalid("There is no question in this message that the assistant could learn.")
    question = _question(session, ticket, message, text)
    if question.state != "open":
        if question.state == "added" and question.article_id == article.id:
            return question
        raise Conflict("Somebody has decided on this question already. Undo that first.")
    phrasings.add(session, article, text)
    question.text, question.state, question.article_id = text[:open_questions.LENGTH], "added", article.id
    question.decided_by, question.decided_at = actor, now()
    session.flush()
    question_groups.count(session, [question.group_id])
    events.record(session, events.PhrasingLearned(message_id=message.id, article_id=article.id, title=article.title),
                  ticket=ticket, actor=actor)
    db.tell(session, "agents", "review")
    return question


def unteach(session: Session, message: Message, actor: str) -> None:
    """Take that back: the phrasing goes, the question is open as before. Nothing taught: nothing happens."""
    ticket = tickets.lock(session, message.ticket_id)
    question = session.scalar(select(OpenQuestion).where(OpenQuestion.message_id == message.id).with_for_update())
    if question is None or question.state != "added":
        return
    article = session.get(Article, question.article_id) if question.article_id else None
    if article:
        phrasings.remove(session, article, question.text)
    events.record(session, events.PhrasingLearned(
        message_id=message.id, article_id=article.id if article else 0, title=article.title if article else "",
        undone=True), ticket=ticket, actor=actor)
    if question.source == open_questions.TAUGHT:
        session.delete(question)
    else:
        question.state, question.article_id, question.decided_by, question.decided_at = "open", None, "", None
    session.flush()
    question_groups.count(session, [question.group_id])
    db.tell(session, "agents", "review")


def offer(session: Session, ticket: Ticket, message: Message | None = None) -> Offer | None:
    """What could be taught from this message, or from the ticket's own: the question that nothing answered, else the
    last one. None when there is nothing."""
    message = message or _worth_teaching(session, ticket)
    if message is None:
        return None
    text = open_questions.question_of(session, ticket, message)
    question = session.scalar(select(OpenQuestion).where(OpenQuestion.message_id == message.id))
    if question and question.state != "open":
        return Offer(message, question.text, (),
                     session.get(Article, question.article_id) if question.article_id else None)
    if not text:
        return None
    return Offer(message, text, suggested(session, ticket, text))


def suggested(session: Session, ticket: Ticket, text: str) -> list[tuple[Article, str | float]]:
    """What agents put into their answers here, then what the assistant would think of."""
    used = list(session.scalars(select(Event.data).where(Event.ticket_id == ticket.id, Event.name == "ArticleUsed")
                                .order_by(Event.seq.desc())))
    found: dict[int, str | float] = {data["article_id"]: "used" for data in used}
    for match in _matches(session, ticket, text):
        found.setdefault(match.article_id, match.score)
    rows = {one.id: one for one in session.scalars(select(Article).where(Article.id.in_(found)))}
    return [(rows[one], why) for one, why in found.items() if one in rows][:SUGGESTED]


def _matches(session: Session, ticket: Ticket, text: str) -> list[Match]:
    return articles.index(session).rank(text, SUGGESTED, open_questions.locale_of(session, ticket, text))


def _question(session: Session, ticket: Ticket, message: Message, text: str) -> OpenQuestion:
    """The row of this message, made where there is none."""
    query = select(OpenQuestion).where(OpenQuestion.message_id == message.id).with_for_update()
    if question := session.scalar(query):
        return question
    db.insert_new(session, OpenQuestion, text=text[:open_questions.LENGTH], state="open", decided_by="",
                  locale=open_questions.locale_of(session, ticket, text), source=open_questions.TAUGHT,
                  ticket_id=ticket.id, message_id=message.id, created_at=message.sent_at)
    return session.scalar(query)


def _worth_teaching(session: Session, ticket: Ticket) -> Message | None:
    """The newest message whose question is open, else the newest that asks something in so many words."""
    known = session.scalar(select(Message).join(OpenQuestion, OpenQuestion.message_id == Message.id).where(
        Message.ticket_id == ticket.id, OpenQuestion.text != "").order_by(
        OpenQuestion.state != "open", Message.seq.desc()).limit(1))
    if known:
        return known
    last = session.scalars(select(Message).where(
        Message.ticket_id == ticket.id, Message.direction == "in", Message.kind == "message",
        Message.author_kind == "contact").order_by(Message.seq.desc()).limit(LOOKED_AT)).all()
    return next((one for one in last if questions(one.text) and open_questions.question_of(session, ticket, one)), None)
