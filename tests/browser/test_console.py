"""The console in a real browser: what forms alone cannot show."""
import pytest
from playwright.sync_api import expect

from helpdesk import db
from helpdesk.models import Agent, Message
from helpdesk.services import replies, tickets
from tests.browser.steps import open_ticket
from tests.house import wait_for
from tests.people import later

PHONE = {"width": 390, "height": 760}


pytestmark = pytest.mark.usefixtures("connected")


def messages_in(number) -> list[Message]:
    with db.reading() as session:
        return session.query(Message).filter_by(ticket_id=number, direction="out").all()


def test_a_reply_appears_at_once_and_a_colleague_sees_it_without_reloading(house, browse, ann):
    number = ann()
    alice, bob = browse("alice"), browse("ada")
    box = open_ticket(alice, house, number)
    open_ticket(bob, house, number)
    box.fill("It left today.")
    alice.keyboard.press("Control+Enter")
    expect(alice.locator(".message.out:not(.pending)", has_text="It left today.")).to_be_visible()
    expect(box).to_have_value("")
    expect(bob.locator("#timeline .message.out", has_text="It left today.")).to_be_visible()
    assert len(messages_in(number)) == 1


def test_earlier_messages_come_on_top_and_the_button_goes_at_the_beginning(house, browse, ann):
    number = ann("The very first words")
    with db.transaction() as session:
        agent, ticket = session.query(Agent).filter_by(email="bob@kopi.example").one(), tickets.lock(session, number)
        for n in range(110):
            replies.note(session, ticket, f"note number {n}.", agent)
    page = browse()
    open_ticket(page, house, number)
    expect(page.locator("#timeline .message.in")).to_have_count(0)
    page.get_by_role("link", name="Earlier messages").click()
    expect(page.locator("#timeline .message.in")).to_contain_text("The very first words")
    expect(page.locator("#timeline .message.note")).to_have_count(110)
    expect(page.get_by_role("link", name="Earlier messages")).to_be_hidden()


def test_what_the_customer_writes_appears_in_list_and_ticket_while_one_looks(house, browse, ann):
    number = ann("First words")
    page = browse()
    open_ticket(page, house, number)
    house.mail.customer_writes("new@example.com", "A quite different matter", name="New Person")
    expect(page.locator(".ticket-row", has_text="A quite different matter")).to_be_visible()


def test_the_list_holds_new_tickets_back_while_the_pointer_is_in_it(house, browse, ann):
    ann("Something to read", at=later(-1))       # a mail's date has no fractions of a second: it must not seem older
    page = browse()
    page.goto(f"{house.url}/inbox/all")
    page.locator(".ticket-row").first.hover()
    first = page.locator(".ticket-row").first.get_attribute("id")
    house.mail.customer_writes("pill@example.com", "Behind the button", name="Pia Pill")
    expect(page.locator("#new-pill")).to_have_text("1 new")
    assert page.locator(".ticket-row").first.get_attribute("id") == first
    page.locator("#new-pill").click()
    expect(page.locator(".ticket-row").first).to_contain_text("Behind the button")


def test_drafts_are_kept_apart_by_mode_and_ticket_and_survive_a_reload(house, browse, ann):
    one, two = ann("Draft one", sender="d1@example.com"), ann("Draft two", sender="d2@example.com")
    page = browse()
    box = open_ticket(page, house, one)
    box.fill("Dear Ann, ")
    page.get_by_label("Internal note").check()
    expect(box).to_have_value("")
    box.fill("She is angry")
    expect(page.get_by_role("button", name="Add note")).to_be_visible()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_hidden()
    open_ticket(page, house, two)
    expect(box).to_have_value("")
    open_ticket(page, house, one)
    expect(box).to_have_value("Dear Ann, ")
    page.locator("body").press("n")
    expect(box).to_have_value("She is angry")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".message.note:not(.pending)", has_text="She is angry")).to_be_visible()
    assert [message.kind for message in messages_in(one)] == ["note"]


def test_a_reply_that_could_not_be_sent_is_kept_and_sent_once_when_resent(house, browse, ann):
    number = ann()
    page = browse()
    box = open_ticket(page, house, number)
    page.route("**/replies", lambda route: route.abort())
    box.fill("Sent from a tunnel")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Resend")).to_be_visible()
    page.reload()
    expect(page.locator(".message.pending", has_text="Sent from a tunnel")).to_be_visible()
    page.unroute("**/replies")
    page.get_by_role("button", name="Resend").click()
    expect(page.locator(".message.out:not(.pending)", has_text="Sent from a tunnel")).to_be_visible()
    assert len(messages_in(number)) == 1


def test_presence_says_who_else_views_and_replies(house, browse, ann):
    number = ann()
    alice, ada = browse("alice"), browse("ada")
    open_ticket(alice, house, number)
    box = open_ticket(ada, house, number)
    expect(alice.locator(".ticket-header .presence")).to_have_text("Ada is viewing")
    box.press_sequentially("Hel")
    expect(alice.locator(".ticket-header .presence")).to_have_text("Ada is replying")
    expect(alice.locator(f"#row-{number} .presence")).to_have_text("Ada is replying")
    ada.goto(f"{house.url}/contacts")
    expect(alice.locator(".ticket-header .presence")).to_have_text("")


