"""The rules of config/promises.toml, and how words are spelt there. Pure."""
from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from helpdesk import paths
from helpdesk.services.words import WORD, fold

ARABIC_SIGNS = re.compile(r"[\u0653-\u0655]")       # on and below the alif, which hurried writers leave out


def spelt(text: str) -> list[str]:
    """The words of a text as the rules spell them."""
    plain = ARABIC_SIGNS.sub("", unicodedata.normalize("NFKD", fold(text.replace("ँ", "ं"))))
    return WORD.findall(unicodedata.normalize("NFC", plain))


def places(said: Sequence[str], phrase: tuple[str, ...], start: int = 0) -> Iterator[int]:
    """Where a phrase stands among words, from `start` on."""
    return (at for at in range(start, len(said) - len(phrase) + 1) if tuple(said[at:at + len(phrase)]) == phrase)


@cache
def phrases(language: str, kind: str) -> tuple[tuple[str, ...], ...]:
    """The phrases of a list, as words."""
    return tuple(tuple(spelt(phrase)) for phrase in table()[language].get(kind, ()))


def found(said: Sequence[str], language: str, kind: str) -> list[tuple[int, int]]:
    """Where phrases of a list stand among words: (start, end)."""
    by_first = _by_first(language, kind)
    return [(at, at + len(phrase)) for at, word in enumerate(said) for phrase in by_first.get(word, ())
            if tuple(said[at:at + len(phrase)]) == phrase]


@cache
def _by_first(language: str, kind: str) -> dict[str, list[tuple[str, ...]]]:
    listed: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases(language, kind):
        listed.setdefault(phrase[0], []).append(phrase)
    return listed


@cache
def valued(language: str, kind: str) -> tuple[tuple[tuple[str, ...], float], ...]:
    """The pairs of a list, (phrase, number), the longest phrases first."""
    pairs = [(tuple(spelt(phrase)), number) for phrase, number in table()[language][kind]]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


@cache
def series(language: str, kind: str) -> tuple[tuple[tuple[str, ...], int], ...]:
    """Weekdays or months: (phrase, number from 0), the longest phrases first."""
    pairs = [(tuple(spelt(name)), number) for number, names in enumerate(table()[language][kind]) for name in names]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


@cache
def table() -> dict[str, dict]:
    """The rules as they are written, by language."""
    return tomllib.loads((paths.CONFIG / "promises.toml").read_text(encoding="utf-8"))
