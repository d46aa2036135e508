"""How sure a match is: a logistic function of what speaks for it, with coefficients that are shipped. Pure.

The coefficients (data/confidence.json) are fitted on messages and entries that are no business's own, by
tests/bench/assistant_confidence.py. There is one set for each way of scoring: with or without a regression, and for
each set of encoders; for an encoder that it does not know, the set of any encoder.
"""
from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

import numpy as np

from helpdesk.matching.model import Model, Scores
from helpdesk.matching.spelling import DATA

FAR = 12.0      # a lead of the score that no longer says more
NAMES = ("probability", "lead", "logit", "above_none", "energy", "nearest", "middle", "words", "known", "length",
         "phrasings", "entries")
COEFFICIENTS = (*NAMES, "constant")
Own = Mapping[str, Mapping[str, float]]     # by kind(): fitted to a business's own judgements (helpdesk.matching.refit)


def evidence(model: Model, scores: Scores, known: np.ndarray, lengths: np.ndarray, among: np.ndarray) -> tuple[
        np.ndarray, np.ndarray, np.ndarray]:
    """(best entry, probabilities of all entries, evidence for the best one: a column for each of NAMES) of each
    message. `among` says which entries are looked at; at least one must be."""
    rows = np.arange(len(scores.total))
    total = np.where(among, scores.total, -np.inf)
    best = total.argmax(1)
    top = total[rows, best]
    total[rows, best] = -np.inf
    second = total.max(1)
    total[rows, best] = top
    second = np.where(np.isfinite(second), second, scores.none)      # a lone entry has to beat "none of these"
    shifted = np.exp(total - top[:, None])
    none = np.exp(np.minimum(scores.none - top, 30)) if model.weights is not None else 0
    probability = shifted / (shifted.sum(1) + none)[:, None]
    most, others = top, shifted
    if model.weights is not None:       # else the logits are what the scores are
        logit = np.where(among & model.alive, scores.logit, -np.inf)
        most = logit.max(1)
        others = np.exp(logit - most[:, None])
    columns = {
        "probability": probability[rows, best],
        "lead": np.minimum(top - second, FAR),
        "logit": scores.logit[rows, best],
        "above_none": np.clip(scores.logit[rows, best] - scores.none, -FAR, FAR),
        "energy": most + np.log(others.sum(1)),
        "nearest": scores.nearest[rows, best],
        "middle": scores.middle[rows, best],
        "words": scores.words[rows, best],
        "known": known,
        "length": np.log1p(lengths),
        "phrasings": np.log(np.diff(np.append(model.starts, len(model.owner)))[best]),
        "entries": np.full(len(rows), np.log(among.sum())),
    }
    return best, probability, np.column_stack([columns[name] for name in NAMES])


def sureness(model: Model, columns: np.ndarray, own: Own | None = None) -> np.ndarray:
    """Evidence as the probability of being right."""
    fitted = coefficients(model, own)
    return 1 / (1 + np.exp(-(columns @ fitted[:-1] + fitted[-1])))


def coefficients(model: Model, own: Own | None = None) -> np.ndarray:
    """Those in use for a model, in the order of COEFFICIENTS: the business's own, if they were fitted to its way of
    scoring, else the shipped ones."""
    fitted = (own or {}).get(kind(model)) or _coefficients().get(kind(model)) or _coefficients()[kind(model, "any")]
    return np.array([fitted[name] for name in COEFFICIENTS])


def kind(model: Model, encoders: str | None = None) -> str:
    """The name of the set of coefficients for a model."""
    if encoders is None or not model.encoders:
        encoders = "+".join(sorted(encoder.name for encoder in model.encoders)) or "core"
    return f"{encoders}:{'regression' if model.regressed else 'nearest'}"


@cache
def _coefficients() -> dict[str, dict[str, float]]:
    return json.loads((DATA / "confidence.json").read_text(encoding="utf-8"))
