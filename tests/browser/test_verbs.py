"""The verbs of a ticket in a real browser: snooze in one's own words, undo, follow, and two people at once."""
import re
import uuid

import pytest
from playwright.sync_api import expect

from helpdesk import db
from helpdesk.models import Ticket
from tests.browser.steps import open_ticket

pytestmark = pytest.mark.usefixtures("connected")


def row(number) -> Ticket:
    with db.reading() as session:
        return session.get(Ticket, number)


def toast(page, words):
    return page.locator(".toast", has_text=words)


def test_snooze_echoes_what_was_understood_before_it_is_done(house, browse, ann, axe):
    number = ann("Please call me back", subject=f"Call {uuid.uuid4().hex[:6]}")
    page = browse()
    open_ticket(page, house, number)
    page.keyboard.press("b")
    box = page.get_by_label("Snooze until, in your own words")
    box.fill("besok jam 9")
    expect(page.locator("#snooze-understood")).to_have_text(re.compile(r"Until tomorrow, .*, 09:00"))
    assert axe(page) == []
    box.fill("someday")
    expect(page.locator("#snooze-understood")).to_contain_text("not understood")
    box.fill("in 3 days")
    expect(page.locator("#snooze-understood")).to_contain_text("Until")
    box.press("Enter")
    expect(toast(page, "Snoozed until")).to_be_visible()
    expect(page.locator("#ticket-header")).to_contain_text("Snoozed until")
    assert row(number).snoozed_until


def test_resolved_by_key_and_undone_by_button_or_key(house, browse, ann):
    number = ann(subject=f"Resolve {uuid.uuid4().hex[:6]}")
    page = browse()
    open_ticket(page, house, number)
    page.keyboard.press("e")
    toast(page, "Resolved.").get_by_role("button", name="Undo").click()
    expect(toast(page, "Undone: Resolved.")).to_be_visible()
    expect(page.locator("#ticket-header[data-status=open]")).to_be_visible()
    page.keyboard.press("p")
    page.locator("#ticket-header").get_by_role("button", name="Urgent").click()
    expect(toast(page, "The priority is urgent now.")).to_be_visible()
    page.keyboard.press("z")
    expect(toast(page, "Undone: The priority is urgent now.")).to_be_visible()
    assert row(number).priority == "normal" and row(number).status == "open"


def test_resolve_and_next_opens_the_next_of_the_list(house, browse, ann):
    below, number = (ann(subject=f"{word} {uuid.uuid4().hex[:6]}") for word in ("Below", "Above"))
    page = browse()
    open_ticket(page, house, number)
    expect(page.locator(f"#row-{below}")).to_be_visible()
    page.keyboard.press("Shift+E")
    expect(page.locator(f"#ticket[data-ticket='{number}']")).to_have_count(0)
    assert row(number).status == "resolved"


def test_following_is_shown_to_everybody(house, browse, ann):
    number = ann(subject=f"Follow {uuid.uuid4().hex[:6]}")
    page = browse()
    open_ticket(page, house, number)
    page.get_by_label("More actions").click()
    page.get_by_role("button", name="Follow", exact=True).click()
    expect(page.locator(".followers")).to_contain_text("Alice")


def test_whoever_comes_second_is_asked_before_a_change_is_lost(house, browse, ann):
    number = ann(subject=f"Race {uuid.uuid4().hex[:6]}")
    alice, bob = browse(), browse("bob")
    for page in (alice, bob):
        open_ticket(page, house, number)
    menu = alice.locator("#ticket-header summary[data-key=a]")
    menu.click()        # an open menu is not replaced under the hand: it is what Alice saw
    bob.keyboard.press("i")
    expect(bob.locator("#ticket-header summary[data-key=a]")).to_contain_text("Bob")
    alice.locator("#ticket-header details[open]").get_by_role("button", name="Me").click()
    question = alice.get_by_role("alert").filter(has_text="Bob took the ticket")
    expect(question).to_be_visible()
    assert row(number).agent_id == house.agent("bob").id
    question.get_by_role("button", name="Assign to you all the same").click()
    expect(alice.locator("#ticket-header summary[data-key=a]")).to_contain_text("Alice")
    assert row(number).agent_id == house.agent("alice").id


def test_spam_leaves_the_lists_says_so_and_comes_back(house, browse, ann, axe):
    number = ann(subject=f"Watches {uuid.uuid4().hex[:6]}")
    page = browse()
    open_ticket(page, house, number)
    page.get_by_label("More actions").click()
    page.get_by_role("button", name="Mark as spam and block the address").click()
    expect(page.get_by_text("This is spam")).to_be_visible()
    expect(toast(page, "Marked as spam")).to_be_visible()
    assert axe(page) == []
    page.goto(f"{house.url}/inbox/spam")
    expect(page.locator(f"#row-{number}")).to_be_visible()
    page.goto(f"{house.url}/inbox/spam/{number}")
    page.get_by_role("button", name="Not spam, and unblock").click()
    expect(page.get_by_text("This is spam")).to_have_count(0)
    assert row(number).status == "open"
