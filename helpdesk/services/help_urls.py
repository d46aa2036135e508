"""Which articles the world may read, and at which addresses. Whatever shows an article to the public asks here."""
from __future__ import annotations

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from helpdesk import settings
from helpdesk.models import Article
from helpdesk.services import help_centre

ROOT = "/help"
# Neither a draft, nor for people of the house, nor for customers who proved who they are.
PUBLIC: ColumnElement[bool] = and_(Article.published, Article.audience == "public", Article.about_account.is_(False))


def is_public(article: Article) -> bool:
    """The same as PUBLIC, of an article that is at hand."""
    return bool(article.published and article.audience == "public" and not article.about_account)


def article_url(session: Session, article: Article) -> str:
    """Where everybody can read an article, as a whole address; '' when it is not public, or there is no help centre."""
    if not is_public(article) or not help_centre.look(session).on:
        return ""
    return settings.current().base_url + article_path(article.locale, article.slug)


def home_url(session: Session, locale: str = "") -> str:
    """Where the help centre begins, as a whole address; '' when there is none, or nothing in it."""
    if not help_centre.look(session).on or session.scalar(select(Article.id).where(PUBLIC).limit(1)) is None:
        return ""
    return settings.current().base_url + (home_path(locale) if locale else ROOT)


def home_path(locale: str) -> str:
    """The first page in a language."""
    return f"{ROOT}/{locale}/"


def category_path(locale: str, slug: str) -> str:
    """A category's page."""
    return f"{ROOT}/{locale}/c/{slug}"


def article_path(locale: str, slug: str) -> str:
    """An article's page."""
    return f"{ROOT}/{locale}/{slug}"


def search_path(locale: str) -> str:
    """The page that searches."""
    return f"{ROOT}/{locale}/search"
