"""Adding a phrasing to an article, and taking it away again, without touching its text."""
from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.errors import Conflict, Invalid
from helpdesk.models import Article, Question
from helpdesk.services import article_clock
from helpdesk.services.words import words

LEARNED = "learned"
QUESTION_LIMIT, QUESTIONS_LIMIT = 500, 500       # characters of one, and how many an article has


def add(session: Session, article: Article, text: str) -> Question | None:
    """Have `text` lead to the article from now on. None when it does so already. Raises Invalid for no words or too
    many phrasings, Conflict when it leads to another article of that language."""
    text = " ".join(text.split())[:QUESTION_LIMIT]
    form = words(text)
    if not form:
        raise Invalid("There are no words in it that the assistant could learn.")
    there = [article.title, *(question.text for question in article.questions)]
    if any(words(one) == form for one in there):
        return None
    if len(article.questions) >= QUESTIONS_LIMIT:
        raise Invalid(f"“{article.title}” has {QUESTIONS_LIMIT} phrasings already; that is all it can have.")
    if other := _elsewhere(session, article, text):
        raise Conflict(f"“{text}” leads to “{other}” already. Take it away there first.")
    question = Question(text=text, source=LEARNED)
    article.questions.append(question)
    _touch(session, article)
    return question


def remove(session: Session, article: Article, text: str) -> bool:
    """Take a learned phrasing away; False when it is gone already. What somebody wrote by hand stays."""
    form = words(text)
    found = next((one for one in article.questions if one.source == LEARNED and words(one.text) == form), None)
    if found is None:
        return False
    article.questions.remove(found)
    _touch(session, article)
    return True


def _elsewhere(session: Session, article: Article, text: str) -> str | None:
    """The title of another article of the language that this very text leads to."""
    return session.scalar(select(Article.title).join(Question, Question.article_id == Article.id).where(
        func.lower(Question.text) == text.lower(), Article.id != article.id, Article.locale == article.locale,
        Article.published).limit(1))


def _touch(session: Session, article: Article) -> None:
    """The newest change names the version of the index."""
    article.updated_at = article_clock.moment(session)
    session.flush()
