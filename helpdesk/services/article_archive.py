"""Deleting an article in two steps: into the archive, from where it can be had back, and then for good."""
from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.errors import Invalid
from helpdesk.models import Article, ArticleVersion, AssistantTurn
from helpdesk.services import article_clock


def archive(session: Session, article: Article, actor: str) -> None:
    """Take an article from its readers and out of the lists. Its text, phrasings, history and counts stay."""
    if article.archived_at:
        return
    moment = article_clock.moment(session)
    article.archived_at, article.published, article.updated_at = moment, False, moment
    session.execute(update(ArticleVersion).where(
        ArticleVersion.article_id == article.id, ArticleVersion.published_at.is_(None)).values(publish_at=None)
        .execution_options(synchronize_session="fetch"))
    _note(session, f"archived {article.title}", actor)


def bring_back(session: Session, article: Article, published: bool, actor: str) -> None:
    """Out of the archive: `published` as it was, or as a draft."""
    if not article.archived_at:
        return
    article.archived_at, article.published = None, published and article.published_at is not None
    article.updated_at = article_clock.moment(session)
    _note(session, f"brought back {article.title}", actor)


def delete(session: Session, article: Article, actor: str) -> None:
    """Remove an archived article for good, with its questions and versions. Raises Invalid when it is not archived."""
    if not article.archived_at:
        raise Invalid("Only what is in the archive can be deleted for good.")
    remove(session, article, actor)


def remove(session: Session, article: Article, actor: str) -> None:
    """Remove an article and its questions. What the assistant did with it stays on the tickets, without the link; of
    its translations the oldest becomes the original."""
    session.execute(update(AssistantTurn).where(AssistantTurn.article_id == article.id).values(article_id=None))
    translations = session.scalars(select(Article).where(Article.original_id == article.id).order_by(Article.id)).all()
    for one in translations:
        one.original_id = None if one is translations[0] else translations[0].id
    session.flush()
    title = article.title
    session.delete(article)
    session.flush()
    _note(session, f"deleted {title}", actor)


def _note(session: Session, detail: str, actor: str) -> None:
    events.record(session, events.SettingsChanged(what="article", detail=detail), actor=actor)
