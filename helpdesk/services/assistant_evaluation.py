"""How well the assistant would do with the house's own articles: asked for, computed by a process of its own
(helpdesk.matching.evaluating), kept as one row of figures."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import settings
from helpdesk.clock import now
from helpdesk.matching import encoders
from helpdesk.matching.curve import Point
from helpdesk.models import Article, AssistantEvaluation, Question
from helpdesk.services import confidence_fits, tasks

LOST = timedelta(minutes=15)        # whoever computed it is gone
SMALLEST = 2                        # articles with which there is something to mix up


def ask(session: Session, actor: str) -> AssistantEvaluation:
    """Have it computed. One that goes on is the same one."""
    if there := going_on(session):
        return there
    row = AssistantEvaluation(actor=actor)
    session.add(row)
    session.flush()
    tasks.plan(session, "jobs.assistant_evaluation.begin", None, {"evaluation_id": row.id})
    return row


def going_on(session: Session) -> AssistantEvaluation | None:
    """One that was asked for and is not there yet."""
    return session.scalar(select(AssistantEvaluation).where(
        AssistantEvaluation.state.in_(("waiting", "running")), AssistantEvaluation.created_at > now() - LOST)
        .order_by(AssistantEvaluation.id.desc()).limit(1))


def latest(session: Session, state: str = "done") -> AssistantEvaluation | None:
    """The newest one in this state."""
    return session.scalar(select(AssistantEvaluation).where(AssistantEvaluation.state == state)
                          .order_by(AssistantEvaluation.id.desc()).limit(1))


def begin(session: Session, evaluation_id: int) -> bool:
    """Whether it is still to be computed; it is said to be running from now on."""
    row = session.get(AssistantEvaluation, evaluation_id, with_for_update=True)
    if row is None or row.state != "waiting":
        return False
    row.state = "running"
    return True


def done(session: Session, evaluation_id: int, figures: dict, error: str = "") -> None:
    """It is computed, or could not be."""
    if row := session.get(AssistantEvaluation, evaluation_id, with_for_update=True):
        row.figures, row.error, row.finished_at = figures, error[-2_000:], now()
        row.state = "failed" if error else "done"


def task(session: Session, questions: Sequence[dict] | None = None) -> dict:
    """What helpdesk.matching.evaluating takes: the articles that customers may be told, and how they are matched."""
    return {"entries": entries(session), "encoders": encoders.chosen(settings.current().assistant_encoders),
            "own": confidence_fits.in_use(session), "questions": None if questions is None else list(questions)}


def entries(session: Session) -> list[dict]:
    """The articles of the assistant; `group` is the same for translations of one another."""
    told = (Article.published, Article.audience == "public", Article.for_assistant)
    rows = session.execute(select(Article.id, Article.title, Article.body, Article.locale, Article.original_id)
                           .where(*told).order_by(Article.id)).all()
    asked: dict[int, list[str]] = {row.id: [] for row in rows}
    for article_id, text in session.execute(select(Question.article_id, Question.text).join(Article).where(*told)
                                            .order_by(Question.id)):
        asked[article_id].append(text)
    return [{"id": row.id, "question": row.title, "alternatives": asked[row.id], "answer": row.body,
             "locale": row.locale.split("-")[0], "group": row.original_id or row.id} for row in rows]


def points(figures: dict) -> list[Point]:
    """The curve of stored figures."""
    return [Point(*one) for one in figures.get("curve", ())]