def test_verbs_change_the_page_without_leaving_it(house, browse, ann):
    number = ann()
    page = browse()
    open_ticket(page, house, number)
    page.locator("body").press("i")
    expect(page.locator("#timeline .event", has_text="Alice took the ticket")).to_be_visible()
    expect(page.locator(f"#row-{number} .assignee")).to_be_attached()
    page.get_by_label("Add a tag").fill("refund")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Remove the tag refund")).to_be_visible()
    expect(page.get_by_label("Add a tag")).to_have_value("")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator("#ticket-header")).to_have_attribute("data-status", "resolved")
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    assert page.url.endswith(f"/inbox/all/{number}")


def test_keys_move_and_open_and_do_nothing_while_typing_or_switched_off(house, browse, ann):
    ann("Older matter", sender="k1@example.com")
    newer = ann("Newer matter", sender="k2@example.com")
    page = browse()
    page.goto(f"{house.url}/inbox/all")
    page.locator("body").press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/inbox/all/{newer}")
    expect(page.locator("#ticket-header")).to_contain_text("Newer matter")
    page.keyboard.press("r")
    page.keyboard.type("e i j ?")
    expect(page.locator("#composer-text")).to_have_value("e i j ?")
    expect(page.locator("#ticket-header")).to_have_attribute("data-status", "open")
    page.goto(f"{house.url}/account/keys")
    page.get_by_label("Single keys act by themselves").uncheck()
    page.get_by_role("button", name="Save").click()
    page.goto(f"{house.url}/inbox/all/{newer}")
    page.locator("body").press("e")
    page.locator("body").press("?")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#ticket-header")).to_have_attribute("data-status", "open")
    page.goto(f"{house.url}/account/keys")      # for the tests that follow
    page.get_by_label("Single keys act by themselves").check()
    page.get_by_role("button", name="Save").click()


def test_files_are_pasted_dropped_or_chosen_and_can_be_taken_back(house, browse, ann):
    number = ann()
    page = browse()
    box = open_ticket(page, house, number)
    page.set_input_files("#composer input[type=file]", [{"name": "one.txt", "mimeType": "text/plain", "buffer": b"1"}])
    page.evaluate("""() => {
        const data = new DataTransfer();
        data.items.add(new File(["2"], "two.txt", {type: "text/plain"}));
        document.getElementById("composer-text").dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true}));
        document.querySelector(".composer .box").dispatchEvent(
            new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
    }""")
    expect(page.locator("[data-chosen] li")).to_have_count(3)
    page.get_by_label("Remove two.txt").first.click()
    expect(page.locator("[data-chosen] li")).to_have_count(2)
    box.fill("With files")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message.out:not(.pending) .file")).to_have_count(2)
    expect(page.locator("[data-chosen]")).to_be_hidden()


def test_on_a_phone_one_pane_at_a_time_with_a_way_back(house, browse, ann):
    number = ann()
    page = browse(viewport=PHONE, has_touch=True)
    page.goto(f"{house.url}/inbox/all")
    page.locator(f"#row-{number} a").tap()
    expect(page.locator("#composer-text")).to_be_visible()
    expect(page.locator("#list-pane")).to_be_hidden()
    page.get_by_label("Customer", exact=True).first.tap()
    expect(page.locator("#contact-panel")).to_be_in_viewport()
    page.locator("#contact-panel").get_by_label("Close").tap()
    page.get_by_label("Back to the list").tap()
    expect(page.locator(f"#row-{number}")).to_be_visible()
    expect(page.locator("#composer-text")).to_be_hidden()
    page.get_by_role("button", name="Views").tap()
    page.locator("#rail").get_by_text("Resolved").tap()
    page.wait_for_url("**/inbox/resolved")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_pages_work_without_scripts(house, browse, ann):
    number = ann()
    page = browse(java_script_enabled=False)
    page.goto(f"{house.url}/inbox/all/{number}")
    page.locator("#composer-text").fill("Sent by a plain form")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#timeline")).to_contain_text("Sent by a plain form")
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("#ticket-header")).to_contain_text("Reopen")
    assert len(messages_in(number)) == 1


def test_the_page_catches_up_after_the_connection_was_lost(house, browse, ann):
    number = ann()
    page = browse()
    open_ticket(page, house, number)
    page.context.set_offline(True)
    with db.transaction() as session:
        agent = session.query(Agent).filter_by(email="bob@kopi.example").one()
        tickets.assign(session, tickets.lock(session, number), agent, "agent:1")
    page.context.set_offline(False)
    expect(page.locator("#timeline .event", has_text="assigned the ticket to Bob")).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_accessibility_faults(house, browse, ann, axe, scheme):
    number = ann()
    page = browse(color_scheme=scheme, reduced_motion="reduce")
    for path in ("/inbox/all", f"/inbox/all/{number}", "/contacts", "/contacts/1", "/account", "/search?q=ann",
                 "/account/news", "/tickets/99999"):
        page.goto(house.url + path)
        wait_for(lambda: not page.locator("#list-pane").count() or page.locator(".ticket-row").count(), "the list")
        assert axe(page.main_frame) == [], path
    page.goto(f"{house.url}/inbox/all/{number}")
    page.locator("body").press("n")
    assert axe(page.main_frame) == []
