"""What the business wants people to handle, whatever the assistant may know of it: a lawyer's letter, an injury.

A topic is a list of expressions, one a line, in any language. They are compared as folded words, so that case, accents
and "lawers" for "lawyers" make no difference, and never as parts of words: "sue" is not in "issue". An asterisk at the
end of a line stands for any ending. Starters lie in config/assistant/topics.toml.
"""
from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz.distance import OSA
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import events, paths
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import SensitiveTopic, Team
from helpdesk.services.hearing import HEARD
from helpdesk.services.words import FUNCTION, words

ONE_SLIP, TWO_SLIPS = 6, 10         # letters of a listed word from which so many slips are forgiven
ANOTHER_LETTER = 8                  # letters from which one may be another: "terluka" is hurt, "terbuka" open
LONGEST, MOST = 100, 500            # characters of a line, lines of a topic


@dataclass(frozen=True)
class Hit:
    """What was found: the topic, its line, and the words that were said."""
    topic: SensitiveTopic
    line: str
    said: str


@dataclass(frozen=True)
class Starter:
    """A topic to begin with. `words`: one expression a line, in the shipped languages."""
    key: str
    name: str
    words: str


def find(session: Session, text: str) -> Hit | None:
    """The first topic that is on and spoken of in a text."""
    said = words(text[:HEARD])
    for topic in session.scalars(select(SensitiveTopic).where(SensitiveTopic.active).order_by(SensitiveTopic.id)):
        if hit := match(topic, said):
            return hit
    return None


def match(topic: SensitiveTopic, said: Sequence[str]) -> Hit | None:
    """Where these folded words speak of the topic."""
    for line, phrase, open_end in _expressions(topic.words):
        size = len(phrase)
        for at in range(len(said) - size + 1):
            some = said[at:at + size]
            if all(_same(word, known, open_end and n == size - 1)
                   for n, (word, known) in enumerate(zip(some, phrase, strict=True))):
                return Hit(topic, line, " ".join(some))
    return None


def topics(session: Session) -> list[SensitiveTopic]:
    """All of them, on or off, by name."""
    return list(session.scalars(select(SensitiveTopic).order_by(SensitiveTopic.name, SensitiveTopic.id)))


def save(session: Session, topic_id: int | None, *, name: str, listed: str, team_id: int | None, active: bool,
         actor: str) -> SensitiveTopic:
    """Store what the form says; a new topic when there is no id. Raises Invalid, NotFound."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100:
        raise Invalid("A topic's name has 1 to 100 characters.")
    lines = _lines(listed)
    if team_id and session.get(Team, team_id) is None:
        raise Invalid("There is no such team.")
    topic = _one(session, topic_id) if topic_id else SensitiveTopic()
    topic.name, topic.words, topic.team_id, topic.active = name, "\n".join(lines), team_id, active
    session.add(topic)
    session.flush()
    events.record(session, events.SettingsChanged(what=f"topic {name}", detail="on" if active else "off"), actor=actor)
    return topic


def remove(session: Session, topic_id: int, actor: str) -> None:
    """Forget a topic. Raises NotFound."""
    topic = _one(session, topic_id)
    session.delete(topic)
    events.record(session, events.SettingsChanged(what=f"topic {topic.name}", detail="removed"), actor=actor)


@cache
def starters() -> tuple[Starter, ...]:
    """Topics that most businesses want."""
    listed = tomllib.loads((paths.CONFIG / "assistant" / "topics.toml").read_text(encoding="utf-8"))
    return tuple(Starter(key, one["name"], "\n".join(dict.fromkeys(
        line for language in one["words"].values() for line in language))) for key, one in listed.items())


def add_starter(session: Session, key: str, actor: str) -> SensitiveTopic:
    """Make a topic of a starter, switched on, for nobody's team yet. One of that name stays as it is. Raises NotFound.
    """
    starter = next((one for one in starters() if one.key == key), None)
    if starter is None:
        raise NotFound("There is no such starter.")
    there = session.scalar(select(SensitiveTopic).where(SensitiveTopic.name == starter.name))
    return there or save(session, None, name=starter.name, listed=starter.words, team_id=None, active=True,
                         actor=actor)


def _one(session: Session, topic_id: int) -> SensitiveTopic:
    topic = session.get(SensitiveTopic, topic_id)
    if topic is None:
        raise NotFound("There is no such topic.")
    return topic


def _lines(listed: str) -> list[str]:
    lines = list(dict.fromkeys(" ".join(line.split()) for line in listed.splitlines() if line.strip()))
    if not lines:
        raise Invalid("List at least one word or expression.")
    if len(lines) > MOST:
        raise Invalid(f"A topic has at most {MOST} lines; make two of it.")
    for line in lines:
        if len(line) > LONGEST:
            raise Invalid(f"A line has at most {LONGEST} characters: {line[:40]!r} is longer.")
        if not words(line):
            raise Invalid(f"{line!r} has no word in it.")
        if set(words(line)) <= FUNCTION:
            raise Invalid(f"{line!r} is in every other message: add a word that tells more.")
    return lines


@lru_cache(maxsize=256)
def _expressions(listed: str) -> tuple[tuple[str, tuple[str, ...], bool], ...]:
    """(line, its folded words, whether the last one may have any ending)."""
    return tuple((line, tuple(words(line)), line.endswith("*")) for line in listed.splitlines() if words(line))


def _same(word: str, known: str, open_end: bool) -> bool:
    if word == known or open_end and word.startswith(known):
        return True
    if len(known) < ONE_SLIP or word[0] != known[0] or word in FUNCTION:
        return False
    if len(word) == len(known) < ANOTHER_LETTER and sorted(word) != sorted(known):
        return False
    slips = 2 if len(known) >= TWO_SLIPS else 1
    return OSA.distance(word, known, score_cutoff=slips) <= slips
