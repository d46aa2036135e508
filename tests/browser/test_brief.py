"""The brief and a person's timeline in a real browser: what forms alone cannot show."""
import pytest
from playwright.sync_api import expect

from helpdesk import db
from helpdesk.models import Agent, Inbox, Ticket
from helpdesk.services import replies, tickets
from tests.people import written

pytestmark = pytest.mark.usefixtures("connected")


@pytest.fixture
def ann(house, request):
    """Ann wrote by mail and was promised an answer: (the ticket's number, her contact's)."""
    with db.transaction() as session:
        inbox = session.query(Inbox).filter_by(key="mail").one()
        message = written(session, inbox, "Where is my parcel?", address=f"{request.node.name[:40]}@example.com",
                          name="Ann Lee", subject="Parcel")
        ticket = tickets.lock(session, message.ticket_id)
        ticket.with_assistant = False
        replies.send(session, ticket, "Sorry! I'll get back to you tomorrow.",
                     agent=session.query(Agent).filter_by(email="bob@kopi.example").one())
        return ticket.id, ticket.contact_id


def test_a_promise_is_said_to_be_kept_without_leaving_the_ticket(house, browse, ann):
    page = browse()
    page.goto(f"{house.url}/inbox/all/{ann[0]}")
    panel = page.locator("#contact-panel")
    expect(panel.locator(".pledge .quote")).to_have_text("I'll get back to you tomorrow.")
    page.locator("#composer-text").fill("half a sentence")
    panel.get_by_role("button", name="Kept").click()
    expect(panel.locator("#kept-promises summary")).to_have_text("1 kept")
    expect(page.locator("#composer-text")).to_have_value("half a sentence")
    panel.locator("#panel-more summary").click()
    other = browse("ada")
    other.goto(f"{house.url}/inbox/all/{ann[0]}")
    other.locator("#composer-text").fill("It left today.")
    other.keyboard.press("Control+Enter")
    expect(page.locator("#timeline .message", has_text="It left today.")).to_be_visible()
    expect(panel.locator("#panel-more")).to_have_attribute("open", "")


def test_a_timeline_is_scrolled_without_end_searched_and_jumped_into(house, browse, ann):
    number, contact_id = ann
    with db.transaction() as session:
        ticket = session.get(Ticket, number)
        agent = session.query(Agent).filter_by(email="bob@kopi.example").one()
        for n in range(130):
            replies.note(session, tickets.lock(session, ticket.id), f"note number {n}.", agent)
    page = browse()
    page.goto(f"{house.url}/contacts/{contact_id}")
    story = page.locator("#story")
    expect(story.locator(".said").first).to_contain_text("note number 129.")
    for _ in range(20):
        if story.get_by_text("Where is my parcel?").count():
            break
        page.locator("#page").evaluate("(pane) => pane.scrollTo(0, pane.scrollHeight)")
        page.wait_for_timeout(200)
    expect(story.get_by_text("Where is my parcel?").first).to_be_attached()
    shown = story.locator(".said.note .text").all_inner_texts()
    assert shown == [f"note number {n}." for n in range(129, -1, -1)], "each once, in order"

    page.locator("#page").evaluate("(pane) => pane.scrollTo(0, 0)")
    story.get_by_role("searchbox", name="Search what was said with them").fill("number 64")
    page.keyboard.press("Enter")
    expect(story.locator("mark").first).to_have_text("number")
    expect(story.locator(".said")).to_have_count(1)
    story.get_by_text("Show what came before and after").click()
    expect(page.locator(".said.sought")).to_contain_text("note number 64.")
    expect(page.locator(".said.sought")).to_be_in_viewport()
    page.get_by_role("link", name="Newer").click()
    expect(page.locator("#story")).to_contain_text("note number 100.")


def test_on_a_phone_the_brief_is_a_drawer_and_the_page_fits(house, browse, ann):
    page = browse(viewport={"width": 390, "height": 760})
    page.goto(f"{house.url}/inbox/all/{ann[0]}")
    page.get_by_role("button", name="Customer").click()
    expect(page.locator("#contact-panel").get_by_text("I'll get back to you tomorrow.")).to_be_in_viewport()
    page.goto(f"{house.url}/contacts/{ann[1]}")
    expect(page.locator("#story")).to_be_attached()
    assert page.evaluate("document.querySelector('#page').scrollWidth <= innerWidth"), "nothing sticks out"
