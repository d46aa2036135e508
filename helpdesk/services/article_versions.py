"""Saving, publishing and taking back: every save of an article's text is a version.

Readers have what the article's own row says. A draft beside a published text is a version without `published_at`, newer
than the last one that was published; with `publish_at` it goes out by itself then. The rest of an article (address,
category, phrasings …) has no versions: it applies when it is saved, whatever becomes of the text.
"""
from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.models import Agent, Article, ArticleVersion, Category, Question
from helpdesk.services import article_addresses
from helpdesk.services.article_clock import moment as moment_of
from helpdesk.services.article_fields import Fields, checked

LATEST = timedelta(days=5 * 366)        # how far ahead something can be scheduled


class EditConflict(Conflict):
    """Somebody else saved the article after this form was opened. `theirs` is what it says now."""

    def __init__(self, theirs: Fields, name: str) -> None:
        super().__init__(f"{name or 'Somebody else'} saved this article while you were writing. Nothing is lost: your "
                         "text is in the form, theirs is shown beside it. Take over what you need, then save again.")
        self.theirs = theirs


def locked(session: Session, article_id: int) -> Article:
    """The article, with its row locked until the transaction ends, so that two saves come one after the other. Raises
    NotFound."""
    found = session.scalar(select(Article).where(Article.id == article_id).with_for_update()
                           .execution_options(populate_existing=True))
    if found is None:
        raise NotFound("There is no such article.")
    return found


def create(session: Session, fields: Fields, *, published: bool, actor: str,
           original: Article | None = None) -> Article:
    """A new article with its first version, published or as a draft; with `original` a translation of that. Raises
    Invalid with what to correct."""
    fields = checked(fields, unfinished=not published)
    moment = moment_of(session)
    article = Article(published=published, published_at=moment if published else None, updated_at=moment,
                      created_at=moment)
    if original is not None:
        article.original_id = original.original_id or original.id
        _require_language_free(session, article.original_id, fields.locale)
    _write(session, article, fields)
    article.title, article.summary, article.body = fields.text
    session.add(article)
    session.flush()
    _add_version(session, article, fields, actor, published_at=article.published_at)
    _note(session, f"wrote {article.title}", actor)
    return article


def save(session: Session, article: Article, fields: Fields, *, then: str, actor: str, seen: str = "",
         publish_at: datetime | None = None) -> None:
    """Store what a form says. `then`: draft, publish, or schedule with `publish_at`. `seen` is the state() that the
    form was made from, '' to overwrite whatever is there. Raises Invalid, or EditConflict when somebody was faster."""
    if seen and seen != state(article):
        last = article.versions[-1] if article.versions else None
        raise EditConflict(current(article), author_name(session, last))
    fields = checked(fields, unfinished=then == "draft" and not article.published)
    when = _later(publish_at) if then == "schedule" else None
    ensure_first(session, article)
    scheduled = scheduled_version(article)
    _write(session, article, fields)
    article.updated_at = moment_of(session)
    version = article.versions[-1]
    if (version.title, version.summary, version.body) != fields.text:
        version = _add_version(session, article, fields, actor)
    if then == "publish":
        _go_out(session, article, version, article.updated_at)
        verb = "published"
    else:
        verb = "scheduled" if when else "changed"
        when = when or (scheduled.publish_at if scheduled else None)     # a new draft goes out when the old one would
        for one in article.versions:
            one.publish_at = None if one.published_at is None else one.publish_at
        if version.published_at is None:
            version.publish_at = when
        elif when and then == "schedule":
            if article.published:
                raise Invalid("This text is published already; there is nothing to schedule.")
            version = _add_version(session, article, fields, actor)
            version.publish_at = when
        if not article.published:
            article.title, article.summary, article.body = fields.text
    session.flush()
    _note(session, f"{verb} {fields.title}", actor)


