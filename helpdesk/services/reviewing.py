"""Deciding on open questions, a whole group or some of them at once: a phrasing of an article, a new article, or
nothing to answer. Each decision can be taken back."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid
from helpdesk.models import Agent, Article, Message, OpenQuestion, QuestionGroup, Ticket
from helpdesk.services import article_archive, articles, open_questions, phrasings, question_groups
from helpdesk.services.words import words

PAGE, EXAMPLES = 12, 5
TITLE_LIMIT, BODY_LIMIT = 200, 10_000
NO_ANSWER = "Write the answer here. Nobody who was asked this has answered it yet."
DID = {"added": "added {n} to “{title}”", "drafted": "began “{title}” with {n}", "ignored": "set {n} aside"}


@dataclass(frozen=True)
class Filters:
    """What of the queue is shown; `sort` is size or newest."""
    locale: str = ""
    source: str = ""
    sort: str = "size"


@dataclass(frozen=True)
class Group:
    """Open questions that mean the same. `key` is their group's id, or minus the id of one that is in none yet."""
    key: int
    title: str
    locale: str
    size: int
    newest_at: datetime
    questions: Sequence[OpenQuestion]       # the newest ones
    more: Sequence[int]                     # the ids of the others


@dataclass(frozen=True)
class Decided:
    """What came of a decision: `ids` were decided, `late` had been before, by `who`."""
    ids: tuple[int, ...]
    late: int = 0
    who: str = ""
    article: Article | None = None


KEY = func.coalesce(OpenQuestion.group_id, -OpenQuestion.id)


def waiting(session: Session) -> int:
    """How many groups wait to be looked at."""
    return session.scalar(select(func.count(KEY.distinct())).where(*_open(Filters())))


def groups(session: Session, filters: Filters, number: int = 1) -> tuple[list[Group], int]:
    """One page of the queue, the largest or the newest first, and how many groups there are."""
    size, newest = func.count().label("size"), func.max(OpenQuestion.created_at).label("newest")
    order = (newest.desc(), size.desc()) if filters.sort == "newest" else (size.desc(), newest.desc())
    found = select(KEY.label("key"), size, newest).where(*_open(filters)).group_by(KEY)
    count = session.scalar(select(func.count()).select_from(found.subquery()))
    rows = session.execute(found.order_by(*order, KEY).limit(PAGE).offset((number - 1) * PAGE)).all()
    return [_group(session, filters, row) for row in rows], count


def choices(session: Session) -> tuple[list[str], list[str]]:
    """The languages and sources that occur in the queue."""
    return tuple(sorted(session.scalars(select(column).where(*_open(Filters())).distinct()))
                 for column in (OpenQuestion.locale, OpenQuestion.source))


def of_group(session: Session, key: int, filters: Filters) -> list[int]:
    """The ids of all open questions of a group that these filters show."""
    return list(session.scalars(select(OpenQuestion.id).where(KEY == key, *_open(filters)).order_by(OpenQuestion.id)))


def texts(session: Session, ids: Sequence[int]) -> list[str]:
    """What these ask."""
    return list(session.scalars(select(OpenQuestion.text).where(OpenQuestion.id.in_(ids)).order_by(OpenQuestion.id)))


def add(session: Session, ids: Sequence[int], article: Article, actor: str) -> Decided:
    """Make them phrasings of the article. Those that lead to another article already are left open. Raises Invalid
    when nothing was chosen, Conflict when others decided on all of them."""
    chosen, late = _take(session, ids)
    done, why = [], None
    for one in chosen:
        try:
            phrasings.add(session, article, one.text)
        except (Conflict, Invalid) as error:
            why = error
        else:
            done.append(one)
    if not done and why:
        raise why
    return _decide(session, done, late, "added", article, actor)


def draft(session: Session, ids: Sequence[int], actor: str) -> Decided:
    """A new article that nobody reads yet: the question as its title, the others as phrasings, and as its text what an
    agent answered one of them."""
    chosen, late = _take(session, ids)
    first = chosen[0]
    group = session.get(QuestionGroup, first.group_id) if first.group_id else None
    title = group.title if group and any(words(group.title) == words(one.text) for one in chosen) else first.text
    article = articles.create(session, title=title[:TITLE_LIMIT], body=_answered(session, chosen) or NO_ANSWER,
                              questions=[one.text for one in chosen], locale=first.locale, published=False,
                              actor=actor)
    for question in article.questions:
        question.source = phrasings.LEARNED
    return _decide(session, chosen, late, "drafted", article, actor)


def ignore(session: Session, ids: Sequence[int], actor: str) -> Decided:
    """No article shall answer them."""
    chosen, late = _take(session, ids)
    return _decide(session, chosen, late, "ignored", None, actor)


