"""What a message means: for each thing that it asks, the articles that may answer, best first.

Only articles that the assistant may give to customers count, in the customer's language where a translation exists.
A short message that goes on with the earlier question ("and to Bali?") is read together with that question's words,
but only where that makes the match better than its own words do.
"""
from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from helpdesk.models import Article, AssistantTurn
from helpdesk.services import answer_score, articles, markdown
from helpdesk.services.matching import Match
from helpdesk.services.message_parts import Part, asks, parts
from helpdesk.services.phrases import hear
from helpdesk.services.words import FUNCTION, POLITE, sentences, words

OFFER_SCORE = 0.22          # from here on "did you mean" has a fair chance
LIKELY = 0.1                # what the next one must have had before the first was refused
CLEAR_LEAD = 0.1            # two answers closer than this are a question back
BETTER = 0.05               # so much more an earlier question's words must bring
LOOKED_UP = 8               # articles of one look-up, before those that customers may not have are left out
SHORT, VERY_SHORT = 8, 4    # words of a message that goes on with the one before
PASSAGE = 2                 # sentences of an article that are quoted


@dataclass(frozen=True)
class Reading:
    """One thing that was asked. `sure`: the first match may be sent as the answer. `asks`: it is a question by its
    form. `before`: words of the earlier question that it was read with. `passage`: the sentences of an article they
    have already that speak of it."""
    text: str
    matches: list[Match]
    sure: bool
    asks: bool = False
    before: str = ""
    passage: str = ""

    @property
    def best(self) -> Match | None:
        """The likeliest article."""
        return self.matches[0] if self.matches else None

    def record(self) -> dict:
        """As AssistantTurn.understood keeps it."""
        said: dict = {"text": self.text[:300], "sure": self.sure}
        if self.best:
            said |= {"from": self.best.question, "article": self.best.article_id, "score": round(self.best.score, 3)}
        if self.before:
            said["with"] = self.before[:300]
        if self.passage:
            said["passage"] = True
        return said


def read(session: Session, text: str, code: str, earlier: Sequence[AssistantTurn] = ()) -> list[Reading]:
    """What a message asks: one reading, or several where several things are asked and at least one of them is known.
    What is asked beside them and not known is among them, unsure."""
    pieces = parts(text)
    if len(pieces) == 1:
        return [_with_what_went_before(session, _alone(session, pieces[0], code), code, earlier)]
    found: list[Reading] = []
    for piece in pieces:
        one = _alone(session, piece, code)
        if not one.sure and one.asks and found and found[-1].best:
            joined = _joined(session, one, found[-1].best.question, {found[-1].best.article_id}, code)
            one = joined if joined.sure else one
        found.append(one)
    known = _first_of_each(one for one in found if one.sure)
    unknown = [one for one in found if _still_open(one, known)]
    if len(known) > 1 or known and unknown:
        return [one for one in found if one in known or one in unknown]
    whole = _alone(session, Part(text.strip(), asks(text)), code)
    return [whole] if whole.sure or not known else known


def usable(session: Session, found: Sequence[Match], code: str) -> list[Match]:
    """Those matches that may be given to a customer: published, public, meant for the assistant; each in the language
    `code` where such a translation exists, every article once, best first."""
    given = {one.id: one for one in session.scalars(select(Article).where(
        Article.id.in_([match.article_id for match in found]), *_ALLOWED))} if found else {}
    foreign = {article.original_id or article.id for article in given.values() if _spoken(article) != code}
    spoken = {(one.original_id or one.id): one for one in session.scalars(select(Article).where(
        or_(Article.id.in_(foreign), Article.original_id.in_(foreign)), *_ALLOWED))
        if _spoken(one) == code} if foreign and code else {}
    kept: dict[int, Match] = {}
    for match in found:
        if (article := given.get(match.article_id)) is None:
            continue
        if _spoken(article) != code and (other := spoken.get(article.original_id or article.id)):
            match = replace(match, article_id=other.id, locale=code)
        if match.article_id not in kept or kept[match.article_id].score < match.score:
            kept[match.article_id] = match
    return sorted(kept.values(), key=lambda match: -match.score)


def may_be_given(article: Article | None) -> bool:
    """Whether a customer may read it."""
    return article is not None and article.published and article.audience == "public" and article.for_assistant


def sure(session: Session, found: Sequence[Match], code: str) -> bool:
    """Whether the first one may be sent as the answer. The same article in a language that the customer does not
    speak is no rival."""
    if not found:
        return False
    cut, first = answer_score.current(session), found[0]
    rivals = [m.score for m in found[1:] if first.locale != code or m.locale == code]
    rival = max(rivals, default=0.0)
    return first.score >= cut and (first.score - rival >= CLEAR_LEAD or rival < cut)


