"""By which way somebody is answered, and a matter that goes on over another channel, in a real browser."""
import json
import re
from datetime import timedelta
from zlib import crc32

import pytest
from playwright.sync_api import expect

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Inbox, Message, Ticket
from helpdesk.services import identities
from tests.people import written

pytestmark = pytest.mark.usefixtures("connected")


def inbox(session, key: str) -> Inbox:
    return session.query(Inbox).filter_by(key=key).one()


@pytest.fixture
def number(house, request) -> int:
    """Ann began by mail and went on by WhatsApp."""
    name = request.node.name[5:35]
    digits = f"+49170{crc32(request.node.name.encode()) % 10_000_000:07d}"
    with db.transaction() as session:
        first = written(session, inbox(session, "mail"), "Where is it?", address=f"{name}@example.com",
                        name="Ann Lee", subject="Order")
        ticket = session.get(Ticket, first.ticket_id)
        ticket.with_assistant = False
        identities.verify(session, ticket.contact, "phone", digits, how="token")
        session.flush()
        written(session, inbox(session, "wa"), "And here?", address=digits, name="Ann Lee")
        return first.ticket_id


def test_a_change_of_channel_is_accepted_for_everybody(house, browse, number):
    page, other = browse("alice"), browse("bob")
    for one in (page, other):
        one.goto(f"{house.url}/inbox/all/{number}")
        expect(one.locator(".switch-banner")).to_contain_text("Ann Lee went on by WhatsApp")
    page.get_by_role("button", name="Same matter").click()
    expect(page.locator(".switch-banner")).to_be_hidden()
    expect(other.locator(".switch-banner")).to_be_hidden()
    expect(other.locator(".event", has_text="it is the same matter")).to_be_visible()


def test_it_is_split_off_with_one_click_and_brought_back_with_another(house, browse, number):
    page = browse("alice")
    page.goto(f"{house.url}/inbox/all/{number}")
    page.locator(".switch-banner").get_by_role("button", name="Split off").click()
    expect(page).not_to_have_url(re.compile(rf"/{number}$"))
    expect(page.locator(".message", has_text="And here?")).to_be_visible()
    expect(page.locator(".message", has_text="Where is it?")).to_be_hidden()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    page.wait_for_url(f"**/{number}")
    expect(page.locator(".message", has_text="And here?")).to_be_visible()
    expect(page.locator(".message", has_text="Where is it?")).to_be_visible()


def test_when_a_window_closes_the_next_way_and_the_template_are_a_click_away(house, browse, number):
    page = browse("alice")
    page.goto(f"{house.url}/inbox/all/{number}")
    route, strip = page.locator("#route"), page.locator("[data-strip]")
    expect(strip).to_contain_text("Free replies close in 23 h")
    expect(page.locator("[data-audience]")).to_contain_text("Read by Ann Lee, +49170")
    page.get_by_text("All ways (2)").click()
    page.locator(".ways li", has_text="E-mail").get_by_role("button", name="Answer here").click()
    expect(page.locator("[data-audience]")).to_contain_text("@example.com")
    page.locator(".ways summary").click()
    page.locator(".ways li", has_text="WhatsApp").get_by_role("button", name="Answer here").click()
    with db.transaction() as session:
        session.query(Message).filter_by(ticket_id=number).update({"sent_at": now() - timedelta(hours=25)})
    page.evaluate("document.dispatchEvent(new Event('helpdesk:catch-up'))")
    expect(strip.get_by_role("link", name="Choose a template")).to_be_visible()
    expect(page.locator(".reply-only [data-send]").first).to_be_disabled()
    strip.get_by_role("button", name="Answer by E-mail").click()
    expect(route.locator("option:checked")).to_contain_text("E-mail")
    expect(page.locator(".reply-only [data-send]").first).to_be_enabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_banner_ways_and_question_are_accessible(house, browse, axe, number, scheme):
    page = browse("alice", color_scheme=scheme)
    page.goto(f"{house.url}/inbox/all/{number}")
    page.locator(".ways summary").click()
    page.locator("#composer-text").fill("Internal: he is nice")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-ask]")).to_contain_text("It begins like an internal note")
    assert axe(page) == [], json.dumps(axe(page))[:2000]
