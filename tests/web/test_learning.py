"""The queue of open questions, teaching from a ticket, suggested answers, and how articles do, as pages."""
import re

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.jobs import open_questions as job
from helpdesk.models import Article, ArticleView, Event, OpenQuestion, Question
from helpdesk.services import article_health, articles, help_reading, open_questions, reviewing, tickets
from tests.people import written

ASKED = ("Can I bring my dog into the shop?", "May I bring a dog to your shop?")


@pytest.fixture
def known(cast):
    with db.transaction() as session:
        return articles.create(session, title="Are dogs allowed in?", body="Dogs are **welcome**.",
                               questions=["May my dog come along?"])


@pytest.fixture
def house_rules(cast):
    with db.transaction() as session:
        article = articles.create(session, title="Dogs: what to say when one bites", body="Call the owner.")
        article.audience = "agents"
        return article


@pytest.fixture
def asked(cast, known):
    """Two customers asked for the same: [(ticket, message)]."""
    ids = []
    for number, text in enumerate(ASKED):
        with db.transaction() as session:
            message = written(session, cast.widget, text, address=f"visitor-{number}", external_id=f"m{number}")
            ids.append((message.ticket_id, message.id))
        db.run(open_questions.keep, message.ticket_id, {message.id: "unanswered"})
    job.group()
    return ids


def rows(query):
    with db.reading() as session:
        return session.scalars(query).all()


def states():
    return rows(select(OpenQuestion.state).order_by(OpenQuestion.id))


def learned():
    return rows(select(Question.text).where(Question.source == "learned"))


def ticked(html):
    return re.findall(r'name="question" value="(\d+)"', html)


def undo(client, html):
    """Press Undo in the toast."""
    action = re.search(r'<form method="post" action="([^"]+)">(?=(?:(?!</form>).)*link undo)', html)[1]
    part = html[html.index(f'action="{action}"'):].split("</form>")[0]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', part))
    return client.post(action, data=fields, follow_redirects=True)


# The queue

def test_an_empty_queue_says_what_will_come(sign_in, cast):
    page = sign_in(cast.alice).get("/articles/review").text
    assert "Nothing to review" in page


def test_agents_look_and_managers_decide(sign_in, cast, asked):
    alice, mia = sign_in(cast.alice), sign_in(cast.mia)
    page = alice.get("/articles/review").text
    assert "asked 2 times" in page and 'value="draft"' not in page
    assert alice.post("/articles/review", data={"verb": "ignore", "question": ["1"]}).status_code == 403
    page = mia.get("/articles/review").text
    assert 'value="draft"' in page and "Are dogs allowed in?" in page and f'/messages/{asked[0][1]}"' in page
    assert mia.get("/articles/review/count").text == "1"


def test_a_group_is_added_and_taken_back_from_the_toast(sign_in, cast, asked, known):
    mia = sign_in(cast.mia)
    ids = ticked(mia.get("/articles/review").text)
    page = mia.post("/articles/review", data={"verb": "add", "question": ids, "article": known.id},
                    follow_redirects=True).text
    assert "2 questions now lead to" in page and sorted(learned()) == sorted(ASKED) and states() == ["added"] * 2
    page = undo(mia, page).text
    assert "Taken back" in page and learned() == [] and states() == ["open"] * 2


def test_another_article_is_looked_for_and_chosen_without_a_script(sign_in, cast, asked, known):
    mia = sign_in(cast.mia)
    with db.transaction() as session:
        other = articles.create(session, title="Rules of the shop", body="Be kind.").id
    ids = ticked(mia.get("/articles/review").text)
    page = mia.get("/articles/review/pick", query_string={"question": ids[0], "q": "rules"}).text
    assert f'value="{other}"' in page and ticked(page)[0] == ids[0]
    part = mia.get("/articles/review/pick", query_string={"question": ids[0], "q": "rules"},
                   headers={"HX-Request": "true"}).text
    assert "<html" not in part and "Rules of the shop" in part
    mia.post("/articles/review", data={"verb": "add", "question": ids[:1], "article": other})
    assert sorted(states()) == ["added", "open"]


def test_a_draft_opens_for_writing(sign_in, cast, asked):
    mia = sign_in(cast.mia)
    answer = mia.post("/articles/review", data={"verb": "draft", "question": ticked(mia.get("/articles/review").text)})
    (article,) = rows(select(Article).where(Article.published.is_(False)))
    assert answer.location == f"/articles/{article.id}" and article.title in ASKED


