"""Drafts, versions, scheduled texts, the archive and addresses: nothing that somebody wrote is lost."""
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from helpdesk import clock, db
from helpdesk.errors import Invalid
from helpdesk.models import Article, ArticleRedirect, ArticleVersion, Event
from helpdesk.services import article_archive, article_lists, article_versions, articles, help_urls
from helpdesk.services.article_fields import Fields
from helpdesk.services.article_lists import Chosen

FIRST = Fields(title="Where is it?", body="Look at the link.", questions=("Track it",))
SECOND = Fields(title="Where is it?", body="Look at the *new* link.", questions=("Track it", "Parcel late"))


def wrote(fields=FIRST, published=True, **more):
    return db.run(article_versions.create, fields, published=published, actor="system", **more).id


def save(number, fields, then, **more):
    with db.transaction() as session:
        article_versions.save(session, article_versions.locked(session, number), fields, then=then, actor="system",
                              **more)


def look(number):
    """(what readers have, whether they have it, the versions as (number, body, published, scheduled))"""
    with db.reading() as session:
        article = session.get(Article, number)
        return article.body, article.published, [(one.number, one.body, bool(one.published_at), bool(one.publish_at))
                                                 for one in article.versions]


def test_a_draft_beside_a_published_text_waits_until_it_is_published(database):
    number = wrote()
    save(number, SECOND, "draft")
    assert look(number) == (FIRST.body, True, [(1, FIRST.body, True, False), (2, SECOND.body, False, False)])
    with db.reading() as session:
        article = session.get(Article, number)
        assert article_versions.current(article).body == SECOND.body, "the editor goes on with the draft"
        assert [q.text for q in article.questions] == ["Track it", "Parcel late"], "the rest applies at once"
        assert article_lists.with_draft(session) == {number}
    save(number, SECOND, "publish")
    assert look(number) == (SECOND.body, True, [(1, FIRST.body, True, False), (2, SECOND.body, True, False)])


def test_an_article_that_was_never_published_is_its_newest_draft(database):
    number = wrote(Fields(title="", body=""), published=False)
    save(number, FIRST, "draft")
    assert look(number)[:2] == (FIRST.body, False)
    with pytest.raises(Invalid, match="title"):
        save(number, Fields(title="", body="x"), "publish")


def test_restoring_and_discarding_lose_nothing(database):
    number = wrote()
    save(number, SECOND, "publish")
    with db.transaction() as session:
        article_versions.restore(session, article_versions.locked(session, number), 1, "system")
    assert look(number)[0] == SECOND.body and look(number)[2][-1] == (3, FIRST.body, False, False)
    with db.transaction() as session:
        article_versions.discard_draft(session, article_versions.locked(session, number), "system")
    body, published, versions = look(number)
    assert (body, published, len(versions)) == (SECOND.body, True, 4)
    with db.reading() as session:
        assert article_versions.draft_of(session.get(Article, number)) is None


def test_a_scheduled_text_goes_out_once_even_late_and_can_be_cancelled(any_database):
    number = wrote()
    due = clock.now() + timedelta(hours=1)
    save(number, SECOND, "schedule", publish_at=due)
    assert db.run(article_versions.publish_due) == 0 and look(number)[0] == FIRST.body
    save(number, Fields(title="Where is it?", body="Newer still."), "draft")
    assert [one[3] for one in look(number)[2]] == [False, False, True], "what is written later goes out instead"
    with clock.at(due + timedelta(days=3)):
        assert db.run(article_versions.publish_due) == 1
        assert db.run(article_versions.publish_due) == 0
    assert look(number)[0] == "Newer still."
    save(number, SECOND, "schedule", publish_at=due)
    with db.transaction() as session:
        article_versions.cancel_schedule(session, article_versions.locked(session, number), "system")
    with clock.at(due + timedelta(days=3)):
        assert db.run(article_versions.publish_due) == 0
    for wrong in (None, clock.now() - timedelta(minutes=1), clock.now() + timedelta(days=9999)):
        with pytest.raises(Invalid):
            save(number, SECOND, "schedule", publish_at=wrong)


