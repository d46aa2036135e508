"""The help centre in a real browser: found by typing, read on a phone and in the dark, judged without scripts; and the
same inside the chat, with the way on to a person."""
import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Article, ArticleFeedback, Category, CategoryName, Message, Ticket
from helpdesk.services import articles
from tests.house import wait_for

LONG = "\n\n".join(f"## Part {n}\n\nSome words, a [link](https://example.com) and a list:\n\n- one\n- two"
                   for n in (1, 2, 3))
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True}


@pytest.fixture(scope="module")
def shelf(house):
    """A category with the house's articles, a long one, and a Hindi one."""
    with db.transaction() as session:
        row = Category(key="delivery", icon="send")
        session.add(row)
        session.flush()
        for locale, name in (("en", "Delivery"), ("hi", "डिलीवरी")):
            session.add(CategoryName(category_id=row.id, locale=locale, name=name, slug="delivery", description=name))
        articles.create(session, title="All about parcels", body=LONG)
        articles.create(session, title="पार्सल कब आएगा?", body="दो से चार दिन में।", locale="hi")
        for one in session.scalars(select(Article)):
            one.category_id = row.id


@pytest.fixture
def reader(chromium, house, shelf):
    """reader(path, **context) → that page in a browser of its own. No page may complain in its console."""
    contexts, problems = [], []

    def open_page(path, **options):
        context = chromium.new_context(**{"locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda m: m.type in ("error", "warning") and problems.append(m.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(house.url + path)
        return page
    yield open_page
    for context in contexts:
        context.close()
    assert not problems, problems


def kept(model):
    """All rows of a table, once there are some."""
    def look():
        with db.reading() as session:
            return list(session.scalars(select(model)))
    return wait_for(look, f"a row of {model.__name__}")


@pytest.mark.parametrize("options", [{"color_scheme": "light"}, {"color_scheme": "dark", **PHONE}],
                         ids=["wide", "phone"])
def test_every_page_can_be_used_by_everybody(reader, axe, options):
    for path in ("/help/en/", "/help/en/c/delivery", "/help/en/all-about-parcels", "/help/en/search?q=money back",
                 "/help/hi/", "/help/en/all-about-parcels/feedback?said=no&mark=1.x"):
        page = reader(path, **options)
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"


def test_somebody_types_chooses_and_reads(reader, connected):
    page = reader("/help")
    assert page.url.endswith("/help/en/")
    field = page.get_by_role("combobox")
    field.press_sequentially("how long is deliv")
    expect(page.get_by_role("option").first).to_have_text("How long does delivery take?")
    field.press("ArrowDown")
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("How long does delivery take?")
    assert page.url.endswith("/help/en/how-long-does-delivery-take?q=how%20long%20is%20deliv")


def test_without_scripts_all_of_it_works(reader, connected):
    page = reader("/help/en/", java_script_enabled=False)
    page.get_by_role("searchbox").fill("i want my mony back")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="How do I return something?").click()
    page.get_by_role("button", name="No").click()
    page.get_by_label("What was missing").fill("Who pays the postage?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("We read every comment.")).to_be_visible()
    assert [(one.helped, one.comment) for one in kept(ArticleFeedback)] == [(False, "Who pays the postage?")]


def test_in_the_chat_an_article_is_read_and_leads_on_to_a_person(reader, axe, connected):
    page = reader("/help/en/c/delivery")
    wait_for(lambda: page.evaluate("window.hd?.live"), "the chat's script")
    page.get_by_role("link", name="Chat with us").click()
    frame = wait_for(lambda: page.wait_for_timeout(20) or next(     # a closed shadow root: no locator finds it
        (one for one in page.frames if "/frame" in one.url), None), "the frame")
    frame.get_by_role("button", name="Search for answers").first.click()
    frame.get_by_role("searchbox").fill("when will my parcel arive")
    frame.get_by_role("button", name="How long does delivery take?").click()
    expect(frame.get_by_text("Two to four working days")).to_be_visible()
    assert axe(frame) == []
    frame.get_by_role("button", name="No", exact=True).click()
    frame.get_by_role("button", name="Ask us").click()
    frame.get_by_role("textbox").fill("It is three weeks now")
    frame.get_by_role("button", name="Send").click()
    expect(frame.locator(".mine .words")).to_have_text("It is three weeks now")
    wait_for(lambda: any(one.text == "It is three weeks now" for one in kept(Message)), "the message")
    assert [one.subject for one in kept(Ticket)][-1].startswith("How long does delivery take?: It is three weeks")
