"""Does this look like something that was meant for colleagues? By how it begins, in the languages that we speak."""
from __future__ import annotations

import re
from collections.abc import Iterable

FIRST_LINES = 3         # where a mark is looked for: further down it is a word like any other
QUOTED = 25             # characters of a note's line that are no accident when they stand in an answer
# Words that mean it by themselves at the beginning of a line …
PHRASES = ("internal note", "internal only", "note to self", "not for the customer", "fyi team", "team only",
           "do not send", "don't send", "for the team",
           "nota interna", "solo interno", "uso interno", "para el equipo", "no enviar", "no para el cliente",
           "só interno", "para a equipe", "para a equipa", "não enviar", "nao enviar", "não para o cliente",
           "catatan internal", "untuk tim", "khusus tim", "jangan dikirim",
           "आंतरिक नोट", "टीम के लिए", "न भेजें",
           "ملاحظة داخلية", "للفريق فقط", "لا ترسل")
# … and ones that do with a colon or a bracket behind them.
WORDS = ("internal", "interno", "interna", "note", "nota", "catatan", "team", "tim", "equipo", "equipe", "equipa",
         "fyi", "आंतरिक", "नोट", "टीम", "داخلي", "ملاحظة")
ANY_PHRASE, ANY_WORD = ("|".join(map(re.escape, sorted(words, key=len, reverse=True))) for words in (PHRASES, WORDS))
MARK = re.compile(rf"^[\W_]*(?:(?:{ANY_PHRASE})(?!\w)|(?:{ANY_WORD})\s*[:\])：])")


def mark(text: str) -> str:
    """The line that reads like the beginning of a note; '' when none does."""
    return next((line for line in _first(text) if MARK.match(line.casefold())), "")


def mention(text: str, names: Iterable[str]) -> str:
    """The colleague who is spoken to at the beginning of a line ("@Bob"), by full or first name; ''."""
    called = {}
    for name in names:
        called.setdefault(name.casefold(), name)
        called.setdefault(name.casefold().split(" ")[0], name)
    for line in _first(text):
        if line.startswith("@"):
            said = line[1:].casefold()
            for word in sorted(called, key=len, reverse=True):
                if word and re.match(re.escape(word) + r"(?!\w)", said):
                    return called[word]
    return ""


def quoted(text: str, notes: Iterable[str], public: Iterable[str]) -> str:
    """The line of a note that stands in the text; '' when none does. What was also said in public is no secret."""
    said = _folded(text)
    lines = {_folded(line): line.strip() for note in notes for line in note.splitlines()}
    found = [line for line in lines if len(line) >= QUOTED and line in said]
    if not found:
        return ""
    known = [_folded(one) for one in public]
    return next((lines[line] for line in found if not any(line in one for one in known)), "")


def _first(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()][:FIRST_LINES]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
