"""What machines ask the help centre for: the site map, robots.txt, the logo; and addresses of another help centre that
was read here before."""
from __future__ import annotations

from collections import defaultdict
from xml.sax.saxutils import escape

from flask import Blueprint, Response, make_response, request
from werkzeug.exceptions import NotFound as NoRoute

from helpdesk import db, settings
from helpdesk.errors import NotFound
from helpdesk.services import help_centre, help_shelves, help_urls
from helpdesk.web import errors, help_frame
from helpdesk.web.access import public

pages = Blueprint("help_files", __name__)

PER_MAP = 5_000             # addresses in one file; the protocol takes 50,000 (sitemaps.org)
HOUR = "public, max-age=3600"
YEAR = "public, max-age=31536000, immutable"
NAMESPACES = ('xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
              'xmlns:xhtml="http://www.w3.org/1999/xhtml"')


@pages.get("/robots.txt")
@public
def robots() -> Response:
    """The help centre alone may be listed, where the house wants that."""
    with db.reading() as session:
        look = help_centre.look(session)
    lines = ["User-agent: *"]
    if look.on and look.robots:
        lines += ["Allow: /help", "Allow: /static/", "Disallow: /help/*/search", "Disallow: /help/*/feedback"]
    lines.append("Disallow: /")
    if look.on and look.robots:
        lines.append(f"Sitemap: {settings.current().base_url}/help/sitemap.xml")
    return _file("\n".join(lines) + "\n", "text/plain; charset=utf-8")


@pages.get("/help/sitemap.xml")
@public
def sitemap() -> Response:
    """The index of the site maps."""
    base = settings.current().base_url
    with db.reading() as session:
        parts = max(1, -(-len(_urls(session)) // PER_MAP))
    entries = "".join(f"<sitemap><loc>{escape(base)}/help/sitemap-{number}.xml</loc></sitemap>"
                      for number in range(1, parts + 1))
    return _xml(f"<sitemapindex {NAMESPACES.partition(' ')[0]}>{entries}</sitemapindex>")


@pages.get("/help/sitemap-<int:number>.xml")
@public
def sitemap_part(number: int) -> Response:
    """Addresses with their last change and the same page in other languages."""
    with db.reading() as session:
        urls = _urls(session)[(number - 1) * PER_MAP:number * PER_MAP] if number > 0 else []
    if not urls:
        raise NotFound("There is no such part.")
    return _xml(f"<urlset {NAMESPACES}>{''.join(urls)}</urlset>")


@pages.get("/help/logo-<mark>")
@public
def logo(mark: str) -> Response:
    """The house's picture; another one has another address."""
    with db.reading() as session:
        if help_centre.look(session).logo != mark:
            raise NotFound("There is no such logo.")
        kind, picture = help_centre.logo(session)
    response = make_response(picture)
    response.headers.update({"Content-Type": kind, "Cache-Control": YEAR, "Content-Security-Policy":
                             "default-src 'none'; sandbox", "Cross-Origin-Resource-Policy": "cross-origin"})
    return response


@pages.app_errorhandler(NoRoute)
def elsewhere(error: NoRoute):
    """An address that is nothing here may be one of the help centre that the articles came from."""
    if request.method in ("GET", "HEAD") and request.url_rule is None and len(request.path) <= 300:
        with db.reading() as session:
            if help_centre.look(session).on and (to := help_shelves.moved(session, request.path)):
                return help_frame.permanently(to)
    return errors.answer(404, error.description or "")


def _urls(session) -> list[str]:
    """One <url> for each page that search engines may list. Raises NotFound where they may not."""
    look = help_centre.look(session)
    if not look.on or not look.robots:
        raise NotFound("There is no site map.")
    base = settings.current().base_url
    groups: dict[int, dict[str, str]] = defaultdict(dict)
    listed = help_shelves.listed(session)
    for locale, slug, root, _ in listed:
        groups[root].setdefault(locale, help_urls.article_path(locale, slug))
    locales = help_shelves.locales(session, look.default_locale)
    homes = {one: help_urls.home_path(one) for one in locales}
    urls = [_url(base, path, homes, None) for path in homes.values()]
    for locale in locales:
        urls += [_url(base, shelf.path, {}, None)
                 for shelf in help_shelves.shelves(session, locale, look.default_locale)]
    urls += [_url(base, help_urls.article_path(locale, slug), groups[root], changed_at)
             for locale, slug, root, changed_at in listed]
    return urls


def _url(base: str, path: str, alternates: dict[str, str], changed_at) -> str:
    links = "".join(f'<xhtml:link rel="alternate" hreflang="{escape(locale)}" href="{escape(base + other)}"/>'
                    for locale, other in sorted(alternates.items())) if len(alternates) > 1 else ""
    changed = f"<lastmod>{changed_at.isoformat(timespec='seconds')}</lastmod>" if changed_at else ""
    return f"<url><loc>{escape(base + path)}</loc>{changed}{links}</url>"


def _xml(inner: str) -> Response:
    return _file(f'<?xml version="1.0" encoding="UTF-8"?>\n{inner}\n', "application/xml; charset=utf-8")


def _file(text: str, kind: str) -> Response:
    response = make_response(text)
    response.headers.update({"Content-Type": kind, "Cache-Control": HOUR})
    response.add_etag()
    return response.make_conditional(request)
