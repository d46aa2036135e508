"""The assistant: how well it does, from which confidence it answers by itself, what customers' judgements teach it."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import db, settings
from helpdesk.matching.curve import at, at_most
from helpdesk.models import Article
from helpdesk.rendering import page
from helpdesk.services import answer_score, assistant_evaluation, confidence_fits, encoders
from helpdesk.services.risk_chart import chart
from helpdesk.web.access import needs

pages = Blueprint("settings_assistant", __name__, url_prefix="/settings/assistant")
WRONG = (1, 2, 3, 5, 8, 10, 15, 20)     # per cent that can be chosen
USUAL = 5
EVERY = 5                               # cuts: a row of the table for each twentieth


@pages.get("")
@needs("assistant")
def show():
    """`wrong`: the per cent of wrong answers to look at."""
    with db.reading() as session:
        chosen = answer_score.choice(session)
        wrong = _wrong(request.args.get("wrong"), round(chosen.wrong * 100) if chosen else USUAL)
        there = assistant_evaluation.latest(session)
        figures = there.figures if there else {}
        points = assistant_evaluation.points(figures)
        promised, current = at_most(points, wrong / 100), answer_score.current(session)
        return page("settings/assistant.html", there=there, figures=figures, wrong=wrong, choices=WRONG,
                    points=points[::EVERY], promised=promised, current=current, now=at(points, current), chosen=chosen,
                    chart=chart(points, promised, wrong / 100), going_on=assistant_evaluation.going_on(session),
                    failed=_failed(session, there), titles=_titles(session, figures), encoders=encoders.states(),
                    marks=confidence_fits.count(session), enough=confidence_fits.ENOUGH,
                    fits=confidence_fits.listed(session), default=settings.current().assistant_answer_score)


@pages.post("/evaluations")
@needs("assistant")
def try_out():
    """Compute the figures anew."""
    with db.transaction() as session:
        assistant_evaluation.ask(session, g.agent.actor)
    return _back("It is being tried out. That takes a minute or two; load this page again then.")


@pages.post("/score")
@needs("assistant")
def save():
    """`wrong`: at most so many per cent; the confidence for it follows from the last figures."""
    wrong = _wrong(request.form.get("wrong"), USUAL)
    with db.transaction() as session:
        there = assistant_evaluation.latest(session)
        point = at_most(assistant_evaluation.points(there.figures), wrong / 100) if there else None
        if point:
            answer_score.choose(session, point.cut, wrong / 100, g.agent.actor)
    if point is None:
        flash(f"No confidence keeps wrong answers at {wrong} % or fewer. Nothing was changed.", "bad")
    else:
        flash(f"Saved. It answers by itself from a confidence of {point.cut:.2f} on.", "good")
    return redirect(url_for("settings_assistant.show", wrong=wrong))


@pages.post("/score/reset")
@needs("assistant")
def reset():
    """Back to the setting."""
    with db.transaction() as session:
        answer_score.reset(session, g.agent.actor)
    return _back("The setting holds again.")


@pages.post("/fits/<int:fit_id>/use")
@needs("assistant")
def use(fit_id: int):
    """Let the confidence follow these judgements."""
    with db.transaction() as session:
        confidence_fits.use(session, fit_id, g.agent.actor)
    return _back("Used from now on. Try the assistant out again: its figures are from before.")


@pages.post("/fits/give-up")
@needs("assistant")
def give_up():
    """The shipped confidence again."""
    with db.transaction() as session:
        confidence_fits.give_up(session, g.agent.actor)
    return _back("The shipped confidence is used again.")


def _back(said: str):
    flash(said, "good")
    return redirect(url_for("settings_assistant.show"))


def _wrong(text: str | None, fallback: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and int(text) in WRONG else \
        fallback if fallback in WRONG else USUAL


def _failed(session: Session, there):
    """The last trial, if it failed after the last one that worked."""
    failed = assistant_evaluation.latest(session, "failed")
    return failed if failed and (there is None or failed.id > there.id) else None


def _titles(session: Session, figures: dict) -> dict[int, str]:
    ids = {one[which] for one in figures.get("confusions", ()) for which in ("right", "taken")}
    return dict(session.execute(select(Article.id, Article.title).where(Article.id.in_(ids))).all())
