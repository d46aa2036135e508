"""Help texts and the questions that lead to them."""
from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, selectinload

from helpdesk.errors import NotFound
from helpdesk.models import Article, Question
from helpdesk.services import article_versions
from helpdesk.services.article_fields import Fields
from helpdesk.services.article_index import index
from helpdesk.services.article_seeds import load as load
from helpdesk.services.matching import Match


def create(session: Session, *, title: str, body: str, questions: Sequence[str] = (), locale: str = "en",
           published: bool = True, actor: str = "system", **more) -> Article:
    """A new article; `more` are further `article_fields.Fields`. Raises Invalid with what to correct."""
    fields = Fields(title=title, body=body, questions=tuple(questions), locale=locale, **more)
    return article_versions.create(session, fields, published=published, actor=actor)


def by_id(session: Session, article_id: int) -> Article:
    """The article. Raises NotFound."""
    article = session.get(Article, article_id)
    if article is None:
        raise NotFound("There is no such article.")
    return article


def listed(session: Session, text: str = "") -> list[Article]:
    """All articles by language and title, but for the archive; with a text only those that contain it in title, body
    or a question."""
    query = select(Article).where(Article.archived_at.is_(None)).options(selectinload(Article.questions)).order_by(
        Article.locale, Article.title)
    if text.strip():
        part = f"%{_escaped(text.strip())}%"
        asked = select(Question.article_id).where(Question.text.ilike(part, escape="\\"))
        query = query.where(or_(Article.title.ilike(part, escape="\\"), Article.body.ilike(part, escape="\\"),
                                Article.id.in_(asked)))
    return list(session.scalars(query))


def search(session: Session, text: str, limit: int = 5, locale: str = "") -> list[tuple[Article, Match | None]]:
    """Published articles for an agent who types: those that answer the text, then those that contain it."""
    matches = index(session).rank(text, limit, locale)
    found = {a.id: a for a in session.scalars(select(Article).where(Article.id.in_([m.article_id for m in matches])))}
    result: list[tuple[Article, Match | None]] = [(found[m.article_id], m) for m in matches if m.article_id in found]
    more = [article for article in listed(session, text) if article.published and article.id not in found]
    return (result + [(article, None) for article in more])[:limit] if text.strip() else []


def count_judgement(session: Session, article_id: int, helped: bool, by: int = 1) -> None:
    """Add to an article's helped or not-helped count. The text did not change, so neither does `updated_at`."""
    column = Article.helped if helped else Article.not_helped
    session.execute(update(Article).where(Article.id == article_id).values(
        {column: column + by, Article.updated_at: Article.updated_at}).execution_options(synchronize_session="fetch"))


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
