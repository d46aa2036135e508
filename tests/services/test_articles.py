"""Writing help texts, and the index that follows them."""
import pytest
from sqlalchemy import select

from helpdesk import clock, db, paths
from helpdesk.errors import Invalid
from helpdesk.models import Article, Event, Question
from helpdesk.services import articles


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
    monkeypatch.setattr(articles, "now", lambda: moment)
    order = wrote(questions=["Track my parcel"])
    pay = wrote("How can I pay?", "By card.", questions=["Payment methods"])
    assert top("track my parcel") == [order.id]
    with db.transaction() as session:
        articles.change(session, session.get(Article, order.id), title="Delivery", body="Soon.",
                        questions=["Bicycle courier"], locale="en", published=True, actor="system")
    assert top("track my parcel") == [] and top("bicycle courier") == [order.id]
    with db.transaction() as session:
        articles.publish(session, session.get(Article, pay.id), False, "system")
    assert top("payment methods") == []
    with db.transaction() as session:
        articles.publish(session, session.get(Article, pay.id), True, "system")
    assert top("payment methods") == [pay.id]
    with db.transaction() as session:
        articles.delete(session, session.get(Article, order.id), "system")
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


def test_the_demo_companys_texts_load_once_and_answer_their_own_questions(database):
    text = (paths.SEEDS / "articles.toml").read_text(encoding="utf-8")
    made = db.run(articles.load, text)
    assert made >= 16 and db.run(articles.load, text) == 0
    with db.reading() as session:
        index = articles.index(session)
        for article in articles.listed(session):
            assert len(article.body.split()) <= 60, article.title
            assert 4 <= len(article.questions) <= 6, article.title
            for question in article.questions:
                assert index.rank(question.text, 1, article.locale)[0].article_id == article.id, question.text


def test_a_file_that_is_no_list_of_articles_is_refused(database):
    for text in ("no toml", "x = 1", "[[article]]\nbody = 'no title'"):
        with pytest.raises(Invalid):
            db.run(articles.load, text)
