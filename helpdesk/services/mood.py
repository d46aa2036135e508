"""How annoyed somebody sounds, from 0 (calm) to 1 (furious), by what they say and how they write it. Pure.

Each sign has a weight; together they are 1 - (1 - a)(1 - b) …, so that two weak signs are more than one and nothing
exceeds 1. From ANNOYED on a machine should not go on talking. One loud sign (capitals, "!!!", an unkind word) stays
below it, and so does a complaint in polite words: tests/services/test_mood.py holds both in every language.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from helpdesk.services.hearing import HEARD, places
from helpdesk.services.words import words

ANNOYED = 0.5           # from here on a person
WORDS = ((0.2, "calm"), (ANNOYED, "impatient"), (0.8, "annoyed"), (1.01, "furious"))
WEIGHTS = {"furious words": 0.6, "unkind words": 0.3, "capitals": 0.35, "shouted": 0.3, "stretched letters": 0.2,
           "the same word again and again": 0.25, "angry emoji": 0.5, "weary emoji": 0.25, "asked the same again": 0.6,
           "came back after it was solved": 0.2}
UNKIND_AT_MOST = 3      # of them add up
SOFTENED = 0.6          # what is left of unkind words in a polite sentence
SAME_QUESTION = 92      # likeness from 0 to 100 from which a question is the same again
SHOUTED = re.compile(r"[!?]*!{2,}[!?]*|[!?]*\?!\?*|!\?|\?{3,}")
STRETCHED = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
ANGRY = re.compile("[😡🤬😠👿💢🖕👎]")
WEARY = re.compile("[😤😒🙄🤦😞😩😫☹🥱💔]")
AGAIN = re.compile(r"\b(\w+)(?:\W+\1\b){2,}", re.IGNORECASE)


@dataclass(frozen=True)
class Mood:
    """`score` from 0 to 1, and the `signs` it comes from."""
    score: float
    signs: tuple[str, ...] = ()

    @property
    def annoyed(self) -> bool:
        """Whether a person should take over."""
        return self.score >= ANNOYED

    @property
    def word(self) -> str:
        """calm, impatient, annoyed or furious."""
        return word(self.score)


def word(score: float) -> str:
    """A score in a word."""
    return next(name for limit, name in WORDS if score < limit)


def mood(text: str, before: str = "", reopened: bool = False) -> Mood:
    """How somebody sounds who writes `text`. `before`: what they wrote before our last answer, or '': the same question
    again means that the answer was none. `reopened`: they come back to what was solved."""
    text = text[:HEARD]
    said = words(STRETCHED.sub(lambda found: found[0][0], text))
    signs = {"furious words": WEIGHTS["furious words"] if places(said, "frustration", exactly=True) else 0.0}
    unkind = len({place.phrase for place in places(said, "displeasure", exactly=True)})
    signs["unkind words"] = _together([WEIGHTS["unkind words"]] * min(unkind, UNKIND_AT_MOST)) * (
        SOFTENED if places(said, "softened", exactly=True) else 1)
    for name, found in (("capitals", _capitals(text, said)), ("shouted", SHOUTED.search(text)),
                        ("stretched letters", len(said) > 1 and STRETCHED.search(text)),
                        ("the same word again and again", AGAIN.search(text)),
                        ("angry emoji", ANGRY.search(text)), ("weary emoji", WEARY.search(text)),
                        ("asked the same again", _same_question(said, before)),
                        ("came back after it was solved", reopened)):
        signs[name] = WEIGHTS[name] if found else 0.0
    found = {name: weight for name, weight in signs.items() if weight}
    if not set(found) - {"shouted", "stretched letters"} and places(said, "thanks"):
        found = {}                              # "thank you!!!" is joy
    return Mood(round(_together(list(found.values())), 3), tuple(found))


def _capitals(text: str, said: Sequence[str]) -> bool:
    letters = [c for c in text if c.isalpha() and c.upper() != c.lower()]
    return len(letters) >= 10 and len(said) > 1 and sum(c.isupper() for c in letters) > 0.7 * len(letters)


def _same_question(said: Sequence[str], before: str) -> bool:
    return bool(before) and len(said) > 1 and fuzz.token_sort_ratio(said, words(before)) >= SAME_QUESTION


def _together(weights: list[float]) -> float:
    left = 1.0
    for weight in weights:
        left *= 1 - weight
    return 1 - left
