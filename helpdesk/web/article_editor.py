"""One article: reading it is for every agent; writing, publishing and its history for managers."""
from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request

from helpdesk import db, rendering, settings
from helpdesk.errors import Invalid
from helpdesk.rendering import page
from helpdesk.services import (
    article_archive,
    article_diff,
    article_fields,
    article_lists,
    article_pictures,
    article_versions,
    articles,
    categories,
    help_urls,
    markdown,
)
from helpdesk.services.article_fields import Fields
from helpdesk.services.article_versions import EditConflict
from helpdesk.services.phrases import LANGUAGES, language_of
from helpdesk.services.words import words
from helpdesk.web.access import needs, wants_fragment
from helpdesk.web.article_words import language_name
from helpdesk.web.articles import rebuild

pages = Blueprint("article_editor", __name__)

PICTURES = "/articles/pictures/"        # for people of the house, drafts too
NEEDS = {"order_number": "Order number", "email": "E-mail address", "phone": "Phone number", "date": "Date"}
WAYS = ("draft", "publish", "schedule")
SAID = {"draft": "Saved as a draft.", "publish": "Published. Readers and the assistant have it from now on."}


@pages.get("/articles/new")
@needs("articles")
def new():
    """An empty form; `question` is a phrasing to begin with, `category` an id."""
    fields = Fields(title="", body="", questions=_suggested(()), locale=request.args.get("locale", "")[:16]
                    or language_of(settings.current().default_locale) or "en",
                    category_id=request.args.get("category", type=int))
    with db.reading() as session:
        return _form(session, None, fields)


@pages.post("/articles")
@needs("articles")
def create():
    """title, summary, slug, body, questions (one per line), locale, category, audience, assistant, account, need…;
    `then`: draft, publish, schedule (with publish_at) or preview. A script is answered {"id", "seen"}."""
    fields, then = _fields(), _then()
    try:
        if then == "preview":
            with db.reading() as session:
                return _form(session, None, fields, previewed=True)
        with db.transaction() as session:
            article = article_versions.create(session, fields, published=then == "publish", actor=g.agent.actor)
            _take_picture(session, article)
            if then == "schedule":
                article_versions.save(session, article, article_versions.current(article), then="schedule",
                                      publish_at=_moment(), actor=g.agent.actor)
            answer = {"id": article.id, "seen": article_versions.state(article)}
    except Invalid as error:
        if wants_fragment():
            raise
        with db.reading() as session:
            return _form(session, None, fields, error=str(error)), error.status
    rebuild()
    if wants_fragment():
        return jsonify(answer)
    flash(SAID.get(then, "Saved. It goes out by itself."), "good")
    return redirect(f"/articles/{answer['id']}")


@pages.get("/articles/<int:article_id>")
@needs("see")
def show(article_id: int):
    """One article, to read or to edit; `question` is a phrasing to add, which is kept when the form is saved."""
    with db.reading() as session:
        article = articles.by_id(session, article_id)
        if not g.agent.may("articles"):
            return page("articles/show.html", article=article, category=categories.title(article.category,
                        article.locale), body=_html(session, article.body, article.locale),
                        translations=article_lists.translations(session, article))
        fields = article_versions.current(article)
        return _form(session, article, replace(fields, questions=_suggested(fields.questions)))


def _suggested(questions: tuple[str, ...]) -> tuple[str, ...]:
    asked = " ".join(request.args.get("question", "").split())[:article_fields.QUESTION_LIMIT]
    return (*questions, asked) if asked and words(asked) not in map(words, questions) else questions


@pages.post("/articles/<int:article_id>")
@needs("articles")
def change(article_id: int):
    """The same fields as for a new one, and `seen`: the state that the form was made from."""
    fields, then = _fields(), _then()
    try:
        if then == "preview":
            with db.reading() as session:
                return _form(session, articles.by_id(session, article_id), fields, previewed=True,
                             seen=request.form.get("seen", ""))
        with db.transaction() as session:
            article = article_versions.locked(session, article_id)
            article_versions.save(session, article, fields, then=then, seen=request.form.get("seen", ""),
                                  publish_at=_moment() if then == "schedule" else None, actor=g.agent.actor)
            if _take_picture(session, article) and then == "publish":
                article_versions.publish(session, article, g.agent.actor)
            scheduled = article_versions.scheduled_version(article)
    except Invalid as error:
        with db.reading() as session:
            return _form(session, articles.by_id(session, article_id), fields, error=str(error),
                         seen=request.form.get("seen", "")), error.status
    except EditConflict as error:
        with db.reading() as session:
            article = articles.by_id(session, article_id)
            differences = article_diff.parts(fields.body, error.theirs.body)
            return _form(session, article, fields, error=str(error), theirs=error.theirs,
                         differences=differences), error.status
    rebuild()
    said = f"Saved. It goes out on {rendering.local_time(scheduled.publish_at)}." if scheduled else SAID["draft"]
    flash(SAID["publish"] if then == "publish" else said, "good")
    return redirect(f"/articles/{article_id}")


