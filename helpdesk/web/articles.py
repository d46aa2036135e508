"""The help texts as a list: reading and trying is for every agent, changing for managers."""
from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, flash, g, redirect, request

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.rendering import page
from helpdesk.services import answer_score, article_archive, article_lists, article_versions, articles, categories
from helpdesk.services.article_lists import Chosen
from helpdesk.services.assistant import OFFER_SCORE
from helpdesk.services.listening import language
from helpdesk.web.access import needs, same_site

pages = Blueprint("articles", __name__)

TRIED_LIMIT = 2_000     # characters of a question on trial
MOST_AT_ONCE = 500


@pages.get("/articles")
@needs("see")
def index():
    """The articles that `q`, `locale`, `category` and `state` leave, by `sort`; with `try`, what the assistant would
    make of that question."""
    question, chosen = request.args.get("try", "").strip()[:TRIED_LIMIT], _chosen()
    with db.reading() as session:
        found, total = article_lists.listed(session, chosen)
        return page("articles/index.html", "articles/_trial.html" if "try" in request.args else "articles/_rows.html",
                    articles=found, total=total, chosen=chosen, here=request.full_path.rstrip("?"), link=_link(chosen),
                    counts=article_lists.counts(session, chosen), states=article_lists.STATES,
                    sorts=article_lists.SORTS, languages=article_lists.languages(session),
                    categories=categories.listed(session), category_name=categories.title,
                    due=article_lists.due(session), with_draft=article_lists.with_draft(session),
                    pages=-(-total // article_lists.PAGE), question=question, trial=_trial(session, question))


@pages.post("/articles/many")
@needs("articles")
def many():
    """Do `what` (publish, withdraw, archive, back, delete, or move with `category`) to each `article`."""
    form, done, refused = request.form, 0, []
    what = form.get("what", "")
    for number in form.getlist("article", type=int)[:MOST_AT_ONCE]:
        with db.transaction() as session:
            article = article_versions.locked(session, number)
            try:
                _act(session, what, article, form.get("category", ""))
                done += 1
            except Invalid as error:
                refused.append(str(error))
    rebuild()
    if done:
        flash(f"Done: {done} article{'s' if done != 1 else ''}.", "good")
    for reason in refused[:3]:
        flash(reason, "bad")
    if not done and not refused:
        flash("Choose articles first.", "bad")
    return redirect(same_site(form.get("back")) or "/articles")


def _act(session, what: str, article, category: str) -> None:
    actor = g.agent.actor
    if what == "publish":
        article_versions.publish(session, article, actor)
    elif what == "withdraw":
        article_versions.withdraw(session, article, actor)
    elif what == "archive":
        article_archive.archive(session, article, actor)
    elif what == "back":
        article_archive.bring_back(session, article, False, actor)
    elif what == "delete":
        article_archive.delete(session, article, actor)
    elif what == "move":
        article_versions.move(session, article, int(category) if category.isdigit() else None, actor)
    else:
        raise Invalid("Choose what to do with them.")


def _chosen() -> Chosen:
    args = request.args
    return Chosen(q=args.get("q", "").strip()[:100], locale=args.get("locale", "")[:16],
                  category=args.get("category", "")[:12], state=args.get("state", ""), sort=args.get("sort", "title"),
                  page=max(args.get("page", 1, type=int), 1))


def _link(chosen: Chosen):
    """link(state="draft") → the address of this list with that changed; another page only when that is asked for."""
    def link(**changed) -> str:
        values = {**vars(chosen), "page": 1, **changed}
        said = {name: value for name, value in values.items()
                if value and (name, value) not in (("sort", "title"), ("page", 1))}
        return "/articles" + ("?" + urlencode(said) if said else "")
    return link


def _trial(session, question: str) -> dict | None:
    """The best matches of a question, and what the assistant would do with them."""
    if not question:
        return None
    matches = articles.index(session).rank(question, 3, language(question)[0])
    cut = answer_score.current(session)
    best = matches[0].score if matches else 0.0
    does = "answer" if best >= cut else "offer" if best >= OFFER_SCORE else "pass"
    return {"does": does, "cut": cut, "matches": [(articles.by_id(session, m.article_id), m) for m in matches]}


def rebuild() -> None:
    """Build the index here and now, outside of any transaction, so that the next customer does not wait for it."""
    with db.reading() as session:
        articles.index(session)
