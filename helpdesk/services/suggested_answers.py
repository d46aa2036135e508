"""Articles for an agent who answers: what fits the customer's last question, and a search of everything, the house's
own notes too. Nothing here is ever sent by itself."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.errors import Invalid
from helpdesk.models import Article, ArticleView, Message, Ticket
from helpdesk.services import article_index, articles, help_urls, markdown, open_questions, tickets
from helpdesk.services.matching import Match
from helpdesk.services.questions import questions
from helpdesk.services.words import words

SUGGESTED, FOUND = 3, 8
LOOKED_AT = 8           # the customer's last messages, of which one asks something
FEWEST = 4              # words of a message that asks nothing, and yet says what it is about
LEAST = 0.08            # below, an article is no suggestion
HOW = {"inserted": "inserted", "linked": "linked to", "attached": "attached"}
INTERNAL = "agents"


@dataclass(frozen=True)
class Suggestion:
    """An article as an agent may use it: `text` in plain words, `url` '' when customers cannot read it, `score` how
    sure the assistant would be, None when it only contains the words."""
    article: Article
    text: str
    url: str
    score: float | None
    question: str = ""

    @property
    def internal(self) -> bool:
        """Whether only people of the house may read it."""
        return self.article.audience == INTERNAL


@dataclass(frozen=True)
class Suggestions:
    """What is suggested, and what for: the customer's words, or what an agent looked for."""
    asked: str
    locale: str
    found: Sequence[Suggestion]


def suggestions(session: Session, ticket: Ticket, q: str = "") -> Suggestions:
    """The three that fit the customer's last question best, or what `q` finds among all that are published."""
    if q.strip():
        locale = open_questions.locale_of(session, ticket, q)
        return Suggestions(q, locale, _found(session, q, locale, FOUND, LEAST / 2, contained=True))
    asked = _last_question(session, ticket)
    if not asked:
        return Suggestions("", "", ())
    locale = open_questions.locale_of(session, ticket, asked)
    return Suggestions(asked, locale, _found(session, asked, locale, SUGGESTED, LEAST, contained=False))


def one(session: Session, article: Article, score: float | None = None, question: str = "") -> Suggestion:
    """One article, ready to be used."""
    text = markdown.plain(article.body, locale=article.locale)
    return Suggestion(article, text, help_urls.article_url(session, article), score, question)


def use(session: Session, ticket_id: int, article: Article, how: str, actor: str) -> None:
    """An agent took the article into an answer: counted as a view, and a hint for what the customer's message means.
    Raises Invalid for an unknown `how`."""
    if how not in HOW:
        raise Invalid("Inserted, linked or attached?")
    ticket = tickets.lock(session, ticket_id)
    session.add(ArticleView(article_id=article.id, place="console"))
    events.record(session, events.ArticleUsed(article_id=article.id, title=article.title, how=how), ticket=ticket,
                  actor=actor)


def _last_question(session: Session, ticket: Ticket) -> str:
    last = session.scalars(select(Message).where(
        Message.ticket_id == ticket.id, Message.direction == "in", Message.kind == "message",
        Message.author_kind == "contact").order_by(Message.seq.desc()).limit(LOOKED_AT))
    said = [(message, text) for message in last if (text := open_questions.question_of(session, ticket, message))]
    asked = [text for message, text in said if questions(message.text)]
    told = [text for _, text in reversed(said) if len(words(text)) >= FEWEST]       # the matter stands at the beginning
    return next(iter([*asked, *told]), "")


def _found(session: Session, text: str, locale: str, most: int, least: float, contained: bool) -> list[Suggestion]:
    best: dict[int, Match] = {}
    for index in (article_index.index(session), article_index.internal(session)):
        for match in index.rank(text, most, locale):
            if match.score >= least:
                best.setdefault(match.article_id, match)
    ranked = sorted(best.values(), key=lambda match: (-match.score, match.article_id))[:most]
    rows = {row.id: row for row in session.scalars(select(Article).where(
        Article.id.in_([match.article_id for match in ranked])))}
    found = [one(session, rows[match.article_id], match.score, match.question) for match in ranked
             if match.article_id in rows]
    if contained and len(found) < most:
        found += [one(session, row) for row in articles.listed(session, text) if row.published and row.id not in rows]
    return found[:most]
