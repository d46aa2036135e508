"""How each article does: what it lacks, what it is taken for, whether it helps, and whether it is still true."""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from helpdesk import events, settings
from helpdesk.clock import now
from helpdesk.matching import Encoder, Entry, Vectors, confused, cross_validated
from helpdesk.models import Article, ArticleVersion, AssistantTurn, Question, SystemState
from helpdesk.services.share import Share

FEW_PHRASINGS = 5
NEVER = timedelta(days=90)
MONTH = timedelta(days=30.44)
STATE = "article-confusions"
FOLDS = 4
MOST = 40               # phrasings of an article that are tried
MUCH = 0.25             # share of the phrasings from which being taken for one other article is a problem
COMMON = 0.25           # share of the matters from which a language is one of the help centre's
OTHERS = 3              # articles that one is taken for


@dataclass(frozen=True)
class Confusion:
    """Of `tried` phrasings of an article, `times` would have led to this other one."""
    article_id: int
    title: str
    times: int
    tried: int


@dataclass(frozen=True)
class Health:
    """One article. `checked_at`: since when nobody has looked at it; `matched_at`: when it last was an answer."""
    article: Article
    phrasings: int
    helped: Share
    checked_at: datetime
    matched_at: datetime | None
    confusions: Sequence[Confusion] = ()
    missing: Sequence[str] = ()
    problems: dict[str, str] = field(default_factory=dict)


SORTS: dict[str, Callable[[Health], tuple]] = {
    "problems": lambda one: (-len(one.problems), one.article.title.casefold()),
    "title": lambda one: (one.article.title.casefold(),),
    "phrasings": lambda one: (one.phrasings, one.article.title.casefold()),
    "confusions": lambda one: (-sum(c.times for c in one.confusions), one.article.title.casefold()),
    "helped": lambda one: (one.helped.rate is None, one.helped.rate or 0.0, -one.helped.n),
    "checked": lambda one: (one.checked_at,),
    "matched": lambda one: (one.matched_at is not None, one.matched_at or one.checked_at),
}


def healths(session: Session, sort: str = "problems") -> list[Health]:
    """All published articles; an unknown order is the one by problems."""
    return sorted(_all(session), key=SORTS.get(sort, SORTS["problems"]))


def health(session: Session, article: Article) -> Health:
    """One article, published or not."""
    return next(_all(session, article))


def still_true(session: Session, article: Article, actor: str) -> datetime | None:
    """Somebody has read it and found it true. Returns when that had been said before."""
    before, article.reviewed_at = article.reviewed_at, now()
    _keep_version(session, article)
    events.record(session, events.SettingsChanged(what="article", detail=f"found {article.title} still true"),
                  actor=actor)
    return before


def take_back(session: Session, article: Article, before: datetime | None, actor: str) -> None:
    """Nobody has."""
    article.reviewed_at = before
    _keep_version(session, article)
    events.record(session, events.SettingsChanged(what="article", detail=f"no longer found {article.title} true"),
                  actor=actor)


def material(session: Session) -> list[Entry]:
    """What confusions() needs: the assistant's articles with their phrasings."""
    told = (Article.published, Article.for_assistant, Article.audience == "public")
    asked: dict[int, list[str]] = defaultdict(list)
    for one, text in session.execute(select(Question.article_id, Question.text).join(Article).where(*told)
                                     .order_by(Question.article_id, Question.id)):
        if len(asked[one]) < MOST:
            asked[one].append(text)
    return [Entry(one, title, tuple(asked[one]), locale=locale.split("-")[0]) for one, title, locale in session.execute(
        select(Article.id, Article.title, Article.locale).where(*told).order_by(Article.id))]


def confusions(entries: Sequence[Entry], encoders: Sequence[Encoder] = (), known: Vectors | None = None
               ) -> dict[int, dict]:
    """Cross-validated: each phrasing is asked of a matcher that was built without it. By article: how many were `tried`
    and which other articles they `led_to`. `known`: what the encoders made of phrasings before.
    Takes some times as long as building one: call it aside."""
    trials = cross_validated(entries, encoders, FOLDS, known)
    tried, wrong = Counter(true for true, _, _ in trials), confused(trials)
    return {one: {"tried": n, "led_to": dict(sorted(wrong.get(one, {}).items(), key=lambda item: (-item[1], item[0]))
                                             [:OTHERS])} for one, n in sorted(tried.items())}


