"""The matcher as the assistant asks it: articles' phrasings in, matches out. What it does is helpdesk/matching."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from helpdesk.matching import Entry, Matcher


@dataclass(frozen=True)
class Match:
    """One article that fits: its id, the phrasing that fits best, and how sure that is (0 to 1)."""
    article_id: int
    question: str
    score: float
    locale: str = ""


@dataclass(frozen=True)
class Phrasing:
    """One way in which an article is asked for; the first one of an article is its title."""
    article_id: int
    text: str
    locale: str = ""


class Index:
    """The phrasings of articles, ready to be asked; or what a matcher already knows."""

    def __init__(self, phrasings: Iterable[Phrasing] = (), matcher: Matcher | None = None):
        self.matcher = matcher or Matcher(entries(phrasings))

    def __len__(self) -> int:
        return len(self.matcher)

    def rank(self, text: str, limit: int = 3, locale: str = "") -> list[Match]:
        """The articles that may answer, best first; the ones in the language `locale` before others."""
        return [Match(found.entry.id, found.question, found.score, found.entry.locale)
                for found in self.matcher.candidates(text, limit, locale)]


def entries(phrasings: Iterable[Phrasing]) -> list[Entry]:
    """One entry per article."""
    texts: dict[int, list[str]] = {}
    locales: dict[int, str] = {}
    for one in phrasings:
        texts.setdefault(one.article_id, []).append(one.text)
        locales.setdefault(one.article_id, one.locale)
    return [Entry(id, first, tuple(others), locale=locales[id]) for id, (first, *others) in texts.items()]
