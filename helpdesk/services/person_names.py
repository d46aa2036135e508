"""What people are called, made comparable: words of a name without accents, titles and particles; how two names relate.

Names are not spelt one way: their words change places (Indian, Hungarian and Chinese forms), a second surname is left
out (Spanish), a middle name is an initial, a letter is another script's. What tells two people apart weighs as much: a
son carries his father's name and "Filho", sisters share all but the first.
"""
from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from anyascii import anyascii
from rapidfuzz import fuzz

from helpdesk.services.words import words

MOST_WORDS = 6
NEAR = 80           # per cent of two words' letters from which one may be a slip of the other
TITLES = frozenset(words("""mr mrs ms miss mx dr prof herr frau hr fr sr sra srta senor senora senhor senhora mme mlle
    bapak bpk ibu pak bu shri smt श्री श्रीमती haji sir madam السيد السيدة г-н г-жа"""))
GENERATIONS = {word: meaning for meaning, listed in {
    "Junior": "jr junior filho hijo fils jnr", "Senior": "sr senior pere snr", "Neto": "neto", "II": "ii", "III": "iii",
    "IV": "iv", "Sobrinho": "sobrinho"}.items() for word in listed.split()}
PARTICLES = frozenset("de da do dos das del la las los van von der den ter zu di du le bin binti ibn bint al el ul e y "
                      "und and".split())
NOBODY = frozenset(words("""customer customers guest visitor user unknown anonymous info support service team sales
    admin office contact kunde kundenservice cliente client pelanggan test noreply reply mail email shop store"""))
MUHAMMAD = frozenset("""mohammed mohammad muhammed mohamed mohamad muhamad muhammet mehmed mohd mohamud muhammadu
    mohammod""".split())
HAN_OR_HANGUL = re.compile(r"[\u3400-\u9fff\uac00-\ud7a3]{2,4}")
INITIALS = re.compile(r"(?<!\w)(\w)\.(?=\w\.)")       # "J.R.R." are three words


class Likeness(StrEnum):
    """How two names relate."""
    NONE = "none"           # somebody has none
    SAME = "same"           # word for word, in whatever order
    SOUND = "sound"         # the same in two scripts
    FULLER = "fuller"       # all of the shorter one is in the longer one, at least two words
    INITIAL = "initial"     # the same with an initial
    NEAR = "near"           # but for a slip or two
    FIRST = "first"         # one is a single word that the other has too
    GENERATION = "generation"       # the same, and one is called Junior
    KIN = "kin"             # some words are shared and others are not: a family
    OTHER = "other"         # nothing is


ALIKE = (Likeness.SAME, Likeness.SOUND, Likeness.FULLER, Likeness.INITIAL, Likeness.NEAR)


class Name(NamedTuple):
    """The words of a name that count, in its own order, and "Junior" or the like."""
    words: tuple[str, ...]
    generation: str = ""


@lru_cache(maxsize=8192)
def parts(name: str) -> Name:
    """The words of a name; none for what is no name (an address, "Customer", a number)."""
    if "@" in name or not any(c.isalpha() for c in name):
        return Name(())
    found = words(INITIALS.sub(r"\1 ", name))
    if len(found) == 1 and HAN_OR_HANGUL.fullmatch(found[0]):       # the family's name stands first, without a space
        cut = 2 if len(found[0]) == 4 else 1
        found = [found[0][:cut], found[0][cut:]]
    while len(found) > 1 and found[0] in TITLES:
        found = found[1:]
    generation = GENERATIONS.get(name.split()[-1].strip(".,").lower(), "") if len(found) > 2 else ""
    if generation:
        found.pop()
    found = [w for w in found if w not in NOBODY and not w.isdigit()]
    kept = [w for w in found if w not in PARTICLES] or found
    return Name(tuple(map(_word, kept[:MOST_WORDS])), generation)


