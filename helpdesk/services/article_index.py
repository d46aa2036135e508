"""One index over the published articles per process, kept up while others are answered; and one over what only the
house reads, which goes by words alone.

An edited article takes part in the next answer: its phrasings are taken over at once, in some ten milliseconds. What
takes seconds is done by `tend`, in a thread beside everything else, while the index that is there goes on answering:
learning anew after edits, at the start and when an encoder has been read. Without `tend` (in commands) whoever asks
waits for it.
"""
from __future__ import annotations

import logging
from collections.abc import Callable

import gevent
from gevent.event import Event
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.aside import aside
from helpdesk.matching import Encoder, Entry, Matcher
from helpdesk.models import Article, ConfidenceFit, Question
from helpdesk.services import confidence_fits, encoders, phrasing_vectors
from helpdesk.services.matching import Index

log = logging.getLogger(__name__)
FEW = 8                 # edited articles that are taken over at once; those of an import come with the next learning
CALM_SECONDS = 2.0      # after an edit, because others follow
LOOK_SECONDS = 30.0     # for what other processes edited, and for encoders that were read meanwhile

# What customers may be told: not the rules of the house.
CUSTOMERS = and_(Article.published, Article.audience == "public", Article.for_assistant)
HOUSE = and_(Article.published, Article.audience == "agents")

Version = tuple[str, int, object, int | None]


class _Shelf:
    """An index, what it was built from, and whether somebody tends it. `told`: which articles; `whole`: with encoders,
    and what was learnt is kept for the next start."""

    def __init__(self, told: ColumnElement[bool] = CUSTOMERS, whole: bool = True) -> None:
        self.told, self.whole = told, whole
        self.version: Version | None = None
        self.index: Index | None = None         # as long as there is no version
        self.encoders: tuple[str, ...] = ()
        self.tended = False
        self.wanted = Event()

    def ready(self) -> tuple[Encoder, ...]:
        """The encoders that it is learnt with."""
        return encoders.ready() if self.whole else ()


_shelf = _Shelf()
_house = _Shelf(HOUSE, whole=False)


def index(session: Session) -> Index:
    """The index over the articles that customers may be told, as this session sees them."""
    return _current(session, _shelf)


def internal(session: Session) -> Index:
    """The index over the articles that only the house reads."""
    return _current(session, _house)


def _current(session: Session, shelf: _Shelf) -> Index:
    version = _version(session)
    if shelf.version != version:
        _follow(session, shelf, version)
    if shelf.tended and (shelf.index.matcher.edits or shelf.encoders != _names(shelf.ready())):
        shelf.wanted.set()
    return shelf.index


def tend() -> Callable[[], None]:
    """Learn in the background from now on. Returns what ends it."""
    shelves = (_shelf, _house)
    for shelf in shelves:
        shelf.tended = True
        shelf.wanted.set()
    loops = [gevent.spawn(_tending, shelf) for shelf in shelves]

    def stop() -> None:
        for shelf in shelves:
            shelf.tended = False
        gevent.killall(loops)
    return stop


def refresh(shelf: _Shelf | None = None) -> None:
    """Learn anew if that would change anything, and keep what was learnt for the next start."""
    shelf = shelf or _shelf
    with db.reading() as session:
        version, entries, ready = _version(session), _entries(session, shelf), shelf.ready()
        if version == shelf.version and not shelf.index.matcher.edits and _names(ready) == shelf.encoders:
            return
        stored, state, own = _learnt(session, shelf, ready)
    matcher = aside(Matcher, entries, ready, stored, state, own)
    if shelf.version is None or shelf.version[0] == version[0]:
        _put(shelf, version, matcher)
    if shelf.whole:
        learnt = aside(matcher.state)
        db.run(_keep, matcher, learnt if learnt != state else b"")
    log.info("learnt %d phrasings of %d articles", len(matcher), len(entries))


def _tending(shelf: _Shelf) -> None:
    while True:
        shelf.wanted.wait(LOOK_SECONDS)
        shelf.wanted.clear()
        try:
            refresh(shelf)
        except Exception:       # the old index goes on; the next look tries again
            log.exception("the articles could not be learnt anew")
        gevent.sleep(CALM_SECONDS)


def _follow(session: Session, shelf: _Shelf, version: Version) -> None:
    """Take over what was edited since; where nobody tends the index, or there is none yet, learn all now."""
    entries = {entry.id: entry for entry in _entries(session, shelf)}
    if not shelf.tended or shelf.version is None or shelf.version[0] != version[0]:
        ready = () if shelf.tended else shelf.ready()       # whoever asks first does not wait for encoders
        return _put(shelf, version, aside(Matcher, list(entries.values()), ready, *_learnt(session, shelf, ready)))
    edited = shelf.index
    before = {entry.id: entry for entry in edited.matcher.entries}
    gone = [id for id in before if id not in entries]
    changed = [entry for id, entry in entries.items() if before.get(id) != entry and entry.phrasings]
    edited.matcher.judge_by(confidence_fits.in_use(session))
    aside(_edit, edited.matcher, gone, changed[:FEW])
    if len(changed) <= FEW and shelf.index is edited:       # else it was learnt anew: the next one looks again
        shelf.version = version
    shelf.wanted.set()


def _learnt(session: Session, shelf: _Shelf, ready: tuple[Encoder, ...]):
    """What was kept of an earlier start: vectors, weights; and how sureness is judged here."""
    own = confidence_fits.in_use(session)
    if not shelf.whole:
        return {}, b"", own
    return phrasing_vectors.stored(session, _names(ready)), phrasing_vectors.state(session), own


def _edit(matcher: Matcher, gone: list[int], changed: list[Entry]) -> None:
    for id in gone:
        matcher.remove(id)
    for entry in changed:
        matcher.replace(entry)


def _put(shelf: _Shelf, version: Version, matcher: Matcher) -> None:
    shelf.version, shelf.index = version, Index(matcher=matcher)
    shelf.encoders = tuple(encoder.name for encoder in matcher.encoders)


def _keep(session: Session, matcher: Matcher, learnt: bytes) -> None:
    phrasing_vectors.store(session, matcher.new_vectors)
    phrasing_vectors.prune(session, [one.name for one in matcher.encoders], matcher.keys())
    phrasing_vectors.keep_state(session, learnt)


def _names(ready: tuple[Encoder, ...]) -> tuple[str, ...]:
    return tuple(encoder.name for encoder in ready)


def _version(session: Session) -> Version:
    """Names what the articles are, of which every edit moves the newest time on, and how sureness is judged."""
    judged = select(ConfidenceFit.id).where(ConfidenceFit.active).limit(1).scalar_subquery()
    count, newest, fit = session.execute(select(func.count(), func.max(Article.updated_at), judged)).one()
    return str(session.get_bind().engine.url), count, newest, fit


def _entries(session: Session, shelf: _Shelf) -> list[Entry]:
    told = shelf.told
    rows = session.execute(select(Article.id, Article.title, Article.body, Article.locale).where(told)
                           .order_by(Article.id)).all()
    asked: dict[int, list[str]] = {row.id: [] for row in rows}
    for id, text in session.execute(select(Question.article_id, Question.text).join(Article).where(told)
                                    .order_by(Question.id)):
        asked[id].append(text)
    return [Entry(row.id, row.title, tuple(asked[row.id]), row.body, row.locale.split("-")[0]) for row in rows]
