"""The queue of questions that no article answered. Every agent may look; managers decide."""
from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.errors import HelpdeskError, Invalid
from helpdesk.models import Article
from helpdesk.rendering import page
from helpdesk.services import articles, open_questions, reviewing
from helpdesk.services.reviewing import Filters, Group
from helpdesk.web.access import needs, same_site

pages = Blueprint("open_questions", __name__)

MOST = 500              # questions decided on at once
PICKED = 8              # articles that a search shows
VERBS = {"add": "{n} now lead to “{title}”.", "draft": "“{title}” is begun. Write the answer and publish it.",
         "ignore": "{n} set aside."}


@pages.get("/articles/review")
@needs("see")
def index():
    """Groups of open questions, narrowed by locale and source, ordered by size or newest; page."""
    filters, number = _filters(), max(1, request.args.get("page", 1, int))
    with db.reading() as session:
        groups, count = reviewing.groups(session, filters, number)
        last = max(1, -(-count // reviewing.PAGE))
        if number > last:
            return redirect(_here(filters, last))
        locales, sources = reviewing.choices(session)
        return page("articles/review.html", "articles/_review.html", filters=filters, count=count, number=number,
                    last=last, groups=[(group, _nearest(session, group)) for group in groups], locales=locales,
                    sources=sources, source_words=open_questions.SOURCES, here=_here(filters, number),
                    may_decide=g.agent.may("articles"), address=_here)


@pages.get("/articles/review/count")
@needs("see")
def count():
    """How many groups wait, for the entry in the navigation."""
    with db.reading() as session:
        return str(reviewing.waiting(session))


@pages.get("/articles/review/pick")
@needs("articles")
def pick():
    """Which article? question=<id> …, q: what to look for; as a fragment only what was found."""
    q, ids = request.args.get("q", "").strip()[:200], _ticked()
    with db.reading() as session:
        found = pickable(session, q or _first_text(session, ids))
        return page("articles/pick.html", "articles/_picked.html", found=found, q=q, ids=ids,
                    texts=reviewing.texts(session, ids), back=_back())


@pages.post("/articles/review")
@needs("articles")
def decide():
    """verb: add (with article), draft or ignore; question=<id> …, and with more=1 also of_more=<id> …; back."""
    verb = request.form.get("verb", "")
    try:
        with db.transaction() as session:
            decided = _verb(session, verb, _ticked())
    except HelpdeskError as error:
        flash(str(error), "bad")
        return redirect(_back())
    _rebuild()
    _say(verb, decided)
    if verb == "draft":
        return redirect(url_for("article_editor.show", article_id=decided.article.id))
    return redirect(_back())


@pages.post("/articles/review/undo")
@needs("articles")
def undo():
    """questions=<ids with commas>; back."""
    ids = [int(part) for part in request.form.get("questions", "").split(",") if part.isdecimal()][:MOST]
    try:
        with db.transaction() as session:
            back = reviewing.undo(session, ids, g.agent.actor)
    except HelpdeskError as error:
        flash(str(error), "bad")
        return redirect(_back())
    _rebuild()
    if back:
        flash("Taken back. They wait in the queue again.", "good")
    return redirect(_back())


def pickable(session: Session, text: str) -> list[tuple[Article, float | None]]:
    """Articles for a picker, with how sure the assistant would be."""
    return [(article, match.score if match else None) for article, match in articles.search(session, text, PICKED)]


def _ticked() -> list[int]:
    """The questions that somebody chose: those that were shown, and perhaps the rest of their group."""
    given = request.values
    ids = given.getlist("question", type=int)
    return (ids + given.getlist("of_more", type=int) if given.get("more") else ids)[:MOST]


def _verb(session: Session, verb: str, ids: list[int]) -> reviewing.Decided:
    if verb == "add":
        article_id = request.form.get("article", type=int)
        if article_id is None:
            raise Invalid("Choose the article that they belong to.")
        return reviewing.add(session, ids, articles.by_id(session, article_id), g.agent.actor)
    if verb == "draft":
        return reviewing.draft(session, ids, g.agent.actor)
    if verb == "ignore":
        return reviewing.ignore(session, ids, g.agent.actor)
    raise Invalid("Add them to an article, begin a new one, or set them aside.")


def _say(verb: str, decided: reviewing.Decided) -> None:
    count = len(decided.ids)
    n = "1 question" if count == 1 else f"{count} questions"
    text = VERBS[verb].format(n=n, title=decided.article.title if decided.article else "")
    if decided.late:
        text += f" {decided.who} had already decided on {decided.late} of them."
    flash({"text": text, "undo": url_for(".undo"), "fields": {
        "questions": ",".join(map(str, decided.ids)), "back": _back()}}, "good")


def _nearest(session: Session, group: Group) -> tuple[Article, float] | None:
    """The article that the assistant would think of first."""
    matches = articles.index(session).rank(group.title, 1, group.locale)
    article = session.get(Article, matches[0].article_id) if matches else None
    return (article, matches[0].score) if article else None


def _first_text(session: Session, ids: list[int]) -> str:
    return next(iter(reviewing.texts(session, ids[:1])), "")


def _filters() -> Filters:
    args = request.args
    return Filters(args.get("locale", "")[:16], args.get("source", "")[:10],
                   "newest" if args.get("sort") == "newest" else "size")


def _here(filters: Filters, number: int = 1, **changes) -> str:
    """The address of a page of the queue."""
    given = {**vars(filters), **changes}
    query = {key: value for key, value in given.items() if value and (key, value) != ("sort", "size")}
    if number > 1:
        query["page"] = number
    return url_for("open_questions.index") + (f"?{urlencode(query)}" if query else "")


def _back() -> str:
    return same_site(request.values.get("back")) or url_for(".index")


def _rebuild() -> None:
    """Build the index here and now, outside of any transaction, so that the next customer does not wait for it."""
    with db.reading() as session:
        articles.index(session)