def sure_instead(session: Session, found: Sequence[Match], refused: Collection[int]) -> bool:
    """Whether the likeliest article that is left may be sent, now that the customer refused others. What was believed
    of those falls to the ones left: of what remained beside them, or what all left have together, the likeliest must
    have as large a part as any answer needs."""
    left = [match.score for match in found if match.article_id not in refused]
    if not left or max(left) < LIKELY:
        return False
    remained = 1 - sum(match.score for match in found if match.article_id in refused)
    return max(left) / max(remained, sum(left)) >= answer_score.current(session)


_ALLOWED = (Article.published, Article.audience == "public", Article.for_assistant)


def _spoken(article: Article) -> str:
    return article.locale.split("-")[0]


def _look_up(session: Session, text: str, code: str) -> list[Match]:
    return usable(session, articles.index(session).rank(text, LOOKED_UP, code), code)


def _alone(session: Session, part: Part, code: str) -> Reading:
    found = _look_up(session, part.text, code)
    return Reading(part.text, found, sure(session, found, code), part.asks)


def _first_of_each(readings) -> list[Reading]:
    """The first reading of every article."""
    kept: dict[int, Reading] = {}
    for one in readings:
        kept.setdefault(one.best.article_id, one)
    return list(kept.values())


def _still_open(one: Reading, known: Sequence[Reading]) -> bool:
    """Whether some part asks for something that the known ones do not answer."""
    if one.sure or not one.asks or sum(_tells(word) for word in words(one.text)) < 2:
        return False
    return one.best is None or one.best.score < OFFER_SCORE \
        or one.best.article_id not in {other.best.article_id for other in known}


def _tells(word: str) -> bool:
    return word not in FUNCTION and word not in POLITE


def _with_what_went_before(session: Session, alone: Reading, code: str, earlier: Sequence[AssistantTurn]) -> Reading:
    """A short message together with what was asked before it, where that is the better reading."""
    said, last = words(alone.text), _last_matter(earlier)
    if last is None or not said or len(said) > SHORT:
        return alone
    goes_on = any(said[:len(p)] == list(p) for _, p in hear("follows_up"))
    if alone.sure and not goes_on:
        return alone
    asked = last.understood[-1]
    had = {last.article_id, *(one["article"] for one in last.also)} - {None}
    joined = _joined(session, alone, asked.get("from") or asked["text"], had, code)
    if joined.sure or alone.sure:
        return joined
    if not goes_on or last.outcome == "missed":     # two guesses are no better than one
        joined = alone
    if last.outcome == "answered" and (goes_on or len(said) <= VERY_SHORT):
        for article in session.scalars(select(Article).where(Article.id.in_(had), *_ALLOWED).order_by(Article.id)):
            if not article.about_account and not article.needs and (passage := _passage(article, said)):
                match = Match(article.id, asked.get("from") or article.title, alone.best.score if alone.best else 0.0,
                              _spoken(article))
                return replace(alone, matches=[match, *joined.matches], sure=True, before=asked["text"],
                               passage=passage)
    return joined


def _last_matter(earlier: Sequence[AssistantTurn]) -> AssistantTurn | None:
    """The last turn about something, if no other talk but thanks and the like came after it."""
    return next((turn for turn in reversed(earlier) if turn.understood and turn.outcome in (
        "answered", "offered", "asked", "missed")), None)


def _joined(session: Session, alone: Reading, before: str, had: Collection[int], code: str) -> Reading:
    """The reading with an earlier question's words in front, if it is better than the words alone, and if it is these
    words and not only the earlier ones that lead there."""
    own = {match.article_id: match.score for match in alone.matches}
    then = {match.article_id: match.score for match in _look_up(session, before, code)}
    found = [match for match in _look_up(session, f"{before.rstrip('?!. ')} {alone.text}", code)
             if match.article_id not in had and match.score >= own.get(match.article_id, 0.0) + BETTER
             and match.score >= then.get(match.article_id, 0.0) + BETTER]
    if not found or alone.best and alone.best.article_id not in had and found[0].score < alone.best.score + BETTER:
        return alone
    return Reading(alone.text, found, sure(session, found, code), alone.asks, before)


def _passage(article: Article, said: Sequence[str]) -> str:
    """The sentences of an article in which all telling words stand; '' when there are none, or too many."""
    telling = [word for word in said if _tells(word)]
    if not telling:
        return ""
    found = [sentence for sentence in sentences(markdown.plain(article.body, locale=article.locale), 200)
             if all(any(_alike(word, other) for other in words(sentence)) for word in telling)]
    return "\n".join(found) if len(found) <= PASSAGE else ""


def _alike(word: str, other: str) -> bool:
    """The same word, an ending apart."""
    stem = max(4, len(word) - 2)
    return word == other or len(word) >= 4 and len(other) >= 4 and word[:stem] == other[:stem]
