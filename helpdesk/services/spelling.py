"""Misspelt words, put right with the words that the questions themselves use. Pure.

Without a dictionary an unknown word may be right and merely not ours, so only close ones are taken: one slip in a
word of up to six letters, two in a longer one, and a shorter word is left alone.
"""
from __future__ import annotations

from collections import Counter, defaultdict

from rapidfuzz import process
from rapidfuzz.distance import OSA

from helpdesk.services.words import FUNCTION

SHORTEST = 4
LONG = 7                # letters from which two slips are forgiven
FIRST_LETTER = 0.5      # what another first letter costs, in slips: people rarely get it wrong
REMEMBERED = 20_000


class Speller:
    """Knows the words of `vocabulary` with how often they occur; the more frequent one wins a tie."""

    def __init__(self, vocabulary: Counter[str]):
        self._vocabulary = vocabulary
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in vocabulary:
            self._by_length[len(word)].append(word)
        self._known: dict[str, str] = {}

    def corrected(self, word: str) -> str:
        """The known word that this one is a misspelling of, else the word itself."""
        if len(word) < SHORTEST or word in self._vocabulary or word in FUNCTION or not word.isalpha():
            return word
        if len(self._known) > REMEMBERED:
            self._known.clear()
        if word not in self._known:
            self._known[word] = self._closest(word)
        return self._known[word]

    def _closest(self, word: str) -> str:
        allowed = 1 if len(word) < LONG else 2
        best, found = (float("inf"), 0), word
        for length in range(max(SHORTEST - 1, len(word) - allowed), len(word) + allowed + 1):
            near = process.extract(word, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=allowed,
                                   limit=8)
            for other, slips, _ in near:
                cost = (slips + FIRST_LETTER * (other[0] != word[0]), -self._vocabulary[other])
                if cost < best:
                    best, found = cost, other
        return found
