"""Gathering and grouping what no article answered. What takes long is computed between transactions, beside everything
else."""
from __future__ import annotations

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import db, settings
from helpdesk.aside import aside
from helpdesk.clock import now
from helpdesk.jobs import compact
from helpdesk.models import Article, SystemState
from helpdesk.services import article_health, encoders, open_questions, phrasing_vectors, question_groups

BREATH = 0.002          # seconds between two tickets: whoever else waits in this process comes first
STATE = "open-questions"
AGAIN, AT_LATEST = timedelta(hours=6), timedelta(hours=26)
CALM = timedelta(minutes=10)        # after an edit of articles, because others follow


def gather(ticket_id: int, **_) -> None:
    """The reaction to whatever may leave a question open."""
    with db.reading() as session:
        wanted = open_questions.found(session, ticket_id)
    db.run(open_questions.keep, ticket_id, wanted)


def catch_up(ticket_id: int | None = None, **_) -> None:
    """Gather from what went on before there was a queue, and group it."""
    with db.reading() as session:
        ticket_ids = open_questions.not_looked_at(session)
    for one in ticket_ids:
        gather(one)
        time.sleep(BREATH)
    group()


def group(ticket_id: int | None = None, **_) -> None:
    """Put what came in into groups."""
    with db.reading() as session:
        waiting = question_groups.locales(session, waiting=True)
    for locale in waiting:
        with db.reading() as session:
            texts = question_groups.members(session, locale, question_groups.NEWEST)
            background = question_groups.phrasings(session, locale)
        db.run(question_groups.write_placed, locale, aside(question_groups.placed, texts, background, encoders.ready()))


def regroup() -> None:
    """Group everything anew."""
    with db.reading() as session:
        locales = question_groups.locales(session)
    for locale in locales:
        with db.reading() as session:
            texts = question_groups.members(session, locale)
            background = question_groups.phrasings(session, locale)
        db.run(question_groups.write_regrouped, locale, aside(question_groups.regrouped, texts, background,
                                                           encoders.all_of_them()))


def refresh_due() -> bool:
    """At night, and some minutes after articles were changed: group everything anew, and look which articles are taken
    for one another. Returns whether it was time."""
    with db.reading() as session:
        state, version = session.get(SystemState, STATE), _version(session)
    if not _due(state, version):
        return False
    db.run(_ran, version)       # first, so that what fails is not tried again all day
    if state is None:
        catch_up()
    db.run(open_questions.keep_searches)
    regroup()
    ready = encoders.all_of_them()
    with db.reading() as session:
        material = article_health.material(session)
        known = phrasing_vectors.stored(session, [one.name for one in ready])
    db.run(article_health.store, aside(article_health.confusions, material, ready, known))
    return True


def _due(state: SystemState | None, version: str) -> bool:
    if state is None or now() - state.updated_at > AT_LATEST:
        return True
    passed = now() - state.updated_at
    if state.value.get("articles") != version and passed > CALM:
        return True
    hour = now().astimezone(ZoneInfo(settings.current().time_zone)).hour
    return hour in compact.NIGHT and passed > AGAIN


def _version(session: Session) -> str:
    count, newest = session.execute(select(func.count(), func.max(Article.updated_at)).select_from(Article)).one()
    return f"{count} {newest.isoformat() if isinstance(newest, datetime) else ''}"


def _ran(session: Session, version: str) -> None:
    session.merge(SystemState(key=STATE, value={"articles": version}, updated_at=now()))
