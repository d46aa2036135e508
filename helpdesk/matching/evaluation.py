"""How well a matcher would do with an FAQ: each phrasing is asked of a matcher that has never seen it. Pure.

The FAQ is parted FOLDS times. Each time some phrasings are left out of every entry, and some entries are left out
whole, as questions to which the house has no answer. So two things are measured at once: finding the right entry, and
not taking a wrong one.
"""
from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from helpdesk.matching.curve import Judged, curve
from helpdesk.matching.entry import Entry

FOLDS = 5
UNKNOWN = 0.2           # the share of messages that is taken to have no answer
MOST = 1_000            # questions that are tried, drawn from all if there are more
SHOWN = 3               # answers that a customer is offered
CONFUSIONS = 12


class Ranker(Protocol):
    """What is tried."""

    def rank(self, text: str, k: int, locale: str) -> Sequence[tuple[Hashable, float]]:
        """(id of an entry, confidence) of at most k entries, best first."""
        ...


@dataclass(frozen=True)
class Question:
    """A message with what would answer it: nothing, one entry, or any of its translations."""
    text: str
    right: frozenset[Hashable]
    locale: str = ""


@dataclass(frozen=True)
class Tried:
    """What became of one question: what was found, best first, and how long that took (seconds)."""
    question: Question
    found: tuple[tuple[Hashable, float], ...]
    seconds: float

    @property
    def place(self) -> int | None:
        """Where the right answer stands, from 0."""
        return next((n for n, (id, _) in enumerate(self.found) if id in self.question.right), None)


Build = Callable[[list[Entry]], Ranker]


def ask(ranker: Ranker, questions: Sequence[Question]) -> list[Tried]:
    """Ask all of them, one after the other, as customers would."""
    tried = []
    for question in questions:
        start = time.perf_counter()
        found = ranker.rank(question.text, SHOWN, question.locale)
        tried.append(Tried(question, tuple(found), time.perf_counter() - start))
    return tried


def cross_validate(entries: Sequence[Entry], build: Build, groups: Mapping[Hashable, Hashable] | None = None,
                   most: int = MOST) -> list[Tried]:
    """Each phrasing asked once of a matcher that knows the others, and once of one that knows nothing of its entry.
    `groups`: of entries that say the same in several languages; one of them answers for all."""
    groups = groups or {}
    group = {entry.id: groups.get(entry.id, entry.id) for entry in entries}
    same = defaultdict(set)
    for id, name in group.items():
        same[name].add(id)
    hidden = {name: n % FOLDS for n, name in enumerate(sorted(same, key=str))}
    tried = []
    for fold in range(FOLDS):
        known, questions = [], []
        for number, entry in enumerate(entries):
            if hidden[group[entry.id]] == fold and len(same) > 1:
                questions += [Question(text, frozenset(), entry.locale) for text in entry.phrasings]
                continue
            kept, left_out = _parted(entry.phrasings, fold + number)
            questions += [Question(text, frozenset(same[group[entry.id]]), entry.locale) for text in left_out]
            known.append(replace(entry, question=kept[0], alternatives=tuple(kept[1:])))
        random.Random(fold).shuffle(questions)
        if known:
            tried += ask(build(known), questions[:max(1, most // FOLDS)])
    return tried


def figures(tried: Sequence[Tried], unknown: float | None = UNKNOWN) -> dict:
    """What is told of a trial, ready to be stored: shares between 0 and 1, milliseconds, ids. `unknown`: the share of
    messages without an answer that the curve is drawn for; None takes it as it is among the questions."""
    known = [one for one in tried if one.question.right]
    strange = [one for one in tried if not one.question.right]
    weight = 1.0
    if unknown is not None and known and strange:
        weight = unknown / (1 - unknown) * len(known) / len(strange)
    judged = [Judged(one.found[0][1] if one.found else 0.0, one.place == 0, 1.0 if one.question.right else weight)
              for one in tried]
    times = sorted(one.seconds * 1_000 for one in tried)
    return {
        "asked": len(known), "unknown": len(strange), **_rates(known),
        "curve": [[p.cut, round(p.answered, 4), round(p.wrong, 4), p.count] for p in curve(judged)],
        "locales": {locale: {"asked": len(some), **_rates(some)} for locale, some in _by_locale(known)},
        "confusions": _confusions(known),
        "ms": {"p50": _quantile(times, 0.5), "p95": _quantile(times, 0.95)},
    }


def _parted(phrasings: Sequence[str], turn: int) -> tuple[list[str], list[str]]:
    """(what stays known, what is asked); at least one stays."""
    left_out = [text for n, text in enumerate(phrasings) if n % FOLDS == turn % FOLDS]
    kept = [text for n, text in enumerate(phrasings) if n % FOLDS != turn % FOLDS]
    return (kept, left_out) if kept else (left_out, [])


def _rates(tried: Sequence[Tried]) -> dict:
    size = len(tried) or 1
    return {"top1": round(sum(one.place == 0 for one in tried) / size, 4),
            "top3": round(sum(one.place is not None for one in tried) / size, 4)}


def _by_locale(tried: Sequence[Tried]) -> list[tuple[str, list[Tried]]]:
    found = defaultdict(list)
    for one in tried:
        found[one.question.locale].append(one)
    return sorted(found.items(), key=lambda pair: -len(pair[1]))


def _confusions(tried: Sequence[Tried]) -> list[dict]:
    """Which entry was taken for which, the most often first, each with the surest example."""
    taken: dict[tuple, list[Tried]] = defaultdict(list)
    for one in tried:
        if one.found and one.place != 0:
            taken[min(one.question.right, key=str), one.found[0][0]].append(one)
    often = Counter({pair: len(some) for pair, some in taken.items()}).most_common(CONFUSIONS)
    return [{"right": right, "taken": wrong, "count": count,
             "example": max(taken[right, wrong], key=lambda one: one.found[0][1]).question.text}
            for (right, wrong), count in often]


def _quantile(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else 0.0