@pages.post("/articles/preview")
@needs("articles")
def preview():
    """body, locale: how it will look."""
    with db.reading() as session:
        return _html(session, request.form.get("body", "")[:article_fields.BODY_LIMIT],
                     request.form.get("locale", "en")) or "<p class=\"muted\">Nothing to show yet.</p>"


@pages.post("/articles/<int:article_id>/publish")
@needs("articles")
def publish(article_id: int):
    """published=1: the newest text goes to the readers; 0: the article is withdrawn."""
    published = request.form.get("published") == "1"
    with db.transaction() as session:
        (article_versions.publish if published else article_versions.withdraw)(
            session, article_versions.locked(session, article_id), g.agent.actor)
    return _done(article_id, SAID["publish"] if published else "Withdrawn. Nobody outside reads it any more.")


@pages.post("/articles/<int:article_id>/unschedule")
@needs("articles")
def unschedule(article_id: int):
    """The draft stays, and does not go out by itself."""
    with db.transaction() as session:
        article_versions.cancel_schedule(session, article_versions.locked(session, article_id), g.agent.actor)
    return _done(article_id, "It no longer goes out by itself. The draft is kept.")


@pages.post("/articles/<int:article_id>/discard")
@needs("articles")
def discard(article_id: int):
    """Go back to what readers have."""
    with db.transaction() as session:
        article_versions.discard_draft(session, article_versions.locked(session, article_id), g.agent.actor)
    return _done(article_id, "This is the published text again. The draft is in the history.")


@pages.post("/articles/<int:article_id>/translate")
@needs("articles")
def translate(article_id: int):
    """A draft in `locale`, to be translated: the same text, category, needs and pictures."""
    with db.transaction() as session:
        original = article_versions.locked(session, article_id)
        said = article_versions.current(original)
        fields = Fields(title=said.title, summary=said.summary, body=said.body, locale=request.form.get("locale", ""),
                        category_id=said.category_id, audience=said.audience, for_assistant=said.for_assistant,
                        about_account=said.about_account, needs=said.needs)
        made = article_versions.create(session, fields, published=False, actor=g.agent.actor, original=original)
        body = article_pictures.copy(session, said.body, made)
        if body != said.body:
            made.body = made.versions[-1].body = body
        number = made.id
    return _done(number, "A draft to translate. Its phrasings are for you to write: customers ask in their own words.")


@pages.get("/articles/<int:article_id>/history")
@needs("articles")
def history(article_id: int):
    """All versions; with `version`, what that one changed against `against` or the one before."""
    with db.reading() as session:
        article = articles.by_id(session, article_id)
        chosen = before = None
        if article.versions:
            chosen = article_versions.by_number(article, request.args.get("version", article.versions[-1].number, int))
            earlier = request.args.get("against", chosen.number - 1, int)
            before = next((one for one in article.versions if one.number == earlier), None)
        changes = [(name, article_diff.parts(getattr(before, name) if before else "", getattr(chosen, name)))
                   for name in ("title", "summary", "body") if chosen
                   and (before is None or getattr(before, name) != getattr(chosen, name))]
        return page("articles/history.html", article=article, chosen=chosen, before=before, changes=changes,
                    authors={one.id: article_versions.author_name(session, one) for one in article.versions})


@pages.post("/articles/<int:article_id>/restore")
@needs("articles")
def restore(article_id: int):
    """The text of `version` becomes the newest draft."""
    with db.transaction() as session:
        article = article_versions.locked(session, article_id)
        article_versions.restore(session, article, request.form.get("version", 0, type=int), g.agent.actor)
        live = article.published
    return _done(article_id, "The old text is the draft now. Publish it when it is right." if live
                 else "The old text is back.")