def store(session: Session, found: dict[int, dict]) -> None:
    """Keep what confusions() said."""
    session.merge(SystemState(key=STATE, value={
        str(one): {"tried": said["tried"], "led_to": {str(k): n for k, n in said["led_to"].items()}}
        for one, said in found.items()}, updated_at=now()))


def computed_at(session: Session) -> datetime | None:
    """Since when the confusions stand as they are shown."""
    state = session.get(SystemState, STATE)
    return state.updated_at if state else None


def _all(session: Session, only: Article | None = None):
    query = select(Article).where(Article.published) if only is None else select(Article).where(Article.id == only.id)
    found = session.scalars(query.order_by(Article.id)).all()
    counts = dict(session.execute(select(Question.article_id, func.count()).group_by(Question.article_id)).all())
    matched = dict(session.execute(select(AssistantTurn.article_id, func.max(AssistantTurn.created_at)).where(
        AssistantTurn.article_id.is_not(None), AssistantTurn.outcome == "answered").group_by(
        AssistantTurn.article_id)).all())
    # Not `updated_at`: a learned phrasing changes that too, and says nothing of the text.
    written = dict(session.execute(select(ArticleVersion.article_id, func.max(ArticleVersion.created_at)).group_by(
        ArticleVersion.article_id)).all())
    state = session.get(SystemState, STATE)
    titles = dict(session.execute(select(Article.id, Article.title)).all())
    missing = _missing(session)
    for one in found:
        checked = max(at for at in (one.created_at, one.reviewed_at, written.get(one.id)) if at)
        taken_for = _confusions((state.value if state else {}).get(str(one.id)), titles)
        whole = Health(one, counts.get(one.id, 0), Share(one.helped, one.helped + one.not_helped), checked,
                       matched.get(one.id), taken_for, missing.get(one.original_id or one.id, ()))
        whole.problems.update(_problems(whole))
        yield whole


def _problems(one: Health) -> dict[str, str]:
    found, at = {}, now()
    if one.phrasings < FEW_PHRASINGS and one.article.for_assistant:
        found["phrasings"] = f"Only {one.phrasings} phrasings" if one.phrasings != 1 else "Only 1 phrasing"
    if any(c.times >= MUCH * c.tried for c in one.confusions):
        found["confusions"] = "Taken for others"
    if one.article.for_assistant and one.article.created_at < at - NEVER and (
            one.matched_at is None or one.matched_at < at - NEVER):
        found["matched"] = "Not asked for in 90 days"
    if one.helped.n and one.helped.interval[1] < 0.5:
        found["helped"] = "Does not help"
    if one.checked_at < at - settings.current().article_stale_months * MONTH:
        found["checked"] = "Not looked at for long"
    if one.missing:
        found["missing"] = "Not in " + ", ".join(one.missing)
    return found


def _confusions(said: dict | None, titles: dict[int, str]) -> list[Confusion]:
    if not said:
        return []
    return [Confusion(int(other), titles[int(other)], times, said["tried"])
            for other, times in said["led_to"].items() if int(other) in titles]


def _missing(session: Session) -> dict[int, list[str]]:
    """By the article that others translate: the languages of the help centre in which there is none of it."""
    there: dict[int, set[str]] = defaultdict(set)
    for one, original, locale in session.execute(select(Article.id, Article.original_id, Article.locale).where(
            Article.published)):
        there[original or one].add(locale)
    spoken = Counter(locale for locales in there.values() for locale in locales)
    every = sorted(locale for locale, n in spoken.items() if n >= COMMON * len(there))
    return {one: [locale for locale in every if locale not in locales] for one, locales in there.items()}


def _keep_version(session: Session, article: Article) -> None:
    """Saying so changes nothing that the index was built from."""
    flag_modified(article, "updated_at")
    session.flush()
