"""What a sentence is besides a question: a wish for a person, anger, a greeting; and in which language. Pure.

Everything is listened for in all languages at once, because people mix them and write Hindi in Latin letters.
"""
from __future__ import annotations

import re
from collections import Counter
from functools import cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from helpdesk.services.phrases import LANGUAGES, hear
from helpdesk.services.words import FUNCTION, LIGHT, POLITE, words

CLAUSE = re.compile(r"[.,;:!?\n।…]+|\s-\s")
DEVANAGARI = re.compile(r"[\u0900-\u097f]")
SHOUTED = re.compile(r"[!?]*!{2,}[!?]*|[!?]*\?!\?*|!\?|\?{3,}")
MACHINES = frozenset(("bot", "bots", "robot", "robots", "robo", "machine", "mesin", "chatbot", "maquina",
                      "बॉट", "रोबोट"))
SMALL_TALK = ("bot", "thanks", "bye", "greeting")
HEARD = 1_500           # characters; what somebody wants stands at the beginning, and the rest would hold up everybody
REACH = 5               # words between "talk" and "person"
NEGATION_REACH = 3      # words between "don't want" and "talk to a person"
SAME_QUESTION = 92      # likeness from 0 to 100 from which a question is the same again
FRUSTRATED = 1.0


def wants_person(text: str) -> bool:
    """Whether somebody asks for a human being. "Personal data" and "I don't need a person" are no such wish."""
    text = text[:HEARD]
    said = words(text)
    rest = [word for word in said if word not in POLITE and word not in FUNCTION]
    if rest and len(said) <= 6 and any(_alike(rest, p) for _, p in hear("person_alone")):
        return not any(_find(said, p) >= 0 for _, p in hear("not_person") + hear("bot"))
    if any(len(said) <= len(p) + 2 and _find(said, p) >= 0 for _, p in hear("bot")):
        return False            # "are you a real person?" wants to know, not to talk
    return any(_clause_wants_person(words(clause)) for clause in CLAUSE.split(text))


def frustration(text: str, previous: str = "") -> float:
    """How annoyed somebody sounds; from FRUSTRATED on they should not talk to a machine. `previous` is what they
    wrote before our last answer, or '': the same question again means that the answer was none."""
    text = text[:HEARD]
    said, score = words(text), 0.0
    if any(_find(said, p) >= 0 for _, p in hear("frustration")):
        score += 1.0
    score += 0.5 * sum(_find(said, p) >= 0 for p in {p for _, p in hear("displeasure")})
    letters = [c for c in text if c.isalpha() and c.upper() != c.lower()]
    if len(letters) >= 10 and len(said) > 1 and sum(c.isupper() for c in letters) > 0.7 * len(letters):
        score += 0.5
    if SHOUTED.search(text):
        score += 0.5
    if previous and len(said) > 1 and fuzz.token_sort_ratio(said, words(previous)) >= SAME_QUESTION:
        score += 1.0
    return score


def small_talk(text: str) -> str:
    """bot, thanks, bye or greeting when the message is nothing else, otherwise ''."""
    text = text[:HEARD]
    said = words(text)
    if not said:
        return "thanks" if text.strip() and not any(c.isalnum() for c in text) and "?" not in text else ""
    if len(said) > 12:
        return ""
    found = [(places[0][0], -len(places[0][1]), kind) for kind in SMALL_TALK if (places := _first(said, kind))]
    left = said
    for kind in SMALL_TALK:
        left = _without(left, kind)
    if found and len(left) <= 2 and all(word in FUNCTION or word in POLITE for word in left):
        return min(found)[2]
    return ""


def agreement(text: str) -> bool | None:
    """True for a bare yes, False for a bare no, None for everything else."""
    text = text[:HEARD]
    said = tuple(word for word in words(text) if word not in POLITE)
    for kind, meaning in (("yes", True), ("no", False)):
        if said and any(said == p for _, p in hear(kind)):
            return meaning
    return None


def language(text: str) -> tuple[str, bool]:
    """(language, clear): the most likely one of ours by script and function words; '' when nothing tells. It is clear
    with two such words and few of another language, or when the whole message is of one."""
    text = text[:HEARD]
    letters = sum(c.isalpha() for c in text)
    if letters and len(DEVANAGARI.findall(text)) > 0.3 * letters:
        return "hi", True
    score: Counter[str] = Counter()
    said = words(text)
    for word in said:
        known_to = [code for code in LANGUAGES if word in LIGHT[code] or word in _telling(code)]
        for code in known_to:
            score[code] += 1 / len(known_to)
    ranked = [*score.most_common(2), ("", 0.0), ("", 0.0)]
    (first, most), (_, next_most) = ranked[0], ranked[1]
    if most == next_most:
        return "", False
    return first, most >= 2 and most >= 1.5 * next_most or most == len(said)


@cache
def _telling(code: str) -> frozenset[str]:
    """Words of greeting, thanks and wishes: they tell a language as well as function words do."""
    kinds = ("greeting", "thanks", "bye", "yes", "no", "person_verbs")
    return frozenset(word for kind in kinds for spoken, p in hear(kind) if spoken == code for word in p)


def _clause_wants_person(said: list[str]) -> bool:
    starts = [at for _, p in hear("person") if (at := _find(said, p)) >= 0]
    for at, until in _places(said, "person_verbs"):
        for noun_at, noun_until in _places(said, "person_nouns"):
            gap = noun_at - until if noun_at >= until else at - noun_until
            if 0 <= gap <= REACH:
                starts.append(min(at, noun_at))
    return any(not _negated(said, at) for at in starts)


def _negated(said: list[str], at: int) -> bool:
    """"I don't want to talk to a person", but not "I don't want a bot but a person"."""
    for start, until in _places(said, "not_person"):
        if -1 <= at - until <= NEGATION_REACH or start == at:
            return not MACHINES.intersection(said[min(start, at):])
    return False


def _places(said: list[str], kind: str) -> list[tuple[int, int]]:
    places = []
    for phrase in {p for _, p in hear(kind)}:
        at = _find(said, phrase)
        if at >= 0:
            places.append((at, at + len(phrase)))
    return places


def _find(said: list[str], phrase: tuple[str, ...]) -> int:
    """Where a phrase stands in a sentence, a typo in a longer word forgiven; -1 when it does not."""
    size = len(phrase)
    return next((at for at in range(len(said) - size + 1) if _alike(said[at:at + size], phrase)), -1)


def _alike(some: list[str], phrase: tuple[str, ...]) -> bool:
    return len(some) == len(phrase) and all(_same(a, b) for a, b in zip(some, phrase, strict=True))


def _same(word: str, known: str) -> bool:
    if word == known:
        return True
    if len(known) < 5 or word[0] != known[0] or word in FUNCTION or not known.isascii():
        return False
    if len(known) < 9 and (word[:-1] == known or known[:-1] == word):
        return False            # an ending, not a typo: persons and person, persona and person
    return OSA.distance(word, known, score_cutoff=1) <= 1


def _first(said: list[str], kind: str) -> list[tuple[int, tuple[str, ...]]]:
    """[(position, phrase)] of what is heard, the earliest and then the longest first."""
    places = [(at, p) for _, p in hear(kind) if (at := _find(said, p)) >= 0]
    return sorted(places, key=lambda place: (place[0], -len(place[1])))


def _without(said: list[str], kind: str) -> list[str]:
    for _, phrase in hear(kind):
        at = _find(said, phrase)
        if at >= 0:
            said = said[:at] + said[at + len(phrase):]
    return said
