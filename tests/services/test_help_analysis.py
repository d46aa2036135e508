"""What customers look for, found or not; and how long that is kept."""
from datetime import timedelta

from sqlalchemy import func, select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.jobs import retention as rounds
from helpdesk.models import ArticleView, HelpSearch
from helpdesk.services import articles, help_analysis, help_reading


def searched(text, found, times=1, opened=None, days_ago=0):
    with db.transaction() as session:
        for _ in range(times):
            number = help_reading.searched(session, text, "en", "help", found, opened)
            session.get(HelpSearch, number).created_at = now() - timedelta(days=days_ago)


def test_what_found_nothing_and_what_nobody_opened_is_told_apart(any_database):
    article = db.run(articles.create, title="Where is my order?", body="Look at the link.")
    searched("Cold brew", 0, times=2)
    searched("cold  BREW!", 0)
    searched("order", 3, times=2)
    searched("tracking", 1, opened=article.id)
    searched("old", 0, days_ago=31)
    with db.reading() as session:
        found = help_analysis.analysis(session, 30)
    assert (found.count, found.nothing, found.unopened) == (6, 3, 2)
    assert [(one.count, one.found, one.opened) for one in found.top] == [(3, 0, 0), (2, 2, 0), (1, 1, 1)]
    assert [one.count for one in found.found_nothing] == [3]
    assert [one.text for one in found.opened_nothing] == ["order"]


def test_searches_and_views_are_not_kept_for_ever(database):
    article = db.run(articles.create, title="Where is my order?", body="Look at the link.")
    searched("fresh", 1)
    searched("stale", 1, days_ago=400)
    with db.transaction() as session:
        session.add_all(ArticleView(article_id=article.id, place="help", created_at=now() - timedelta(days=age))
                        for age in (1, 800))
    rounds.run_due()
    with db.reading() as session:
        assert session.scalars(select(HelpSearch.text)).all() == ["fresh"]
        assert session.scalar(select(func.count()).select_from(ArticleView)) == 1
