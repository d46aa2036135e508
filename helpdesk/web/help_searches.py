"""What customers searched for in the help centre: the managers' page."""
from __future__ import annotations

from flask import Blueprint, request
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.models import Article
from helpdesk.rendering import page
from helpdesk.services import articles, help_analysis
from helpdesk.services.help_analysis import Searched
from helpdesk.web.access import needs

pages = Blueprint("help_searches", __name__)
DAYS = (7, 30, 90)
CLOSE = 0.05            # a match from which an article is worth a look


@pages.get("/articles/searches")
@needs("articles")
def index():
    """?days=7, 30 or 90."""
    days = request.args.get("days", 30, type=int)
    days = days if days in DAYS else 30
    with db.reading() as session:
        found = help_analysis.analysis(session, days)
        return page("articles/searches.html", found=found, days=days, choices=DAYS,
                    closest={(one.text, one.locale): _closest(session, one)
                             for one in (*found.found_nothing, *found.opened_nothing)})


def _closest(session: Session, one: Searched) -> Article | None:
    """The article that comes nearest: perhaps it only lacks this phrasing."""
    matches = articles.index(session).rank(one.text, 1, one.locale.split("-")[0])
    return session.get(Article, matches[0].article_id) if matches and matches[0].score >= CLOSE else None
