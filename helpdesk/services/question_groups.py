"""Open questions in groups that mean the same, by the features that the matcher judges with.

What comes in joins the nearest group at once or begins one; at night all are grouped anew. Reading, computing and
writing are three steps, so that no transaction lasts while something is computed (helpdesk.jobs.open_questions).
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.matching import Encoder
from helpdesk.models import Article, OpenQuestion, Question, QuestionGroup
from helpdesk.services import grouping
from helpdesk.services.question_vectors import vectors

# Mean likeness from which questions are one group: by words and letters, and with an encoder. On the validation sets of
# BANKING77 and HWU64 about half and two thirds of the pairs in a group then mean the same; with an encoder a third more
# of the pairs that mean the same are found.
ALIKE, ALIKE_ENCODED = 0.32, 0.55
MOST, NEWEST = 4_000, 1_000     # questions of a language that are grouped anew, and that a new one is compared with


@dataclass(frozen=True)
class Text:
    """One open question, as grouping needs it."""
    id: int
    text: str
    group_id: int | None


def members(session: Session, locale: str, most: int = MOST) -> list[Text]:
    """The newest open questions of a language, the oldest first."""
    rows = db.rows(session, select(OpenQuestion.id, OpenQuestion.text, OpenQuestion.group_id).where(
        OpenQuestion.state == "open", OpenQuestion.text != "", OpenQuestion.locale == locale)
        .order_by(OpenQuestion.id.desc()).limit(most))
    return [Text(*row) for row in reversed(rows)]


def locales(session: Session, waiting: bool = False) -> list[str]:
    """The languages in which something is open, or with `waiting` in no group yet."""
    query = select(OpenQuestion.locale).where(OpenQuestion.state == "open", OpenQuestion.text != "").distinct()
    if waiting:
        query = query.where(OpenQuestion.group_id.is_(None))
    return list(session.scalars(query.order_by(OpenQuestion.locale)))


def phrasings(session: Session, locale: str) -> list[str]:
    """What the articles of a language are asked by: it tells which words are rare."""
    return list(session.scalars(select(Question.text).join(Article).where(
        Article.published, Article.locale.startswith(locale)).order_by(Question.id)))


def placed(texts: Sequence[Text], background: Sequence[str], encoders: Sequence[Encoder] = ()) -> dict[int, list[int]]:
    """Where those without a group belong, while the groups stay as they are: for each group that gains, its new
    members' ids; new groups have the negative id of their first member. Slow in proportion to the texts."""
    rows = vectors([one.text for one in texts], background, encoders)
    group_ids = sorted({one.group_id for one in texts if one.group_id})
    place = {group_id: at for at, group_id in enumerate(group_ids)}
    sums = np.zeros((len(group_ids), rows.shape[1]), np.float32)
    sizes = np.zeros(len(group_ids), int)
    for one, row in zip(texts, rows, strict=True):
        if one.group_id:
            sums[place[one.group_id]] += row
            sizes[place[one.group_id]] += 1
    fresh = [at for at, one in enumerate(texts) if not one.group_id]
    found: dict[int, list[int]] = defaultdict(list)
    made: dict[int, int] = {}
    for at, label in zip(fresh, grouping.joined(rows[fresh], sums, sizes, _alike(encoders)), strict=True):
        key = group_ids[label] if label < len(group_ids) else made.setdefault(label, -texts[at].id)
        found[key].append(texts[at].id)
    return dict(found)


def regrouped(texts: Sequence[Text], background: Sequence[str], encoders: Sequence[Encoder] = ()
              ) -> list[tuple[int | None, int, list[int]]]:
    """All of them grouped anew: (the group that it goes on as, or None; the id of the most typical member; all ids).
    A group goes on as the old one that most of its members come from."""
    rows = vectors([one.text for one in texts], background, encoders)
    parts: dict[int, list[int]] = defaultdict(list)
    for at, label in enumerate(grouping.groups(rows, _alike(encoders))):
        parts[label].append(at)
    taken: set[int] = set()
    found = []
    for places in sorted(parts.values(), key=lambda places: (-len(places), places[0])):
        before = [texts[at].group_id for at in places if texts[at].group_id and texts[at].group_id not in taken]
        old = min(before, key=lambda one: (-before.count(one), one)) if before else None
        taken.add(old)
        found.append((old, texts[places[grouping.middle(rows[places])]].id, [texts[at].id for at in places]))
    return found


def _alike(encoders: Sequence[Encoder]) -> float:
    return ALIKE_ENCODED if encoders else ALIKE


def write_placed(session: Session, locale: str, found: dict[int, list[int]]) -> None:
    """Store what placed() said; what was decided meanwhile stays out."""
    gained = []
    for key, ids in found.items():
        group_id = key if key > 0 and session.get(QuestionGroup, key) else None
        first = session.get(OpenQuestion, ids[0])
        if group_id is None and first is not None:
            group = QuestionGroup(title=first.text, locale=locale, newest_at=first.created_at)
            session.add(group)
            session.flush()
            group_id = group.id
        _move(session, group_id, ids)
        gained.append(group_id)
    count(session, gained)
    db.tell(session, "agents", "review")


def write_regrouped(session: Session, locale: str, found: Iterable[tuple[int | None, int, list[int]]]) -> None:
    """Store what regrouped() said, and forget groups in which nothing is open."""
    kept = []
    for old, typical, ids in found:
        group = session.get(QuestionGroup, old) if old else None
        title = session.scalar(select(OpenQuestion.text).where(OpenQuestion.id == typical)) or ""
        if group is None:
            group = QuestionGroup(title=title, locale=locale)
            session.add(group)
            session.flush()
        group.title = title or group.title
        _move(session, group.id, ids)
        kept.append(group.id)
    count(session, kept)
    still = exists().where(OpenQuestion.group_id == QuestionGroup.id, OpenQuestion.text != "")
    session.execute(delete(QuestionGroup).where(QuestionGroup.locale == locale, ~still)
                    .execution_options(synchronize_session=False))
    db.tell(session, "agents", "review")


def count(session: Session, group_ids: Iterable[int]) -> None:
    """Set how many are open in each of these groups, and since when the newest is."""
    for group_id in {one for one in group_ids if one and one > 0}:
        size, newest = session.execute(select(func.count(), func.max(OpenQuestion.created_at)).where(
            OpenQuestion.group_id == group_id, OpenQuestion.state == "open", OpenQuestion.text != "")).one()
        values = {"size": size} | ({"newest_at": newest} if newest else {})
        session.execute(update(QuestionGroup).where(QuestionGroup.id == group_id).values(values))


def _move(session: Session, group_id: int | None, ids: Sequence[int]) -> None:
    session.execute(update(OpenQuestion).where(OpenQuestion.id.in_(ids), OpenQuestion.state == "open").values(
        group_id=group_id).execution_options(synchronize_session=False))
