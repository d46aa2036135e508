"""Where an article is read: its slug, unique in its language, and the older addresses that lead to it."""
from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk.errors import Invalid
from helpdesk.models import Article, ArticleRedirect
from helpdesk.services import help_urls, slugs
from helpdesk.services.article_fields import Fields

PATH_LIMIT = 300


def settle(session: Session, article: Article, fields: Fields) -> None:
    """Give the article the address that the form asks for, or one made from its title. A changed address of an article
    that exists is kept as a redirect. Raises Invalid when another article has it."""
    before = (article.locale, article.slug) if article.slug else None
    wanted = fields.slug or article.slug
    if not wanted or fields.locale != article.locale and not fields.slug:
        wanted = slugs.free(fields.title, _taken_by_another(session, fields.locale, article.id))
    if before == (fields.locale, wanted):
        return
    if wanted in slugs.PAGES:
        raise Invalid(f"“{wanted}” is a page of the help centre itself. Choose another address.")
    if _taken_by_another(session, fields.locale, article.id)(wanted):
        raise Invalid(f"Another article has the address “{wanted}” already. Choose another one.")
    article.slug = wanted
    session.execute(delete(ArticleRedirect).where(ArticleRedirect.path == own_path(fields.locale, wanted)))
    if before and article.id:
        remember(session, article.id, own_path(*before))


def own_path(locale: str, slug: str) -> str:
    """The path of an article in our own help centre."""
    return help_urls.article_path(locale, slug)


def remember(session: Session, article_id: int, address: str) -> None:
    """From now on this address, a path or a whole URL, leads to the article, wherever it led before."""
    path = path_of(address)
    if path:
        session.merge(ArticleRedirect(path=path, article_id=article_id))


def path_of(address: str) -> str:
    """The path of an address as it is kept: without host, query, anchor and last slash; '' when that says nothing."""
    path = unquote(urlsplit(address.strip()).path).rstrip("/")
    return path if path.startswith("/") and len(path) <= PATH_LIMIT else ""


def _taken_by_another(session: Session, locale: str, article_id: int | None) -> Callable[[str], bool]:
    def taken(slug: str) -> bool:
        if slug in slugs.PAGES:
            return True
        found = session.scalar(select(Article.id).where(Article.locale == locale, Article.slug == slug))
        return found is not None and found != article_id
    return taken
