"""Help texts and the questions that lead to them."""
from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session, selectinload

from helpdesk import events
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Article, AssistantTurn, Question
from helpdesk.services.matching import Index, Match, Phrasing
from helpdesk.services.words import words

TITLE_LIMIT, BODY_LIMIT, QUESTION_LIMIT, QUESTIONS_LIMIT = 200, 10_000, 500, 500
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")

_built: tuple[tuple, Index] | None = None      # the version it was built from, and the index


def create(session: Session, *, title: str, body: str, questions: Sequence[str] = (), locale: str = "en",
           published: bool = True, actor: str = "system") -> Article:
    """A new article. Raises Invalid with what to correct."""
    article = Article()
    _fill(session, article, title, body, questions, locale, published)
    session.flush()
    events.record(session, events.SettingsChanged(what="article", detail=f"wrote {article.title}"), actor=actor)
    return article


def change(session: Session, article: Article, *, title: str, body: str, questions: Sequence[str], locale: str,
           published: bool, actor: str) -> None:
    """Store what a form says. Raises Invalid with what to correct."""
    _fill(session, article, title, body, questions, locale, published)
    session.flush()
    events.record(session, events.SettingsChanged(what="article", detail=f"changed {article.title}"), actor=actor)


def publish(session: Session, article: Article, published: bool, actor: str) -> None:
    """Let the assistant use an article, or not. The same again does nothing."""
    if article.published == published:
        return
    article.published, article.updated_at = published, _moment(session)
    verb = "published" if published else "withdrew"
    events.record(session, events.SettingsChanged(what="article", detail=f"{verb} {article.title}"), actor=actor)


def delete(session: Session, article: Article, actor: str) -> None:
    """Remove an article and its questions. What the assistant did with it stays on the tickets, without the link."""
    session.execute(update(AssistantTurn).where(AssistantTurn.article_id == article.id).values(article_id=None))
    title = article.title
    session.delete(article)
    session.flush()
    events.record(session, events.SettingsChanged(what="article", detail=f"deleted {title}"), actor=actor)


def by_id(session: Session, article_id: int) -> Article:
    """The article. Raises NotFound."""
    article = session.get(Article, article_id)
    if article is None:
        raise NotFound("There is no such article.")
    return article


def listed(session: Session, text: str = "") -> list[Article]:
    """All articles by language and title; with a text only those that contain it in title, body or a question."""
    query = select(Article).options(selectinload(Article.questions)).order_by(Article.locale, Article.title)
    if text.strip():
        part = f"%{_escaped(text.strip())}%"
        asked = select(Question.article_id).where(Question.text.ilike(part, escape="\\"))
        query = query.where(or_(Article.title.ilike(part, escape="\\"), Article.body.ilike(part, escape="\\"),
                                Article.id.in_(asked)))
    return list(session.scalars(query))


def search(session: Session, text: str, limit: int = 5, locale: str = "") -> list[tuple[Article, Match | None]]:
    """Published articles for an agent who types: those that answer the text, then those that contain it."""
    matches = index(session).rank(text, limit, locale)
    found = {a.id: a for a in session.scalars(select(Article).where(Article.id.in_([m.article_id for m in matches])))}
    result: list[tuple[Article, Match | None]] = [(found[m.article_id], m) for m in matches if m.article_id in found]
    more = [article for article in listed(session, text) if article.published and article.id not in found]
    return (result + [(article, None) for article in more])[:limit] if text.strip() else []


def index(session: Session) -> Index:
    """The index over the published articles as this session sees them, built anew after an edit.

    Building takes time in proportion to the phrasings (about 0.3 s for a thousand), so who edits calls this once in a
    reading session after the commit.
    """
    global _built
    count, newest = session.execute(select(func.count(), func.max(Article.updated_at))).one()
    version = (str(session.get_bind().engine.url), count, newest)
    if _built is None or _built[0] != version:
        _built = (version, Index(_phrasings(session)))
    return _built[1]


def count_judgement(session: Session, article_id: int, helped: bool, by: int = 1) -> None:
    """Add to an article's helped or not-helped count. The text did not change, so neither does `updated_at`."""
    column = Article.helped if helped else Article.not_helped
    session.execute(update(Article).where(Article.id == article_id).values(
        {column: column + by, Article.updated_at: Article.updated_at}).execution_options(synchronize_session="fetch"))


def load(session: Session, text: str, actor: str = "system") -> int:
    """Create the articles of a TOML text ([[article]] title, body, locale, questions) that are not there yet, by
    language and title. Returns how many. Raises Invalid when it cannot be read."""
    try:
        listed_there = tomllib.loads(text)["article"]
        made = 0
        for item in listed_there:
            locale = item.get("locale", "en")
            if session.scalar(select(Article.id).where(Article.title == item["title"], Article.locale == locale)):
                continue
            create(session, title=item["title"], body=item["body"], questions=item.get("questions", []),
                   locale=locale, actor=actor)
            made += 1
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"These articles cannot be read: {error}") from error
    return made


def _phrasings(session: Session):
    rows = session.execute(select(Article.id, Article.title, Article.locale).where(Article.published)
                           .order_by(Article.id)).all()
    asked = session.execute(select(Question.article_id, Question.text).join(Article).where(Article.published)
                            .order_by(Question.id)).all()
    locales = {row.id: row.locale.split("-")[0] for row in rows}
    yield from (Phrasing(row.id, row.title, locales[row.id]) for row in rows)
    yield from (Phrasing(row.article_id, row.text, locales[row.article_id]) for row in asked)


def _moment(session: Session) -> datetime:
    """The time of an edit, later than every other edit even when the clock stands or was set back: the newest one
    names the version of the index."""
    newest = session.scalar(select(func.max(Article.updated_at)))
    return max(now(), newest + timedelta(microseconds=1)) if newest else now()


def _fill(session: Session, article: Article, title: str, body: str, questions: Sequence[str], locale: str,
          published: bool) -> None:
    title, body, locale = " ".join(title.split()), body.replace("\r\n", "\n").strip(), locale.strip()
    if not title or len(title) > TITLE_LIMIT:
        raise Invalid(f"Give the article a title of at most {TITLE_LIMIT} characters.")
    if not body or len(body) > BODY_LIMIT:
        raise Invalid(f"Write an answer of at most {BODY_LIMIT} characters.")
    if not LOCALE.fullmatch(locale):
        raise Invalid(f"{locale!r} is no language code; use one such as en, id or pt-BR.")
    kept: dict[str, str] = {}
    for number, line in enumerate(questions, 1):
        line = " ".join(line.split())
        if len(line) > QUESTION_LIMIT:
            raise Invalid(f"Question {number} is longer than {QUESTION_LIMIT} characters.")
        if words(line):
            kept.setdefault(" ".join(words(line)), line)
    kept.pop(" ".join(words(title)), None)
    if len(kept) > QUESTIONS_LIMIT:
        raise Invalid(f"At most {QUESTIONS_LIMIT} questions can lead to one article.")
    article.title, article.body, article.locale, article.published = title, body, locale, published
    there = {question.text: question for question in article.questions}
    article.questions = [there.get(line) or Question(text=line) for line in kept.values()]
    article.updated_at = _moment(session)
    session.add(article)


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
