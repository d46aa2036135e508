"""The editor of one article, its pictures and history, categories, and imports, as pages."""
import html
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk import clock, db
from helpdesk.models import Agent, Article, ArticlePicture, Category
from helpdesk.services import article_versions, help_reading
from tests.services.test_article_pictures import picture
from tests.web.test_articles import FORM, only_article

WHOLE = {**FORM, "whole": "1", "assistant": "1", "published": ""}


@pytest.fixture
def mia(sign_in, cast):
    return sign_in(cast.mia)


@pytest.fixture
def number(mia):
    mia.post("/articles", data={**WHOLE, "then": "publish"})
    return only_article()[0].id


def seen(mia, number):
    return re.search(r'name="seen" value="([^"]*)"', mia.get(f"/articles/{number}").text)[1]


def test_without_scripts_the_preview_is_a_button_and_nothing_is_saved_by_it(mia):
    answer = mia.post("/articles", data={**WHOLE, "body": "**So**<script>", "then": "preview"})
    assert answer.status_code == 200 and "<strong>So</strong>&lt;script&gt;" in answer.text
    assert "Parcel is late" in answer.text
    fragment = mia.post("/articles/preview", data={"body": "# Head\n\n![x](/help/pictures/abcdefgh12)"}).text
    assert fragment.startswith('<h2 id="part-head">') and 'src="/articles/pictures/abcdefgh12"' in fragment
    with db.reading() as session:
        assert not session.scalars(select(Article)).all()


def test_who_is_second_gets_both_texts_and_nothing_is_lost(mia, number):
    first = seen(mia, number)
    mia.post(f"/articles/{number}", data={**WHOLE, "body": "Theirs.", "then": "publish", "seen": first})
    answer = mia.post(f"/articles/{number}", data={**WHOLE, "body": "Mine.", "then": "publish", "seen": first})
    assert answer.status_code == 409
    assert "saved this article while you were writing" in answer.text and "Mia" in answer.text
    assert "Theirs.</textarea>" in answer.text and "Mine.</textarea>" in answer.text
    assert only_article()[0].body == "Theirs."
    again = re.search(r'name="seen" value="([^"]*)"', answer.text)[1]
    mia.post(f"/articles/{number}", data={**WHOLE, "body": "Mine.", "then": "publish", "seen": again})
    assert only_article()[0].body == "Mine."


def test_a_time_is_the_agents_own_and_can_be_cancelled(mia, number, cast):
    with db.transaction() as session:
        session.get(Agent, cast.mia.id).time_zone = "Asia/Jakarta"
    day = clock.now().date() + timedelta(days=2)
    answer = mia.post(f"/articles/{number}", data={**WHOLE, "body": "Later.", "then": "schedule",
                                                   "publish_at": f"{day}T09:00"}, follow_redirects=True)
    assert "It goes out on" in answer.text and f'value="{day}T09:00"' in answer.text
    with db.reading() as session:
        due = article_versions.scheduled_version(session.get(Article, number)).publish_at
    assert due == datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    assert "Scheduled <span" in (listed := mia.get("/articles").text) and "New draft" in listed
    assert only_article()[0].body == "Look at the link."
    mia.post(f"/articles/{number}/unschedule")
    with clock.at(due + timedelta(days=1)):
        assert db.run(article_versions.publish_due) == 0
    for wrong in ("", "tomorrow", "2001-01-01T00:00"):
        form = {**WHOLE, "then": "schedule", "publish_at": wrong}
        assert mia.post(f"/articles/{number}", data=form).status_code == 422


def test_history_shows_what_changed_and_restores_it(mia, number):
    mia.post(f"/articles/{number}", data={**WHOLE, "body": "Look at the new link.", "then": "publish"})
    page = mia.get(f"/articles/{number}/history").text
    assert "Look at the <ins>new </ins>link." in page and "Mia" in page
    assert mia.post(f"/articles/{number}/restore", data={"version": "1"}, follow_redirects=True).text.count(
        "Look at the link.</textarea>") == 1
    assert only_article()[0].body == "Look at the new link."
    mia.post(f"/articles/{number}/discard")
    assert "Look at the new link.</textarea>" in mia.get(f"/articles/{number}").text
    assert mia.get(f"/articles/{number}/history?version=99").status_code == 404


