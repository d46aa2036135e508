"""The shelves of the help centre: their order, icons, and names in each language."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.rendering import page
from helpdesk.services import article_lists, categories
from helpdesk.services.categories import Name
from helpdesk.services.phrases import LANGUAGES
from helpdesk.web.access import needs
from helpdesk.web.article_words import language_name
from helpdesk.web.articles import rebuild

pages = Blueprint("article_categories", __name__)

ICONS = ("articles", "box", "truck", "refresh", "card", "gift", "cup", "contacts", "settings", "shield", "key", "tag",
         "star", "clock", "globe", "company", "phone", "email", "question", "info")


@pages.get("/articles/categories")
@needs("articles")
def index():
    """All categories in their order."""
    with db.reading() as session:
        return page("articles/categories.html", categories=categories.listed(session),
                    counts=categories.counts(session), title=categories.title)


@pages.get("/articles/categories/new")
@needs("articles")
def new():
    """An empty form."""
    with db.reading() as session:
        return _form(session, None, {}, "")


@pages.post("/articles/categories")
@needs("articles")
def create():
    """icon; and for each language `name-en`, `description-en`, `slug-en` …"""
    try:
        with db.transaction() as session:
            categories.create(session, _names(), icon=_icon(), actor=g.agent.actor)
    except Invalid as error:
        with db.reading() as session:
            return _form(session, None, _names(), _icon(), str(error)), error.status
    flash("The category is made.", "good")
    return redirect("/articles/categories")


@pages.get("/articles/categories/<int:category_id>")
@needs("articles")
def show(category_id: int):
    """Its names, to change."""
    with db.reading() as session:
        category = categories.by_id(session, category_id)
        names = {one.locale: Name(one.name, one.description, one.slug) for one in category.names}
        return _form(session, category, names, category.icon)


@pages.post("/articles/categories/<int:category_id>")
@needs("articles")
def change(category_id: int):
    """The same fields; an emptied name takes that language away."""
    try:
        with db.transaction() as session:
            categories.change(session, categories.by_id(session, category_id), _names(), icon=_icon(),
                              actor=g.agent.actor)
    except Invalid as error:
        with db.reading() as session:
            return _form(session, categories.by_id(session, category_id), _names(), _icon(), str(error)), error.status
    flash("Saved.", "good")
    return redirect("/articles/categories")


@pages.post("/articles/categories/<int:category_id>/move")
@needs("articles")
def move(category_id: int):
    """to=up or down."""
    with db.transaction() as session:
        categories.move(session, categories.by_id(session, category_id), request.form.get("to") == "up", g.agent.actor)
    return redirect("/articles/categories")


@pages.post("/articles/categories/<int:category_id>/delete")
@needs("articles")
def delete(category_id: int):
    """Its articles stay, without a category."""
    with db.transaction() as session:
        left = categories.delete(session, categories.by_id(session, category_id), g.agent.actor)
    rebuild()
    flash("The category is deleted." + (f" {left} articles have none now." if left else ""), "good")
    return redirect("/articles/categories")


def _icon() -> str:
    icon = request.form.get("icon", "")
    return icon if icon in ICONS else ""


def _names() -> dict[str, Name]:
    form = request.form
    return {locale: Name(form[f"name-{locale}"], form.get(f"description-{locale}", ""), form.get(f"slug-{locale}", ""))
            for locale in (key.removeprefix("name-") for key in form if key.startswith("name-"))}


def _form(session, category, names: dict[str, Name], icon: str, error: str = "") -> str:
    locales = list(dict.fromkeys((*LANGUAGES, *article_lists.languages(session), *names)))
    return page("articles/category.html", category=category, names=names, icon_name=icon, icons=ICONS, locales=locales,
                title=categories.title(category), error=error, language_name=language_name)