def publish(session: Session, article: Article, actor: str) -> None:
    """Give readers the newest text. Raises Invalid when there is none."""
    ensure_first(session, article)
    version = article.versions[-1]
    if article.published and version.published_at:
        return
    if not version.body.strip():
        raise Invalid(f"“{version.title}” has no text yet.")
    article.updated_at = moment_of(session)
    _go_out(session, article, version, article.updated_at)
    _note(session, f"published {article.title}", actor)


def withdraw(session: Session, article: Article, actor: str) -> None:
    """Take an article from its readers; it stays as a draft, and nothing goes out by itself any more."""
    if not article.published:
        return
    ensure_first(session, article)
    _unschedule(article)
    article.published, article.updated_at = False, moment_of(session)
    _note(session, f"withdrew {article.title}", actor)


def move(session: Session, article: Article, category_id: int | None, actor: str) -> None:
    """Put an article on another shelf, or on none."""
    if article.category_id == category_id:
        return
    if category_id is not None and session.get(Category, category_id) is None:
        raise Invalid("There is no such category.")
    article.category_id, article.updated_at = category_id, moment_of(session)
    _note(session, f"moved {article.title} to another category", actor)


def cancel_schedule(session: Session, article: Article, actor: str) -> None:
    """The draft stays, and does not go out by itself. Nothing scheduled: nothing happens."""
    if scheduled_version(article) is not None:
        _unschedule(article)
        article.updated_at = moment_of(session)
        _note(session, f"no longer scheduled: {article.title}", actor)


def restore(session: Session, article: Article, number: int, actor: str) -> ArticleVersion:
    """Make an old version's text the newest draft. Readers keep what they have until it is published."""
    ensure_first(session, article)
    old = by_number(article, number)
    fields = Fields(title=old.title, summary=old.summary, body=old.body)
    version = article.versions[-1]
    if (version.title, version.summary, version.body) != fields.text:
        version = _add_version(session, article, fields, actor)
    article.updated_at = moment_of(session)
    if not article.published:
        article.title, article.summary, article.body = fields.text
    _note(session, f"took back version {number} of {article.title}", actor)
    return version


def discard_draft(session: Session, article: Article, actor: str) -> None:
    """Go back to the text that readers have. The draft stays in the history."""
    if draft_of(article) is None:
        return
    _unschedule(article)
    article.updated_at = moment_of(session)
    _add_version(session, article, Fields(title=article.title, summary=article.summary, body=article.body), actor,
                 published_at=article.updated_at)
    _note(session, f"discarded the draft of {article.title}", actor)


def publish_due(session: Session) -> int:
    """Publish what was scheduled for now or earlier; returns how many. Each goes out once, whoever else asks."""
    due = session.execute(select(ArticleVersion.id, ArticleVersion.article_id).join(Article).where(
        ArticleVersion.publish_at <= now(), ArticleVersion.published_at.is_(None), Article.archived_at.is_(None))
        .order_by(ArticleVersion.publish_at)).all()
    done = 0
    for version_id, article_id in due:
        article = locked(session, article_id)
        version = session.get(ArticleVersion, version_id, populate_existing=True)
        if version.published_at or version.publish_at is None or version.publish_at > now():
            continue        # another worker had it, or somebody changed their mind, while we waited for the lock
        moment = moment_of(session)
        article.updated_at = moment
        _go_out(session, article, version, moment)
        _note(session, f"published as scheduled: {article.title}", "system")
        done += 1
    return done


def draft_of(article: Article) -> ArticleVersion | None:
    """The newest text if readers do not have it: what an editor goes on with beside a published article."""
    if not article.versions or not article.published or article.versions[-1].published_at:
        return None
    return article.versions[-1]


def scheduled_version(article: Article) -> ArticleVersion | None:
    """The version that goes out by itself."""
    return next((one for one in reversed(article.versions) if one.publish_at and not one.published_at), None)


