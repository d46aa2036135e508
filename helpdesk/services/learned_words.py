"""What is worth keeping of a customer's message: the sentence that asks, without who they are. Pure.

It may become a phrasing, which other customers are shown as "this is how I understood you": so addresses, phone and
order numbers, and the writer's own name are taken out before anything is stored.
"""
from __future__ import annotations

import re

from helpdesk.services.listening import small_talk, wants_person
from helpdesk.services.masks import MARK, Mask
from helpdesk.services.questions import questions
from helpdesk.services.words import words

LONGEST = 240           # characters; a phrasing is a question, not a letter
GAP = "…"
ADDRESS = re.compile(r"\S+://\S+|www\.\S+|\S+@\S+")
NUMBER = re.compile(r"(?<!\w)[#+]?(?:\w{0,4}[-./]?)?\d(?:[\s().\-/]{0,2}\d){4,}\w*")      # phones, orders, accounts
GAPS = re.compile(rf"(?:{GAP}[\s,;:]*)+")
GREETING = re.compile(r"^[^,.!?\n]{1,40}[,!.]\s+(?=\S)")


def asked(text: str, subject: str = "") -> str:
    """The question of a message: its last sentence that asks something; else its subject, else how it begins. '' for
    small talk, for who only wants a person, and for what has no words."""
    if not words(text) and not subject:
        return ""
    if found := [one for one in questions(text) if not wants_person(one)]:
        return found[-1]
    if small_talk(text) or wants_person(text):
        return ""
    if len(words(subject)) > 1 and not small_talk(subject):
        return _cut(subject)
    return _cut(_without_greeting(" ".join(text.split())))


def nameless(text: str, names: tuple[str, ...] = (), mask: Mask | None = None) -> str:
    """The text with a gap for every address and long number, for what `mask` knows of the writer, and for their
    `names` as they are spelt ("Will" is a name, "will" is not)."""
    text = ADDRESS.sub(GAP, text)
    if mask:
        text = mask.text(text).replace(MARK, GAP)
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", GAP, text)
    text = " ".join(GAPS.sub(f"{GAP} ", NUMBER.sub(GAP, text)).split())
    return re.sub(rf" ?{GAP} ?(?=[?!.,]|$)", f" {GAP}", text).strip() if words(text) else ""


def _without_greeting(text: str) -> str:
    begins = GREETING.match(text)
    return text[begins.end():] if begins and small_talk(begins[0]) else text


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[:LONGEST - 1].rsplit(" ", 1)[0].rstrip() + GAP
