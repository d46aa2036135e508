"""The console while the line, or the helpdesk behind it, is gone: nothing lost, nothing twice, no reload."""
import re
import secrets

import pytest
from playwright.sync_api import expect

from helpdesk import db
from helpdesk.models import Inbox, Message, Ticket
from tests.browser.steps import open_ticket
from tests.house import wait_for
from tests.people import customer_mail, deliver_mail, written

pytestmark = pytest.mark.usefixtures("connected")
START = 40_000      # milliseconds in which a killed helpdesk is back and the browsers have found it


def written_in(number, text) -> int:
    with db.reading() as session:
        return session.query(Message).filter_by(ticket_id=number, text=text).count()


def test_what_was_written_without_a_line_is_sent_once_by_itself_and_in_order(house, browse, ann):
    number = ann()
    page = browse()
    box = open_ticket(page, house, number)
    page.context.set_offline(True)
    for text in ("First from a tunnel", "Second from a tunnel"):
        box.fill(text)
        page.keyboard.press("Control+Enter")
        expect(page.locator(".message.pending", has_text=text)).to_contain_text("sent by itself")
    expect(page.locator("#connection")).to_be_visible()
    page.context.set_offline(False)
    sent = page.locator(".message.out:not(.pending)")
    expect(sent).to_have_count(2, timeout=START)
    expect(sent.first).to_contain_text("First from a tunnel")
    expect(page.locator(".message.pending")).to_have_count(0)
    expect(page.locator("#connection")).to_be_hidden()
    assert [written_in(number, f"{one} from a tunnel") for one in ("First", "Second")] == [1, 1]


def test_a_killed_helpdesk_comes_back_and_both_sides_words_arrive_once(house, browse, axe):
    first = f"<{secrets.token_hex(8)}@example.com>"
    with db.transaction() as session:
        inbox = session.query(Inbox).filter_by(key="mail").one()
        number = written(session, inbox, "Before", external_id=first, subject="Restart").ticket_id
        session.get(Ticket, number).with_assistant = False
    page = browse()
    box = open_ticket(page, house, number)
    expect(page.locator("#timeline .message.in")).to_have_count(1)
    page.evaluate("window.sameDocument = true")
    house.kill("serve")
    try:
        deliver_mail(inbox, customer_mail("Written while nobody was there", subject="Re: Restart", reply_to=first))
        box.fill("Answered into the void")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".message.pending", has_text="Answered into the void")).to_contain_text("sent by itself")
        expect(page.get_by_role("button", name="Try now")).to_be_visible()
        expect(page.locator("[data-again]")).to_have_text(re.compile(r"^\d s$"))
        assert axe(page) == []
    finally:
        house.start()
    expect(page.locator("#timeline .message.in", has_text="Written while nobody")).to_have_count(1, timeout=START)
    sent = page.locator(".message.out:not(.pending)", has_text="Answered into the void")
    expect(sent).to_have_count(1, timeout=START)
    expect(page.locator(".message.pending")).to_have_count(0)
    expect(page.locator("#connection")).to_be_hidden()
    assert page.evaluate("window.sameDocument") and written_in(number, "Answered into the void") == 1


def test_what_waits_is_sent_though_another_ticket_is_open_and_lands_where_it_was_written(house, browse, ann):
    number, other = ann("Mine", sender="waits@example.com"), ann("Theirs", sender="waits-other@example.com")
    page = browse()
    box = open_ticket(page, house, number)
    page.route("**/replies", lambda route: route.abort())
    box.fill("For the first of them")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message.pending")).to_contain_text("sent by itself")
    page.locator(f'a[href^="/inbox/all/{other}"]').first.click()
    expect(page.locator(f'#ticket[data-ticket="{other}"]')).to_be_visible()
    page.unroute("**/replies")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator(".toast", has_text=f"ticket #{number} is sent now")).to_be_visible(timeout=START)
    expect(page.locator("#timeline")).not_to_contain_text("For the first of them")
    wait_for(lambda: written_in(number, "For the first of them") == 1, "the reply in its own ticket")
    assert written_in(other, "For the first of them") == 0
