"""What a sentence is besides a question: a wish for a person, a greeting, a yes. Pure.

A wish for a person is one of these, in any clause that nothing speaks against ("I don't want to …"):

- an expression that is one by itself: "call me back", "pásame con";
- a verb of talking near a word for people: "can an agent talk to me";
- a word of wanting right before one ("I need a real human") or, in Hindi, after it ("insaan chahiye");
- a word that nobody uses in a shop for anything else, in a short message: "could a human take over";
- nothing but the word: "agent please".

How well that works is measured by tests/services/test_listening.py over tests/sentences.
"""
from __future__ import annotations

import re
from functools import cache

from helpdesk.services.hearing import HEARD, alike, find, heard, places
from helpdesk.services.languages import language
from helpdesk.services.phrases import hear
from helpdesk.services.words import FUNCTION, POLITE, words

__all__ = ["agreement", "language", "small_talk", "wants_person"]

CLAUSE = re.compile(r"[.,;:!?\n।…]+|\s-\s")
MACHINES = frozenset(("bot", "bots", "robot", "robots", "robo", "machine", "mesin", "chatbot", "maquina",
                      "बॉट", "रोबोट"))
SMALL_TALK = ("bot", "thanks", "bye", "greeting")
REACH = 5               # words between "talk" and "person"
NEGATION_REACH = 3      # words between "don't want" and "talk to a person"
ALONE = 6               # a message of so few words may be nothing but the word
SHORT = 9               # in so few words "a human" is not about human rights


def wants_person(text: str) -> bool:
    """Whether somebody asks for a human being. "Personal data" and "I don't need a person" are no such wish."""
    text = text[:HEARD]
    said = words(text)
    if any(len(said) <= len(place.phrase) + 2 for place in places(said, "bot")):
        return False            # "are you a real person?" wants to know, not to talk
    return any(_clause_wants_person(words(clause)) for clause in CLAUSE.split(text)) \
        or len(said) <= ALONE and _nothing_but_a_person(said) or len(said) <= SHORT and _surely(said)


def small_talk(text: str) -> str:
    """bot, thanks, bye or greeting when the message is nothing else, otherwise ''."""
    text = text[:HEARD]
    said = words(text)
    if not said:
        return "thanks" if text.strip() and not any(c.isalnum() for c in text) and "?" not in text else ""
    if len(said) > 12:
        return ""
    found = [(first[0].at, first[0].at - first[0].until, kind) for kind in SMALL_TALK if (first := places(said, kind))]
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


def _clause_wants_person(said: list[str]) -> bool:
    if not said:
        return False
    starts = [(place.at, place.until) for place in places(said, "person")]
    nouns = places(said, "person_nouns")
    for verb in places(said, "person_verbs") if nouns else ():
        for noun in nouns:
            if 0 <= max(noun.at - verb.until, verb.at - noun.until) <= REACH:
                starts.append((min(verb.at, noun.at), max(verb.until, noun.until)))
    strong = places(said, "person_strong")
    for call in places(said, "person_calls") if strong else ():
        starts += [(call.at, noun.until) for noun in strong if _fills(said[call.until:noun.at], noun.at - call.until)]
    for call in places(said, "person_calls_after") if strong else ():
        starts += [(noun.at, call.until) for noun in strong if _fills(said[noun.until:call.at], call.at - noun.until)]
    return any(not _negated(said, *span) for span in starts) or _nothing_but_a_person(said)


def _surely(said: list[str]) -> bool:
    return heard(said, "person_sure") and not heard(said, "not_human") and not heard(said, "not_person")


def _fills(between: list[str], gap: int) -> bool:
    """Whether only small words stand between: "need a real human", but not "need to name the person"."""
    return gap >= 0 and not any(map(_counts, between))


@cache
def _fillers() -> frozenset[str]:
    return frozenset(word for _, phrase in hear("person_fill") for word in phrase)


def _nothing_but_a_person(said: list[str]) -> bool:
    rest = [word for word in said if word not in POLITE and _counts(word)]
    return bool(rest) and any(alike(rest, p) for p in _alone()) and not heard(said, "not_person")


@cache
def _alone() -> frozenset[tuple[str, ...]]:
    """Words for people without the small ones in them: "atención al cliente" is heard without "al"."""
    return frozenset(short for _, phrase in hear("person_alone")
                     if (short := tuple(filter(_counts, phrase))))


def _counts(word: str) -> bool:
    return word not in FUNCTION and word not in _fillers()


def _negated(said: list[str], at: int, until: int) -> bool:
    """"I don't want to talk to a person", but not "I don't want a bot but a person"."""
    for no in places(said, "not_person"):
        if -1 <= at - no.until <= NEGATION_REACH or at <= no.at < until:
            return not MACHINES.intersection(said[min(no.at, at):until])
    return False


def _without(said: list[str], kind: str) -> list[str]:
    for _, phrase in hear(kind):
        at = find(said, phrase)
        if at >= 0:
            said = said[:at] + said[at + len(phrase):]
    return said
