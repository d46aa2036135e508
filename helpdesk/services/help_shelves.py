"""What stands in the help centre: languages, categories, articles, old addresses. Only what is public."""
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.errors import NotFound
from helpdesk.models import Article, ArticleRedirect, Category, CategoryName, SystemState
from helpdesk.services import articles, help_centre, help_urls
from helpdesk.services.help_urls import PUBLIC

POPULAR, RELATED = 6, 5
CANDIDATES = 30         # matches that are looked through for related ones; most of them may not be public
RELATED_SCORE = 0.001
ZENDESK = re.compile(r"(/hc/[a-z-]+/articles/\d+)-.*", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """An article in a list."""
    id: int
    title: str
    slug: str
    summary: str
    locale: str

    @property
    def path(self) -> str:
        """Where it is read."""
        return help_urls.article_path(self.locale, self.slug)


@dataclass(frozen=True)
class Shelf:
    """A category as one language has it, with the number of its articles."""
    id: int
    slug: str
    name: str
    description: str
    icon: str
    locale: str
    count: int = 0

    @property
    def path(self) -> str:
        """Its page."""
        return help_urls.category_path(self.locale, self.slug)


_matched: dict = {}
_VERSION = select(func.count(), func.max(Article.updated_at), select(SystemState.updated_at).where(
    SystemState.key == help_centre.STATE).scalar_subquery()).where(PUBLIC)
ENTRY = (Article.id, Article.title, Article.slug, Article.summary, Article.locale)


def locales(session: Session, default: str) -> list[str]:
    """The languages that something public is written in, the house's first; that one alone while there is nothing."""
    there = set(session.scalars(select(Article.locale).where(PUBLIC).distinct()))
    first = nearest(default, there) if there else default
    return [first, *sorted(there - {first})]


def nearest(wanted: str, there: Iterable[str], otherwise: str = "") -> str:
    """The language among `there` that is closest to `wanted`: itself, another region of it; else `otherwise`."""
    there = sorted(there)
    wanted = wanted.replace("_", "-").lower()
    for same in (lambda one: one.lower() == wanted, lambda one: one.lower().split("-")[0] == wanted.split("-")[0]):
        if found := next((one for one in there if same(one)), None):
            return found
    return otherwise or (there[0] if there else wanted)


def shelves(session: Session, locale: str, default: str) -> list[Shelf]:
    """The categories that have something in this language, in their order."""
    counts = dict(session.execute(select(Article.category_id, func.count()).where(
        PUBLIC, Article.locale == locale, Article.category_id.is_not(None)).group_by(Article.category_id)).all())
    rows = session.execute(select(Category.id, Category.key, Category.icon).where(Category.id.in_(counts))
                           .order_by(Category.position, Category.id)).all()
    names = _names(session, counts)
    return [_shelf(row, names.get(row.id, ()), locale, default, counts[row.id]) for row in rows]


def shelf(session: Session, locale: str, slug: str, default: str) -> Shelf:
    """The category with this name in an address. Raises NotFound."""
    category_id = session.scalar(select(CategoryName.category_id).where(
        CategoryName.slug == slug, CategoryName.locale.in_((locale, locale.split("-")[0], default)))
        .order_by(CategoryName.locale != locale).limit(1))
    row = session.execute(select(Category.id, Category.key, Category.icon).where(
        Category.id == category_id if category_id else Category.key == slug)).first()
    if row is None:
        raise NotFound("There is no such category.")
    return _shelf(row, _names(session, [row.id]).get(row.id, ()), locale, default)


def shelf_of(session: Session, article: Article, default: str) -> Shelf | None:
    """The category that an article stands in."""
    if article.category_id is None:
        return None
    row = session.execute(select(Category.id, Category.key, Category.icon).where(
        Category.id == article.category_id)).one()
    return _shelf(row, _names(session, [row.id]).get(row.id, ()), article.locale, default)


def on_shelf(session: Session, locale: str, category_id: int | None) -> list[Entry]:
    """The articles of a category, or those without one, in their order."""
    return _entries(session.execute(select(*ENTRY).where(
        PUBLIC, Article.locale == locale, Article.category_id == category_id)
        .order_by(Article.position, Article.title)))


def popular(session: Session, locale: str, limit: int = POPULAR) -> list[Entry]:
    """What is read most, then what helped most."""
    return _entries(session.execute(select(*ENTRY).where(PUBLIC, Article.locale == locale).order_by(
        Article.views.desc(), (Article.helped - Article.not_helped).desc(), Article.id).limit(limit)))


def article(session: Session, locale: str, slug: str) -> Article:
    """The article at an address. Raises NotFound for everything that is not public."""
    found = session.scalar(select(Article).where(PUBLIC, Article.locale == locale, Article.slug == slug))
    if found is None:
        raise NotFound("There is no such article.")
    return found


def by_id(session: Session, article_id: int) -> Article:
    """The same by number."""
    found = session.scalar(select(Article).where(PUBLIC, Article.id == article_id))
    if found is None:
        raise NotFound("There is no such article.")
    return found


def entries(session: Session, ids: Sequence[int]) -> dict[int, Entry]:
    """Those of these articles that are public."""
    return {one.id: one for one in _entries(session.execute(select(*ENTRY).where(PUBLIC, Article.id.in_(ids))))}


def translations(session: Session, article: Article) -> list[Entry]:
    """The same article in the other languages."""
    root = article.original_id or article.id
    return _entries(session.execute(select(*ENTRY).where(
        PUBLIC, or_(Article.id == root, Article.original_id == root), Article.id != article.id,
        Article.locale != article.locale).order_by(Article.locale)))


def related(session: Session, article: Article, limit: int = RELATED) -> list[Entry]:
    """What the matcher finds closest to the title, in the same language; then what stands beside it."""
    ids = _close(session, article)
    known = entries(session, ids)
    found = [known[one] for one in ids if one in known and known[one].locale == article.locale][:limit]
    if len(found) < limit and article.category_id is not None:
        there = {article.id, *(one.id for one in found)}
        beside = _entries(session.execute(select(*ENTRY).where(
            PUBLIC, Article.locale == article.locale, Article.category_id == article.category_id,
            Article.id.not_in(there)).order_by(Article.views.desc(), Article.position, Article.id)
            .limit(limit - len(found))))
        found += beside
    return found


def _close(session: Session, article: Article) -> tuple[int, ...]:
    """The matches of a title, remembered until something public is written or withdrawn."""
    now_there = (str(session.get_bind().url), *version(session))
    if _matched.get("version") != now_there:
        _matched.clear()
        _matched["version"] = now_there
    if article.id not in _matched:
        matches = articles.index(session).rank(article.title, CANDIDATES, article.locale.split("-")[0])
        _matched[article.id] = tuple(match.article_id for match in matches
                                     if match.article_id != article.id and match.score >= RELATED_SCORE)
    return _matched[article.id]


def version(session: Session) -> tuple:
    """Another one whenever something public is written, withdrawn or looks otherwise."""
    return tuple(db.rows(session, _VERSION)[0])


def moved(session: Session, path: str) -> str:
    """Where the article is read that was read at `path` before: here, or in the help centre that it came from; '' when
    nobody knows."""
    path = path.rstrip("/")
    asked = {path, path.lower(), path.lstrip("/")}
    if match := ZENDESK.fullmatch(path):
        asked |= {match[1], match[1].lower()}
    row = session.execute(select(Article.locale, Article.slug).join(
        ArticleRedirect, ArticleRedirect.article_id == Article.id).where(
        PUBLIC, ArticleRedirect.path.in_({one[:300] for one in asked}))
        .order_by(func.length(ArticleRedirect.path).desc()).limit(1)).first()
    to = help_urls.article_path(row.locale, row.slug) if row else ""
    return to if to != path else ""


def listed(session: Session) -> list[tuple[str, str, int, datetime]]:
    """(locale, slug, the original's id, last changed) of everything public: what a site map says."""
    return [tuple(row) for row in session.execute(select(
        Article.locale, Article.slug, func.coalesce(Article.original_id, Article.id), Article.updated_at)
        .where(PUBLIC).order_by(Article.id))]


def _entries(rows) -> list[Entry]:
    return [Entry(*row) for row in rows]


def _names(session: Session, ids: Iterable[int]) -> dict[int, list]:
    found: dict[int, list] = {}
    for row in session.execute(select(
            CategoryName.category_id, CategoryName.locale, CategoryName.name, CategoryName.slug,
            CategoryName.description).where(CategoryName.category_id.in_(list(ids)))):
        found.setdefault(row.category_id, []).append(row)
    return found


def _shelf(row, names: Sequence, locale: str, default: str, count: int = 0) -> Shelf:
    """A category's name in this language, else in the nearest one, else in the house's, else its key."""
    by_locale = {one.locale: one for one in names}
    named = by_locale.get(nearest(locale, by_locale, nearest(default, by_locale))) if by_locale else None
    if named is None:
        return Shelf(row.id, row.key, row.key.replace("-", " ").replace("_", " ").capitalize(), "", row.icon, locale,
                     count)
    return Shelf(row.id, named.slug, named.name, named.description, row.icon, locale, count)