@pages.post("/articles/<int:article_id>/delete")
@needs("articles")
def delete(article_id: int):
    """Into the archive; from there, with `forever`, for good."""
    with db.transaction() as session:
        article = article_versions.locked(session, article_id)
        title, published = article.title, article.published
        if request.form.get("forever") and article.archived_at:
            article_archive.delete(session, article, g.agent.actor)
            flash(f"“{title}” is deleted for good.", "good")
        else:
            article_archive.archive(session, article, g.agent.actor)
            flash({"text": f"“{title}” is in the archive.", "undo": f"/articles/{article_id}/back",
                   "fields": {"published": "1" if published else ""}}, "good")
    rebuild()
    return redirect("/articles")


@pages.post("/articles/<int:article_id>/back")
@needs("articles")
def back(article_id: int):
    """Out of the archive; with `published`, to its readers too."""
    with db.transaction() as session:
        article_archive.bring_back(session, article_versions.locked(session, article_id),
                                   request.form.get("published") == "1", g.agent.actor)
    return _done(article_id, "It is back.")


def _done(article_id: int, words: str):
    rebuild()
    flash(words, "good")
    return redirect(f"/articles/{article_id}")


def _then() -> str:
    then = request.form.get("then", "")
    if then in (*WAYS, "preview"):
        return then
    return "publish" if request.form.get("published") == "1" else "draft"


def _fields() -> Fields:
    form = request.form
    unticked = "" if "whole" in form else "1"       # a box that is not ticked is not sent
    return Fields(
        title=form.get("title", ""), summary=form.get("summary", ""), body=form.get("body", ""),
        slug=form.get("slug", ""), questions=tuple(form.get("questions", "").splitlines()),
        locale=form.get("locale", "en"), category_id=form.get("category", type=int),
        audience=form.get("audience", "public"), for_assistant=form.get("assistant", unticked) == "1",
        about_account=form.get("account") == "1", needs=tuple(form.getlist("need")))


def _moment() -> datetime | None:
    """`publish_at` as the agent's clock shows it. Raises Invalid when it is no time."""
    said = request.form.get("publish_at", "")
    if not said:
        return None
    try:
        return datetime.fromisoformat(said).replace(tzinfo=rendering.zone())
    except ValueError:
        raise Invalid("Give the time as 2030-12-31T09:00.") from None


def _take_picture(session, article) -> bool:
    """A picture that came with the form, for browsers without scripts, goes to the end of the text."""
    file = request.files.get("picture")
    if file is None or not file.filename:
        return False
    picture = article_pictures.add(session, article, file.filename, file.read(article_pictures.LARGEST + 1))
    said = article_versions.current(article)
    line = article_pictures.line(picture, request.form.get("alt", ""))
    article_versions.save(session, article, Fields(**{**vars(said), "body": f"{said.body}\n\n{line}".strip()}),
                          then="draft", actor=g.agent.actor)
    return True


def _html(session, body: str, locale: str) -> str:
    return markdown.html(body, locale=locale, sizes=article_pictures.sizes(session, body), pictures=PICTURES)


def _form(session, article, fields: Fields, *, error: str = "", seen: str | None = None, theirs: Fields | None = None,
          differences=(), previewed: bool = False) -> str:
    """The editor. `seen` is the state that the next save is compared with."""
    translations = article_lists.translations(session, article) if article else []
    there = {one.locale.split("-")[0] for one in translations}
    scheduled = article_versions.scheduled_version(article) if article else None
    return render_template(
        "articles/edit.html", article=article, fields=fields, error=error, theirs=theirs, differences=differences,
        seen=(article_versions.state(article) if seen is None else seen) if article else "", previewed=previewed,
        draft=article_versions.draft_of(article) if article else None, scheduled=scheduled,
        scheduled_local=scheduled.publish_at.astimezone(rendering.zone()).strftime("%Y-%m-%dT%H:%M")
        if scheduled else "", zone=rendering.zone().key, translations=translations,
        missing=[one for one in LANGUAGES if one not in there] if article else [],
        preview=_html(session, fields.body, fields.locale), languages=LANGUAGES, needs=NEEDS,
        categories=[(one.id, categories.title(one, fields.locale)) for one in categories.listed(session)],
        public_url=help_urls.article_url(session, article) if article else "",
        path=help_urls.article_path(fields.locale, ""), title_limit=article_fields.TITLE_LIMIT,
        summary_limit=article_fields.SUMMARY_LIMIT, body_limit=article_fields.BODY_LIMIT,
        alt_limit=article_pictures.ALT_LIMIT, language_name=language_name)
