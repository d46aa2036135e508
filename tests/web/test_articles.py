"""The pages on which managers teach the assistant."""
import re

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.jobs import open_questions
from helpdesk.models import Article, Question
from helpdesk.services import articles, assistant
from tests.people import written

FORM = {"title": "Where is my order?", "body": "Look at the link.", "locale": "en", "published": "1",
        "questions": "Track my parcel\r\n\r\nParcel is late\r\n"}


@pytest.fixture
def mia(sign_in, cast):
    return sign_in(cast.mia)


def only_article():
    with db.reading() as session:
        article, = session.scalars(select(Article)).all()
        return article, [question.text for question in article.questions]


def test_a_manager_writes_an_article_with_one_question_per_line(mia):
    answer = mia.post("/articles", data=FORM, follow_redirects=True)
    assert answer.status_code == 200 and "Track my parcel" in answer.text
    article, questions = only_article()
    assert (article.title, article.published) == ("Where is my order?", True)
    assert questions == ["Track my parcel", "Parcel is late"]


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(mia):
    answer = mia.post("/articles", data={**FORM, "title": " "})
    assert answer.status_code == 422
    assert "title of at most" in answer.text and "Parcel is late" in answer.text
    with db.reading() as session:
        assert session.scalars(select(Article)).all() == []


def test_editing_changes_what_the_next_question_finds(mia):
    mia.post("/articles", data=FORM)
    article, _ = only_article()
    mia.post(f"/articles/{article.id}", data={**FORM, "questions": "Bicycle courier", "body": "<b>Soon</b>"})
    assert only_article()[1] == ["Bicycle courier"]
    page = mia.get(f"/articles/{article.id}").text
    assert "&lt;b&gt;Soon" in page and "<b>Soon" not in page
    trial = mia.get("/articles", query_string={"try": "bicycle courier"}).text
    assert "100 % sure" in trial and "would answer" in trial
    assert mia.post(f"/articles/{article.id}", data={**FORM, "body": ""}).status_code == 422


def test_trying_a_question_shows_the_match_its_score_and_what_would_happen(mia):
    mia.post("/articles", data=FORM)
    trial = mia.get("/articles", query_string={"try": "were is my oder"}, headers={"HX-Request": "true"}).text
    assert "<html" not in trial and "Where is my order?" in trial
    assert int(re.search(r"(\d+) % sure", trial)[1]) >= 80
    assert "would not know" in mia.get("/articles", query_string={"try": "penguins and jazz"}).text


def test_publishing_and_withdrawing(mia):
    mia.post("/articles", data={**FORM, "published": ""})
    article, _ = only_article()
    assert not article.published and "Draft" in mia.get("/articles").text
    mia.post(f"/articles/{article.id}/publish", data={"published": "1"})
    assert only_article()[0].published
    mia.post(f"/articles/{article.id}/publish", data={"published": "0"})
    assert not only_article()[0].published


def test_deleting_takes_the_questions_along_but_not_the_history(mia, cast):
    mia.post("/articles", data=FORM)
    article, _ = only_article()
    with db.transaction() as session:
        message = written(session, cast.widget, "Track my parcel", address="visitor-1")
    db.run(assistant.answer, message.ticket_id, message_id=message.id)
    answer = mia.post(f"/articles/{article.id}/delete", follow_redirects=True).text
    assert "in the archive" in answer and f'action="/articles/{article.id}/back"' in answer
    assert not only_article()[0].published and "Where is my order?" in mia.get("/articles?state=archive").text
    mia.post(f"/articles/{article.id}/back", data={"published": "1"})
    assert only_article()[0].published
    mia.post(f"/articles/{article.id}/delete", data={"forever": "1"})
    assert only_article()[0].archived_at, "nothing is deleted for good at once"
    mia.post(f"/articles/{article.id}/delete", data={"forever": "1"})
    with db.reading() as session:
        assert not session.scalars(select(Article)).all() and not session.scalars(select(Question)).all()
    assert mia.get(f"/articles/{article.id}").status_code == 404
    assert mia.get(f"/tickets/{message.ticket_id}", follow_redirects=True).status_code == 200


def test_the_list_shows_how_often_each_helped_and_what_was_not_understood(mia, cast):
    mia.post("/articles", data=FORM)
    article, _ = only_article()
    with db.transaction() as session:
        for helped in (True, True, False):
            articles.count_judgement(session, article.id, helped)
        message = written(session, cast.widget, "Do penguins like jazz?", address="visitor-1")
    db.run(assistant.answer, message.ticket_id, message_id=message.id)
    open_questions.gather(message.ticket_id)
    page = mia.get("/articles").text
    cells = re.findall(r'<td class="end numbers">(\d+)</td>', page)
    assert cells == ["2", "0", "2", "1"]
    assert 'href="/articles/review"' in page and "Do penguins like jazz?" in mia.get("/articles/review").text
    form = mia.get("/articles/new", query_string={"question": "Do penguins like jazz?"}).text
    assert "Do penguins like jazz?" in form
    assert "Nothing found" in mia.get("/articles?q=zebra").text


def test_agents_read_but_do_not_write(sign_in, cast, mia):
    mia.post("/articles", data=FORM)
    article, _ = only_article()
    alice = sign_in(cast.alice)
    assert "Parcel is late" in alice.get(f"/articles/{article.id}").text
    assert "New article" not in alice.get("/articles").text
    assert alice.get(f"/articles/{article.id}/history").status_code == 403
    for path in ("/articles", f"/articles/{article.id}", "/articles/many", "/articles/preview", *(
            f"/articles/{article.id}/{what}" for what in ("publish", "delete", "back", "restore", "discard",
                                                          "unschedule", "translate", "pictures"))):
        assert alice.post(path, data=FORM).status_code == 403
    assert only_article()[0].published


def test_visitors_are_sent_to_sign_in(client):
    assert client.get("/articles", headers={"Accept": "text/html"}).status_code == 302
    assert client.post("/articles", data=FORM).status_code in (401, 403)
