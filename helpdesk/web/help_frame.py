"""What all pages of the help centre share: its language, look and policy, and how long they may be kept.

No page knows who reads it, so every cache may keep it for a minute; whoever asks again with what they have is told by
304 that it is still the same. This process keeps pages too, until an article or the look changes, ten seconds at most.
"""
from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.routing import RequestRedirect

from helpdesk import db, rendering, settings, texts
from helpdesk.errors import Forbidden, HelpdeskError, NotFound, TooMany
from helpdesk.services import help_centre, help_contact, help_shelves, help_urls
from helpdesk.services.help_centre import Look
from helpdesk.services.help_words import Words, direction
from helpdesk.web import errors
from helpdesk.web.accent import readable, text_on

MAX_AGE = 60            # seconds that a page may be out of date elsewhere
KEPT, KEPT_SECONDS = 256, 10
LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
CACHED = f"public, max-age={MAX_AGE}, stale-while-revalidate=600"
PRIVATE = "private, no-store"


@dataclass(frozen=True)
class _Page:
    version: tuple
    until: float
    body: bytes
    headers: list[tuple[str, str]]
    article_id: int


_kept: dict[str, _Page] = {}        # by path, the oldest first


class Elsewhere(RequestRedirect):
    """The page is read at another address for now: the language that was asked for is not there."""
    code = 302


@dataclass(frozen=True)
class Frame:
    """One language of the help centre, ready to be shown."""
    locale: str
    locales: list[str]
    look: Look
    words: Words

    @property
    def title(self) -> str:
        """What the help centre is called here."""
        return self.look.title(self.locale)


def frame(session: Session, locale: str) -> Frame:
    """The help centre in this language. Raises NotFound where there is none, Elsewhere for a language that is not."""
    look = help_centre.look(session)
    if not look.on or not LOCALE.fullmatch(locale):
        raise NotFound("There is nothing here.")
    there = help_shelves.locales(session, look.default_locale)
    if locale not in there:
        nearest = help_shelves.nearest(locale, there, there[0])
        rest = request.full_path.rstrip("?").removeprefix(f"{help_urls.ROOT}/{locale}")
        raise Elsewhere(f"{help_urls.ROOT}/{nearest}{rest or '/'}")
    return Frame(locale, there, look, Words(locale))


def show(session: Session, seen: Frame, template: str, *, canonical: str = "", paths: dict[str, str] | None = None,
         changed_at: datetime | None = None, status: int = 200, cache: str = CACHED, listed: bool = True,
         **context) -> Response:
    """A page as a response. `canonical`: its one address, as a path. `paths`: the same page by language. `listed`:
    whether search engines may show it."""
    look = seen.look
    response = make_response(render_template(
        template, seen=seen, locale=seen.locale, words=seen.words, look=look, base=settings.current().base_url,
        lang=seen.locale, direction=direction(seen.locale), canonical=canonical, paths=paths or {},
        languages=[(one, language_name(one), (paths or {}).get(one) or help_urls.home_path(one))
                   for one in seen.locales], ways=help_contact.ways(session, seen.locale),
        home=help_urls.home_path(seen.locale), search_at=help_urls.search_path(seen.locale),
        listed=listed and look.robots, style=style(look.accent), **context), status)
    response.headers["Content-Security-Policy"] = policy(look.accent)
    response.headers["Cache-Control"] = cache
    response.headers["Content-Language"] = seen.locale
    if not (listed and look.robots):
        response.headers["X-Robots-Tag"] = "noindex"
    if status == 200 and cache == CACHED:
        response.last_modified = max(filter(None, (changed_at, look.changed_at)), default=None)
        response.add_etag()
    return response


def kept(make: Callable[[], tuple[Response, int]]) -> tuple[Response, int]:
    """What make() gives for this address, a page and the article in it (0 for none), from memory while it is the same.
    Who asks with what they have, and has it still, is answered by 304."""
    with db.reading() as session:
        version = (str(session.get_bind().url), settings.current().base_url, *help_shelves.version(session))
    found = _kept.get(request.path)
    if found is None or found.version != version or found.until < time.monotonic():
        response, article_id = make()
        found = _Page(version, time.monotonic() + KEPT_SECONDS, response.get_data(), list(response.headers), article_id)
        if response.status_code != 200:
            return response, article_id
        _kept[request.path] = found
        while len(_kept) > KEPT:
            _kept.pop(next(iter(_kept)), None)
    return Response(found.body, headers=found.headers).make_conditional(request), found.article_id


def readers_pages(name: str) -> Blueprint:
    """A blueprint of pages for readers: what is missing, refused or tried too often is said in their language, and no
    other site's form arrives."""
    pages = Blueprint(name, __name__.replace("help_frame", name))
    pages.register_error_handler(NotFound, _missing)
    pages.register_error_handler(TooMany, _too_often)
    pages.before_request(_refuse_other_sites)
    return pages


def _refuse_other_sites() -> None:
    site = request.headers.get("Sec-Fetch-Site")
    if request.method == "POST" and site and site not in ("same-origin", "none"):
        raise Forbidden("This request came from another site.")


def _missing(error: NotFound):
    """An old address leads to where the article is now; else a page with a search."""
    with db.reading() as session:
        if to := help_centre.look(session).on and help_shelves.moved(session, request.path):
            return permanently(to)
        return _said(session, error, "help/gone.html")


def _too_often(error: TooMany):
    with db.reading() as session:
        return _said(session, error, "help/too_often.html")


def _said(session: Session, error: HelpdeskError, template: str):
    try:
        seen = frame(session, (request.view_args or {}).get("locale", ""))
    except NotFound:
        return errors.answer(error.status, str(error))
    response = show(session, seen, template, status=error.status, cache=PRIVATE, listed=False,
                    shelves=help_shelves.shelves(session, seen.locale, seen.look.default_locale))
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def permanently(to: str) -> Response:
    """A redirect for good."""
    response = make_response("", 301)
    response.headers.update({"Location": to, "Cache-Control": "public, max-age=3600"})
    return response


def language_name(locale: str) -> str:
    """A language in its own words: Español."""
    try:
        return (Locale.parse(locale, sep="-").get_display_name() or locale).capitalize()
    except (UnknownLocaleError, ValueError):
        return locale


def date(moment: datetime, locale: str) -> str:
    """A day as the reader's language writes it."""
    return format_date(moment.astimezone(rendering.zone()), "long", locale=Locale.parse(texts.closest(locale), sep="-"))


@lru_cache(maxsize=64)
def style(accent: str) -> str:
    """The house's colour, for light and dark paper, as the only style that stands in a page."""
    return (f":root{{--brand:{accent};--on-brand:{text_on(accent)};--link-light:{readable(accent, '#ffffff')};"
            f"--link-dark:{readable(accent, '#191d24', 6)}}}")


@lru_cache(maxsize=64)
def policy(accent: str) -> str:
    """The pages' Content-Security-Policy: our own files, and the one style of `style`."""
    digest = base64.b64encode(hashlib.sha256(style(accent).encode()).digest()).decode()
    return (f"default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{digest}'; img-src 'self' data:; "
            "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
            "object-src 'none'; frame-ancestors 'none'")


def accepted(header: str, there: Sequence[str], otherwise: str) -> str:
    """The language among `there` that a browser likes best (RFC 9110, Accept-Language)."""
    wanted = []
    for number, part in enumerate(header[:500].split(",")[:20]):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if LOCALE.fullmatch(name) and weight > 0:
            wanted.append((-weight, number, name))
    for _, _, name in sorted(wanted):
        found = help_shelves.nearest(name, there, "?")
        if found != "?":
            return found
    return otherwise
