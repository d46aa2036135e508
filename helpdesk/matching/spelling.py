"""Misspelt words, put right with the words of the FAQ and the common words of the language written. Pure.

Only what neither the FAQ nor that language knows is touched, so that a message in another language, a name or a rare
word stays what it is. Common words are the lists in `data/`, sorted by how common they are.
"""
from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import accumulate
from math import log
from pathlib import Path
from zlib import crc32

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from helpdesk.services.words import APOSTROPHE, FUNCTION, LIGHT, WORD, fold

LANGUAGES = ("en", "id", "es", "pt", "hi")
DATA = Path(__file__).parent / "data"
TOKEN = re.compile(rf"{WORD.pattern}(?:['’ʼ]{WORD.pattern})*")
INSIDE = re.compile(r"[^\s.!?…:] +$")
SHORTEST = 3
LONGEST = 24
LONG = 6                # letters from which two slips are forgiven
SLIP = 2.0              # what speaks against a word: each slip, …
COMMON = 1.5            # … that the FAQ does not use it, …
FIRST_LETTER = 0.6      # … and another first letter, which people rarely get wrong;
OFTEN = 0.15            # what speaks for it: the log of how often the FAQ uses it
SPOKEN = 0.7            # a language with so much of the words of the likeliest one is spoken as well, …
HEARD = 0.3             # … and from so much on its words are left alone
MOST = 60               # words of one message that are looked up
REMEMBERED = 20_000


class Words:
    """A list of words, the commonest first, in which those within a few slips of another are found fast.

    Held as one string of bytes and a few numbers for each word: as Python objects the lists of all languages take
    twenty megabytes in every process."""

    def __init__(self, words: Iterable[str]):
        listed = list(dict.fromkeys(words))
        parts = [word.encode() for word in listed]
        self._bytes = b"".join(parts)
        self._ends = array("I", accumulate(map(len, parts), initial=0))
        self._letters = np.array([_letters(word) for word in listed], np.uint32)
        self._lengths = np.array([len(word) for word in listed], np.int8 if _short(listed) else np.int32)
        keyed = sorted((crc32(part), number) for number, part in enumerate(parts))
        self._keys, self._numbers = array("I", (key for key, _ in keyed)), array("I", (number for _, number in keyed))

    def __contains__(self, word: str) -> bool:
        return self.rank(word) is not None

    def rank(self, word: str) -> int | None:
        """How common it is, 0 for the commonest; None for a word that is not in the list."""
        key = crc32(word.encode())
        for at in range(bisect_left(self._keys, key), len(self._keys)):
            if self._keys[at] != key:
                break
            if self._word(number := self._numbers[at]) == word:
                return number
        return None

    def near(self, word: str, slips: int) -> list[tuple[str, int]]:
        """(word, slips) of those at most `slips` away. A slip changes two letters of the set of letters at most."""
        if not len(self._lengths):
            return []
        fits = np.abs(self._lengths - len(word)) <= slips
        fits &= np.bitwise_count(self._letters ^ np.uint32(_letters(word))) <= 2 * slips
        some = [self._word(n) for n in np.flatnonzero(fits).tolist()]
        return [(other, int(distance)) for other, distance, _ in
                process.extract(word, some, scorer=OSA.distance, score_cutoff=slips, limit=None)]

    def _word(self, number: int) -> str:
        return self._bytes[self._ends[number]:self._ends[number + 1]].decode()


def _short(words: list[str]) -> bool:
    return max(map(len, words), default=0) < 100


