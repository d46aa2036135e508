"""What changed between two texts, word by word, for people to read. Pure."""
from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

WORDS = re.compile(r"\s+|[^\W_]+|.", re.S)
MOST = 20_000               # words; beyond them whole lines are compared
NEARBY = 160                # characters shown around a change


@dataclass(frozen=True)
class Part:
    """`kind`: same, added, removed, or left (unchanged text that is not shown)."""
    kind: str
    text: str


def parts(before: str, after: str) -> list[Part]:
    """The later text with what was taken out and put in; long unchanged stretches are left out."""
    one, other = _cut(before, after)
    found: list[Part] = []
    for what, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(Part("same", "".join(one[a:b])))
            continue
        if a < b:
            found.append(Part("removed", "".join(one[a:b])))
        if c < d:
            found.append(Part("added", "".join(other[c:d])))
    return _short(found)


def _cut(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines are compared first where there is much; a changed line is then a change of its own."""
    one, other = WORDS.findall(before), WORDS.findall(after)
    if len(one) * len(other) <= MOST * 200:
        return one, other
    return before.splitlines(keepends=True), after.splitlines(keepends=True)


def _short(found: list[Part]) -> list[Part]:
    shown: list[Part] = []
    for place, part in enumerate(found):
        first, last = place == 0, place == len(found) - 1
        room = NEARBY * (2 - first - last)
        if part.kind != "same" or len(found) == 1 or len(part.text) <= room + NEARBY:
            shown.append(part)
            continue
        if not first:
            shown.append(Part("same", part.text[:NEARBY]))
        shown.append(Part("left", "…"))
        if not last:
            shown.append(Part("same", part.text[-NEARBY:]))
    return shown
