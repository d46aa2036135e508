"""What pages tell search engines in their own vocabulary (schema.org). Plain data: the templates write it as JSON in
which no character can end the element."""
from __future__ import annotations

from collections.abc import Sequence

from helpdesk import settings
from helpdesk.models import Article
from helpdesk.services import help_urls
from helpdesk.services.help_shelves import Shelf
from helpdesk.web.help_frame import Frame
from helpdesk.web.help_text import description


def home(seen: Frame) -> dict:
    """The help centre as a site that can be searched."""
    url = _whole(help_urls.home_path(seen.locale))
    search = _whole(help_urls.search_path(seen.locale)) + "?q={q}"
    return _graph({"@type": "WebSite", "@id": url, "url": url, "name": seen.title, "inLanguage": seen.locale,
                   "potentialAction": {"@type": "SearchAction", "target": search, "query-input": "required name=q"}})


def category(seen: Frame, shelf: Shelf, answers: Sequence[tuple[str, str, str]]) -> dict:
    """A page of questions: (title, path, answer in short) of each, as the page shows them."""
    return _graph(_crumbs(seen, (shelf.name, shelf.path)), {
        "@type": "FAQPage", "url": _whole(shelf.path), "name": shelf.name, "inLanguage": seen.locale,
        "mainEntity": [{"@type": "Question", "name": title, "url": _whole(path), "acceptedAnswer": {
            "@type": "Answer", "text": text, "url": _whole(path)}} for title, path, text in answers]})


def article(seen: Frame, one: Article, shelf: Shelf | None) -> dict:
    """One answer, and the way to it."""
    path = help_urls.article_path(one.locale, one.slug)
    crumbs = ([(shelf.name, shelf.path)] if shelf else []) + [(one.title, path)]
    return _graph(_crumbs(seen, *crumbs), {
        "@type": "Article", "headline": one.title[:110], "description": description(one.summary, one.body),
        "url": _whole(path), "mainEntityOfPage": _whole(path), "inLanguage": one.locale,
        "datePublished": (one.published_at or one.created_at).isoformat(timespec="seconds"),
        "dateModified": one.updated_at.isoformat(timespec="seconds"),
        "author": {"@type": "Organization", "name": settings.current().company_name},
        "publisher": {"@type": "Organization", "name": settings.current().company_name}})


def _graph(*things: dict) -> dict:
    return {"@context": "https://schema.org", "@graph": list(things)}


def _crumbs(seen: Frame, *steps: tuple[str, str]) -> dict:
    all_steps = [(seen.title, help_urls.home_path(seen.locale)), *steps]
    return {"@type": "BreadcrumbList", "itemListElement": [
        {"@type": "ListItem", "position": number, "name": name, "item": _whole(path)}
        for number, (name, path) in enumerate(all_steps, 1)]}


def _whole(path: str) -> str:
    return settings.current().base_url + path
