"""An article as a page shows it: its HTML, made once, and the headings that lead into it."""
from __future__ import annotations

from functools import lru_cache
from html import unescape

from markupsafe import Markup

from helpdesk.models import Article
from helpdesk.services import markdown

CONTENTS_FROM = 3           # headings from which an article has a table of contents
DESCRIPTION = 160


def body(article: Article) -> tuple[Markup, tuple[markdown.Heading, ...]]:
    """(HTML, headings of the two upper levels; none for a short article)."""
    return _body(article.body, article.locale, tuple(
        (one.token, one.width, one.height) for one in article.pictures if one.width and one.height))


@lru_cache(maxsize=512)
def _body(text: str, locale: str, sizes: tuple) -> tuple[Markup, tuple[markdown.Heading, ...]]:
    made = markdown.html(text, locale=locale, sizes={token: (width, height) for token, width, height in sizes})
    headings = tuple(one for one in markdown.headings(text) if one.level <= 3)
    return Markup(made), headings if len(headings) >= CONTENTS_FROM else ()


@lru_cache(maxsize=4096)
def description(summary: str, text: str) -> str:
    """What search engines and lists say of an article: its summary, else how it begins."""
    return summary or unescape(markdown.excerpt(text, DESCRIPTION))