def test_a_first_text_can_be_scheduled_and_withdrawing_or_archiving_ends_that(database):
    number = wrote(published=False)
    due = clock.now() + timedelta(hours=1)
    save(number, FIRST, "schedule", publish_at=due)
    with db.reading() as session:
        assert list(article_lists.due(session)) == [number]
        assert article_lists.counts(session, Chosen())["scheduled"] == 1
    with db.transaction() as session:
        article_archive.archive(session, article_versions.locked(session, number), "system")
    with clock.at(due + timedelta(days=1)):
        assert db.run(article_versions.publish_due) == 0 and not look(number)[1]


def test_who_saves_over_somebody_elses_words_is_told_and_shown_theirs(database):
    number = wrote()
    with db.reading() as session:
        seen = article_versions.state(session.get(Article, number))
    save(number, SECOND, "draft", seen=seen)
    with pytest.raises(article_versions.EditConflict) as told:
        save(number, Fields(title="Mine", body="Mine"), "publish", seen=seen)
    assert told.value.theirs.body == SECOND.body
    assert look(number)[0] == FIRST.body and len(look(number)[2]) == 2
    with db.transaction() as session:
        articles.count_judgement(session, number, True)
        seen = article_versions.state(session.get(Article, number))
    save(number, Fields(title="Mine", body="Mine"), "publish", seen=seen)


def test_an_old_address_leads_to_the_article_and_is_taken_back_when_it_is_used_again(database):
    number, other = wrote(), wrote(Fields(title="Other", body="Else."))
    save(number, Fields(title="Where is it?", body="x", slug="tracking"), "publish")
    with db.reading() as session:
        assert session.get(Article, number).slug == "tracking"
        assert [(one.path, one.article_id) for one in session.scalars(select(ArticleRedirect))] == [
            (help_urls.article_path("en", "where-is-it"), number)]
    with pytest.raises(Invalid, match="already"):
        save(other, Fields(title="Other", body="Else.", slug="Tracking"), "publish")
    save(other, Fields(title="Other", body="Else.", slug="where-is-it"), "publish")
    with db.reading() as session:
        assert [one.path for one in session.scalars(select(ArticleRedirect))] == [help_urls.article_path("en", "other")]


def test_translations_belong_together_and_each_language_has_one(database):
    number = wrote()
    with db.transaction() as session:
        original = session.get(Article, number)
        spanish = article_versions.create(session, Fields(title="¿Dónde?", body="Aquí.", locale="es"), published=True,
                                          actor="system", original=original).id
    with db.transaction() as session:
        with pytest.raises(Invalid, match="translation into es"):
            article_versions.create(session, Fields(title="¿Y?", body="No.", locale="es"), published=False,
                                    actor="system", original=session.get(Article, spanish))
    with db.reading() as session:
        together = article_lists.translations(session, session.get(Article, spanish))
        assert [one.locale for one in together] == ["en", "es"]
    with db.transaction() as session:
        article_archive.remove(session, session.get(Article, number), "system")
    with db.reading() as session:
        assert session.get(Article, spanish).original_id is None


def test_the_archive_gives_back_what_was_deleted_and_only_then_deletes(database):
    number = wrote()
    with db.transaction() as session:
        article = session.get(Article, number)
        with pytest.raises(Invalid, match="archive"):
            article_archive.delete(session, article, "system")
        article_archive.archive(session, article, "system")
    with db.reading() as session:
        assert not articles.listed(session) and article_lists.counts(session, Chosen())["archive"] == 1
        assert not articles.search(session, "Track it")
    with db.transaction() as session:
        article_archive.bring_back(session, session.get(Article, number), True, "system")
    assert look(number)[1]


def test_articles_from_before_there_were_versions_keep_their_first_text(database):
    number = wrote()
    with db.transaction() as session:
        session.execute(delete(ArticleVersion))
    save(number, SECOND, "publish")
    assert [(one[1], one[2]) for one in look(number)[2]] == [(FIRST.body, True), (SECOND.body, True)]
    with db.reading() as session:
        assert session.scalars(select(Event).where(Event.name == "SettingsChanged")).all()
        assert session.scalars(select(ArticleVersion)).all()
