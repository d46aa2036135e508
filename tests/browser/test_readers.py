"""Further readers of a mail, in a real browser."""
import json

import pytest
from playwright.sync_api import expect

from helpdesk import db
from helpdesk.models import Delivery, Identity, Inbox, Message, Ticket
from tests.people import written

pytestmark = pytest.mark.usefixtures("connected")


@pytest.fixture
def number(house, request) -> int:
    """A ticket by mail that named two others."""
    with db.transaction() as session:
        message = written(session, session.query(Inbox).filter_by(key="mail").one(), "Where is it?",
                          address=f"{request.node.name[:30]}@example.com", name="Ann Lee", subject="Order",
                          to=("support@kopi.example", "dee@example.org"), cc=("bo@example.org",))
        session.get(Ticket, message.ticket_id).with_assistant = False
        return message.ticket_id


def roles(number: int) -> set[tuple[str, str]]:
    with db.reading() as session:
        return {(one.role, one.address) for one in session.query(Delivery).filter_by(ticket_id=number)
                if one.role != "to"}


def first(number: int) -> str:
    with db.reading() as session:
        ticket = session.get(Ticket, number)
        return session.get(Identity, ticket.reply_identity_id).value


def test_reply_to_all_is_one_click_and_one_reader_another(house, browse, number):
    page = browse("alice")
    page.goto(f"{house.url}/inbox/all/{number}")
    expect(page.locator("html.js")).to_be_attached()
    audience = page.locator("[data-audience]")
    ann = f"Read by Ann Lee, {first(number)}"
    expect(audience).to_have_text(ann)
    page.get_by_role("button", name="Reply to all (3)").click()
    expect(audience).to_have_text(f"{ann}; copy to dee@example.org, bo@example.org")
    expect(page.get_by_role("button", name="Reply to all (3)")).to_be_hidden()
    page.get_by_label("Copy (Cc)").fill("bo@example.org")
    page.get_by_label("Hidden copy (Bcc)").focus()
    page.locator(".offers button", has_text="dee@example.org").click()
    expect(audience).to_have_text(f"{ann}; copy to bo@example.org; hidden copy to dee@example.org")
    page.locator("#composer-text").fill("It left today.")
    page.keyboard.press("Control+Enter")
    sent = page.locator(".message.out:not(.pending)", has_text="It left today.")
    expect(sent).to_be_visible()
    assert roles(number) == {("cc", "bo@example.org"), ("bcc", "dee@example.org")}
    expect(page.get_by_label("Copy (Cc)")).to_have_value("bo@example.org")
    expect(page.get_by_label("Hidden copy (Bcc)")).to_have_value("")


def test_what_is_no_address_is_said_and_nothing_that_was_typed_is_lost(house, browse, number):
    page = browse("alice")
    page.goto(f"{house.url}/inbox/all/{number}")
    page.locator(".readers summary").click(position={"x": 30, "y": 10})
    page.get_by_label("Copy (Cc)").fill("nobody")
    page.locator("#composer-text").fill("Dear Ann")
    page.keyboard.press("Control+Enter")
    failed = page.locator(".message.pending", has_text="Dear Ann")
    expect(failed).to_contain_text("not a mail address")
    failed.get_by_role("button", name="Edit").click()
    expect(page.locator("#composer-text")).to_have_value("Dear Ann")
    expect(page.get_by_label("Copy (Cc)")).to_have_value("nobody")


def test_an_internal_note_and_a_chat_have_no_readers(house, browse, number):
    page = browse("alice")
    page.goto(f"{house.url}/inbox/all/{number}")
    page.get_by_label("Internal note").check()
    expect(page.locator(".readers")).to_be_hidden()


def test_a_new_reader_is_asked_about_and_nothing_that_was_typed_is_lost(house, browse, number):
    page = browse("alice")
    page.goto(f"{house.url}/inbox/all/{number}")
    page.locator(".readers summary").click(position={"x": 30, "y": 10})
    page.get_by_label("Copy (Cc)").fill("ned@elsewhere.example")
    page.locator("#composer-text").fill("Between us")
    page.keyboard.press("Control+Enter")
    held = page.locator(".message.pending", has_text="Between us")
    expect(held).to_contain_text("ned@elsewhere.example was not in the mail that you answer.")
    expect(held.get_by_role("button", name="Go back and change it")).to_be_focused()
    assert roles(number) == set()
    page.keyboard.press("Enter")
    expect(page.locator("#composer-text")).to_have_value("Between us")
    expect(page.get_by_label("Copy (Cc)")).to_have_value("ned@elsewhere.example")
    page.keyboard.press("Control+Enter")
    held.get_by_role("button", name="Send all the same").click()
    expect(page.locator(".message.out:not(.pending)", has_text="Between us")).to_be_visible()
    assert roles(number) == {("cc", "ned@elsewhere.example")}
    page.locator("#composer-text").fill("And this")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message.out:not(.pending)", has_text="And this")).to_be_visible()


def test_who_came_in_while_one_was_writing_is_told_before_it_goes(house, browse, number):
    page = browse("alice")
    page.goto(f"{house.url}/inbox/all/{number}")
    page.locator("#composer-text").fill("Dear Ann")
    with db.transaction() as session:
        written(session, session.query(Inbox).filter_by(key="mail").one(), "My boss reads along", address=first(number),
                name="Ann Lee", replies_to=[key_of(session, number)], cc=("boss@example.org",))
    page.evaluate("document.dispatchEvent(new Event('helpdesk:catch-up'))")
    expect(page.locator(".message", has_text="My boss reads along")).to_be_visible()
    page.locator("#composer-text").press("Control+Enter")
    held = page.locator(".message.pending", has_text="Dear Ann")
    expect(held).to_contain_text("boss@example.org would get no copy: Ann Lee wrote meanwhile")
    held.get_by_role("button", name="Send all the same").click()
    expect(page.locator(".message.out:not(.pending)", has_text="Dear Ann")).to_be_visible()


def key_of(session, number: int) -> str:
    return session.query(Message).filter_by(ticket_id=number).first().external_id


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_forms_are_accessible(house, browse, axe, number, scheme):
    page = browse("alice", color_scheme=scheme)
    page.goto(f"{house.url}/inbox/all/{number}")
    page.locator(".readers summary").click(position={"x": 30, "y": 10})
    expect(page.get_by_label("Copy (Cc)")).to_be_visible()
    assert axe(page) == [], json.dumps(axe(page))[:2000]
    page.locator("body").press("Escape")
    page.goto(f"{house.url}/tickets/{number}/forward")
    assert axe(page) == []