def _letters(word: str) -> int:
    """A set of 32 bits, one for each letter (some share one)."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 31)
    return bits


@cache
def common(language: str) -> Words:
    """The common words of a shipped language, the commonest first; none of any other."""
    file = DATA / f"{language}.txt"
    listed = file.read_text(encoding="utf-8").split() if file.is_file() else []
    return Words([*sorted(LIGHT.get(language, ())), *listed])      # a set has another order at each start


def languages(words: Iterable[str]) -> dict[str, float]:
    """The shipped languages that the words may be in, the likeliest with 1; a word that several have counts for each
    in part."""
    score = dict.fromkeys(LANGUAGES, 0.0)
    for word in words:
        having = [language for language in LANGUAGES if word in common(language)]
        for language in having:
            score[language] += 1 / len(having)
    most = max(score.values())
    return {language: parts / most for language, parts in score.items() if parts >= HEARD * most > 0}


class Speller:
    """Knows the words of the FAQ with how often they occur, and which languages it is written in."""

    def __init__(self, vocabulary: Counter[str], spoken: Iterable[str] = ()):
        self.vocabulary = vocabulary
        self._own = Words(word for word in vocabulary if SHORTEST <= len(word) <= LONGEST)
        self._spoken = tuple(sorted({one for one in spoken if one in LANGUAGES})) or LANGUAGES
        self._found: dict[tuple[str, tuple[str, ...], tuple[str, ...]], str] = {}

    def corrected(self, text: str) -> str:
        """The text with its misspelt words replaced; everything else as it was."""
        tokens = [(match, fold(match.group())) for match in TOKEN.finditer(text)]
        strange = [(match, word) for match, word in tokens
                   if self._strange(word) and not APOSTROPHE.search(match.group()) and not _name(text, match)][:MOST]
        if not strange:
            return text
        heard = languages(dict.fromkeys(word for _, word in tokens[:MOST * 4])) or dict.fromkeys(self._spoken, 1.0)
        result, at = [], 0
        for match, word in strange:
            right = self._right(word, tuple(heard), tuple(one for one in heard if heard[one] >= SPOKEN))
            if right != word:
                result += [text[at:match.start()], right]
                at = match.end()
        return "".join([*result, text[at:]])

    def _strange(self, word: str) -> bool:
        return SHORTEST <= len(word) <= LONGEST and word not in self.vocabulary and word not in FUNCTION \
            and not any(letter.isdigit() for letter in word) and word[0] < "⺀" \
            and not (word.endswith("s") and word[:-1] in self.vocabulary)

    def _right(self, word: str, heard: tuple[str, ...], spoken: tuple[str, ...]) -> str:
        asked = (word, heard, spoken)
        if asked not in self._found:
            if len(self._found) > REMEMBERED:
                self._found.clear()
            known = any(word in common(language) for language in heard)
            self._found[asked] = word if known else self._closest(word, spoken)
        return self._found[asked]

    def _closest(self, word: str, spoken: tuple[str, ...]) -> str:
        slips = 1 if len(word) < LONG else 2
        best, found = (float("inf"), 0), word
        for other, distance in self._own.near(word, slips):
            often = self.vocabulary[other]
            cost = SLIP * distance - OFTEN * log(often) + _elsewhere(word, other), -often
            if cost < best and not _form(word, other, distance):
                best, found = cost, other
        for words in (common(language) for language in spoken):
            for other, distance in words.near(word, slips):
                cost = SLIP * distance + COMMON + _elsewhere(word, other), words.rank(other)
                if cost < best and other not in self.vocabulary and not _form(word, other, distance):
                    best, found = cost, other
        return found


def _name(text: str, match: re.Match) -> bool:
    """Whether a word is written like a name: with a capital, and not at the beginning of a sentence."""
    word = match.group()
    return word[0].isupper() and not word.isupper() and INSIDE.search(text[:match.start()]) is not None


def _elsewhere(word: str, other: str) -> float:
    """What speaks against another first letter, unless the first two only changed places."""
    return FIRST_LETTER * (word[0] != other[0] and word[:2] != other[1::-1])


def _form(word: str, other: str, distance: int) -> bool:
    """Whether one is the other with an ending, rather than misspelt."""
    return distance > 1 and (word.startswith(other) or other.startswith(word))
