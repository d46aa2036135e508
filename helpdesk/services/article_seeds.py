"""Articles and categories that come as TOML: the demo company's, or anybody's own. Hundreds go in with a few
statements."""
from __future__ import annotations

import tomllib
from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.errors import Invalid
from helpdesk.models import Article, ArticleVersion, Category, CategoryName, Question
from helpdesk.services import article_clock, slugs
from helpdesk.services.article_fields import Fields, checked
from helpdesk.services.article_versions import agent_id


def load(session: Session, text: str, actor: str = "system") -> int:
    """Create what a TOML text holds and is not there yet; returns how many articles. Raises Invalid when it cannot be
    read.

    [[category]] key, icon, position, names.<locale> = { name, description, slug }
    [[article]] title, body; and if wanted locale, key, category (a key), summary, questions, needs, account, assistant,
    audience. Articles of one key in several languages are translations of the one that came first, whose address the
    key is. A category that nobody has named is none. What has the same language and title, or key, as an article that
    is there already is left alone.
    """
    try:
        said = tomllib.loads(text)
        if not said.keys() & {"article", "category"}:
            raise KeyError("article")
        _load_categories(session, said.get("category", []))
        made = _load_articles(session, said.get("article", []), actor)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"These articles cannot be read: {error}") from error
    if made:
        events.record(session, events.SettingsChanged(what="article", detail=f"loaded {made} articles"), actor=actor)
    return made


def _load_categories(session: Session, items: Iterable[dict]) -> None:
    there = set(session.scalars(select(Category.key)))
    taken = {tuple(row) for row in session.execute(select(CategoryName.locale, CategoryName.slug))}
    for number, item in enumerate(items, 1):
        if item["key"] in there:
            continue
        category = Category(key=item["key"], icon=item.get("icon", ""), position=item.get("position", number))
        for locale, one in item["names"].items():
            slug = slugs.free(one.get("slug") or one["name"],
                              lambda slug, locale=locale: (locale, slug) in taken, "category")
            taken.add((locale, slug))
            category.names.append(CategoryName(locale=locale, name=one["name"], slug=slug,
                                               description=one.get("description", "")))
        session.add(category)
    session.flush()


def _load_articles(session: Session, items: Iterable[dict], actor: str) -> int:
    known = session.execute(select(Article.id, Article.locale, Article.title, Article.slug, Article.original_id)).all()
    titles, addresses = {(row.locale, row.title) for row in known}, {(row.locale, row.slug) for row in known}
    originals = {row.slug: row.id for row in known if row.original_id is None}
    languages = {(row.original_id or row.id, row.locale) for row in known}
    shelves = dict(session.execute(select(Category.key, Category.id)).all())
    moment = article_clock.moment(session)
    rows, questions = [], []
    for item in items:
        fields = checked(_fields(item, shelves))
        key, original = item.get("key", ""), originals.get(item.get("key", ""))
        if (fields.locale, fields.title) in titles or original and (original, fields.locale) in languages:
            continue
        slug = slugs.free(key if key and not original else fields.title,
                          lambda slug, locale=fields.locale: (locale, slug) in addresses)
        titles.add((fields.locale, fields.title))
        addresses.add((fields.locale, slug))
        if original:
            languages.add((original, fields.locale))
        rows.append({"title": fields.title, "summary": fields.summary, "body": fields.body, "locale": fields.locale,
                     "slug": slug, "category_id": fields.category_id, "original_id": original,
                     "position": len(rows) + 1, "audience": fields.audience, "for_assistant": fields.for_assistant,
                     "about_account": fields.about_account, "needs": list(fields.needs), "published": True,
                     "published_at": moment, "reviewed_at": moment, "created_at": moment, "updated_at": moment})
        questions.append(fields.questions)
    if not rows:
        return 0
    ids = session.scalars(insert(Article).returning(Article.id, sort_by_parameter_order=True), rows).all()
    session.execute(insert(ArticleVersion), [
        {"article_id": made, "number": 1, "author_id": agent_id(actor), "created_at": moment, "published_at": moment,
         **{name: row[name] for name in ("title", "summary", "body")}} for made, row in zip(ids, rows, strict=True)])
    asked = [{"article_id": made, "text": text} for made, texts in zip(ids, questions, strict=True) for text in texts]
    if asked:
        session.execute(insert(Question), asked)
    return len(rows)


def _fields(item: dict, shelves: dict[str, int]) -> Fields:
    return Fields(title=item["title"], body=item["body"], summary=item.get("summary", ""),
                  locale=item.get("locale", "en"), questions=tuple(item.get("questions", ())),
                  category_id=shelves.get(item.get("category", "")), audience=item.get("audience", "public"),
                  for_assistant=item.get("assistant", True), about_account=item.get("account", False),
                  needs=tuple(item.get("needs", ())))