def test_who_is_late_is_told_and_nothing_else_happens(sign_in, cast, asked, known):
    mia, ada = sign_in(cast.mia), sign_in(cast.ada)
    ids = ticked(mia.get("/articles/review").text)
    ada.post("/articles/review", data={"verb": "ignore", "question": ids})
    page = mia.post("/articles/review", data={"verb": "add", "question": ids, "article": known.id},
                    follow_redirects=True).text
    assert "Ada was faster and set these aside." in page and learned() == []
    assert "Tick at least one" in mia.post("/articles/review", data={"verb": "ignore"}, follow_redirects=True).text
    assert "Choose the article" in mia.post("/articles/review", data={"verb": "add", "question": ids},
                                            follow_redirects=True).text


def test_the_rest_of_a_large_group_goes_with_it_unless_unticked(sign_in, cast, asked, known, monkeypatch):
    monkeypatch.setattr(reviewing, "EXAMPLES", 1)
    mia = sign_in(cast.mia)
    page = mia.get("/articles/review").text
    more = re.findall(r'name="of_more" value="(\d+)"', page)
    assert len(ticked(page)) == len(more) == 1 and "and 1 more like these" in page
    mia.post("/articles/review", data={"verb": "ignore", "question": ticked(page), "of_more": more})
    assert sorted(states()) == ["ignored", "open"]


# Teaching

def test_a_resolved_ticket_offers_to_teach_and_one_press_does_it(sign_in, cast, asked, known):
    alice, (ticket, message) = sign_in(cast.alice), asked[0]
    with db.transaction() as session:
        row = tickets.lock(session, ticket)
        row.handed_over_at = row.created_at
        tickets.set_status(session, row, "resolved", cast.alice.actor)
    assert 'id="teach-bar"' in alice.get(f"/inbox/all/{ticket}").text
    assert 'id="teach-bar"' not in alice.get(f"/inbox/all/{asked[1][0]}").text
    fragment = {"X-Fragment": "1"}
    bar = alice.get(f"/tickets/{ticket}/teach/bar", headers=fragment).text
    assert "Are dogs allowed in?" in bar and "Teach it" in bar
    done = alice.post(f"/tickets/{ticket}/teach", data={"message": message, "article": known.id}, headers=fragment).text
    assert "knows it now" in done and learned() == [ASKED[0]]
    back = alice.post(f"/tickets/{ticket}/teach/undo", data={"message": message}, headers=fragment).text
    assert "Teach it" in back and learned() == []


def test_teaching_from_a_message_without_a_script(sign_in, cast, asked, known):
    alice, (ticket, message) = sign_in(cast.alice), asked[0]
    assert f"/tickets/{ticket}/teach?message={message}" in alice.get(f"/inbox/all/{ticket}").text
    page = alice.get(f"/tickets/{ticket}/teach?message={message}").text
    assert ASKED[0] in page and f'value="{known.id}"' in page
    page = alice.post(f"/tickets/{ticket}/teach", data={"message": message, "article": known.id,
                                                        "text": "Is my dog welcome?"}, follow_redirects=True).text
    assert "knows it now" in page and "taught the assistant" in page and learned() == ["Is my dog welcome?"]
    assert "learned this message already" in alice.get(f"/tickets/{ticket}/teach?message={message}").text
    assert "forgotten it" in undo(alice, page).text and learned() == []


def test_a_message_of_another_ticket_is_not_found(sign_in, cast, asked, known):
    answer = sign_in(cast.alice).post(f"/tickets/{asked[0][0]}/teach", data={"message": asked[1][1],
                                                                            "article": known.id})
    assert answer.status_code in (302, 404) and learned() == []


# Suggested answers

def test_articles_for_the_last_question_and_a_search_of_the_houses_own(sign_in, cast, asked, known, house_rules):
    with db.transaction() as session:
        articles.create(session, title="Where is my order?", body="On its way.", questions=["Track my parcel"])
    alice, (ticket, _) = sign_in(cast.alice), asked[0]
    page = alice.get(f"/inbox/all/{ticket}").text
    assert f'hx-get="/tickets/{ticket}/suggestions"' in page and "Dogs are" not in page, "fetched later"
    found = alice.get(f"/tickets/{ticket}/suggestions", headers={"HX-Request": "true"}).text
    assert "Are dogs allowed in?" in found and "Dogs are welcome." in found and "<html" not in found
    found = alice.get(f"/tickets/{ticket}/suggestions?q=dog+bites").text
    assert "when one bites" in found and "Internal" in found
    part = found[found.index(f'data-suggestion="{house_rules.id}"'):].split("</li>")[0]
    assert 'value="linked"' not in part, "customers cannot read it"


