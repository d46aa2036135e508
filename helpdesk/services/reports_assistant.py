"""The numbers of the assistant's own page in the reports."""
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.models import Article
from helpdesk.services import assistant_rows as rows
from helpdesk.services import reports, reports_metrics, reviewing
from helpdesk.services.assistant_rows import AGAIN, BY_PEOPLE, CAME_BACK, CONTAINED, FOLLOWED, REFUSED, SPARED
from helpdesk.services.reports_filters import Filters
from helpdesk.services.reports_rows import Row
from helpdesk.services.share import Share

TOP, OPEN = 10, 5


@dataclass(frozen=True)
class Top:
    """An article that was the answer `times` times; `wrong` of them were none."""
    article: Article
    times: int
    helped: int
    wrong: int


@dataclass(frozen=True)
class Numbers:
    """Everything on the page. `young` says of a share how many cannot be judged yet."""
    turns: reports.Volume
    containment: Share
    containment_parts: dict[str, int]
    deflection: Share
    deflection_parts: dict[str, int]
    unknown_readers: int
    wrong: Share
    wrong_parts: dict[str, int]
    top: Sequence[Top]
    open: Sequence[reviewing.Group]
    open_count: int


def numbers(session: Session, filters: Filters) -> Numbers:
    """All numbers for these filters, each share beside the one of the period before."""
    now, then = ({metric: reports_metrics.rows(session, metric, one.range) for metric in rows.METRICS}
                 for one in (filters, filters.previous()))
    groups, count = reviewing.groups(session, reviewing.Filters())
    return Numbers(
        turns=reports.volume(filters, now["turns"], then["turns"]),
        containment=_share(now["assistant"], then["assistant"], (CONTAINED,), (BY_PEOPLE, CAME_BACK)),
        containment_parts=Counter(row.bucket for row in now["assistant"]),
        deflection=_share(now["deflection"], then["deflection"], (SPARED,), (FOLLOWED,)),
        deflection_parts=Counter(row.bucket for row in now["deflection"]),
        unknown_readers=rows.unknown_readers(session, filters.range),
        wrong=_share(now["answers"], then["answers"], (REFUSED, AGAIN), (rows.HELPED, rows.UNJUDGED)),
        wrong_parts=Counter(row.bucket for row in now["answers"]), top=_top(session, now["answers"]),
        open=groups[:OPEN], open_count=count)


def _share(found: Sequence[Row], then: Sequence[Row] | None, part: tuple[str, ...], rest: tuple[str, ...]) -> Share:
    counts = Counter(row.bucket for row in found)
    some = sum(counts[name] for name in part)
    before = None if then is None else _share(then, None, part, rest)
    return Share(some, some + sum(counts[name] for name in rest), before)


def _top(session: Session, found: Sequence[Row]) -> list[Top]:
    times = Counter(row.article_id for row in found if row.article_id)
    articles = {one.id: one for one in session.scalars(select(Article).where(Article.id.in_(times)))}
    best = sorted(times.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    return [Top(articles[one], n, *(sum(row.article_id == one and row.bucket in names for row in found)
                                    for names in ((rows.HELPED,), rows.WRONG))) for one, n in best if one in articles]


