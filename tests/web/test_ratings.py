"""The page behind a survey's link."""
import re

import pytest

from helpdesk import models
from helpdesk.services import surveys
from helpdesk.web import ratings as page

pytest_plugins = ["tests.desk"]
WRONG = "x" * 43


@pytest.fixture
def asked(app, desk, wall):
    """asked(locale) → the path of a link that was just sent."""
    def ask(locale=""):
        ticket = desk.customer_writes(locale=locale)
        desk.resolve(ticket)
        desk.do(surveys.plan, ticket, actor="agent:1")
        wall.go(hours=1)
        assert desk.do(surveys.send_due) == 1
        survey = desk.rows(models.Survey)[-1]
        return "/r/" + desk.rows(models.Message, id=survey.message_id)[0].text.rsplit("/r/", 1)[1]
    return ask


def chosen(answer):
    return re.findall(r'value="(\d)" required checked', answer.text)


def test_opening_the_link_asks_and_stores_nothing(asked, client, desk):
    link = asked()
    answer = client.get(f"{link}?score=4")
    assert answer.status_code == 200 and chosen(answer) == ["4"]
    assert desk.rows(models.Rating) == [], "mail scanners open links"
    assert chosen(client.get(link)) == [] == chosen(client.get(f"{link}?score=9"))


def test_a_rating_is_given_without_script_or_cookie(asked, client, desk):
    link = asked()
    answer = client.post(link, data={"score": "4", "comment": "Fine <b>work</b>"})
    assert (answer.status_code, answer.headers["Location"]) == (303, link)
    (rating,) = desk.rows(models.Rating)
    assert (rating.score, rating.comment) == (4, "Fine <b>work</b>")
    thanks = client.get(link)
    assert "Thank you" in thanks.text and "Fine &lt;b&gt;work&lt;/b&gt;" in thanks.text
    assert "<script" not in thanks.text and "Set-Cookie" not in thanks.headers


def test_it_can_be_changed_for_a_while(asked, client, desk, wall):
    link = asked()
    client.post(link, data={"score": "4"})
    assert chosen(client.get(f"{link}?edit=1")) == ["4"]
    client.post(link, data={"score": "2"})
    assert desk.rows(models.Rating)[0].score == 2
    wall.go(days=15)
    assert "<form" not in client.get(f"{link}?edit=1").text
    late = client.post(link, data={"score": "5"})
    assert late.status_code == 409 and "The time for changes is over" in late.text
    assert desk.rows(models.Rating)[0].score == 2


@pytest.mark.parametrize("score", ["", "0", "6", "5.5", "²", "-1", "five"])
def test_no_score_is_answered_with_the_form_and_what_was_written(asked, client, desk, score):
    answer = client.post(asked(), data={"score": score, "comment": "I wrote this"})
    assert answer.status_code == 422 and "Please choose" in answer.text and "I wrote this" in answer.text
    assert desk.rows(models.Rating) == []


def test_a_comment_that_is_too_long_says_so_and_keeps_the_stars(asked, client):
    answer = client.post(asked(), data={"score": "3", "comment": "x" * 2001})
    assert answer.status_code == 422 and "at most 2000" in answer.text and chosen(answer) == ["3"]


def test_every_wrong_link_is_answered_alike(app, client):
    answers = [client.get(f"/r/{WRONG}"), client.get("/r/x"), client.post(f"/r/{WRONG}", data={"score": "5"}),
               client.get(f"/r/{WRONG}?score=5")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


def test_the_address_is_kept_secret(asked, client):
    for answer in (client.get(asked()), client.get(f"/r/{WRONG}"), client.post(f"/r/{WRONG}")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_too_many_tries_are_slowed_down_and_the_page_stays(asked, client, desk, monkeypatch):
    monkeypatch.setattr(page, "WINDOW", 10**9)      # no window can end during the test
    link = asked()
    for n in range(page.PER_LINK):
        assert client.post(link, data={"score": str(n % 5 + 1)}).status_code == 303
    answer = client.post(link, data={"score": "1", "comment": "Still here"})
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0 and "Still here" in answer.text
    assert desk.rows(models.Rating)[0].score == 5
    assert client.get(link).status_code == 200


def test_a_post_from_a_page_without_referrer_is_taken(asked, client):
    answer = client.post(asked(), data={"score": "5"}, headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303


@pytest.mark.parametrize("locale, accept, lang", [("hi", "en", "hi"), ("", "pt-BR,en;q=0.5", "pt"),
                                                  ("fi", "id", "id"), ("", "", "en"), ("es-MX", "", "es")])
def test_it_speaks_the_customers_language_then_the_browsers(asked, client, locale, accept, lang):
    answer = client.get(asked(locale), headers={"Accept-Language": accept})
    assert f'<html lang="{lang}">' in answer.text


def test_nothing_on_the_page_needs_a_looser_policy(asked, client):
    answer = client.get(asked())
    assert "style=" not in answer.text and "<style" not in answer.text and " on" + "click" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
