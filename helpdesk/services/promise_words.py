"""Which sentences of an answer promise to come back to somebody: plain rules, config/promises.toml. Pure.

Only promises to be in touch again are looked for ("I'll call you tomorrow", "we will let you know"), because only
those can be seen to be kept: by the next answer. What a parcel will do is no promise of this kind.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from helpdesk.services import promise_dates
from helpdesk.services.hours import Hours
from helpdesk.services.promise_table import found as where
from helpdesk.services.promise_table import phrases, spelt, table

READ = 6_000            # characters of an answer
MOST = 3                # promises of one answer
LONGEST = 240           # characters of a sentence that is shown
SENTENCE = re.compile(r"[^\n.!?;।؟…]+(?:[.](?=\S)[^\n.!?;।؟…]*)*[.!?;।؟…]*")
QUESTION = re.compile(r"[?؟？]\s*$")
NEAR = 2                # a negation that far before a promise makes it none


@dataclass(frozen=True)
class Promise:
    """A sentence of an answer, from `begins` to `ends`; `due_at` is None when it names no time."""
    begins: int
    ends: int
    due_at: datetime | None


def promises(text: str, at: datetime, hours: Hours) -> list[Promise]:
    """What an answer written `at` promises; days are those of the house's time zone."""
    found: list[Promise] = []
    for match in SENTENCE.finditer(text[:READ]):
        sentence = match[0].lstrip()
        if len(found) == MOST:
            break
        if sentence.startswith(">") or QUESTION.search(sentence):
            continue
        begins, readings = match.end() - len(sentence), list(_readings(sentence, at, hours))
        if readings:
            due_at = next((one for one in readings if one), None)
            found.append(Promise(begins, min(match.end(), begins + LONGEST), due_at))
    return found


def _readings(sentence: str, at: datetime, hours: Hours) -> Iterator[datetime | None]:
    """By when it is due, once for each language in which it is a promise: people mix them, and some share words."""
    said = spelt(sentence)
    if any(where(said, language, "if") for language in table()):
        return
    for language in table():
        if (place := _place(said, language)) is not None:
            start, dated_only = place
            due_at = promise_dates.due(sentence, said, start, at, hours, language)
            if due_at or not dated_only:
                yield due_at


def _place(said: list[str], language: str) -> tuple[int, bool] | None:
    """Where a promise starts, and whether it is one only with a date; None when there is none."""
    found = [(at, dated) for at, end, dated in _spans(said, language)
             if not _negations(language).intersection(said[max(0, at - NEAR):end])]
    return min(found, key=lambda place: (place[1], place[0]), default=None)


def _spans(said: list[str], language: str) -> Iterator[tuple[int, int, bool]]:
    will, reach = [*where(said, language, "will"), *_of_ours(said, language)], table()[language]["reach"]
    for dated, whole, act in ((False, "whole", "act"), (True, "whole_dated", "act_dated")):
        yield from ((start, end, dated) for start, end in where(said, language, whole))
        deeds = where(said, language, act) if will else ()
        yield from ((start, end, dated) for start, after in will for there, end in deeds
                    if after <= there <= after + reach)


def _of_ours(said: list[str], language: str) -> list[tuple[int, int]]:
    """"… and will": a promise of ours only when the sentence began with us."""
    first = min((start for start, _ in where(said, language, "we")), default=len(said))
    return [place for place in where(said, language, "we_and") if place[0] > first]


@cache
def _negations(language: str) -> frozenset[str]:
    return frozenset(word for phrase in phrases(language, "not") for word in phrase)
