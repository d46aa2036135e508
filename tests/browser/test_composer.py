"""Writing: drafts that are never lost or mixed up, taking back, choosing macros and what is typed after a sign."""
import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Agent, Draft, Inbox, LaterReply, Ticket
from helpdesk.services import macros
from tests.browser.steps import open_ticket
from tests.house import wait_for

pytestmark = pytest.mark.usefixtures("connected")


@pytest.fixture
def grace():
    """grace(seconds): how long mail can be taken back."""
    def choose(seconds):
        with db.transaction() as session:
            session.scalar(select(Inbox).where(Inbox.key == "mail")).undo_seconds = seconds
    yield choose
    choose(0)


@pytest.fixture
def macro():
    """macro(name, …) → one for everybody."""
    def make(name, **fields):
        with db.transaction() as session:
            mia = session.scalar(select(Agent).where(Agent.email == "mia@kopi.example"))
            macros.save(session, mia, macros.Fields(name=name, whose="all", **fields))
    return make


def kept(ticket, mode="reply") -> str | None:
    with db.reading() as session:
        return session.scalar(select(Draft.text).where(Draft.ticket_id == ticket, Draft.mode == mode))


def test_drafts_follow_the_agent_and_stay_apart(browse, house, ann):
    number, other = ann(), ann("Another matter")
    page = browse()
    text = open_ticket(page, house, number)
    text.fill("To the customer")
    page.get_by_role("radio", name="Internal note").check(force=True)
    expect(text).to_have_value("")
    text.fill("Among us")
    wait_for(lambda: (kept(number), kept(number, "note")) == ("To the customer", "Among us"), "both drafts")
    expect(open_ticket(page, house, other)).to_have_value("")
    elsewhere = browse()
    text = open_ticket(elsewhere, house, number)
    expect(text).to_have_value("To the customer")
    elsewhere.get_by_role("radio", name="Internal note").check(force=True)
    expect(text).to_have_value("Among us")
    text.fill("")
    wait_for(lambda: kept(number, "note") is None, "the emptied draft to go")


def test_two_windows_notice_each_other(browse, house, ann):
    number = ann()
    one, two = browse(), browse()
    first, second = open_ticket(one, house, number), open_ticket(two, house, number)
    first.fill("Written first")
    wait_for(lambda: kept(number) == "Written first", "the draft")
    second.fill("Written second")
    with two.expect_response("**/drafts"):
        pass
    second.fill("Written second, and more")
    expect(two.locator("[data-elsewhere]")).to_contain_text("another window")
    two.get_by_role("button", name="Show that text").click()
    expect(second).to_have_value("Written first")


def test_a_mail_can_be_taken_back_into_the_composer(browse, house, ann, axe, grace):
    grace(60)
    number = ann()
    page = browse()
    text = open_ticket(page, house, number)
    text.fill("Too early")
    text.press("Control+Enter")
    waiting = page.locator("#timeline .later")
    expect(waiting).to_contain_text("Leaves in")
    expect(text).to_have_value("")
    seen = browse("bob")
    open_ticket(seen, house, number)
    expect(seen.locator("#timeline .later")).to_contain_text("Too early")
    expect(seen.locator("#timeline .later button")).to_have_count(0)
    assert axe(page) == []
    waiting.get_by_role("button", name="Undo").click()
    expect(text).to_have_value("Too early")
    expect(waiting).to_have_count(0)
    assert kept(number) == "Too early"
    text.press("Control+Enter")
    expect(waiting).to_contain_text("Leaves in")
    with db.transaction() as session:
        again = session.scalar(select(LaterReply).where(LaterReply.ticket_id == number, LaterReply.done_at.is_(None)))
        again.due_at = again.created_at
    expect(page.locator("#timeline .message.out[data-message]")).to_contain_text("Too early")
    expect(waiting).to_have_count(0)


def test_sending_at_a_time_in_ones_own_words(browse, house, ann):
    number = ann()
    page = browse()
    open_ticket(page, house, number).fill("Good morning!")
    page.get_by_label("Send and …").click()
    page.get_by_label("Send when, in your own words").fill("tomorrow 9")
    page.get_by_role("button", name="Send then").click()
    waiting = page.locator("#timeline .later")
    expect(waiting).to_contain_text("Leaves")
    waiting.get_by_role("button", name="Send now").click()
    expect(page.locator("#timeline .message.out[data-message]")).to_contain_text("Good morning!")


def test_a_macro_by_its_shortcut_and_its_actions_with_the_sending(browse, house, ann, axe, macro):
    macro("Where is it?", shortcut="where", text="Hi {{ contact.first_name }}, it is coming.",
          actions=[{"do": "tag", "value": "delivery"}])
    number = ann()
    page = browse()
    text = open_ticket(page, house, number)
    text.press_sequentially("/whe")
    option = page.get_by_role("option", name="Where is it?")
    expect(option).to_contain_text("Hi Ann, it is coming.")
    expect(option).to_contain_text("Add the tag delivery")
    expect(text).to_have_attribute("aria-activedescendant", option.get_attribute("id"))
    assert axe(page) == []
    text.press("Enter")
    expect(text).to_have_value("Hi Ann, it is coming.")
    expect(page.locator("[data-extras]")).to_contain_text("Add the tag delivery")
    text.press("Control+Enter")
    expect(page.locator("#timeline .message.out[data-message]")).to_contain_text("Hi Ann")
    expect(page.locator("#ticket-header")).to_contain_text("delivery")


def test_the_picker_does_at_once_what_has_no_text(browse, house, ann, axe, macro):
    macro("Make it urgent", actions=[{"do": "priority", "value": "urgent"}])
    number = ann()
    page = browse()
    open_ticket(page, house, number)
    page.keyboard.press("m")
    field = page.get_by_role("combobox", name="Search the macros")
    field.fill("urgent")
    expect(page.get_by_role("option", name="Make it urgent")).to_contain_text("Set the priority to urgent")
    assert axe(page) == []
    field.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Make it urgent")
    with db.reading() as session:
        assert session.get(Ticket, number).priority == "urgent"


def test_signs_offer_people_variables_emoji_and_tickets(browse, house, ann):
    other, number = ann("Broken kettle"), ann()
    page = browse()
    text = open_ticket(page, house, number)
    for typed, name, value in (("{{ comp", "company", "{{ company }}"), (":thumbs_u", "thumbs_up", "👍"),
                               ("#kettle", f"#{other}", f"#{other} ")):
        text.fill("")
        text.press_sequentially(typed)
        expect(page.locator(".offer-list [role=option]").first).to_contain_text(name)
        text.press("Tab")
        expect(text).to_have_value(value)
    page.get_by_role("radio", name="Internal note").check(force=True)
    text.press_sequentially("@bo")
    expect(page.get_by_role("option", name="Bob")).to_be_visible()
    text.press("Escape")
    expect(page.locator(".offer-list")).to_be_hidden()
    expect(text).to_have_value("@bo")


def test_nothing_is_sent_with_an_open_variable(browse, house, ann):
    page = browse()
    text = open_ticket(page, house, ann())
    text.fill("Hi {{ nobody }}")
    text.press("Control+Enter")
    failed = page.locator("#timeline .pending")
    expect(failed).to_contain_text("There is no {{ nobody }}")
    failed.get_by_role("button", name="Edit").first.click()
    expect(text).to_have_value("Hi {{ nobody }}")
