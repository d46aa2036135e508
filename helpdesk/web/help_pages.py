"""The help centre as customers read it: the first page, categories, articles. Works without scripts and cookies."""
from __future__ import annotations

from flask import Response, redirect, request
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import NotFound
from helpdesk.models import Article, CategoryName
from helpdesk.services import help_centre, help_reading, help_shelves, help_urls
from helpdesk.services.help_search import QUERY_LIMIT
from helpdesk.services.help_urls import PUBLIC
from helpdesk.web import help_frame, help_markup, help_views
from helpdesk.web.access import public
from helpdesk.web.help_frame import show
from helpdesk.web.help_text import body, description

pages = help_frame.readers_pages("help_pages")


@pages.get("/help")
@public
def index() -> Response:
    """To the language of ?lang=, of the browser, or of the house."""
    with db.reading() as session:
        look = help_centre.look(session)
        if not look.on:
            raise NotFound("There is nothing here.")
        there = help_shelves.locales(session, look.default_locale)
    wanted = request.args.get("lang", "") or request.headers.get("Accept-Language", "")
    response = redirect(help_urls.home_path(help_frame.accepted(wanted, there, there[0])), 302)
    response.headers.update({"Vary": "Accept-Language", "Cache-Control": help_frame.PRIVATE})
    return response


@pages.get("/help/")
@public
def index_slash() -> Response:
    """The same, however it was typed."""
    return redirect("/help", 301)


@pages.get("/help/<locale>/")
@public
def home(locale: str) -> Response:
    """Search, categories, what is read most."""
    return help_frame.kept(lambda: (_home(locale), 0))[0]


def _home(locale: str) -> Response:
    with db.reading() as session:
        seen = help_frame.frame(session, locale)
        shelves = help_shelves.shelves(session, locale, seen.look.default_locale)
        return show(session, seen, "help/home.html", canonical=help_urls.home_path(locale),
                    paths={one: help_urls.home_path(one) for one in seen.locales}, shelves=shelves,
                    others=help_shelves.on_shelf(session, locale, None),
                    popular=help_shelves.popular(session, locale), data=help_markup.home(seen))


@pages.get("/help/<locale>/c/<slug>")
@public
def category(locale: str, slug: str) -> Response:
    """The articles of a category."""
    return help_frame.kept(lambda: (_category(locale, slug), 0))[0]


def _category(locale: str, slug: str) -> Response:
    with db.reading() as session:
        seen = help_frame.frame(session, locale)
        shelf = help_shelves.shelf(session, locale, slug, seen.look.default_locale)
        if shelf.slug != slug:          # its name in another language, or before it was renamed
            return help_frame.permanently(shelf.path)
        listed = session.execute(select(Article.title, Article.slug, Article.summary, Article.body, Article.updated_at)
                                 .where(PUBLIC, Article.locale == locale, Article.category_id == shelf.id)
                                 .order_by(Article.position, Article.title)).all()
        if not listed:
            raise NotFound("There is nothing in this category.")
        entries = [(one.title, help_urls.article_path(locale, one.slug), description(one.summary, one.body))
                   for one in listed]
        return show(session, seen, "help/category.html", canonical=shelf.path, paths=_shelf_paths(session, seen, shelf),
                    changed_at=max(one.updated_at for one in listed), shelf=shelf, entries=entries,
                    data=help_markup.category(seen, shelf, entries))


@pages.get("/help/<locale>/<slug>")
@public
def article(locale: str, slug: str) -> Response:
    """One article. ?s= says from which search it was opened, ?q= for what it was suggested."""
    response, article_id = help_frame.kept(lambda: _article(locale, slug))
    if article_id:
        help_views.note(article_id, "help", search_id=help_reading.search_of(request.args.get("s", "")),
                        typed=request.args.get("q", "")[:QUERY_LIMIT], locale=locale)
    return response


def _article(locale: str, slug: str) -> tuple[Response, int]:
    with db.reading() as session:
        seen = help_frame.frame(session, locale)
        one = help_shelves.article(session, locale, slug)
        shelf = help_shelves.shelf_of(session, one, seen.look.default_locale)
        others = help_shelves.translations(session, one)
        html, headings = body(one)
        path = help_urls.article_path(locale, slug)
        response = show(
            session, seen, "help/article.html", canonical=path,
            paths={locale: path, **{other.locale: other.path for other in others}}, changed_at=one.updated_at,
            article=one, html=html, headings=headings, shelf=shelf, others=others,
            related=help_shelves.related(session, one), about=description(one.summary, one.body),
            date=help_frame.date(one.updated_at, locale), language_name=help_frame.language_name,
            data=help_markup.article(seen, one, shelf))
    return response, one.id


@pages.get("/help/<locale>/<slug>/")
@pages.get("/help/<locale>/c/<slug>/")
@public
def slash(locale: str, slug: str) -> Response:
    """Without a slash at the end."""
    return help_frame.permanently(request.path.rstrip("/"))


def _shelf_paths(session, seen: help_frame.Frame, shelf: help_shelves.Shelf) -> dict[str, str]:
    """The category's page in the languages that have something in it."""
    there = set(session.scalars(select(Article.locale).where(PUBLIC, Article.category_id == shelf.id).distinct()))
    slugs = dict(session.execute(select(CategoryName.locale, CategoryName.slug).where(
        CategoryName.category_id == shelf.id)).all())
    return {one: help_urls.category_path(one, slugs.get(one, shelf.slug)) for one in seen.locales if one in there}
