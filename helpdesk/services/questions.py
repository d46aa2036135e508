"""Which sentences of a message ask something: a question mark of any script, or a way of asking that is listed in
config/questions.toml. Pure.

It decides what is shown as unanswered, so it would rather miss a question than make one up.
"""
from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache

from helpdesk import paths
from helpdesk.services.listening import small_talk
from helpdesk.services.words import APOSTROPHE, POLITE, WORD, fold

READ = 3_000            # characters of a message
MOST = 3                # questions of one message
LONGEST = 240
CUT = re.compile(r"(?<=[?？؟;!.。।…])\s+|\n+|(?<=[？؟。।])")
MARK = re.compile(r"[?？؟⁇⸮]|;(?=\s*$)(?<=[\u0370-\u03ff];)")       # the Greek one looks like a semicolon
ADDRESS = re.compile(r"\S+://\S+|www\.\S+|\S+@\S+")
LEADING = frozenset("""and but so also well oh ok okay then just y pero entonces bueno e mas então dan tapi jadi lalu
    oh nah और लेकिन तो aur lekin to و لكن""".split()) | POLITE
MERE = frozenset("ok okay right yes no really sure si sí não sim ya oke haan हाँ".split())


def questions(text: str) -> list[str]:
    """The sentences that ask something, at most three, the last ones of the message."""
    found = []
    for sentence in CUT.split(text[:READ]):
        sentence = " ".join(sentence.split())
        if sentence and not sentence.startswith(">") and _asks(sentence):
            found.append(sentence if len(sentence) <= LONGEST else sentence[:LONGEST - 1].rstrip() + "…")
    return found[-MOST:]


def _asks(sentence: str) -> bool:
    plain = ADDRESS.sub(" ", sentence)
    said = _words(plain)
    if not said or small_talk(plain):
        return False
    if MARK.search(plain):
        return not (len(said) == 1 and said[0] in MERE)
    while said and fold(said[0]) in LEADING:
        said = said[1:]
    if len(said) < 2:
        return False
    return any(_begins(said, rules["start"]) and not _begins(said, rules["not"]) or _ends(said, rules["ends"])
               or _holds(said, rules["anywhere"]) for rules in _rules())


def _begins(said: list[str], listed: frozenset[tuple[str, ...]]) -> bool:
    return any(tuple(said[:size]) in listed for size in (1, 2, 3))


def _ends(said: list[str], listed: frozenset[tuple[str, ...]]) -> bool:
    return len(said) > 2 and any(tuple(said[-size:]) in listed for size in (1, 2, 3))


def _holds(said: list[str], listed: frozenset[tuple[str, ...]]) -> bool:
    return any(tuple(said[at:at + size]) in listed for size in (1, 2, 3, 4, 5) for at in range(len(said) - size + 1))


def _words(text: str) -> list[str]:
    return WORD.findall(unicodedata.normalize("NFC", APOSTROPHE.sub("", text)).casefold())


@cache
def _rules() -> tuple[dict[str, frozenset[tuple[str, ...]]], ...]:
    table = tomllib.loads((paths.CONFIG / "questions.toml").read_text(encoding="utf-8"))
    return tuple({kind: frozenset(tuple(_words(phrase)) for phrase in listed.get(kind, ()))
                  for kind in ("start", "anywhere", "ends", "not")} for listed in table.values())
