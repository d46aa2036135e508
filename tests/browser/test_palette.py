"""Everything by keyboard: the palette, the list of keys, and keys of one's own."""
import pytest
from playwright.sync_api import expect

from helpdesk import db
from helpdesk.models import Ticket
from tests.browser.steps import open_ticket
from tests.house import wait_for

pytestmark = pytest.mark.usefixtures("connected")


def palette(page):
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="What do you want to do?")
    expect(box).to_be_focused()
    return box


def chosen(page):
    return page.locator("#palette [aria-selected=true]")


def test_what_the_page_offers_is_done_by_name(house, browse, ann, axe):
    number = ann("Palette matter", sender="pal1@example.com")
    page = browse()
    open_ticket(page, house, number)
    palette(page).fill("resolve")
    expect(chosen(page)).to_contain_text("Resolve")
    assert axe(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-header")).to_have_attribute("data-status", "resolved")
    expect(page.locator("#palette")).to_be_hidden()


def test_a_menu_is_a_page_of_its_own_with_a_way_back(house, browse, ann):
    number = ann("Another palette matter", sender="pal2@example.com")
    page = browse()
    open_ticket(page, house, number)
    box = palette(page)
    box.fill("assigned")
    page.keyboard.press("Enter")
    expect(page.locator("#palette .chip")).to_have_text("Assigned to …")
    page.keyboard.press("Backspace")
    expect(page.locator("#palette .chip")).to_be_hidden()
    box.fill("assigned")
    page.keyboard.press("Enter")
    box.fill("bob")
    expect(chosen(page)).to_contain_text("Bob")
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-header summary[data-key=a]")).to_contain_text("Bob")
    with db.reading() as session:
        assert session.get(Ticket, number).agent.name == "Bob"


def test_places_and_tickets_and_people_are_found_also_while_typing_a_reply(house, browse, ann):
    number = ann("The samovar leaks", sender="pal3@example.com")
    page = browse()
    open_ticket(page, house, number)
    page.locator("#composer-text").fill("Dear")
    palette(page).fill("samovar")
    row = page.locator("#palette [role=option]", has_text="The samovar leaks")
    expect(row).to_be_visible()
    page.get_by_role("combobox", name="What do you want to do?").fill("pal3@example.com")
    expect(page.locator("#palette [role=option]", has_text="People").or_(
        page.locator("#palette h3", has_text="People"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("#composer-text")).to_have_value("Dear")
    palette(page).fill("your keys")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/keys")


def test_what_fits_nothing_says_so_and_enter_does_no_harm(house, browse):
    page = browse()
    palette(page).fill("xqzqxq")
    expect(page.locator(".palette-foot")).to_contain_text("Nothing fits")
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_visible()


def test_keys_of_ones_own_hold_in_every_browser(house, browse, ann, axe):
    number = ann("A matter for own keys", sender="pal4@example.com")
    page = browse("bob")
    page.goto(f"{house.url}/account/keys")
    assert axe(page) == []
    page.get_by_label("Resolve", exact=True).fill("q")
    page.get_by_label("Next ticket").fill("k")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("would be both “Next ticket” and “Previous ticket”")
    expect(page.get_by_label("Resolve", exact=True)).to_have_value("q")
    page.get_by_label("Next ticket").fill("j")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    other = browse("bob")
    open_ticket(other, house, number)
    other.locator("body").press("e")
    other.locator("body").press("q")
    expect(other.locator("#ticket-header")).to_have_attribute("data-status", "resolved")
    other.locator("body").press("?")
    expect(other.locator("#keys .keys", has_text="Resolve").locator("kbd").first).to_be_visible()
    other.keyboard.press("Escape")
    page.get_by_label("Single keys act by themselves").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    other.goto(f"{house.url}/inbox/all")
    other.locator("body").press("?")
    other.locator("body").press("Control+k")
    expect(other.locator("#palette")).to_be_visible()
    expect(other.locator("#keys")).to_be_hidden()
    page.get_by_role("button", name="As they were shipped").click()
    wait_for(lambda: page.get_by_label("Resolve", exact=True).input_value() == "e", "the shipped keys")
