"""Trying the assistant out, in a process of its own: it computes for up to minutes, and nobody may wait for that."""
from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.matching import evaluating
from helpdesk.services import answer_score, assistant_evaluation, confidence_fits, labelled_messages

log = logging.getLogger(__name__)
SECONDS = 600
COMMAND = (sys.executable, "-m", "helpdesk.matching.evaluating")


class Failed(Exception):
    """The other process gave up; the text says why."""


def begin(_ticket_id: int | None = None, *, evaluation_id: int, **_) -> None:
    """Start it and return: other slow work goes on meanwhile."""
    threading.Thread(target=run, args=(evaluation_id,), name="evaluation", daemon=True).start()


def run(evaluation_id: int) -> None:
    """Compute the figures, and a fit of the confidence where enough was judged, and keep both."""
    if not db.run(assistant_evaluation.begin, evaluation_id):
        return
    figures, fit, error = {}, None, ""
    try:
        with db.reading() as session:
            task, cut = assistant_evaluation.task(session), answer_score.current(session)
            marked = confidence_fits.marks(session)
        if len(task["entries"]) < assistant_evaluation.SMALLEST:
            raise Failed("There are too few published articles to mix anything up.")
        figures = compute(task)
        if len(marked) >= confidence_fits.ENOUGH:
            fit = compute({**task, "marked": marked, "cut": cut})
    except Failed as problem:
        error = str(problem)
    except Exception as problem:
        log.exception("the assistant could not be tried out")
        error = f"{type(problem).__name__}: {problem}"
    db.run(assistant_evaluation.done, evaluation_id, figures, error)
    if fit:
        db.run(confidence_fits.propose, fit, "system")


def try_now(labelled: str | None) -> tuple[dict, dict[int, str]]:
    """(the figures, the titles of the articles), for the command line; on these labelled messages, if given. Raises
    Invalid."""
    with db.reading() as session:
        questions = labelled_messages.read(session, labelled) if labelled is not None else None
        task = assistant_evaluation.task(session, questions)
    titles = {one["id"]: one["question"] for one in task["entries"]}
    if len(titles) < assistant_evaluation.SMALLEST:
        raise Invalid("There are too few published articles to mix anything up.")
    return evaluating.evaluate(task), titles


def compute(task: dict) -> dict:
    """The result of helpdesk.matching.evaluating. Raises Failed."""
    child = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})
    try:
        out, told = child.communicate(json.dumps(task).encode(), timeout=SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise Failed(f"It took longer than {SECONDS // 60} minutes.") from None
    if child.returncode:
        raise Failed((told.decode(errors="replace").strip().splitlines() or ["It ended without a word."])[-1])
    return json.loads(out)
