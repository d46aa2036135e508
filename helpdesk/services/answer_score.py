"""The confidence from which the assistant answers by itself: what an admin chose in the console, else the setting.

A choice is made by looking at what share of answers may be wrong (helpdesk.services.assistant_evaluation); both numbers
are kept, so that the page can say later what was promised.
"""
from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from helpdesk import events, settings
from helpdesk.errors import Invalid
from helpdesk.models import SystemState

KEY = "assistant_answer_score"


@dataclass(frozen=True)
class Choice:
    """An admin's choice. `wrong`: the share of wrong answers, 0 to 1, that it was made for."""
    score: float
    wrong: float


def current(session: Session) -> float:
    """The confidence, 0 to 1."""
    made = choice(session)
    return made.score if made else settings.current().assistant_answer_score


def choice(session: Session) -> Choice | None:
    """What was chosen in the console, if anything."""
    row = session.get(SystemState, KEY)
    return Choice(row.value["score"], row.value["wrong"]) if row else None


def choose(session: Session, score: float, wrong: float, actor: str) -> None:
    """Answer from this confidence on. Raises Invalid."""
    if not 0 <= score <= 1:
        raise Invalid("The confidence is a number between 0 and 1.")
    session.merge(SystemState(key=KEY, value={"score": score, "wrong": wrong}))
    _note(session, f"it answers from a confidence of {score:.2f} on", actor)


def reset(session: Session, actor: str) -> None:
    """Back to the setting. The same again does nothing."""
    if row := session.get(SystemState, KEY):
        session.delete(row)
        session.flush()
        _note(session, f"it answers from the setting's {settings.current().assistant_answer_score:.2f} on", actor)


def _note(session: Session, detail: str, actor: str) -> None:
    events.record(session, events.SettingsChanged(what="assistant", detail=detail), actor=actor)
