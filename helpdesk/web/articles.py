"""What the assistant knows: reading and trying is for every agent, writing for managers."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy import or_, select

from helpdesk import db, settings
from helpdesk.errors import Invalid
from helpdesk.models import AssistantTurn, Message
from helpdesk.rendering import page
from helpdesk.services import articles
from helpdesk.services.assistant import OFFER_SCORE
from helpdesk.services.listening import language
from helpdesk.services.phrases import LANGUAGES, language_of
from helpdesk.web.access import needs

pages = Blueprint("articles", __name__)

TRIED_LIMIT = 2_000     # characters of a question on trial
UNANSWERED = 8


@pages.get("/articles")
@needs("agent")
def index():
    """All articles, or those that contain `q`; with `try`, what the assistant would make of that question."""
    q, question = request.args.get("q", "").strip()[:100], request.args.get("try", "").strip()[:TRIED_LIMIT]
    with db.reading() as session:
        return page("articles/index.html", "articles/_trial.html" if "try" in request.args else "articles/_rows.html",
                    articles=articles.listed(session, q), q=q, question=question, trial=_trial(session, question),
                    unanswered=_unanswered(session))


@pages.get("/articles/new")
@needs("manager")
def new():
    """An empty form; `question` is a phrasing to begin with."""
    start = {"title": "", "body": "", "locale": language_of(settings.current().default_locale) or "en",
             "published": True, "questions": request.args.get("question", "")[:articles.QUESTION_LIMIT]}
    return _form(None, start)


@pages.post("/articles")
@needs("manager")
def create():
    """title, body, locale, questions (one per line), published."""
    fields = _fields()
    try:
        with db.transaction() as session:
            article = articles.create(session, **_values(fields), actor=g.agent.actor)
    except Invalid as error:
        return _form(None, fields, str(error)), error.status
    _rebuild()
    flash("Saved. The assistant knows it from now on." if article.published else "Saved as a draft.", "good")
    return redirect(url_for("articles.show", article_id=article.id))


@pages.get("/articles/<int:article_id>")
@needs("agent")
def show(article_id: int):
    """One article, to read or to edit."""
    with db.reading() as session:
        article = articles.by_id(session, article_id)
        return _form(article, {"title": article.title, "body": article.body, "locale": article.locale,
                               "published": article.published,
                               "questions": "\n".join(question.text for question in article.questions)})


@pages.post("/articles/<int:article_id>")
@needs("manager")
def change(article_id: int):
    """The same fields as for a new one."""
    fields = _fields()
    try:
        with db.transaction() as session:
            articles.change(session, articles.by_id(session, article_id), **_values(fields), actor=g.agent.actor)
    except Invalid as error:
        with db.reading() as session:
            return _form(articles.by_id(session, article_id), fields, str(error)), error.status
    _rebuild()
    flash("Saved.", "good")
    return redirect(url_for("articles.show", article_id=article_id))


@pages.post("/articles/<int:article_id>/publish")
@needs("manager")
def publish(article_id: int):
    """published=1 or 0."""
    published = request.form.get("published") == "1"
    with db.transaction() as session:
        articles.publish(session, articles.by_id(session, article_id), published, g.agent.actor)
    _rebuild()
    flash("Published. The assistant uses it from now on." if published else
          "Withdrawn. The assistant no longer uses it.", "good")
    return redirect(url_for("articles.index"))


@pages.post("/articles/<int:article_id>/delete")
@needs("manager")
def delete(article_id: int):
    """Remove it for good."""
    with db.transaction() as session:
        article = articles.by_id(session, article_id)
        title = article.title
        articles.delete(session, article, g.agent.actor)
    _rebuild()
    flash(f"“{title}” is deleted.", "good")
    return redirect(url_for("articles.index"))


def _fields() -> dict:
    form = request.form
    return {"title": form.get("title", ""), "body": form.get("body", ""), "locale": form.get("locale", "en"),
            "questions": form.get("questions", ""), "published": form.get("published") == "1"}


def _values(fields: dict) -> dict:
    return {**fields, "questions": fields["questions"].splitlines()}


def _form(article, fields: dict, error: str = "") -> str:
    return page("articles/edit.html", article=article, fields=fields, error=error, may_write=g.agent.may("manager"),
                languages=LANGUAGES)


def _trial(session, question: str) -> dict | None:
    """The best matches of a question, and what the assistant would do with them."""
    if not question:
        return None
    matches = articles.index(session).rank(question, 3, language(question)[0])
    cut = settings.current().assistant_answer_score
    best = matches[0].score if matches else 0.0
    does = "answer" if best >= cut else "offer" if best >= OFFER_SCORE else "pass"
    return {"does": does, "cut": cut, "matches": [(articles.by_id(session, m.article_id), m) for m in matches]}


def _unanswered(session) -> list:
    """The latest messages that no article answered: what to write next."""
    return session.execute(select(AssistantTurn.ticket_id, Message.text, AssistantTurn.created_at).join(
        Message, Message.id == AssistantTurn.message_id).where(Message.text != "", or_(
            AssistantTurn.outcome == "missed", AssistantTurn.reason.in_(("misses", "no_match"))))
        .order_by(AssistantTurn.id.desc()).limit(UNANSWERED)).all()


def _rebuild() -> None:
    """Build the index here and now, outside of any transaction, so that the next customer does not wait for it."""
    with db.reading() as session:
        articles.index(session)
