"""Searching the help centre: what the assistant's matcher understands, and the words that stand in an article.

The matcher finds paraphrases and mistyped words, but only among phrasings and titles; the words find what an article
says in passing. Only public articles are ever returned.
"""
from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from math import log

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from helpdesk.models import Article
from helpdesk.services import articles, help_urls, markdown
from helpdesk.services.help_urls import PUBLIC
from helpdesk.services.words import FUNCTION, WORD, fold, matter, words

QUERY_LIMIT = 200       # characters
CANDIDATES = 30         # of the matcher
LEAST_SURE = 0.3        # a match below it is no result (docs/help-centre.md has the figures) …
LEAST_WORDS = 0.6       # … nor an article that has less than this share of the words' weight
BEGINNING = 3           # letters from which the last word may be the beginning of one
IN_TITLE, IN_BODY = 1.0, 0.6
SNIPPET, BEFORE = 220, 60
_DASH = re.compile(r"^\s*- ", re.MULTILINE)

Marked = list[tuple[str, bool]]
FOUND = select(Article.id, Article.title, Article.slug, Article.locale, Article.body, Article.original_id).where(PUBLIC)


@dataclass(frozen=True)
class Result:
    """One article that was found: its title and a piece of its text, each in pieces with whether it was looked for."""
    id: int
    slug: str
    locale: str
    name: str
    title: Marked
    snippet: Marked
    score: float

    @property
    def path(self) -> str:
        """Where it is read."""
        return help_urls.article_path(self.locale, self.slug)


@dataclass
class _Text:
    """The folded words of one article, kept until it changes."""
    changed_at: object
    title: frozenset[str]
    body: frozenset[str]


@dataclass
class _Shelf:
    """The words of all public articles of one database."""
    version: tuple = ()
    texts: dict[int, _Text] = field(default_factory=dict)
    spread: Counter[str] = field(default_factory=Counter)      # in how many articles a word stands
    vocabulary: list[str] = field(default_factory=list)        # in order, for beginnings


_built = _Shelf()


def search(session: Session, query: str, locale: str, limit: int = 20, beginning: bool = False) -> list[Result]:
    """The public articles that answer, best first: those in `locale`, or in other languages where it has none. With
    `beginning` the last word may still be being typed."""
    query = " ".join(query.split())[:QUERY_LIMIT]
    listed = matter(words(query))
    if not listed:
        return []
    scores = _by_words(session, listed, beginning)
    for match in articles.index(session).rank(query, CANDIDATES, locale.split("-")[0]):
        if match.score >= LEAST_SURE:
            scores[match.article_id] = scores.get(match.article_id, 0.0) + match.score
    rows = session.execute(FOUND.where(Article.id.in_(scores))).all()
    own = [row for row in rows if row.locale == locale]
    if rows and not own:        # what was found in another language may have been translated
        roots = {row.original_id or row.id: scores[row.id] for row in rows}
        own = session.execute(FOUND.where(Article.locale == locale, or_(
            Article.id.in_(roots), Article.original_id.in_(roots)))).all()
        scores.update({row.id: roots[row.original_id or row.id] for row in own})
    chosen = sorted(own or rows, key=lambda row: (-scores[row.id], row.id))[:limit]
    return [_result(row, listed, scores[row.id]) for row in chosen]


def marked(text: str, listed: list[str]) -> Marked:
    """A text in pieces, each with whether its word is one of the folded words, or begins with one of them."""
    wanted = tuple(word for word in listed if word not in FUNCTION) or tuple(listed)
    pieces: Marked = []
    at = 0
    for match in WORD.finditer(text):
        if _begins(fold(match[0]), wanted):
            pieces += [(text[at:match.start()], False)] if match.start() > at else []
            pieces.append((match[0], True))
            at = match.end()
    return [*pieces, (text[at:], False)] if at < len(text) else pieces


