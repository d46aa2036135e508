"""Which language a message of a few words is in. Pure.

Scripts decide where they can. Otherwise each word gives its weight to the languages that have it in common use, so that
a word of two languages counts half for each; endings and letters that only one language has give a little. The word
lists stand in config/assistant/languages.toml, beside what the assistant listens for. Hindi in Latin letters and mixed
languages are read like any other. docs/assistant.md says why no library is used, and how well this works.
"""
from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache
from typing import NamedTuple

from helpdesk import paths
from helpdesk.services.hearing import HEARD
from helpdesk.services.phrases import LANGUAGES, hear, language_of
from helpdesk.services.words import LIGHT, words

SCRIPTS = ((re.compile(r"[\u0900-\u097f]"), "hi"), (re.compile(r"[\u0600-\u06ff]"), "ar"),
           (re.compile(r"[\u0400-\u04ff]"), "ru"), (re.compile(r"[\u3040-\u30ff]"), "ja"),
           (re.compile(r"[\uac00-\ud7af]"), "ko"), (re.compile(r"[\u4e00-\u9fff]"), "zh"),
           (re.compile(r"[\u0e00-\u0e7f]"), "th"), (re.compile(r"[\u0370-\u03ff]"), "el"),
           (re.compile(r"[\u0590-\u05ff]"), "he"), (re.compile(r"[\u0980-\u09ff]"), "bn"),
           (re.compile(r"[\u0b80-\u0bff]"), "ta"), (re.compile(r"[\u0c00-\u0c7f]"), "te"))
SCRIPT_SHARE = 0.3      # of the letters: names of products are often in another script
ENDING, SIGN, BORROWED = 0.25, 0.6, 0.4
PRIOR = 0.75            # what is known of a person weighs less than one word that only one language has
LEAST = 0.5             # less than half a word tells nothing
FOREIGN = 1.5           # so many words must speak for a language we do not speak, and more than for any that we do
CLEAR = 2.0             # so many words, and CLEAR_LEAD times as many as for any other, leave no doubt
CLEAR_LEAD = 1.5
TELLING = ("greeting", "thanks", "bye", "yes", "no", "person_verbs", "person_nouns")


class Guess(NamedTuple):
    """`code`: an ISO 639-1 code, '' when nothing tells. `clear`: there is hardly a doubt. `spoken`: it is one of ours.
    """
    code: str
    clear: bool

    @property
    def spoken(self) -> bool:
        """Whether the assistant speaks it."""
        return self.code in LANGUAGES


NOTHING = Guess("", False)


def detect(text: str, prior: str = "") -> Guess:
    """The language of a text. `prior`: the language the person is known to use, as a locale; it decides where the
    words do not, and never makes a guess clear."""
    text = text[:HEARD]
    if (code := _by_script(text)) is not None:
        return Guess(code, True)
    said = list(dict.fromkeys(words(text)))
    score = _score(text, said)
    known = language_of(prior)
    evidence = Counter(score)
    if known:
        score[known] += PRIOR
    ranked = [*score.most_common(2), ("", 0.0), ("", 0.0)]
    (first, most), (_, next_most) = ranked[0], ranked[1]
    if most == next_most or most < LEAST:
        return NOTHING
    if first not in LANGUAGES and evidence[first] < FOREIGN:
        ours = max(LANGUAGES, key=lambda code: score[code])
        return Guess(ours, False) if score[ours] > 0 and ours == known else NOTHING
    most = evidence[first]
    rival = max((value for code, value in evidence.items() if code != first), default=0.0)
    return Guess(first, most >= CLEAR and most >= CLEAR_LEAD * rival or bool(said) and most >= len(said) > rival)


def language(text: str) -> tuple[str, bool]:
    """(language, clear) among those that the assistant speaks; '' when it is another or nothing tells."""
    guess = detect(text)
    return (guess.code, guess.clear) if guess.spoken else ("", False)


def _by_script(text: str) -> str | None:
    letters = sum(c.isalpha() for c in text)
    for pattern, code in SCRIPTS if not text.isascii() and letters else ():
        if len(pattern.findall(text)) > SCRIPT_SHARE * letters:
            return code
    return None


def _score(text: str, said: list[str]) -> Counter[str]:
    score: Counter[str] = Counter()
    known, endings, signs = _known(), _endings(), _signs()
    for word in said:
        for code, weight in known.get(word, ()):
            score[code] += weight
        if word not in known:
            for size in range(min(5, len(word) - 2), 1, -1):
                for code in endings.get(word[-size:], ()):
                    score[code] += ENDING
    if not text.isascii():
        lower = text.lower()
        for sign, codes in signs.items():
            if sign in lower:
                for code in codes:
                    score[code] += SIGN / len(codes)
    return score


@cache
def _table() -> dict:
    return tomllib.loads((paths.CONFIG / "assistant" / "languages.toml").read_text(encoding="utf-8"))


@cache
def _known() -> dict[str, tuple[tuple[str, float], ...]]:
    """Folded word to its languages and what it gives to each."""
    found: dict[str, set[str]] = {}
    lists = {code: set(words(listed)) for code, listed in _table()["words"].items()}
    borrowed = lists.pop("borrowed")
    for code, light in LIGHT.items():
        lists[code] |= light
    for kind in TELLING:
        for code, phrase in hear(kind):
            lists[code].update(phrase)
    for code, listed in lists.items():
        for word in listed:
            found.setdefault(word, set()).add(code)
    return {word: tuple((code, (BORROWED if word in borrowed else 1) / len(codes)) for code in sorted(codes))
            for word, codes in found.items()}


@cache
def _endings() -> dict[str, tuple[str, ...]]:
    return _turned("endings")


@cache
def _signs() -> dict[str, tuple[str, ...]]:
    return _turned("signs")


def _turned(part: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for code, listed in _table()[part].items():
        for one in listed:
            found.setdefault(one, []).append(code)
    return {one: tuple(codes) for one, codes in found.items()}
