"""How well a matcher knows its own entries: phrasings are held back in turn and asked of the rest. Pure.

This builds a matcher for each fold, so it takes some times as long as building one: call it in a thread.
"""
from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from helpdesk.matching.embeddings import Vectors
from helpdesk.matching.encoder import Encoder
from helpdesk.matching.entry import Entry
from helpdesk.matching.matcher import Matcher

Trial = tuple[Hashable, Hashable | None, float]


def cross_validated(entries: Iterable[Entry], encoders: Sequence[Encoder] = (), folds: int = 5,
                    vectors: Vectors | None = None, seed: int = 0) -> list[Trial]:
    """(true id, predicted id or None, confidence) for each phrasing of the entries that have at least two.

    An entry always keeps a phrasing in the matcher that is asked, so none is impossible to find.
    """
    entries, stored = list(entries), dict(vectors or {})
    dice = random.Random(seed)
    fold_of: dict[tuple[Hashable, str], int] = {}
    for entry in entries:
        texts = list(entry.phrasings)
        dice.shuffle(texts)
        shift = dice.randrange(folds)
        if len(texts) > 1:
            fold_of.update({(entry.id, text): (n + shift) % folds for n, text in enumerate(texts)})
    trials: list[Trial] = []
    for fold in range(folds):
        held = [(entry, text) for entry in entries for text in entry.phrasings if fold_of.get((entry.id, text)) == fold]
        if not held:
            continue
        out = {(entry.id, text) for entry, text in held}
        matcher = Matcher([_without(entry, out) for entry in entries], encoders, stored)
        for name, new in matcher.new_vectors.items():
            stored[name] = {**stored.get(name, {}), **new}
        for locale, asked in _by_locale(held).items():
            found = matcher.rank_many([text for _, text in asked], 1, locale)
            trials += [(entry.id, *(one[0] if one else (None, 0.0)))
                       for (entry, _), one in zip(asked, found, strict=True)]
    return trials


def confused(trials: Iterable[Trial]) -> dict[Hashable, Counter[Hashable]]:
    """Which entries were taken for which others, and how often."""
    found: dict[Hashable, Counter[Hashable]] = defaultdict(Counter)
    for true, predicted, _ in trials:
        if predicted is not None and predicted != true:
            found[true][predicted] += 1
    return dict(found)


def confusions(matcher: Matcher, folds: int = 5) -> dict[Hashable, Counter[Hashable]]:
    """The same for the entries of a matcher."""
    return confused(cross_validated(matcher.entries, matcher.encoders, folds, matcher.vectors()))


def _without(entry: Entry, out: set[tuple[Hashable, str]]) -> Entry:
    first, *others = [text for text in entry.phrasings if (entry.id, text) not in out]
    return replace(entry, question=first, alternatives=tuple(others))


def _by_locale(held: Sequence[tuple[Entry, str]]) -> Mapping[str, list[tuple[Entry, str]]]:
    grouped: dict[str, list[tuple[Entry, str]]] = defaultdict(list)
    for entry, text in held:
        grouped[entry.locale].append((entry, text))
    return grouped
