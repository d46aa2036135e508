"""How articles do: all of them in a table, one on its own page, and saying that one is still true."""
from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, g, redirect, request, url_for

from helpdesk import db, settings
from helpdesk.errors import Invalid
from helpdesk.rendering import page
from helpdesk.services import article_health, articles, help_reading
from helpdesk.web.access import needs, same_site

pages = Blueprint("article_health", __name__)


@pages.get("/articles/health")
@needs("see")
def index():
    """All published articles; sort: problems, title, phrasings, confusions, helped, checked or matched."""
    sort = request.args.get("sort", "problems")
    with db.reading() as session:
        return page("articles/health.html", found=article_health.healths(session, sort), sort=sort,
                    computed_at=article_health.computed_at(session), months=settings.current().article_stale_months)


@pages.get("/articles/<int:article_id>/health")
@needs("see")
def show(article_id: int):
    """One article; as a fragment the card that its own page shows. before: the comment to go on from."""
    with db.reading() as session:
        article = articles.by_id(session, article_id)
        said, more = help_reading.comments(session, article_id, request.args.get("before", type=int))
        return page("articles/health_of.html", "articles/_health_card.html", article=article,
                    one=article_health.health(session, article), computed_at=article_health.computed_at(session),
                    comments=said, more=more)


@pages.post("/articles/<int:article_id>/still-true")
@needs("articles")
def still_true(article_id: int):
    """Somebody read it and found it true; back."""
    with db.transaction() as session:
        article = articles.by_id(session, article_id)
        before = article_health.still_true(session, article, g.agent.actor)
    flash({"text": f"“{article.title}” counts as looked at today.", "undo": url_for(".undo", article_id=article_id),
           "fields": {"before": before.isoformat() if before else "", "back": _back(article_id)}}, "good")
    return redirect(_back(article_id))


@pages.post("/articles/<int:article_id>/still-true/undo")
@needs("articles")
def undo(article_id: int):
    """before: when that had been said the time before, or ''; back."""
    try:
        before = datetime.fromisoformat(request.form["before"]) if request.form.get("before") else None
        if before is not None and before.tzinfo is None:
            raise ValueError
    except ValueError:
        raise Invalid("That is no time.") from None
    with db.transaction() as session:
        article_health.take_back(session, articles.by_id(session, article_id), before, g.agent.actor)
    flash("Taken back.", "good")
    return redirect(_back(article_id))


def _back(article_id: int) -> str:
    return same_site(request.form.get("back")) or url_for("article_editor.show", article_id=article_id)
