"""Writing help texts, and the index that follows them."""
import tomllib

import pytest
from sqlalchemy import select

from helpdesk import clock, db, paths
from helpdesk.errors import Invalid
from helpdesk.models import Article, Event, Question
from helpdesk.services import article_archive, article_clock, article_versions, articles
from helpdesk.services.article_fields import Fields


def wrote(title="Where is my order?", body="Look at the tracking link.", **fields):
    return db.run(articles.create, title=title, body=body, **fields)


def top(text):
    with db.reading() as session:
        return [match.article_id for match in articles.index(session).rank(text) if match.score > 0.5]


def test_an_article_keeps_its_questions_clean(database):
    article = wrote(questions=["  Track   my parcel ", "", "track my parcel!", "where is my order", "Parcel late"])
    with db.reading() as session:
        assert [q.text for q in session.get(Article, article.id).questions] == ["Track my parcel", "Parcel late"]
        assert session.scalar(select(Event.data).where(Event.name == "SettingsChanged"))["what"] == "article"


@pytest.mark.parametrize("fields, says", [
    ({"title": "  "}, "title"), ({"title": "x" * 201}, "200"), ({"body": " "}, "answer"),
    ({"questions": ["fine", "y" * 501]}, "Question 2"), ({"locale": "klingon!"}, "language code")])
def test_what_makes_no_article_is_refused_with_the_reason(database, fields, says):
    with pytest.raises(Invalid, match=says):
        wrote(**fields)
    with db.reading() as session:
        assert session.scalars(select(Article)).all() == []


def test_every_edit_is_seen_by_the_next_question_even_if_the_clock_stands(database, monkeypatch):
    moment = clock.now()
    monkeypatch.setattr(article_clock, "now", lambda: moment)
    order = wrote(questions=["Track my parcel"])
    pay = wrote("How can I pay?", "By card.", questions=["Payment methods"])
    assert top("track my parcel") == [order.id]
    with db.transaction() as session:
        article_versions.save(session, session.get(Article, order.id), Fields(
            title="Delivery", body="Soon.", questions=("Bicycle courier",)), then="publish", actor="system")
    assert top("track my parcel") == [] and top("bicycle courier") == [order.id]
    with db.transaction() as session:
        article_versions.withdraw(session, session.get(Article, pay.id), "system")
    assert top("payment methods") == []
    with db.transaction() as session:
        article_versions.publish(session, session.get(Article, pay.id), "system")
    assert top("payment methods") == [pay.id]
    with db.transaction() as session:
        article_archive.remove(session, session.get(Article, order.id), "system")
    assert top("bicycle courier") == []
    with db.reading() as session:
        assert [q.text for q in session.scalars(select(Question))] == ["Payment methods"]


def test_judgements_count_and_leave_the_index_alone(database):
    article = wrote()
    with db.reading() as session:
        before = articles.index(session)
    with db.transaction() as session:
        articles.count_judgement(session, article.id, True)
        articles.count_judgement(session, article.id, False)
        articles.count_judgement(session, article.id, False, by=-1)
    with db.reading() as session:
        found = session.get(Article, article.id)
        assert (found.helped, found.not_helped) == (1, 0)
        assert articles.index(session) is before


def test_the_list_finds_text_in_questions_and_takes_wildcards_literally(database):
    article = wrote(questions=["50% off"])
    wrote("Other", "Nothing of that kind.")
    with db.reading() as session:
        assert [a.id for a in articles.listed(session, "50%")] == [article.id]
        assert articles.listed(session, "50_") == []
        assert len(articles.listed(session)) == 2


def test_agents_find_articles_by_meaning_first_and_by_words_then(database):
    track = wrote(questions=["Track my parcel"])
    other = wrote("Opening hours", "Bring your parcel until six.")
    wrote("Secret parcel", "Not ready.", published=False)
    with db.reading() as session:
        found = articles.search(session, "parcel")
        assert found[0][0].id == track.id and found[0][1].score > 0
        assert {article.id for article, _ in found} == {track.id, other.id}
        assert articles.search(session, "  ") == []


def test_the_demo_companys_texts_load_once_and_the_rules_of_the_house_are_not_for_customers(database):
    text = (paths.SEEDS / "articles/en.toml").read_text(encoding="utf-8")
    written = tomllib.loads(text)["article"]
    assert db.run(articles.load, text) == len(written) and db.run(articles.load, text) == 0
    with db.reading() as session:
        index = articles.index(session)
        assert len(index) == sum(1 + len(one["questions"]) for one in written if one.get("audience") != "agents")
        titles = {article.id: article.title for article in articles.listed(session)}
        for one in written:
            found = {titles[match.article_id]: match.score for match in index.rank(one["title"], 3, "en")}
            assert (found.get(one["title"], 0.0) == 1.0) == (one.get("audience") != "agents"), one["title"]


def test_two_titles_that_look_alike_get_addresses_of_their_own(database):
    one = '[[article]]\ntitle = "{}"\nbody = "So."\n'
    assert db.run(articles.load, one.format("Return it") + one.format("Return it!") + one.format("Return it")) == 2
    with db.reading() as session:
        assert len(set(session.scalars(select(Article.slug)))) == 2


def test_a_file_that_is_no_list_of_articles_is_refused(database):
    for text in ("no toml", "x = 1", "[[article]]\nbody = 'no title'"):
        with pytest.raises(Invalid):
            db.run(articles.load, text)


def test_seeds_bring_categories_and_translations_belong_together_by_their_key(database):
    shelves = (paths.SEEDS / "articles/categories.toml").read_text(encoding="utf-8")
    english = """[[article]]
key = "track"
category = "orders"
title = "Where is it?"
summary = "How to follow it."
body = "So."
needs = ["order_number"]
account = true
questions = ["Track it"]
"""
    spanish = english.replace("Where is it?", "¿Dónde está?").replace("[[article]]", '[[article]]\nlocale = "es"')
    assert [db.run(articles.load, text) for text in (shelves, english, spanish, english + spanish)] == [0, 1, 1, 0]
    with db.reading() as session:
        first, second = session.scalars(select(Article).order_by(Article.id))
        assert (first.slug, first.original_id, first.needs, first.about_account) == (
            "track", None, ["order_number"], True)
        assert (second.slug, second.original_id, second.locale) == ("donde-esta", first.id, "es")
        assert first.category.key == "orders" and {one.locale for one in first.category.names} >= {"en", "id", "es"}
        assert [version.published_at for version in first.versions] == [first.published_at]


def test_an_article_never_hides_behind_a_page_of_the_help_centre(cast):
    with db.transaction() as session:
        article = articles.create(session, title="Search", body="How to find things.")
        assert article.slug == "search-2"
        with pytest.raises(Invalid, match="is a page of the help centre"):
            articles.create(session, title="Finding", body="How to find things.", slug="search")
