"""The help centre inside the chat: search, categories, and an article to read there. The frame asks for it only when
somebody opens it; a visitor's token is taken where there is one, and needed by nobody."""
from __future__ import annotations

from flask import Blueprint, jsonify, request
from sqlalchemy.orm import Session

from helpdesk import db, security, settings
from helpdesk.errors import NotFound, TooMany
from helpdesk.models import Visitor
from helpdesk.services import (
    help_centre,
    help_reading,
    help_search,
    help_shelves,
    help_urls,
    inboxes,
    limits,
    visitors,
)
from helpdesk.services.help_search import QUERY_LIMIT
from helpdesk.services.help_words import direction
from helpdesk.web import help_views
from helpdesk.web import widget_request as asked
from helpdesk.web.access import public
from helpdesk.web.help_text import body

pages = Blueprint("widget_help", __name__)
asked.only_for_the_frame(pages)

PER_MINUTE = 60             # searches of one address that are kept; those while typing are only counted here
TYPED_PER_MINUTE = 240
RESULTS = 8
DAY = 86_400

_typed = help_views.PerMinute(TYPED_PER_MINUTE)


@pages.get("/widget/<key>/help")
@public
def home(key: str):
    """?locale=: the categories, and what is read most."""
    with db.reading() as session:
        locale, default = _locale(session, key)
        shelves = help_shelves.shelves(session, locale, default)
        return jsonify(locale=locale, dir=direction(locale), url=help_urls.home_url(session, locale),
                       shelves=[{"id": one.id, "name": one.name, "about": one.description} for one in shelves],
                       popular=[_entry(one) for one in help_shelves.popular(session, locale)])


@pages.get("/widget/<key>/help/shelves/<int:shelf_id>")
@public
def shelf(key: str, shelf_id: int):
    """?locale=: the articles of a category."""
    with db.reading() as session:
        locale, _ = _locale(session, key)
        return jsonify(articles=[_entry(one) for one in help_shelves.on_shelf(session, locale, shelf_id)])


@pages.get("/widget/<key>/help/search")
@public
def search(key: str):
    """?q=, ?locale=; keep=1 when they have finished typing: then it is kept, and `mark` names it."""
    if _typed.over(request.remote_addr):
        raise TooMany("Too many tries. Please wait a minute.", 60)
    query = request.args.get("q", "").replace("\0", " ")[:QUERY_LIMIT]
    with db.reading() as session:
        locale, _ = _locale(session, key)
        found = help_search.search(session, query, locale, RESULTS, beginning=True)
    mark = ""
    if "keep" in request.args and query.strip() and help_views.by_person():
        with db.transaction(lazy=True) as session:
            limits.hit(session, f"help-search:{request.remote_addr}", PER_MINUTE, 60)
            mark = help_reading.search_mark(help_reading.searched(session, query, locale, "widget", len(found)))
    return jsonify(mark=mark, articles=[{"id": one.id, "title": one.name, "snippet": one.snippet} for one in found])


@pages.get("/widget/<key>/help/articles/<int:article_id>")
@public
def article(key: str, article_id: int):
    """One article to read; ?s= is the mark of the search that found it, ?q= what was typed before it was chosen."""
    with db.reading() as session:
        locale, _ = _locale(session, key)
        one = help_shelves.by_id(session, article_id)
        visitor = _visitor(session, key)
        html, _ = body(one)
        shown = {"id": one.id, "title": one.title, "html": html, "locale": one.locale, "dir": direction(one.locale),
                 "url": settings.current().base_url + help_urls.article_path(one.locale, one.slug)}
    help_views.note(article_id, "widget", visitor.id if visitor else None,
                    help_reading.search_of(request.args.get("s", "")), request.args.get("q", "")[:QUERY_LIMIT], locale)
    return jsonify(shown)


@pages.post("/widget/<key>/help/articles/<int:article_id>/judge")
@public
def judge(key: str, article_id: int):
    """{"helped": true or false}, once a day of one reader."""
    helped = asked.given().get("helped") is True
    with db.reading() as session:
        _locale(session, key)
        visitor = _visitor(session, key)
    reader = f"v{visitor.id}" if visitor else security.token_hash(
        f"{request.remote_addr}|{request.headers.get('User-Agent', '')}")[:32]
    try:
        with db.transaction() as session:
            limits.hit(session, f"help-judged:{article_id}:{reader}", 1, DAY)
            help_reading.judge(session, article_id, helped, "widget", visitor.id if visitor else None)
    except TooMany:
        pass                # said already: thanked all the same
    return jsonify(ok=True)


def _locale(session: Session, key: str) -> tuple[str, str]:
    """(the language that is nearest to ?locale=, the house's). Raises NotFound without such a chat or a help centre."""
    inboxes.by_key(session, key, "web")
    look = help_centre.look(session)
    if not look.on:
        raise NotFound("There is no help centre.")
    there = help_shelves.locales(session, look.default_locale)
    return help_shelves.nearest(request.args.get("locale", ""), there, there[0]), look.default_locale


def _visitor(session: Session, key: str) -> Visitor | None:
    return visitors.by_token(session, inboxes.by_key(session, key, "web"), asked.token())


def _entry(one: help_shelves.Entry) -> dict:
    return {"id": one.id, "title": one.title}