def snippet(text: str, listed: list[str], length: int = SNIPPET) -> Marked:
    """At most `length` characters of a text, from shortly before the place where most of the words stand."""
    wanted = tuple(word for word in listed if word not in FUNCTION) or tuple(listed)
    hits = [(match.start(), word) for match in WORD.finditer(text) if _begins(word := fold(match[0]), wanted)]
    best = max(hits, key=lambda hit: len({word for at, word in hits if hit[0] <= at < hit[0] + length - BEFORE}),
               default=(0, ""))[0]
    start = text.find(" ", best - BEFORE) + 1 if best > BEFORE else 0
    cut = text[start:start + length]
    more = start + length < len(text)
    if more:
        cut = cut.rpartition(" ")[0] or cut
    return marked(("…" if start else "") + cut + ("…" if more else ""), listed)


def _begins(word: str, wanted: tuple[str, ...]) -> bool:
    return any(word == one or len(one) >= BEGINNING and word.startswith(one) for one in wanted)


def _result(row, listed: list[str], score: float) -> Result:
    return Result(row.id, row.slug, row.locale, row.title, marked(row.title, listed),
                  snippet(_line(row.body), listed), score)


@lru_cache(maxsize=4096)
def _line(body: str) -> str:
    """An article's words in one line, where the dashes of a list would only look like broken words."""
    return " ".join(_DASH.sub("", markdown.plain(body)).split())


def _by_words(session: Session, listed: list[str], beginning: bool) -> dict[int, float]:
    """Which articles have the words: each worth the more the fewer articles have it, in a title more than in the text.
    """
    shelf = _shelf(session)
    content = [word for word in dict.fromkeys(listed) if word not in FUNCTION]
    size = len(shelf.texts)
    weights: list[tuple[float, set[str]]] = []
    for word in content:
        forms = {word}
        if beginning and word == listed[-1] and len(word) >= BEGINNING or len(word) > BEGINNING:
            forms |= set(_with_beginning(shelf.vocabulary, word))
        spread = min(size, sum(shelf.spread[form] for form in forms)) or size
        weights.append((log((1 + size) / (1 + spread)) + 0.5, forms))
    total = sum(weight for weight, _ in weights)
    if not total:
        return {}
    scores = {}
    for number, text in shelf.texts.items():
        found = have = 0.0
        for weight, forms in weights:
            if not text.title.isdisjoint(forms):
                found, have = found + weight * IN_TITLE, have + weight
            elif not text.body.isdisjoint(forms):
                found, have = found + weight * IN_BODY, have + weight
        if have >= LEAST_WORDS * total:
            scores[number] = found / total
    return scores


def _with_beginning(vocabulary: list[str], word: str) -> list[str]:
    low = bisect_left(vocabulary, word)
    return vocabulary[low:bisect_left(vocabulary, word + "\U0010ffff", low)]


def _shelf(session: Session) -> _Shelf:
    """The words as this session's database has them; only what changed is read anew."""
    global _built
    count, newest = session.execute(select(func.count(), func.max(Article.updated_at)).where(PUBLIC)).one()
    version = (str(session.get_bind().engine.url), count, newest)
    if _built.version == version:
        return _built
    known = _built.texts if _built.version[:1] == version[:1] else {}
    stamps = session.execute(select(Article.id, Article.updated_at).where(PUBLIC)).all()
    texts = {row.id: known[row.id] for row in stamps
             if row.id in known and known[row.id].changed_at == row.updated_at}
    missing = [row.id for row in stamps if row.id not in texts]
    for low in range(0, len(missing), 500):
        for row in session.execute(select(Article.id, Article.title, Article.summary, Article.body, Article.updated_at)
                                   .where(Article.id.in_(missing[low:low + 500]))):
            texts[row.id] = _Text(row.updated_at, frozenset(words(row.title)),
                                  frozenset(words(f"{row.summary} {row.body}")))
    spread: Counter[str] = Counter()
    for text in texts.values():
        spread.update(text.title | text.body)
    _built = _Shelf(version, texts, spread, sorted(spread))
    return _built
