"""A text as a handful of weighted numbers: its words, word pairs, beginnings of words and letter groups, each hashed to
a slot. Pure.

Each of the four kinds has its share of the whole, so that a misspelt or inflected word is still half itself. How much a
term weighs among its kind follows from how many phrasings have it (TF-IDF); function words weigh half.
"""
from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np

from helpdesk.services.words import FUNCTION

SLOTS = 1 << 19             # hashed terms; a collision costs little, a dictionary of terms much
SHORTEST, LONGEST = 2, 5    # letters in a group
BEGINNING = 4               # letters of a word that its forms mostly share
LIGHT = 0.5                 # weight of a function word, and of a pair of them
SHARES = (0.2, 0.15, 0.15, 0.5)     # of words, pairs, beginnings and letter groups; chosen on HWU64 and BANKING77
WIDE = "⺀"                  # from here on scripts without spaces: one or two signs are a word

Counts = tuple[np.ndarray, np.ndarray, tuple[int, int, int, int]]
Sparse = tuple[np.ndarray, np.ndarray]


def slot(term: str) -> int:
    """The slot of a term."""
    return crc32(term.encode("utf-8", "surrogatepass")) % SLOTS


@lru_cache(maxsize=20_000)
def _word(word: str) -> tuple[int, int, float, np.ndarray]:
    """The slots of a word and of its beginning, the weight of the word, and the slots of its letter groups."""
    if word[0] >= WIDE:
        groups = [word[i:i + n] for n in (1, 2) for i in range(len(word) - n + 1)]
    else:
        padded = f" {word} "
        groups = [padded[i:i + n] for n in range(SHORTEST, LONGEST + 1) for i in range(len(padded) - n + 1)]
    return (slot(f"w{word}"), slot(f"b{word[:BEGINNING]}"), LIGHT if word in FUNCTION else 1.0,
            np.array([slot(group) for group in groups], np.int64))


def counted(words: Sequence[str]) -> Counts:
    """Slots, what counts for each (1 + log of how often it occurs), and how many slots each of the four kinds has."""
    if not words:
        return np.zeros(0, np.int32), np.zeros(0, np.float32), (0, 0, 0, 0)
    wholes, starts, weights, groups = zip(*[_word(word) for word in words], strict=True)
    whole, beginnings, weight = np.array(wholes), np.array(starts), np.array(weights, np.float32)
    pairs = (whole[:-1] * 31 + whole[1:] * 17 + 7) % SLOTS
    slots, values = [], []
    for kind, light in ((whole, weight), (pairs, np.maximum(weight[:-1], weight[1:])), (beginnings, None),
                        (np.concatenate(groups), None)):
        found, first, often = _distinct(kind)
        slots.append(found)
        value = 1 + np.log(often, dtype=np.float32)
        values.append(value if light is None else value * light[first])
    return np.concatenate(slots).astype(np.int32), np.concatenate(values), tuple(map(len, slots))


def _distinct(slots: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each slot once, in order, where it stands first, and how often. As np.unique, which takes three times as long
    for so few."""
    order = slots.argsort(kind="stable")
    ordered = slots[order]
    at = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))[:len(slots)])
    return ordered[at], order[at], np.concatenate((at[1:], [len(slots)]))[:len(at)] - at


class Terms:
    """Weights of terms, from how many of the counted texts have them: `slots` of all these, one after the other."""

    def __init__(self, slots: np.ndarray, size: int):
        self.size = size
        spread = np.bincount(slots, minlength=SLOTS)
        self.weight = (np.log((1 + self.size) / (1 + spread)) + 1).astype(np.float32)
        self.unseen = float(np.log(1 + self.size) + 1)

    def vector(self, counts: Counts) -> Sparse:
        """Slots and values of one text; the values have length 1 and each kind of term its share of it."""
        slots, counting, kinds = counts
        values = counting * self.weight[slots]
        at = 0
        for count, share in zip(kinds, SHARES, strict=True):
            part = values[at:at + count]
            length = float(np.sqrt(part @ part))
            if length:
                part *= np.float32(share ** 0.5 / length)
            at += count
        return slots, values

    def known(self, counts: Counts) -> float:
        """How much of the weight of a text's words stands in the counted texts: 0 to 1."""
        slots, counting, (words, *_) = counts
        weight = self.weight[slots[:words]]
        mass = counting[:words] * weight
        total = float(mass.sum())
        return float(mass[weight < self.unseen - 1e-6].sum()) / total if total else 0.0


def hashed(vector: Sparse, columns: int) -> Sparse:
    """The vector in so many columns: each term is added to one of them or taken off, by its hash."""
    slots, values = vector
    mixed = (slots.astype(np.int64) * 2654435761) >> 7
    return (mixed >> 1) % columns, np.where(mixed & 1, values, -values)


def dense(vectors: Sequence[Sparse], columns: int) -> np.ndarray:
    """The same for many, as the rows of a matrix."""
    lengths = [len(slots) for slots, _ in vectors]
    if not sum(lengths):
        return np.zeros((len(vectors), columns), np.float32)
    column, value = hashed((np.concatenate([slots for slots, _ in vectors]),
                            np.concatenate([values for _, values in vectors])), columns)
    result = np.zeros((len(vectors), columns), np.float32)
    for row, (at, count) in enumerate(zip(np.cumsum(lengths) - lengths, lengths, strict=True)):
        result[row] = np.bincount(column[at:at + count], value[at:at + count], columns)
    return result