def test_a_picture_is_put_in_and_the_world_sees_it_only_with_its_article(mia, number, client):
    answer = mia.post(f"/articles/{number}/pictures", data={"file": (io.BytesIO(picture()), "red.png"), "alt": "Red"})
    line = answer.json["line"]
    token = re.fullmatch(r"!\[Red\]\(/help/pictures/([\w-]+)\)", line)[1]
    shown = client.get(f"/help/pictures/{token}")
    assert shown.status_code == 200 and shown.content_type == "image/png" and "sandbox" in shown.headers[
        "Content-Security-Policy"]
    assert client.get(f"/articles/pictures/{token}").status_code == 401
    mia.post(f"/articles/{number}/publish", data={"published": "0"})
    assert client.get(f"/help/pictures/{token}").status_code == 404
    assert mia.get(f"/articles/pictures/{token}").status_code == 200
    wrong = mia.post(f"/articles/{number}/pictures", data={"file": (io.BytesIO(b"<svg/>"), "x.svg"), "alt": ""})
    assert wrong.status_code == 422


def test_without_scripts_a_picture_comes_with_the_form(mia, number):
    mia.post(f"/articles/{number}", data={**WHOLE, "then": "publish", "alt": "Red",
                                          "picture": (io.BytesIO(picture()), "red.png")})
    article, _ = only_article()
    with db.reading() as session:
        token = session.scalar(select(ArticlePicture.token))
    assert article.body == f"Look at the link.\n\n![Red](/help/pictures/{token})"


def test_a_script_makes_a_draft_before_its_first_picture(mia):
    form = {**WHOLE, "title": "", "body": "", "then": "draft"}
    answer = mia.post("/articles", data=form, headers={"X-Fragment": "1"})
    article, _ = only_article()
    assert answer.json == {"id": article.id, "seen": seen(mia, article.id)}
    assert (article.title, article.published) == ("Untitled", False)


def test_a_translation_begins_as_a_draft_with_the_same_text(mia, number):
    page = mia.get(f"/articles/{number}").text
    assert 'aria-label="Translate into Spanish"' in page
    answer = mia.post(f"/articles/{number}/translate", data={"locale": "es"}, follow_redirects=True)
    assert "A draft to translate" in answer.text and 'name="locale" value="es"' not in answer.text.split("Missing")[0]
    with db.reading() as session:
        made = session.scalar(select(Article).where(Article.original_id == number))
        assert (made.locale, made.published, made.body, made.questions) == ("es", False, "Look at the link.", [])
    assert mia.post(f"/articles/{number}/translate", data={"locale": "es"}).status_code == 422


def test_the_list_is_filtered_and_many_are_changed_at_once(mia, number):
    mia.post("/articles", data={**WHOLE, "title": "Second", "locale": "es", "audience": "agents", "then": "draft"})
    mia.post("/articles/categories", data={"name-en": "Orders", "name-es": "Pedidos", "icon": "box"})
    with db.reading() as session:
        shelf, second = session.scalar(select(Category.id)), session.scalar(
            select(Article.id).where(Article.title == "Second"))

    def titles(query):
        return re.findall(r'class="cover" href="[^"]*" dir="auto">([^<]*)<', mia.get(f"/articles?{query}").text)
    assert titles("state=draft") == titles("locale=es") == titles("state=internal") == ["Second"]
    assert titles("state=published") == ["Where is my order?"] and len(titles("sort=new&category=none")) == 2
    mia.post("/articles/many", data={"what": "move", "category": shelf, "article": [number, second]})
    assert len(titles(f"category={shelf}")) == 2
    mia.post("/articles/many", data={"what": "archive", "article": [number, second]})
    assert titles("") == [] and len(titles("state=archive")) == 2
    answer = mia.post("/articles/many", data={"what": "delete", "article": [second], "back": "//evil.example"})
    assert answer.location == "/articles" and titles("state=archive") == ["Where is my order?"]
    assert "Choose articles first" in mia.post("/articles/many", data={"what": "publish"}, follow_redirects=True).text


