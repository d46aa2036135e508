"""What readers do: which article they open, what they search for, and whether it helped."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from helpdesk import security, settings
from helpdesk.errors import NotFound
from helpdesk.models import Article, ArticleFeedback, ArticleView, HelpSearch
from helpdesk.services import articles, bounds
from helpdesk.services.help_search import QUERY_LIMIT
from helpdesk.services.help_urls import PUBLIC
from helpdesk.services.words import words

COMMENT_LIMIT = 1_000
COMMENTS = 20           # on one page
NOT_YET = ""            # the comment of a judgement before anything was said


@dataclass(frozen=True)
class View:
    """Somebody opened an article; `search_id`: from the results of that search; `typed`: from a suggestion for what
    they had typed so far, in the language `locale`."""
    article_id: int
    place: str
    at: datetime
    visitor_id: int | None = None
    search_id: int | None = None
    typed: str = ""
    locale: str = ""


def record(session: Session, views: Iterable[View]) -> None:
    """Keep a batch of them. What was deleted meanwhile is left out; the article's text did not change, so neither does
    `updated_at`."""
    views = list(views)
    there = set(session.scalars(select(Article.id).where(Article.id.in_({one.article_id for one in views}))))
    views = [one for one in views if one.article_id in there]
    if not views:
        return
    session.execute(insert(ArticleView), [
        {"article_id": one.article_id, "place": one.place, "visitor_id": one.visitor_id, "created_at": one.at}
        for one in views])
    for number, count in sorted(Counter(one.article_id for one in views).items()):
        session.execute(update(Article).where(Article.id == number).values(
            {Article.views: Article.views + count, Article.updated_at: Article.updated_at})
            .execution_options(synchronize_session=False))
    for one in views:
        if one.search_id:
            opened(session, one.search_id, one.article_id)
        elif one.typed:
            searched(session, one.typed, one.locale, one.place, 1, one.article_id)


def searched(session: Session, text: str, locale: str, place: str, found: int, opened_id: int | None = None) -> int:
    """Keep what was looked for; returns its number. Nobody is named."""
    text = bounds.clean(" ".join(text.split()))[:QUERY_LIMIT]
    folded = " ".join(words(text))[:QUERY_LIMIT]
    row = HelpSearch(text=text, folded=folded, locale=locale[:16], place=place, found=found,
                     opened_id=opened_id)
    session.add(row)
    session.flush()
    return row.id


def opened(session: Session, search_id: int, article_id: int) -> None:
    """The first article that was opened from a search."""
    session.execute(update(HelpSearch).where(HelpSearch.id == search_id, HelpSearch.opened_id.is_(None))
                    .values(opened_id=article_id))


def search_mark(search_id: int) -> str:
    """What stands in the links of a search's results, so that only they can say that one was opened."""
    return f"{search_id}.{security.sign(_key(), 'help-search', str(search_id))}"


def search_of(mark: str) -> int | None:
    """The search that a link names; None for anything that we did not make."""
    return _signed("help-search", mark)


def judge(session: Session, article_id: int, helped: bool, place: str, visitor_id: int | None = None) -> str:
    """Somebody says whether an article helped; returns a mark with which the same reader may add a comment. Raises
    NotFound for what is not public."""
    if session.scalar(select(Article.id).where(PUBLIC, Article.id == article_id)) is None:
        raise NotFound("There is no such article.")
    row = ArticleFeedback(article_id=article_id, helped=helped, comment=NOT_YET, place=place, visitor_id=visitor_id)
    session.add(row)
    session.flush()
    articles.count_judgement(session, article_id, helped)
    return f"{row.id}.{security.sign(_key(), 'help-feedback', str(row.id))}"


def comment(session: Session, mark: str, text: str) -> bool:
    """Add the words to the judgement behind `mark`, once. Whether there is such a judgement."""
    number = _signed("help-feedback", mark)
    row = session.get(ArticleFeedback, number) if number else None
    text = bounds.clean(text.replace("\r\n", "\n")).strip()[:COMMENT_LIMIT]
    if row is None or not text:
        return row is not None
    row.comment = row.comment or text
    return True


def comments(session: Session, article_id: int, before: int | None = None) -> tuple[list[ArticleFeedback], int | None]:
    """What readers wrote about an article, newest first, a page of COMMENTS; and the id to go on from, None at the
    end."""
    query = select(ArticleFeedback).where(ArticleFeedback.article_id == article_id, ArticleFeedback.comment != "")
    if before:
        query = query.where(ArticleFeedback.id < before)
    rows = list(session.scalars(query.order_by(ArticleFeedback.id.desc()).limit(COMMENTS + 1)))
    return rows[:COMMENTS], rows[COMMENTS - 1].id if len(rows) > COMMENTS else None


def _signed(purpose: str, mark: str) -> int | None:
    number, _, signature = mark.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 15):
        return None
    return int(number) if security.signed(_key(), signature, purpose, number) else None


def _key() -> bytes:
    return settings.current().secret().encode()
