"""The confidence, fitted to what customers said about answers ("this helped", "not my question"): proposed by a trial,
used once an admin says so, and given up in the same way. Without one the shipped coefficients are used."""
from __future__ import annotations

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.errors import NotFound
from helpdesk.models import AssistantTurn, ConfidenceFit, Message
from helpdesk.services import inboxes, listening

ENOUGH = 200            # judgements from which on a fit is proposed …
MOST = 5_000            # … to the newest so many
KEPT = 5


def marks(session: Session) -> list[dict]:
    """Messages that were answered and judged, as helpdesk.matching.evaluating takes them."""
    rows = session.execute(select(Message.text, Message.subject, Message.channel, AssistantTurn.article_id,
                                  AssistantTurn.helped, AssistantTurn.locale)
                           .join(Message, Message.id == AssistantTurn.message_id).where(*_judged())
                           .order_by(AssistantTurn.id.desc()).limit(MOST)).all()
    found = []
    for row in rows:
        text = f"{row.subject}\n{row.text}" if inboxes.is_mail(row.channel) else row.text
        found.append({"text": text, "article": row.article_id, "helped": row.helped,
                      "locale": row.locale or listening.language(text)[0]})
    return found


def count(session: Session) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(AssistantTurn)
                          .join(Message, Message.id == AssistantTurn.message_id).where(*_judged()))


def _judged():
    return (AssistantTurn.helped.is_not(None), AssistantTurn.article_id.is_not(None), AssistantTurn.score.is_not(None),
            Message.text != "", AssistantTurn.reason != "not_helped")     # that message is a button's label


def propose(session: Session, fit: dict, actor: str) -> ConfidenceFit | None:
    """Keep a fit for an admin to look at; only the newest ones stay. None when nothing could be learnt."""
    if not fit["coefficients"]:
        return None
    row = ConfidenceFit(coefficients=fit["coefficients"], figures=fit["figures"], actor=actor)
    session.add(row)
    session.flush()
    newest = select(ConfidenceFit.id).order_by(ConfidenceFit.id.desc()).limit(KEPT)
    kept = [*session.scalars(newest)]
    session.execute(delete(ConfidenceFit).where(ConfidenceFit.id.not_in(kept), ConfidenceFit.active.is_(False)))
    return row


def listed(session: Session) -> list[ConfidenceFit]:
    """Those that can be chosen, the newest first."""
    return list(session.scalars(select(ConfidenceFit).order_by(ConfidenceFit.id.desc())))


def in_use(session: Session) -> dict:
    """The coefficients for a Matcher; {} for the shipped ones."""
    return session.scalar(select(ConfidenceFit.coefficients).where(ConfidenceFit.active).limit(1)) or {}


def use(session: Session, fit_id: int, actor: str) -> None:
    """Use this one from now on. Raises NotFound."""
    row = session.get(ConfidenceFit, fit_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such fit any more.")
    if row.active:
        return
    session.execute(update(ConfidenceFit).where(ConfidenceFit.active).values(active=False))
    row.active = True
    _note(session, f"its confidence follows {row.figures.get('marks', 0)} judgements", actor)


def give_up(session: Session, actor: str) -> None:
    """Use the shipped coefficients again. The same again does nothing."""
    if session.execute(update(ConfidenceFit).where(ConfidenceFit.active).values(active=False)).rowcount:
        _note(session, "its confidence is the shipped one again", actor)


def _note(session: Session, detail: str, actor: str) -> None:
    events.record(session, events.SettingsChanged(what="assistant", detail=detail), actor=actor)
