"""Fitting the confidence anew to answers that customers judged. Pure.

The coefficients may leave those in use only as far as the judgements bear it: leaving them costs, so that two hundred
judgements bend them and two thousand shape them. Whether that is better is told by judgements that were not fitted on.
"""
from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from helpdesk.matching import confidence
from helpdesk.matching.curve import Judged, at, at_most, curve
from helpdesk.matching.matcher import Matcher
from helpdesk.matching.text import listed

PARTS = 5
STAY = 10.0             # what it costs to leave a coefficient by one, where its evidence is scaled to vary by one
ROUNDS = 50
WRONG = 0.05            # share of wrong answers for which coverage is told


@dataclass(frozen=True)
class Mark:
    """A message, the article it was answered with, and what the customer said about that."""
    text: str
    article: Hashable
    helped: bool
    locale: str = ""


def fit(matcher: Matcher, marks: Sequence[Mark], groups: Mapping[Hashable, Hashable], cut: float) -> dict:
    """{"coefficients": {kind: {name: number}} to give to a Matcher, "figures": {"marks", "before", "after"}}.

    `groups`: of articles that say the same. Left out are messages that are a phrasing by now, and those for which
    another article would come first today, of which nobody said anything. Without both kinds of judgement there is
    nothing to learn, and no coefficients.
    """
    taught = {tuple(listed(text)) for entry in matcher.entries for text in entry.phrasings}
    rows, right = [], []
    for mark in marks:
        if tuple(listed(mark.text)) in taught:
            continue
        best, evidence = matcher.evidence(mark.text, mark.locale)
        same = best is not None and groups.get(best, best) == groups.get(mark.article, mark.article)
        if best is not None and (same or mark.helped):
            rows.append(evidence)
            right.append(same and mark.helped)
    if not rows or len(set(right)) < 2:
        return {"coefficients": {}, "figures": {"marks": len(rows)}}
    evidence, truth = np.array(rows), np.array(right, float)
    kind, start = matcher.coefficients
    before = _sure(evidence, start)
    after = np.empty(len(truth))
    for part in range(PARTS):
        mine = np.arange(len(truth)) % PARTS == part
        after[mine] = _sure(evidence[mine], _fitted(evidence[~mine], truth[~mine], start))
    final = _fitted(evidence, truth, start)
    return {"coefficients": {kind: dict(zip(confidence.COEFFICIENTS, map(float, final), strict=True))},
            "figures": {"marks": len(truth), "before": _told(before, truth, cut), "after": _told(after, truth, cut)}}


def _sure(evidence: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(evidence @ coefficients[:-1] + coefficients[-1], -30, 30)))


def _fitted(evidence: np.ndarray, truth: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Logistic regression by Newton's method, held to `start` (the last one is added to every sum)."""
    columns = np.column_stack([evidence, np.ones(len(evidence))])
    scale = np.append(evidence.std(axis=0) + 1e-3, 1.0)
    hold = STAY * scale ** 2
    hold[-1] = 1.0

    def cost(at: np.ndarray) -> float:
        kept = np.clip(_sure(evidence, at), 1e-9, 1 - 1e-9)
        return float(0.5 * hold @ (at - start) ** 2 - truth @ np.log(kept) - (1 - truth) @ np.log(1 - kept))

    found, value = start.copy(), cost(start)
    for _ in range(ROUNDS):
        sure = _sure(evidence, found)
        slope = columns.T @ (sure - truth) + hold * (found - start)
        bend = (columns * (sure * (1 - sure))[:, None]).T @ columns + np.diag(hold)
        step = np.linalg.solve(bend, slope)
        while (there := cost(found - step)) > value and np.abs(step).max() > 1e-6:
            step = step / 2         # too far: far from the goal the curve is not the parabola that it is taken for
        if there >= value:
            break
        found, value = found - step, there
    return found


def _told(sure: np.ndarray, truth: np.ndarray, cut: float) -> dict:
    """How far the confidence can be believed: `off` is the mean distance between what it says and what was right, in
    ten groups of like confidence; `loss` the mean surprise."""
    points = curve(Judged(float(score), bool(right)) for score, right in zip(sure, truth, strict=True))
    now, best = at(points, cut), at_most(points, WRONG)
    order = np.argsort(sure, kind="stable")
    groups = [one for one in np.array_split(order, min(10, len(order))) if len(one)]
    off = sum(len(one) * abs(sure[one].mean() - truth[one].mean()) for one in groups) / len(sure)
    kept = np.clip(sure, 1e-6, 1 - 1e-6)
    loss = -(truth * np.log(kept) + (1 - truth) * np.log(1 - kept)).mean()
    told = {"off": off, "loss": loss, "answered": now.answered if now else 0, "wrong": now.wrong if now else 0,
            "at_most": best.answered if best else 0}
    return {name: round(float(value), 4) for name, value in told.items()}
