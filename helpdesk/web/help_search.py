"""Searching the help centre: a page of results, and suggestions while somebody types."""
from __future__ import annotations

from flask import Response, jsonify, request

from helpdesk import db
from helpdesk.errors import NotFound, TooMany
from helpdesk.services import help_centre, help_reading, help_search, help_shelves, help_urls, limits
from helpdesk.web import help_frame, help_views
from helpdesk.web.access import public
from helpdesk.web.help_frame import show

pages = help_frame.readers_pages("help_search")

PER_MINUTE = 60             # searches of one address; an office may share one
SUGGESTED_PER_MINUTE = 240  # while typing: nothing is stored, so it is counted in this process alone
SUGGESTED = 6
AGAIN = "private, max-age=60"       # going back to the results is no new search

_suggested = help_views.PerMinute(SUGGESTED_PER_MINUTE)


@pages.get("/help/<locale>/search")
@public
def results(locale: str) -> Response:
    """What answers ?q=. Each search is kept, but for those of machines; its results say so when they are opened."""
    query = " ".join(request.args.get("q", "").replace("\0", " ").split())[:help_search.QUERY_LIMIT]
    with db.reading() as session:
        seen = help_frame.frame(session, locale)
        found = help_search.search(session, query, locale)
    mark = _kept(query, locale, len(found)) if query else ""
    with db.reading() as session:
        return show(session, seen, "help/search.html", canonical=help_urls.search_path(locale),
                    paths={one: f"{help_urls.search_path(one)}?{request.query_string.decode(errors='ignore')}"
                           for one in seen.locales}, cache=AGAIN, listed=False, query=query, found=found, mark=mark,
                    shelves=[] if found else help_shelves.shelves(session, locale, seen.look.default_locale))


@pages.get("/help/<locale>/suggest")
@public
def suggest(locale: str) -> Response:
    """A few titles for what was typed so far, as JSON: [{title, path}]."""
    if _suggested.over(request.remote_addr):
        raise TooMany("Too many tries. Please wait a minute.", 60)
    with db.reading() as session:
        if not help_centre.look(session).on:
            raise NotFound("There is nothing here.")
        found = help_search.search(session, request.args.get("q", "").replace("\0", " "), locale, SUGGESTED,
                                   beginning=True)
    response = jsonify([{"title": one.name, "path": one.path} for one in found])
    response.headers["Cache-Control"] = help_frame.CACHED
    return response


def _kept(query: str, locale: str, found: int) -> str:
    """Keep the search; returns the mark for its results. Raises TooMany."""
    if not help_views.by_person():
        return ""
    with db.transaction(lazy=True) as session:
        limits.hit(session, f"help-search:{request.remote_addr}", PER_MINUTE, 60)
        return help_reading.search_mark(help_reading.searched(session, query, locale, "help", found))
