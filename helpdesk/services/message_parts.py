"""What is asked in one message: its parts, one thing each. Pure.

A message is cut at sentences, lines, list marks and where somebody goes on with "and also" or "and how …". Cutting too
often does no harm: whoever answers takes the parts apart only when several of them are known by themselves
(helpdesk.services.understanding).
"""
from __future__ import annotations

import re
from dataclasses import dataclass

from helpdesk.services.listening import small_talk
from helpdesk.services.phrases import hear
from helpdesk.services.words import FUNCTION, POLITE, WORD, fold, words

LOOKED_AT = 1_500       # characters; what somebody wants stands at the beginning
MOST = 6                # parts; each costs one look-up
LIST_MARK = re.compile(r"(?m)^[ \t]*(?:[-*•–]|\(?\d{1,2}[.):]|[a-hA-H][.)])[ \t]+(?=\S)")
INLINE_MARK = re.compile(r"(?<=\S)[ \t]+(?=\(?[1-9][.)][ \t]+\S)")       # "1) … 2) …" on one line
END = re.compile(r"(?<=[!.。।…！;])\s+|(?<=[?？])\s*(?=[^\s?!.？])|\n+")
ASKED_INSIDE = ("hi",)      # languages whose question word does not stand first
QUESTION_MARK = re.compile(r"[?？]\s*$|^\s*¿")


@dataclass(frozen=True)
class Part:
    """Some words of a message. `asks`: they are a question by their form: a question mark, a question word at the
    beginning, or a point of a list."""
    text: str
    asks: bool


def parts(text: str) -> list[Part]:
    """The parts of a message in their order, greetings and thanks left out; at most MOST, and the whole when there is
    only one."""
    text = text[:LOOKED_AT]
    marked = len(LIST_MARK.findall(text)) + len(INLINE_MARK.findall(text)) > 1
    if marked:
        text = INLINE_MARK.sub("\n", text)
    found: list[Part] = []
    for line in text.split("\n"):
        listed = marked and bool(LIST_MARK.match(line))
        for sentence in END.split(LIST_MARK.sub("", line) if marked else line):
            found += _pieces(sentence.strip(), listed)
    found = [part for part in found if not small_talk(part.text)]
    told = [part for part in found if len(words(part.text)) > 1][:MOST]
    if len(told) > 1:
        return told
    whole = " ".join(part.text for part in found) or text.strip()
    return [Part(whole, asks(whole))]


def asks(text: str) -> bool:
    """Whether some words have the form of a question, in any of our languages."""
    said = [word for word in words(text) if word not in POLITE]
    return bool(QUESTION_MARK.search(text)) or _asking(said)


def _asking(said: list[str]) -> bool:
    for code, phrase in hear("asks"):
        places = range(len(said)) if code in ASKED_INSIDE else (0,)
        if any(said[at:at + len(phrase)] == list(phrase) for at in places):
            return True
    return False


def greeted(text: str) -> str:
    """What stands before or after the matter itself without being it: greeting, thanks … or ''."""
    for sentence in END.split(text[:LOOKED_AT])[:3]:
        if kind := small_talk(sentence):
            return kind
    return ""


def _pieces(sentence: str, listed: bool) -> list[Part]:
    """One sentence, cut where a second question begins."""
    if not sentence:
        return []
    tokens = [(fold(match.group()), match.start(), match.end()) for match in WORD.finditer(sentence)]
    said, pieces, start, asked = [token for token, _, _ in tokens], [], 0, listed
    at = 0
    while at < len(tokens):
        length, further = _joined(said, at)
        if length:
            pieces.append((sentence[start:tokens[at][1]], asked))
            start, asked = tokens[at + length - 1][2], listed or further
        at += max(length, 1)
    pieces.append((sentence[start:], asked))
    return [Part(piece.strip(" ,;:\t"), bool(known or asks(piece))) for piece, known in pieces if piece.strip(" ,;:\t")]


def _joined(said: list[str], at: int) -> tuple[int, bool]:
    """How many words at `at` lead to a further matter, and whether they alone say so ("and also"); (0, False) when none
    do. "And how" needs a matter before it."""
    for _, phrase in hear("also"):
        if said[at:at + len(phrase)] == list(phrase) and len(said) > at + len(phrase) + 1 and (
                at == 0 or _matter(said[:at])):
            return len(phrase), True
    for _, phrase in hear("and"):
        after = said[at + len(phrase):]
        if said[at:at + len(phrase)] == list(phrase) and len(after) > 1 and _matter(said[:at]) and _asking(after):
            return len(phrase), False
    return 0, False


def _matter(said: list[str]) -> bool:
    return any(word not in FUNCTION and word not in POLITE for word in said)
