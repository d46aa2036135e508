"""What customers look for in the help centre, found or not: what to write next."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.models import HelpSearch

SHOWN = 25


@dataclass(frozen=True)
class Searched:
    """What was looked for alike: in the words of one of them, how often, in how many something was found or opened."""
    text: str
    locale: str
    count: int
    found: int
    opened: int
    last_at: datetime

    @property
    def opened_share(self) -> float:
        """From 0 to 1."""
        return self.opened / self.count


@dataclass(frozen=True)
class Analysis:
    """Of one period: all searches, how many found nothing or led to nothing, and the commonest of each kind."""
    count: int
    nothing: int
    unopened: int
    top: list[Searched]
    found_nothing: list[Searched]
    opened_nothing: list[Searched]


def analysis(session: Session, days: int) -> Analysis:
    """The last `days` days."""
    since = now() - timedelta(days=days)
    count, nothing, opened = session.execute(select(
        func.count(), func.count().filter(HelpSearch.found == 0), func.count(HelpSearch.opened_id)).where(
        HelpSearch.created_at >= since)).one()
    found, opens = func.max(HelpSearch.found), func.count(HelpSearch.opened_id)
    alike = select(
        func.max(HelpSearch.text), HelpSearch.locale, func.count(), func.count().filter(HelpSearch.found > 0), opens,
        func.max(HelpSearch.created_at)).where(HelpSearch.created_at >= since, HelpSearch.folded != "").group_by(
        HelpSearch.folded, HelpSearch.locale).order_by(func.count().desc(), func.max(HelpSearch.id).desc())
    return Analysis(count, nothing, count - nothing - opened, _rows(session, alike),
                    _rows(session, alike.having(found == 0)), _rows(session, alike.having(found > 0, opens == 0)))


def _rows(session: Session, query: Select) -> list[Searched]:
    return [Searched(*row) for row in session.execute(query.limit(SHOWN))]
