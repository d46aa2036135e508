"""The customer simulator in a real browser."""
import pytest
from playwright.sync_api import expect

from tests.demo import Demo
from tests.house import wait_for

PATIENCE = 20_000       # milliseconds
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 780}}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One demo for all tests here; each test is another customer."""
    made = Demo(tmp_path_factory.mktemp("phone"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def browse(chromium, demo):
    """browse(fragment, **context) → the phone's page. It may not complain in its console."""
    contexts, problems = [], []

    def open_page(fragment="", **options):
        context = chromium.new_context(**{"viewport": SIZES["desk"], "locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.goto(f"{demo.url}/demo/phone#{fragment}")
        expect(page.locator(".screen")).not_to_be_empty()
        return page
    yield open_page
    for context in contexts:
        context.close()
    assert not problems, problems


def test_a_question_is_answered_a_button_pressed_and_a_person_replies(browse, demo):
    page = browse("grace")
    page.get_by_role("button", name="Telegram").click()
    page.get_by_label("Message", exact=True).fill("How long does delivery take and what does it cost?")
    page.keyboard.press("Enter")
    helped = page.locator(".choices button").first
    expect(helped).to_be_visible(timeout=PATIENCE)
    helped.click()
    expect(page.locator(".line.mine")).to_have_count(1)      # Telegram shows a pressed button nowhere else
    page.get_by_label("Message", exact=True).fill("I would like to talk to a person <b>please</b>")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".line.mine").last).to_contain_text("<b>please</b>")
    page.get_by_label("Message", exact=True).fill("half a sentence")
    ticket = wait_for(lambda: demo.rows("SELECT ticket_id FROM message WHERE text LIKE '%talk to a person <b>%'"),
                      "the ticket")
    demo.console().post(f"{demo.url}/tickets/{ticket[0][0]}/replies", timeout=20,
                        data={"text": "Here I am. See https://kopi.example/map."})
    answer = page.locator(".line.theirs").last
    expect(answer).to_contain_text("Here I am.", timeout=PATIENCE)
    expect(answer.get_by_role("link")).to_have_attribute("href", "https://kopi.example/map")
    expect(page.get_by_label("Message", exact=True)).to_have_value("half a sentence")


def test_a_mail_with_a_file_is_written_answered_and_read(browse, demo):
    page = browse("ethan/email")
    page.get_by_role("button", name="Write a mail").click()
    page.get_by_label("Subject").fill("A cup without a handle")
    page.get_by_label("Write your mail").fill("The handle was in the box, beside the cup.")
    page.locator("input[type=file]").set_input_files(
        {"name": "cup.txt", "mimeType": "text/plain", "buffer": b"imagine a cup"})
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".letters")).to_contain_text("A cup without a handle")
    ticket = wait_for(lambda: demo.rows("SELECT id FROM ticket WHERE subject = 'A cup without a handle'"), "the ticket")
    demo.console().post(f"{demo.url}/tickets/{ticket[0][0]}/replies", timeout=20,
                        data={"text": "A new one is on its way."})
    page.get_by_role("button", name="Re: A cup without a handle").click(timeout=PATIENCE)
    expect(page.locator(".sheet")).to_contain_text("A new one is on its way.")
    page.get_by_label("Reply").fill("Thank you!")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".letters li").first).to_contain_text("To: support+")


def test_a_copy_is_read_and_answered_to_all(browse, demo):
    page = browse("ethan/email")
    page.get_by_role("button", name="Write a mail").click()
    page.get_by_label("Cc").fill("grace.kim@example.com")
    page.get_by_label("Subject").fill("A tray for two")
    page.get_by_label("Write your mail").fill("Do you have it in blue?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".letters")).to_contain_text("A tray for two")
    ticket = wait_for(lambda: demo.rows("SELECT id FROM ticket WHERE subject = 'A tray for two'"), "the ticket")[0][0]
    demo.console().post(f"{demo.url}/tickets/{ticket}/replies", timeout=20,
                        data={"text": "In blue and in green.", "cc": "oliver.braun@example.com"})
    other = browse("oliver/email")
    other.get_by_role("button", name="Re: A tray for two").click(timeout=PATIENCE)
    expect(other.locator(".copies")).to_contain_text("Cc: oliver.braun@example.com")
    other.get_by_label("Reply to all").check()
    other.get_by_label("Reply", exact=True).fill("Green, please.")
    other.get_by_role("button", name="Send").click()
    wait_for(lambda: demo.rows(f"SELECT id FROM message WHERE ticket_id = {ticket} AND author_name LIKE 'Oliver%'"),
             "Oliver's answer in the ticket, in his own name")
    page.reload()
    page.locator(".letters").get_by_role("button", name="Oliver Braun").first.click(timeout=PATIENCE)
    expect(page.locator(".sheet")).to_contain_text("Green, please.")


def test_news_are_counted_on_the_home_screen(browse, demo):
    page = browse("hana")
    expect(page.get_by_role("button", name="Telegram")).to_be_visible()
    expect(page.locator(".count")).to_have_count(0)
    ticket = demo.rows("SELECT t.id FROM ticket t JOIN contact c ON c.id = t.contact_id "
                       "WHERE c.name = 'Hana Suzuki' AND t.channel = 'telegram'")[0][0]
    demo.console().post(f"{demo.url}/tickets/{ticket}/replies", timeout=20,
                        data={"text": "Your vouchers are printed."})
    expect(page.get_by_role("button", name="Telegram, 1 new")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Telegram").click()
    expect(page.locator(".line.theirs").last).to_contain_text("vouchers are printed")
    page.get_by_role("button", name="Home screen").click()
    expect(page.locator(".count")).to_have_count(0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_is_accessible_and_fits(browse, axe, size, scheme):
    page = browse("lucia", viewport=SIZES[size], color_scheme=scheme)
    for app in ("", "WhatsApp", "Telegram", "Messenger", "Instagram", "Mail"):
        if app:
            page.get_by_role("button", name=app, exact=True).click()
            expect(page.locator(".bar")).to_be_visible()
        assert axe(page) == [], app or "home"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Home screen").click()


def test_somebody_new_is_made_on_a_small_screen(browse):
    page = browse(viewport=SIZES["phone"])
    page.locator("[data-people-open]").click()
    page.get_by_text("Somebody new").click()
    page.get_by_label("Name").fill("Nora Field")
    page.get_by_role("button", name="Take their phone").click()
    expect(page.locator("[data-name]")).to_have_text("Nora Field")
    page.get_by_role("button", name="WhatsApp").click()
    expect(page.locator(".thread")).to_contain_text("No messages yet")