def test_categories_are_ordered_and_renamed_without_scripts(mia):
    for name in ("One", "Two"):
        mia.post("/articles/categories", data={"name-en": name, "icon": "nonsense"})
    with db.reading() as session:
        one, two = session.scalars(select(Category).order_by(Category.position))
    assert one.icon == ""
    mia.post(f"/articles/categories/{two.id}/move", data={"to": "up"})
    page = mia.get("/articles/categories").text
    assert page.index("Two") < page.index("One")
    assert mia.post(f"/articles/categories/{one.id}", data={"name-en": ""}).status_code == 422
    mia.post(f"/articles/categories/{one.id}", data={"name-en": "First", "description-en": "Begin here"})
    assert "Begin here" in mia.get(f"/articles/categories/{one.id}").text
    mia.post(f"/articles/categories/{one.id}/delete")
    assert "First" not in mia.get("/articles/categories").text


def test_an_import_is_looked_at_before_it_is_written(mia, sign_in, cast):
    table = b"a,b,note\nOne,Text,x\n,No title,x\n"
    look = mia.post("/articles/import", data={"file": (io.BytesIO(table), "faq.csv")})
    assert look.status_code == 422 and "Say which columns" in look.text
    kept = re.search(r'name="kept" value="([^"]*)"', look.text)[1].replace("&#34;", '"')
    columns = {"column-0": "title", "column-1": "body"}
    look = mia.post("/articles/import", data={"kept": kept, **columns})
    assert "New 1" in look.text and "The title is missing." in look.text and "Import 1" in look.text
    with db.reading() as session:
        assert not session.scalars(select(Article)).all()
    done = mia.post("/articles/import", data={"kept": kept, "write": "1", **columns})
    assert "1 new" in done.text and "1 refused" in done.text and only_article()[0].title == "One"
    assert mia.post("/articles/import", data={"kept": kept.replace("faq", "fax")}).status_code == 422
    assert mia.post("/articles/import", data={"file": (io.BytesIO(b"x"), "x.exe")}).status_code == 422
    assert sign_in(cast.alice).post("/articles/import", data={"kept": kept}).status_code == 403


def test_exports_are_files(mia, number):
    table, folder = mia.get("/articles/export.csv"), mia.get("/articles/export.zip")
    assert "Where is my order?" in table.text and "attachment" in table.headers["Content-Disposition"]
    assert folder.data.startswith(b"PK")
    again = mia.post("/articles/import", data={"file": (io.BytesIO(folder.data), "a.zip")})
    assert "Same 1" in again.text


def test_what_was_searched_in_vain_becomes_a_phrasing_with_one_press_and_one_save(mia, number):
    for _ in range(2):
        db.run(help_reading.searched, "parcel vanished", "en", "help", 0)
    page = mia.get("/articles/searches").text
    link = html.unescape(re.search(r'href="(/articles/\d+\?question=[^"]+)"', page)[1])
    assert f"/articles/{number}?" in link
    form = mia.get(link).text
    asked = html.unescape(re.search(r'<textarea[^>]*name="questions"[^>]*>([^<]*)', form)[1]).splitlines()
    assert asked[-1] == "parcel vanished"
    assert mia.get(f"/articles/{number}").text.count("parcel vanished") == 0, "looking at it keeps nothing"
    data = {**WHOLE, "questions": "\n".join(asked), "then": "publish", "seen": seen(mia, number)}
    assert mia.post(f"/articles/{number}", data=data).status_code == 302
    assert mia.get(f"{link.split('?')[0]}?question=Parcel+vanished").text.count("arcel vanished") == 1, "known already"
    fresh = mia.get("/articles/new?locale=id&question=paket+hilang").text
    assert re.search(r'name="locale"[^>]*value="id"|value="id"[^>]*name="locale"', fresh) and "paket hilang" in fresh
