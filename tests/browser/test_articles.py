"""Writing an article in a real browser, from the first word to the reader: preview, draft, time, history, pictures; and
what every page about articles and the assistant owes people who cannot see well."""
import json
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Article, ArticleVersion, SensitiveTopic
from helpdesk.services import article_versions, articles, topics
from tests.services.test_article_pictures import picture

pytestmark = pytest.mark.usefixtures("connected")

PAGES = ["/articles", "/articles/new", "/articles/categories", "/articles/import", "/articles/review",
         "/articles/health", "/articles/searches", "/settings/topics", "/settings/topics/new", "/settings/help-centre",
         "/settings/assistant", "/reports/assistant"]


def article_of(title) -> Article | None:
    with db.reading() as session:
        return session.scalar(select(Article).where(Article.title == title))


def answer_of(page):
    return page.get_by_role("textbox", name="Answer")


def start(page, house, title):
    page.goto(f"{house.url}/articles/new")
    expect(page.get_by_role("toolbar", name="Formatting")).to_be_visible()
    page.get_by_label("Title").fill(title)
    return answer_of(page)


def public(chromium, house, path):
    """A reader's browser on a page of the help centre."""
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{house.url}{path}")
    return page


def test_the_text_stays_where_it_is_when_the_toolbar_comes(house, browse):
    page = browse("mia")
    start(page, house, "Where do you roast?")
    with_script = answer_of(page).bounding_box()["y"]
    page.route("**/article-editor-*.js", lambda route: route.abort())
    page.goto(f"{house.url}/articles/new")
    expect(page.get_by_role("toolbar", name="Formatting", include_hidden=True)).to_be_hidden()
    assert answer_of(page).bounding_box()["y"] == with_script


def test_from_the_first_word_to_the_reader(house, browse, chromium):
    page = browse("mia")
    body = start(page, house, "May I bring my own cup?")
    body.fill("You may. Cups are washed.")
    expect(page.locator("[data-state]")).to_have_text("Not saved yet")
    body.select_text()
    page.keyboard.press("Control+b")
    expect(page.locator("[data-preview] strong")).to_have_text("You may. Cups are washed.")
    page.get_by_label("Phrasings").fill("bring a mug\nown cup allowed\nis my own mug fine")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/articles/*")
    article = article_of("May I bring my own cup?")
    assert article is not None and not article.published
    reader = public(chromium, house, f"/help/en/{article.slug}")
    expect(reader.get_by_role("heading", level=1)).not_to_have_text("May I bring my own cup?")
    page.get_by_text("Later …").click()
    page.get_by_label("Publish at").fill((now() + timedelta(days=1)).strftime("%Y-%m-%dT09:00"))
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("It goes out on").first).to_be_visible()
    with db.transaction() as session:       # the time has come
        version = session.scalar(select(ArticleVersion).where(ArticleVersion.article_id == article.id,
                                                              ArticleVersion.publish_at.is_not(None)))
        version.publish_at = now() - timedelta(seconds=1)
        article_versions.publish_due(session)
    reader.goto(f"{house.url}/help/en/{article.slug}")
    expect(reader.get_by_role("heading", level=1)).to_have_text("May I bring my own cup?")
    expect(reader.locator("article strong, .article-text strong").first).to_be_visible()
    reader.context.close()
    with db.reading() as session:
        assert articles.index(session).rank("can I bring my own mug", 1)[0].article_id == article.id


def test_readers_keep_what_is_published_until_the_next_is_and_history_brings_it_back(house, browse, chromium):
    with db.transaction() as session:
        article = articles.create(session, title="How hot is the water?", body="Ninety degrees.")
    page = browse("mia")
    page.goto(f"{house.url}/articles/{article.id}")
    answer_of(page).fill("Eighty degrees.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("You are looking at a draft.")).to_be_visible()
    reader = public(chromium, house, f"/help/en/{article.slug}")
    expect(reader.get_by_text("Ninety degrees.")).to_be_visible()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Published. Readers")).to_be_visible()
    with db.reading() as session:
        assert session.get(Article, article.id).body == "Eighty degrees."
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("Ninety").first).to_be_visible()
    page.get_by_role("link", name="Version 1").or_(page.locator("a[href*='version=1']")).first.click()
    page.get_by_role("button", name="Restore").click()
    page.goto(f"{house.url}/articles/{article.id}")
    expect(answer_of(page)).to_have_value("Ninety degrees.")
    reader.context.close()


def test_a_picture_is_chosen_described_and_shown(house, browse):
    page = browse("mia")
    body = start(page, house, "Where is the shop?")
    body.fill("Here:")
    page.once("dialog", lambda dialog: dialog.accept("A map of the street"))
    page.locator("[data-choose]").set_input_files({"name": "map.png", "mimeType": "image/png", "buffer": picture()})
    expect(page.locator("[data-preview] img[alt='A map of the street']")).to_be_visible()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Published. Readers")).to_be_visible()
    article = article_of("Where is the shop?")
    assert article.published and "![A map of the street](" in article.body


def test_words_that_were_not_saved_are_offered_again(house, browse):
    page = browse("mia")
    body = start(page, house, "A matter half written")
    body.fill("The beginning of an answer")
    expect(page.locator("[data-state]")).to_have_text("Not saved yet")
    page.once("dialog", lambda dialog: dialog.accept())        # the browser asks whether to leave
    page.goto(f"{house.url}/articles/new")
    page.get_by_role("button", name="Take them").click()
    expect(answer_of(page)).to_have_value("The beginning of an answer")
    answer_of(page).fill("")
    page.get_by_label("Title").fill("")


def test_an_article_is_written_by_keyboard_alone(house, browse):
    page = browse("mia")
    start(page, house, "Do you roast on Sundays?")
    page.get_by_label("Title").focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Bold")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Italic")).to_be_focused()
    page.keyboard.press("Tab")
    expect(answer_of(page)).to_be_focused()
    page.keyboard.type("No, we rest. ")
    page.keyboard.press("Control+k")
    page.keyboard.type("Our hours")
    expect(answer_of(page)).to_have_value("No, we rest. [Our hours](https://)")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value === 'publish'"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Published. Readers")).to_be_visible()
    assert article_of("Do you roast on Sundays?").published


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_about_articles_and_the_assistant_shuts_anybody_out(house, browse, axe, scheme):
    with db.transaction() as session:
        article = articles.create(session, title=f"An article to look at, {scheme}", body="# Part\n\nSo.",
                                  questions=["look at it"])
        if not session.scalar(select(SensitiveTopic.id)):
            topics.save(session, None, name="Allergies", listed="allergy\nallergic", team_id=None, active=True,
                        actor="agent:1")
    page = browse("ada", color_scheme=scheme)
    found = {}
    for path in (*PAGES, *(f"/articles/{article.id}{part}" for part in ("", "/history", "/health"))):
        page.goto(f"{house.url}{path}")
        expect(page.locator("html.js")).to_be_attached()
        if objections := axe(page):
            found[path] = objections
    assert found == {}, json.dumps(found, indent=1)
