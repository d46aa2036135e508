"""Finding listed expressions in what somebody wrote, a slip of the finger forgiven. Pure.

Everything is listened for in all languages at once, because people mix them and write Hindi in Latin letters. What is
listed stands under [hear] in config/assistant/<language>.toml.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from helpdesk.services.phrases import hear
from helpdesk.services.words import FUNCTION

HEARD = 1_500           # characters; what somebody wants stands at the beginning, and the rest would hold up everybody
FORGIVEN = 5            # letters from which one slip in a word is forgiven
ENDINGS = 9             # letters from which an ending may be the slip


class Place(NamedTuple):
    """Words `at` up to `until` are the expression `phrase` of `language`."""
    at: int
    until: int
    language: str
    phrase: tuple[str, ...]


def places(said: Sequence[str], kind: str, exactly: bool = False) -> list[Place]:
    """Where the expressions listed under `kind` stand in these words, in order; the longest first where several
    begin. `exactly`: no slip is forgiven, because one makes another word of it ("harga", a price; "harta", fed up)."""
    by_letter = _by_first_letter(kind)
    return [Place(at, at + len(phrase), language, phrase) for at, word in enumerate(said)
            for language, phrase in by_letter.get(word[0], ())
            if (tuple(said[at:at + len(phrase)]) == phrase if exactly else alike(said[at:at + len(phrase)], phrase))]


def heard(said: Sequence[str], kind: str) -> bool:
    """Whether anything listed under `kind` is said."""
    return bool(places(said, kind))


def find(said: Sequence[str], phrase: Sequence[str]) -> int:
    """Where one expression stands; -1 when it does not."""
    size = len(phrase)
    return next((at for at in range(len(said) - size + 1) if alike(said[at:at + size], phrase)), -1)


def alike(some: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether these words are the expression."""
    return len(some) == len(phrase) and all(map(same, some, phrase))


def same(word: str, known: str) -> bool:
    """Whether a word is the known one, or that with a slip. An ending is no slip: persons and person, persona and
    person are two words."""
    if word == known or word == known + known[-1]:     # "humanoo": stretched letters are folded to two
        return True
    if min(len(word), len(known)) < FORGIVEN or word[0] != known[0] or word in FUNCTION or not known.isascii():
        return False
    if len(known) < ENDINGS and (word[:-1] == known or known[:-1] == word):
        return False
    return OSA.distance(word, known, score_cutoff=1) <= 1


@cache
def _by_first_letter(kind: str) -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """hear(kind) by the letter it begins with: a slip never changes that."""
    found: dict[str, dict[tuple[str, tuple[str, ...]], None]] = defaultdict(dict)
    for language, phrase in hear(kind):
        found[phrase[0][0]][language, phrase] = None
    return {letter: tuple(listed) for letter, listed in found.items()}
