"""How long each class of data is kept, and taking out what is older.

A class has a default in code; an admin's choice is a row. What decides whether the firm can still do its work (the
words of settled tickets, their files, the audit) is kept for ever until somebody chooses otherwise; what only piles up
has a limit from the start. A legal hold keeps everything of that person.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk import events, settings
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import RetentionRule
from helpdesk.services import outdated
from helpdesk.services.wiping import ERASE, PSEUDONYMISE, Done

LONGEST = 36_500        # days


@dataclass(frozen=True)
class DataClass:
    """`find(cut)` selects the ids of what is older than `cut`; `clean(session, ids, how)` takes it out. `smallest`:
    fewer days are not taken, so that nothing is lost by a slip of the finger."""
    label: str
    says: str
    smallest: int
    find: Callable[[datetime], Select]
    clean: Callable[[Session, list[int], str], Done]
    default: int | None = None


CLASSES = {
    "messages": DataClass("Words of settled tickets", "From the last message on. The tickets stay as numbers.", 30,
                          outdated.tickets, outdated.empty_tickets),
    "attachments": DataClass("Files of settled tickets", "From the last message on. Their names stay.", 7,
                             outdated.attachments, outdated.drop_files),
    "raw": DataClass("Mails and calls as they came", "From their arrival. Needed to look into what went wrong.", 1,
                     outdated.originals, outdated.drop_originals),
    "quarantine": DataClass("Quarantine", "What could not be read, from its arrival. It is discarded unread.", 7,
                            outdated.quarantined, outdated.drop_originals),
    "pages": DataClass("Pages visited", "Which pages of your site somebody looked at.", 1,
                       outdated.page_views, outdated.delete_page_views, 90),
    "visitors": DataClass("Visitors who never wrote", "Browsers that opened the chat and said nothing.", 1,
                          outdated.visitors, outdated.delete_visitors, 30),
    "searches": DataClass("Searches in the help centre", "What was looked for there; nobody is named.", 7,
                          outdated.searches, outdated.delete_searches, 365),
    "questions": DataClass("Questions without an answer", "What customers asked and no article answered, from then on. "
                           "Phrasings that were made of them stay.", 30, outdated.questions, outdated.delete_questions,
                           730),
    "feedback": DataClass("Comments on articles", "What readers of the help centre wrote. Whether it helped stays.", 30,
                          outdated.feedback, outdated.empty_feedback, 730),
    "article_views": DataClass("Articles read", "Who opened which article when. How often each was read stays.", 30,
                               outdated.article_views, outdated.delete_article_views, 730),
    "turns": DataClass("What the assistant considered", "The articles it weighed. What it did stays, for the reports.",
                       7, outdated.turns, outdated.empty_turns, 365),
    "audit": DataClass("Audit", "Who signed in from where, and who changed which setting.", 90,
                       outdated.audit, outdated.delete_events),
}


@dataclass(frozen=True)
class Rule:
    """What holds for one class now."""
    key: str
    about: DataClass
    days: int | None
    how: str
    run_at: datetime | None
    run_count: int


def rules(session: Session) -> list[Rule]:
    """All of them, in the order of the page."""
    rows = {row.data_class: row for row in session.scalars(select(RetentionRule))}
    return [Rule(key, about, rows[key].days, rows[key].how, rows[key].run_at, rows[key].run_count) if key in rows
            else Rule(key, about, _default(key), ERASE, None, 0) for key, about in CLASSES.items()]


def _default(key: str) -> int | None:
    return settings.current().raw_keep_days if key == "raw" else CLASSES[key].default


def days_from(key: str, text: str) -> int | None:
    """What somebody typed as days; '' is for ever. Raises Invalid."""
    text = text.strip()
    if not text:
        return None
    about = CLASSES[key]
    if not (text.isascii() and text.isdigit() and len(text) < 6 and about.smallest <= int(text) <= LONGEST):
        raise Invalid(f"{about.label}: a number of days from {about.smallest} to {LONGEST}, or nothing for ever.")
    return int(text)


def choose(session: Session, key: str, days: int | None, how: str, actor: str) -> None:
    """Keep this class for so many days from now on. It runs in the coming night, not at once."""
    if how not in (ERASE, PSEUDONYMISE):
        raise Invalid("Erase, or pseudonymise?")
    present = next(rule for rule in rules(session) if rule.key == key)
    if (present.days, present.how) == (days, how):
        return
    row = session.get(RetentionRule, key) or RetentionRule(data_class=key, run_count=0)
    row.days, row.how = days, how
    row.run_at = row.run_at or now()
    session.add(row)
    detail = f"{CLASSES[key].label}: {'for ever' if days is None else f'for {days} days'}"
    events.record(session, events.SettingsChanged(what="retention", detail=detail), actor=actor)


def would_go(session: Session, key: str, days: int | None) -> int:
    """How much is older than that now."""
    if days is None:
        return 0
    return session.scalar(select(func.count()).select_from(_found(key, days).order_by(None).subquery()))


def batch(session: Session, key: str, most: int) -> Done:
    """Take out the next of one class; `count` 0 when nothing is left."""
    rule = next(rule for rule in rules(session) if rule.key == key)
    if rule.days is None:
        return Done()
    ids = list(session.scalars(_found(key, rule.days).limit(most)))
    return CLASSES[key].clean(session, ids, rule.how) if ids else Done()


def ran(session: Session, key: str, count: int) -> None:
    """It is through for this time."""
    row = session.get(RetentionRule, key, with_for_update=True)
    if row is None:
        session.add(row := RetentionRule(data_class=key, days=_default(key), how=ERASE))
    row.run_at, row.run_count = now(), count


def _found(key: str, days: int) -> Select:
    return CLASSES[key].find(now() - timedelta(days=days))
