"""The shelves of the help centre: one order for all languages, a name and an address in each."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from helpdesk import events
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Article, Category, CategoryName
from helpdesk.services import article_clock, slugs
from helpdesk.services.article_fields import LOCALE

NAME_LIMIT, DESCRIPTION_LIMIT, KEY_LIMIT, ICON_LIMIT = 120, 300, 80, 40


@dataclass(frozen=True)
class Name:
    """What a category is called in one language. `slug` is '' when it shall be made from the name."""
    name: str
    description: str = ""
    slug: str = ""


def listed(session: Session) -> list[Category]:
    """All of them in their order, with their names."""
    return list(session.scalars(select(Category).options(selectinload(Category.names))
                                .order_by(Category.position, Category.id)))


def by_id(session: Session, category_id: int) -> Category:
    """The category. Raises NotFound."""
    found = session.get(Category, category_id)
    if found is None:
        raise NotFound("There is no such category.")
    return found


def title(category: Category | None, locale: str = "en") -> str:
    """What it is called in a language, or else in English, or in any."""
    if category is None:
        return ""
    names = {one.locale: one.name for one in category.names}
    return names.get(locale) or names.get(locale.split("-")[0]) or names.get("en") or next(iter(names.values()),
                                                                                           category.key)


def counts(session: Session) -> dict[int, int]:
    """How many articles lie in each, without the archive."""
    return dict(session.execute(select(Article.category_id, func.count()).where(
        Article.category_id.is_not(None), Article.archived_at.is_(None)).group_by(Article.category_id)).all())


def create(session: Session, names: Mapping[str, Name], *, icon: str = "", key: str = "", actor: str) -> Category:
    """A new one behind the others. Raises Invalid with what to correct."""
    names = _checked(names)
    first = next(iter(names.values())).name
    taken = set(session.scalars(select(Category.key)))
    category = Category(key=slugs.free(key or first, taken.__contains__, "category"), icon=icon[:ICON_LIMIT],
                        position=(session.scalar(select(func.max(Category.position))) or 0) + 1)
    session.add(category)
    session.flush()
    _name(session, category, names)
    _note(session, f"made the category {first}", actor)
    return category


def change(session: Session, category: Category, names: Mapping[str, Name], *, icon: str, actor: str) -> None:
    """Store names, descriptions and icon. A language that is not in `names` loses its name. Raises Invalid."""
    category.icon = icon[:ICON_LIMIT]
    _name(session, category, _checked(names))
    _note(session, f"changed the category {title(category)}", actor)


def move(session: Session, category: Category, up: bool, actor: str) -> None:
    """One place up or down; the first and last stay where they are. All positions are numbered anew."""
    order = listed(session)
    at = order.index(category)
    to = at + (-1 if up else 1)
    if not 0 <= to < len(order):
        return
    order[at], order[to] = order[to], order[at]
    for position, one in enumerate(order, 1):
        one.position = position
    session.flush()
    _note(session, f"moved the category {title(category)} {'up' if up else 'down'}", actor)


def delete(session: Session, category: Category, actor: str) -> int:
    """Remove it; its articles stay, without a category. Returns how many those are."""
    name = title(category)
    moved = session.execute(update(Article).where(Article.category_id == category.id).values(
        category_id=None, updated_at=article_clock.moment(session))
        .execution_options(synchronize_session="fetch")).rowcount
    session.delete(category)
    session.flush()
    _note(session, f"deleted the category {name}", actor)
    return moved


def _checked(names: Mapping[str, Name]) -> dict[str, Name]:
    kept = {}
    for locale, one in names.items():
        name, description = " ".join(one.name.split()), " ".join(one.description.split())
        if not name:
            if description:
                raise Invalid(f"Give the category a name in the language {locale} too.")
            continue
        if not LOCALE.fullmatch(locale) or len(locale) > 16:
            raise Invalid(f"{locale!r} is no language code; use one such as en, id or pt-BR.")
        if len(name) > NAME_LIMIT or len(description) > DESCRIPTION_LIMIT:
            raise Invalid(f"A name may have {NAME_LIMIT} characters, a description {DESCRIPTION_LIMIT}.")
        kept[locale] = Name(name, description, slugs.slug(one.slug) if one.slug.strip() else "")
    if not kept:
        raise Invalid("Give the category a name in at least one language.")
    return kept


def _name(session: Session, category: Category, names: Mapping[str, Name]) -> None:
    there = {one.locale: one for one in category.names}
    for locale, one in names.items():
        row = there.pop(locale, None)
        if row is None:
            row = CategoryName(locale=locale, slug="")
            category.names.append(row)
        row.name, row.description = one.name, one.description
        if one.slug != row.slug or not row.slug:
            others = set(session.scalars(select(CategoryName.slug).where(
                CategoryName.locale == locale, CategoryName.category_id != category.id)))
            row.slug = slugs.free(one.slug or one.name, others.__contains__, "category")
    for gone in there.values():
        category.names.remove(gone)
    session.flush()


def _note(session: Session, detail: str, actor: str) -> None:
    events.record(session, events.SettingsChanged(what="category", detail=detail), actor=actor)