def test_using_one_is_counted_noted_and_comes_first_when_teaching(sign_in, cast, asked, known):
    alice, (ticket, message) = sign_in(cast.alice), asked[0]
    with db.transaction() as session:
        other = articles.create(session, title="Rules of the shop", body="Be *kind*.").id
    address = f"/tickets/{ticket}/suggestions/{other}"
    assert alice.post(address, data={"how": "inserted"}, headers={"X-Fragment": "1"}).status_code == 204
    assert rows(select(ArticleView.place)) == ["console"]
    assert rows(select(Event.data).where(Event.name == "ArticleUsed"))[0]["how"] == "inserted"
    page = alice.get(f"/tickets/{ticket}/teach?message={message}").text
    assert page.index("Rules of the shop") < page.index("Are dogs allowed in?")
    page = alice.post(address, data={"how": "inserted"}, follow_redirects=True).text
    assert re.search(r'<textarea name="text"[^>]*>Be kind.</textarea>', page)
    assert alice.post(address, data={"how": "stolen"}).status_code == 422


# Health

def test_what_an_article_lacks_and_that_it_is_still_true(sign_in, cast, known):
    mia = sign_in(cast.mia)
    with db.transaction() as session:
        article = session.get(Article, known.id)
        article.created_at = article.created_at.replace(year=2020)
        article.helped, article.not_helped = 1, 8
        for version in article.versions:
            version.created_at = article.created_at
    page = mia.get("/articles/health").text
    for words in ("Only 1 phrasing", "Not asked for in 90 days", "Does not help", "Not looked at for long",
                  "11 % of 9"):
        assert words in page, words
    page = mia.post(f"/articles/{known.id}/still-true", data={"back": "/articles/health"}, follow_redirects=True).text
    assert "counts as looked at today" in page and "Not looked at for long" not in page
    assert "Not looked at for long" in undo(mia, page).text
    card = mia.get(f"/articles/{known.id}/health", headers={"HX-Request": "true"}).text
    assert "<html" not in card and "It is still true" in card
    assert "still true</button>" not in sign_in(cast.alice).get(f"/articles/{known.id}/health").text
    assert mia.post(f"/articles/{known.id}/still-true/undo", data={"before": "soon"}).status_code == 422


def test_articles_that_are_taken_for_each_other_are_named(sign_in, cast):
    with db.transaction() as session:
        one = articles.create(session, title="Returns", body="…", questions=[
            "How do I send back my grinder?", "I want to send back a grinder", "Send the grinder back", "Grinder back"])
        two = articles.create(session, title="Repairs", body="…", questions=[
            "How do I send in my grinder for repair?", "I want to send a grinder back to be repaired", "Grinder broken",
            "My grinder needs repair"])
    with db.reading() as session:
        material = article_health.material(session)
    found = article_health.confusions(material)
    assert found[one.id]["tried"] == found[two.id]["tried"] == 5, "the title counts as a phrasing"
    assert any(said["led_to"] for said in found.values()) and found == article_health.confusions(material)
    db.run(article_health.store, found)
    assert "Taken for others" in sign_in(cast.mia).get("/articles/health?sort=confusions").text


def test_translations_that_are_missing_are_said(sign_in, cast, known):
    with db.transaction() as session:
        articles.create(session, title="Pesanan saya di mana?", body="…", locale="id")
    assert "Not in id" in sign_in(cast.mia).get("/articles/health?sort=title").text


def test_what_readers_wrote_is_shown_newest_first_and_page_by_page(sign_in, cast):
    with db.transaction() as session:
        article = articles.create(session, title="Delivery", body="Two days.")
    for n in range(help_reading.COMMENTS + 2):
        mark = db.run(help_reading.judge, article.id, False, "help")
        db.run(help_reading.comment, mark, f"<b>Comment {n}</b>")
    db.run(help_reading.judge, article.id, True, "help")
    alice = sign_in(cast.alice)
    page = alice.get(f"/articles/{article.id}/health").text
    assert "&lt;b&gt;Comment 21&lt;/b&gt;" in page and "Comment 1&" not in page
    assert page.index("Comment 21") < page.index("Comment 20")
    earlier = re.search(r'href="(/articles/\d+/health\?before=\d+)"', page)[1]
    page = alice.get(earlier).text
    assert "Comment 1&" in page and "Comment 0&" in page and "Earlier comments" not in page

