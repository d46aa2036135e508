"""The list of articles as people of the house see it: filtered, sorted, counted. Reads only."""
from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, selectinload

from helpdesk.models import Article, ArticleVersion, Question

PAGE = 100
STATES = {"": "All", "published": "Published", "draft": "Drafts", "scheduled": "Scheduled", "internal": "Internal",
          "archive": "Archive"}
SORTS = {"title": "Title", "new": "Last changed", "views": "Most read", "helped": "Helped most",
         "not_helped": "Helped least"}
NO_CATEGORY = "none"

_scheduled = exists().where(ArticleVersion.article_id == Article.id, ArticleVersion.publish_at.is_not(None),
                            ArticleVersion.published_at.is_(None))
_there = Article.archived_at.is_(None)
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "": _there, "published": and_(_there, Article.published), "draft": and_(_there, Article.published.is_(False)),
    "scheduled": and_(_there, _scheduled), "internal": and_(_there, Article.audience == "agents"),
    "archive": Article.archived_at.is_not(None)}
_ORDERS = {"title": (func.lower(Article.title),), "new": (Article.updated_at.desc(),),
           "views": (Article.views.desc(),), "helped": (Article.helped.desc(),),
           "not_helped": (Article.not_helped.desc(),)}


@dataclass(frozen=True)
class Chosen:
    """What somebody looks for. `category`: an id as text, `none`, or ''; `page` counts from 1."""
    q: str = ""
    locale: str = ""
    category: str = ""
    state: str = ""
    sort: str = "title"
    page: int = 1


def listed(session: Session, chosen: Chosen) -> tuple[list[Article], int]:
    """One page of the articles, with their phrasings and category, and how many there are in all."""
    condition = and_(_CONDITIONS.get(chosen.state, _there), *_filters(chosen))
    total = session.scalar(select(func.count()).select_from(Article).where(condition))
    rows = session.scalars(select(Article).where(condition).options(
        selectinload(Article.questions), selectinload(Article.category)).order_by(
        *_ORDERS.get(chosen.sort, _ORDERS["title"]), Article.locale, Article.id)
        .limit(PAGE).offset((max(chosen.page, 1) - 1) * PAGE))
    return list(rows), total


def counts(session: Session, chosen: Chosen) -> dict[str, int]:
    """How many there are in each state, under the other filters."""
    filters = _filters(chosen)
    columns = [func.count().filter(condition) for condition in _CONDITIONS.values()]
    return dict(zip(_CONDITIONS, session.execute(select(*columns).select_from(Article).where(*filters)).one(),
                    strict=True))


def languages(session: Session) -> list[str]:
    """The languages that there are articles in, most first."""
    found = Counter(dict(session.execute(select(Article.locale, func.count()).where(_there)
                                         .group_by(Article.locale)).all()))
    return [locale for locale, _ in found.most_common()]


def due(session: Session) -> dict[int, datetime]:
    """When each scheduled article goes out, by its id."""
    return dict(session.execute(select(ArticleVersion.article_id, ArticleVersion.publish_at).where(
        ArticleVersion.publish_at.is_not(None), ArticleVersion.published_at.is_(None))).all())


def with_draft(session: Session) -> set[int]:
    """The published articles with a newer text that readers do not have."""
    newest = select(ArticleVersion.article_id, func.max(ArticleVersion.number).label("number")).group_by(
        ArticleVersion.article_id).subquery()
    return set(session.scalars(select(ArticleVersion.article_id).join(newest, and_(
        newest.c.article_id == ArticleVersion.article_id, newest.c.number == ArticleVersion.number)).join(
        Article, Article.id == ArticleVersion.article_id).where(
        Article.published, ArticleVersion.published_at.is_(None))))


def translations(session: Session, article: Article) -> list[Article]:
    """The article itself and all that say the same in other languages, the original first."""
    root = article.original_id or article.id
    return list(session.scalars(select(Article).where(
        or_(Article.id == root, Article.original_id == root), _there | (Article.id == article.id))
        .order_by(Article.original_id.is_not(None), Article.locale)))


def _filters(chosen: Chosen) -> list[ColumnElement[bool]]:
    found = []
    if chosen.locale:
        found.append(Article.locale == chosen.locale)
    if chosen.category == NO_CATEGORY:
        found.append(Article.category_id.is_(None))
    elif chosen.category.isdigit():
        found.append(Article.category_id == int(chosen.category))
    if chosen.q.strip():
        part = "%" + re.sub(r"([\\%_])", r"\\\1", chosen.q.strip()) + "%"
        asked = select(Question.article_id).where(Question.text.ilike(part, escape="\\"))
        found.append(or_(*(column.ilike(part, escape="\\") for column in (
            Article.title, Article.summary, Article.body, Article.slug)), Article.id.in_(asked)))
    return found