def undo(session: Session, ids: Sequence[int], actor: str) -> int:
    """Open them again: learned phrasings go, and a draft that nobody has worked on. Returns how many were taken back.
    Raises Conflict when the draft has been worked on."""
    chosen = [one for one in _locked(session, ids) if one.state != "open"]
    drafts = {one.article_id for one in chosen if one.state == "drafted" and one.article_id}
    for one in chosen:
        if one.state == "added" and one.article_id and (article := session.get(Article, one.article_id)):
            phrasings.remove(session, article, one.text)
    for article in session.scalars(select(Article).where(Article.id.in_(drafts))):
        if article.published or article.updated_at > max(one.decided_at for one in chosen):
            raise Conflict(f"“{article.title}” has been worked on since. Delete it there if it is not wanted.")
        article_archive.remove(session, article, actor)
    for one in chosen:
        one.state, one.article_id, one.decided_by, one.decided_at = "open", None, "", None
    session.flush()
    _tell(session, chosen, actor, f"took back {len(chosen)} decisions" if chosen else "")
    return len(chosen)


def _open(filters: Filters) -> list:
    conditions = [OpenQuestion.state == "open", OpenQuestion.text != ""]
    if filters.locale:
        conditions.append(OpenQuestion.locale == filters.locale)
    if filters.source:
        conditions.append(OpenQuestion.source == filters.source)
    return conditions


def _group(session: Session, filters: Filters, row) -> Group:
    questions = session.scalars(_members(filters, row.key).limit(EXAMPLES)).all()
    shown = {one.id for one in questions}
    more = [one for one in of_group(session, row.key, filters) if one not in shown] if row.size > EXAMPLES else []
    group = session.get(QuestionGroup, row.key) if row.key > 0 else None
    return Group(row.key, group.title if group and group.title else questions[0].text, questions[0].locale, row.size,
                 row.newest, questions, more)


def _members(filters: Filters, key: int) -> Select:
    return select(OpenQuestion).where(KEY == key, *_open(filters)).order_by(OpenQuestion.id.desc())


def _locked(session: Session, ids: Sequence[int]) -> list[OpenQuestion]:
    return list(session.scalars(select(OpenQuestion).where(OpenQuestion.id.in_(ids)).order_by(OpenQuestion.id)
                                .with_for_update().execution_options(populate_existing=True)))


def _take(session: Session, ids: Sequence[int]) -> tuple[list[OpenQuestion], list[OpenQuestion]]:
    """(those still open, those that others have decided on), locked."""
    found = _locked(session, ids)
    if not ids:
        raise Invalid("Tick at least one question.")
    still = [one for one in found if one.state == "open"]
    late = [one for one in found if one.state != "open"]
    if not still:
        raise Conflict(_was_faster(session, late))
    return still, late


def _was_faster(session: Session, late: Sequence[OpenQuestion]) -> str:
    if not late:
        return "These questions are no longer there."
    last = max(late, key=lambda one: one.decided_at)
    article = session.get(Article, last.article_id) if last.article_id else None
    did = DID[last.state].format(n="this" if len(late) == 1 else "these", title=article.title if article else "")
    return f"{_name(session, last.decided_by)} was faster and {did}."


def _decide(session: Session, chosen: list[OpenQuestion], late: list[OpenQuestion], state: str,
            article: Article | None, actor: str) -> Decided:
    at = max(now(), article.updated_at) if article else now()      # an article's time runs ahead when the clock stands
    for one in chosen:
        one.state, one.article_id = state, article.id if article else None
        one.decided_by, one.decided_at = actor, at
    session.flush()
    n = "a question" if len(chosen) == 1 else f"{len(chosen)} questions"
    _tell(session, chosen, actor, DID[state].format(n=n, title=article.title if article else ""))
    who = _name(session, max(late, key=lambda one: one.decided_at).decided_by) if late else ""
    return Decided(tuple(one.id for one in chosen), len(late), who, article)


def _tell(session: Session, chosen: Sequence[OpenQuestion], actor: str, detail: str) -> None:
    question_groups.count(session, [one.group_id for one in chosen])
    if detail:
        events.record(session, events.SettingsChanged(what="questions", detail=detail), actor=actor)
    db.tell(session, "agents", "review")


def _name(session: Session, actor: str) -> str:
    kind, _, number = actor.partition(":")
    agent = session.get(Agent, int(number)) if kind == "agent" and number.isdigit() else None
    return agent.name if agent else "Somebody"


def _answered(session: Session, chosen: Sequence[OpenQuestion]) -> str:
    """What an agent wrote next after one of these messages; from a resolved ticket, and lately, before others."""
    asked = {one.message_id: one for one in chosen if one.message_id}
    rows = session.execute(select(Message.id, Message.ticket_id, Message.seq, Ticket).join(
        Ticket, Ticket.id == Message.ticket_id).where(Message.id.in_(asked)).order_by(
        case((Ticket.resolved_at.is_not(None), 0), else_=1), Message.id.desc())).all()
    for _, ticket_id, seq, ticket in rows:
        answer = session.scalar(select(Message).where(
            Message.ticket_id == ticket_id, Message.seq > seq, Message.direction == "out", Message.kind == "message",
            Message.author_kind == "agent").order_by(Message.seq).limit(1))
        if answer and answer.text.strip():
            return open_questions.without_names(session, ticket, answer.text)[:BODY_LIMIT]
    return ""