def by_number(article: Article, number: int) -> ArticleVersion:
    """One version of this article. Raises NotFound."""
    found = next((one for one in article.versions if one.number == number), None)
    if found is None:
        raise NotFound("There is no such version.")
    return found


def author_name(session: Session, version: ArticleVersion | None) -> str:
    """Who saved it; '' when nobody of ours did."""
    agent = session.get(Agent, version.author_id) if version is not None and version.author_id else None
    return agent.name if agent else ""


def current(article: Article) -> Fields:
    """What an editor goes on with: the newest text, and the rest as it is."""
    text = draft_of(article) or article
    return Fields(title=text.title, summary=text.summary, body=text.body, slug=article.slug, locale=article.locale,
                  questions=tuple(question.text for question in article.questions), category_id=article.category_id,
                  audience=article.audience, for_assistant=article.for_assistant,
                  about_account=article.about_account, needs=tuple(article.needs))


def state(article: Article) -> str:
    """A short word for what the article says now, drafts and all: two that are equal have nothing between them."""
    draft = draft_of(article)
    said = [list(map(str, vars(current(article)).values())), article.published, draft.number if draft else 0]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:20]


def ensure_first(session: Session, article: Article) -> None:
    """Articles from before there were versions get their text as the first one."""
    if not article.versions:
        _add_version(session, article, Fields(title=article.title, summary=article.summary, body=article.body), "",
                     published_at=article.published_at or article.updated_at if article.published else None)


def _go_out(session: Session, article: Article, version: ArticleVersion, moment: datetime) -> None:
    article.title, article.summary, article.body = version.title, version.summary, version.body
    article.published, article.published_at = True, moment
    article.archived_at = None
    article.reviewed_at = moment
    version.published_at = version.published_at or moment
    _unschedule(article)
    session.flush()


def _unschedule(article: Article) -> None:
    for one in article.versions:
        if one.published_at is None:
            one.publish_at = None


def _later(publish_at: datetime | None) -> datetime:
    if publish_at is None:
        raise Invalid("Say when it shall be published.")
    if not now() < publish_at < now() + LATEST:
        raise Invalid("Choose a time to come, within five years.")
    return publish_at


def _write(session: Session, article: Article, fields: Fields) -> None:
    """The parts without versions. The old address goes on leading to the article."""
    if article.id and article.original_id and fields.locale != article.locale:
        _require_language_free(session, article.original_id, fields.locale, article.id)
    article_addresses.settle(session, article, fields)
    article.locale, article.category_id, article.audience = fields.locale, fields.category_id, fields.audience
    article.for_assistant, article.about_account = fields.for_assistant, fields.about_account
    article.needs = list(fields.needs)
    there = {question.text: question for question in article.questions}
    article.questions = [there.get(line) or Question(text=line) for line in fields.questions]


def _require_language_free(session: Session, original_id: int, locale: str, but: int = 0) -> None:
    there = session.scalar(select(Article.id).where(
        (Article.id == original_id) | (Article.original_id == original_id), Article.locale == locale,
        Article.id != but, Article.archived_at.is_(None)).limit(1))
    if there is not None:
        raise Invalid(f"There is a translation into {locale} already.")


def _add_version(session: Session, article: Article, fields: Fields, actor: str,
                 published_at: datetime | None = None) -> ArticleVersion:
    number = article.versions[-1].number + 1 if article.versions else 1
    version = ArticleVersion(article_id=article.id, number=number, title=fields.title, summary=fields.summary,
                             body=fields.body, author_id=agent_id(actor), published_at=published_at)
    article.versions.append(version)
    session.flush()
    return version


def agent_id(actor: str) -> int | None:
    """The agent in an actor's word, None for all others."""
    return int(actor.removeprefix("agent:")) if actor.startswith("agent:") else None


def _note(session: Session, detail: str, actor: str) -> None:
    events.record(session, events.SettingsChanged(what="article", detail=detail), actor=actor)
