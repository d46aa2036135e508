"""An article as it is sent: words for every medium, HTML for mail, its pictures as files where there is no HTML."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Button, Can
from helpdesk import settings
from helpdesk.models import Article, ArticlePicture
from helpdesk.services import help_urls, markdown, needs
from helpdesk.services.files import StoredFile

PICTURES = 3                # of one answer; more are a page to read, not a message
FORMATTED = re.compile(r"<(?!/?(?:p|br)\b)")


@dataclass(frozen=True)
class Section:
    """One article of an answer, its places filled in. `url`: where everybody can read it; '' when nowhere."""
    article: Article
    text: str
    html: str
    url: str

    @classmethod
    def of(cls, session: Session, article: Article, values: Mapping[str, str], passage: str = "",
           first: str = "") -> Section:
        """An article with the values of its places, or only a passage of it; `first` stands before it."""
        base, body = settings.current().base_url, needs.filled(article.body, values)
        text = passage or markdown.plain(body, locale=article.locale, base=base)
        html = f"<p>{escape(passage)}</p>" if passage else markdown.html(body, locale=article.locale, base=base)
        if first:
            text, html = f"{first}\n\n{text}", f"<p>{escape(first)}</p>\n{html}"
        return cls(article, text, html, help_urls.article_url(session, article))


def as_text(sections: Sequence[Section], more: Sequence[str] = ()) -> str:
    """Each article under its title, then further sentences."""
    return "\n\n".join([*(f"{one.article.title}\n\n{one.text}" for one in sections), *more])


def as_html(sections: Sequence[Section], more: Sequence[str], buttons: Sequence[Button]) -> str:
    """The same for a mail, with the buttons as the numbered lines that its reader answers with; '' where nothing is
    designed, so that a plain text goes out as one."""
    if not any(FORMATTED.search(one.html) for one in sections):
        return ""
    parts = [f"<h2>{escape(one.article.title)}</h2>\n{one.html}" for one in sections]
    parts += [f"<p>{_linked(sentence)}</p>" for sentence in more]
    if buttons:
        parts.append("<ol>" + "".join(f"<li>{escape(button.label)}</li>" for button in buttons) + "</ol>")
    return "\n".join(parts)


def pictures(session: Session, sections: Sequence[Section], can: Can) -> tuple[list[StoredFile], list[Section]]:
    """The pictures of the articles, for a medium that carries files but no HTML; and the articles of which one has to
    stay behind, because the medium takes none, or none so large, or it is one too many."""
    tokens = {token: one for one in sections for token in markdown.pictures(one.article.body)}
    found = {one.token: one for one in session.scalars(select(ArticlePicture).where(
        ArticlePicture.token.in_(tokens)))} if tokens else {}
    carried = [one for token in tokens if (one := found.get(token)) and can.files
               and (not can.file_limit or one.size <= can.file_limit)][:PICTURES]
    behind = found.keys() - {one.token for one in carried}
    return ([StoredFile.of(one) for one in carried],
            [one for one in sections if any(tokens[token] is one for token in behind)])


def _linked(sentence: str) -> str:
    return re.sub(r"https?://[^\s<>\"]+", lambda url: f'<a href="{url[0]}">{url[0]}</a>', escape(sentence))