@lru_cache(maxsize=8192)
def sound(word: str) -> str:
    """The consonants that a word is heard by, from whatever script: "Mohamed" and "محمد" are both md."""
    latin = re.sub("[^a-z]", "", anyascii(word).lower())
    if "\u0600" <= word[:1] <= "\u06ff":        # inside of an Arabic word, waw is mostly a long u
        latin = latin[:1] + latin[1:].replace("w", "")
    for written, heard in (("ph", "f"), ("dj", "j"), ("tj", "c"), ("sch", "s"), ("x", "ks"), ("q", "k"), ("z", "s"),
                           ("w", "v")):
        latin = latin.replace(written, heard)
    return re.sub(r"(.)\1+", r"\1", re.sub("[aeiouyh]", "", latin).replace("c", "k"))


def plain(word: str) -> str:
    """A word whose umlauts may be written out: Müller and Mueller are one."""
    return re.sub("(?<=[aou])e", "", word)


def compare(one: Name, other: Name) -> Likeness:
    """How two names relate; the same whichever comes first."""
    short, long = sorted((one, other), key=lambda name: (len(name.words), name))
    if not short.words:
        return Likeness.NONE
    pairs = _aligned(short.words, long.words)
    shared = sum(like >= NEAR for _, _, like, _ in pairs)
    if len(short.words) == 1:
        return _single(short, long, pairs)
    if shared < len(short.words):
        if fuzz.ratio("".join(short.words), "".join(long.words)) == 100:        # Abdul Rahman, Abdulrahman
            return Likeness.SAME
        return Likeness.KIN if shared else Likeness.OTHER
    if one.generation != other.generation:
        return Likeness.GENERATION
    if any(how == "initial" for *_, how in pairs):
        return Likeness.INITIAL if any(how == "same" for *_, how in pairs) else Likeness.OTHER
    if any(how == "sound" for *_, how in pairs):
        return Likeness.SOUND if len(short.words) == len(long.words) else Likeness.NEAR
    if any(like < 100 for _, _, like, _ in pairs):
        return Likeness.NEAR
    return Likeness.SAME if len(short.words) == len(long.words) else Likeness.FULLER


def percent(one: str, other: str) -> int:
    """How much of the letters of two names agree, whatever the order of their words."""
    return round(fuzz.token_sort_ratio(" ".join(parts(one).words), " ".join(parts(other).words)))


def _word(word: str) -> str:
    if word in MUHAMMAD:
        return "muhammad"
    if word.startswith("ال") and len(word) > 4:     # the Arabic article
        return word[2:]
    return anyascii(word).lower() if word < "\u0250" and not word.isascii() else word      # ł and ø are no l and o


def _single(short: Name, long: Name, pairs: list) -> Likeness:
    """One is called by a single word: that says little, also where it is all of both names."""
    joined = fuzz.ratio(short.words[0], "".join(long.words)) == 100 and len(long.words) > 1
    if joined:
        return Likeness.SAME
    return Likeness.FIRST if pairs[0][2] >= NEAR else Likeness.OTHER


def _aligned(short: tuple[str, ...], long: tuple[str, ...]) -> list[tuple[int, int, int, str]]:
    """For each word of the shorter name its counterpart: (place, place, per cent, how), the best ones first."""
    every = sorted(((a, b, *_like(word, other)) for a, word in enumerate(short) for b, other in enumerate(long)),
                   key=lambda pair: (-pair[2], pair[3], short[pair[0]], long[pair[1]], pair[0], pair[1]))
    taken, used_a, used_b = [], set(), set()
    for pair in every:
        if pair[0] not in used_a and pair[1] not in used_b:
            used_a.add(pair[0])
            used_b.add(pair[1])
            taken.append(pair)
    return taken


@lru_cache(maxsize=32768)
def _like(one: str, other: str) -> tuple[int, str]:
    """Per cent and how: same, sound, initial or near."""
    if plain(one) == plain(other):
        return 100, "same"
    if one.isascii() != other.isascii() and len(sound(one)) > 1 and sound(one) == sound(other):
        return 95, "sound"
    if 1 in (len(one), len(other)) and one[0] == other[0]:
        return 90, "initial"
    return round(fuzz.ratio(one, other)), "near"
