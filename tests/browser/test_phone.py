"""The customer simulator in a real browser."""
import re
import struct
import zlib

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


def test_a_ready_question_is_sent_by_one_press(browse, axe):
    page = browse("grace")
    page.get_by_role("button", name="Viber", exact=True).click()
    page.get_by_role("button", name="Attach", exact=True).click()
    page.get_by_role("button", name="A ready question").click()
    assert axe(page) == []
    page.get_by_role("button", name="Wants a person").click()
    expect(page.locator(".line.mine").last).to_contain_text("talk to a person")
    expect(page.locator(".line.theirs").last).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_ready_question_of_the_shop_is_written_into_its_chat(chromium, demo, axe, scheme):
    context = chromium.new_context(viewport=SIZES["phone"], color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{demo.url}/demo/shop")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe(page) == []
    page.get_by_role("button", name="Asks for the order number first").click()
    frame = wait_for(lambda: page.wait_for_timeout(20) or next((f for f in page.frames if "/frame" in f.url), None),
                     "the chat")
    expect(frame.locator("textarea")).to_have_value("Where is my order?", timeout=PATIENCE)
    context.close()


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
    page.get_by_label("Cc", exact=True).fill("grace.kim@example.com")
    page.get_by_label("Subject").fill("A tray for two")
    page.get_by_label("Write your mail").fill("Do you have it in blue?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".letters")).to_contain_text("A tray for two")
    ticket = wait_for(lambda: demo.rows("SELECT id FROM ticket WHERE subject = 'A tray for two'"), "the ticket")[0][0]
    console, to, answer = demo.console(), f"{demo.url}/tickets/{ticket}/replies", {
        "text": "In blue and in green.", "cc": "oliver.braun@example.com"}
    asked = console.post(to, timeout=20, data=answer)       # a new reader: the helpdesk wants to be sure
    token = re.search(r'name="confirmed" value="(\w+)"', asked.text)[1]
    console.post(to, timeout=20, data={**answer, "confirmed": token}).raise_for_status()
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
    for app in ("", "WhatsApp", "Telegram", "LINE", "Viber", "X", "Messages", "Kopi app", "Mail"):
        if app:
            page.get_by_role("button", name=app, exact=True).click()
            expect(page.locator(".bar")).to_be_visible()
        assert axe(page) == [], app or "home"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Home screen").click()
    page.get_by_role("button", name="WhatsApp", exact=True).click()
    page.get_by_role("button", name="Attach", exact=True).click()
    assert axe(page) == [], "the tray"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    if size == "phone":
        page.get_by_role("button", name="Make trouble").click()
        assert axe(page) == [], "the drawer"
        page.locator("[data-trouble-close]").click()
    page.get_by_role("switch", name="Everything is late").wait_for(state="visible" if size == "desk" else "hidden")


CHATS = {"whatsapp": "WhatsApp", "telegram": "Telegram", "messenger": "Messenger", "instagram": "Instagram",
         "line": "LINE", "viber": "Viber", "x": "X", "sms": "Messages", "api": "Kopi app"}


def png() -> bytes:
    """A small real picture."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\x8a\x4b\x2a" * 40 for _ in range(40))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 40, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


@pytest.fixture
def console(browse_as_agent, demo):
    """The admin's browser, signed in."""
    return browse_as_agent()


@pytest.fixture
def browse_as_agent(chromium, demo):
    contexts = []

    def open_page():
        context = chromium.new_context(viewport=SIZES["desk"], locale="en-GB")
        contexts.append(context)
        context.add_cookies([{"name": one.name, "value": one.value, "url": demo.url} for one in demo.console().cookies])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        return page
    yield open_page
    for context in contexts:
        context.close()


def attach(page, what: str) -> None:
    page.get_by_role("button", name="Attach", exact=True).click()
    page.get_by_role("button", name=what, exact=True).click()


def test_a_conversation_in_every_app_with_a_picture_and_a_voice_note_both_ways(browse, demo, console):
    """Everything is written first, then all is answered, then all is looked at: the platforms work side by side."""
    person = demo.add("Wendy Walker")
    page = browse(person)
    for app, name in CHATS.items():
        page.get_by_role("button", name=name, exact=True).click()
        page.get_by_label("Message", exact=True).fill(f"I would like to talk to a person about {app}")
        page.keyboard.press("Enter")
        attach(page, "A ready picture")
        attach(page, "A ready voice note")
        expect(page.locator(".line.mine")).to_have_count(3)
        page.get_by_role("button", name="Home screen").click()
    page.get_by_role("button", name="Mail").click()
    page.get_by_role("button", name="Write a mail").click()
    page.get_by_label("Subject").fill("Wendy writes a mail")
    page.get_by_label("Write your mail").fill("A person, please: listen to this.")
    attach(page, "A ready voice note")
    page.get_by_role("button", name="Send").click()
    wait_for(lambda: demo.rows("SELECT count(*) FROM attachment a JOIN message m ON m.id = a.message_id JOIN ticket t "
                               "ON t.id = m.ticket_id JOIN contact c ON c.id = t.contact_id WHERE c.name = :name "
                               "AND a.sha256 <> ''", name="Wendy Walker")[0][0] >= 17, "all files to be fetched", 40)
    tickets = {app: demo.rows("SELECT ticket_id FROM message WHERE text = :text",
                              text=f"I would like to talk to a person about {app}")[0][0] for app in CHATS}
    for app, ticket in tickets.items():
        answer = demo.console().post(f"{demo.url}/tickets/{ticket}/replies", timeout=20,
                                     data={"text": f"Hello Wendy, this is {app}."},
                                     files={"files": ("map.png", png(), "image/png")})
        assert answer.status_code == 200, answer.text
    for app, name in CHATS.items():
        page.goto(f"{demo.url}/demo/phone#{person}")
        page.reload()
        page.get_by_role("button", name=re.compile(f"^{name}(,|$)")).click()
        theirs = page.locator(".line.theirs")
        expect(theirs.filter(has_text=f"this is {app}")).to_be_visible(timeout=PATIENCE)
        expect(theirs.locator("img")).to_be_visible(timeout=PATIENCE)
        assert page.evaluate("img => img.decode().then(() => img.naturalWidth)",
                             theirs.locator("img").element_handle()) == 40
    for app in ("whatsapp", "messenger", "instagram", "viber", "x", "api"):
        wait_for(lambda app=app: demo.rows("SELECT 1 FROM delivery d JOIN message m ON m.id = d.message_id WHERE "
                                           "m.text = :text AND d.status = 'read'", text=f"Hello Wendy, this is {app}."),
                 f"the agent to see that {app} was read")
    console.goto(f"{demo.url}/tickets/{tickets['whatsapp']}")
    sound = console.locator(".message.in audio")
    assert console.evaluate("""sound => new Promise((done, fail) => {
        sound.addEventListener("loadedmetadata", () => done(sound.duration));
        sound.addEventListener("error", () => fail(new Error("cannot be played")));
        sound.preload = "metadata"; sound.load();
    })""", sound.element_handle()) == pytest.approx(1.5, 0.1)
    expect(console.locator(".message.in .picture img")).to_be_visible()


def test_a_window_closes_and_a_template_still_reaches_the_customer(browse, demo, console):
    page = browse(demo.add("Tilda Time") + "/whatsapp")
    page.get_by_label("Message", exact=True).fill("I would like to talk to a person about the window")
    page.keyboard.press("Enter")
    ticket = wait_for(lambda: demo.rows("SELECT ticket_id FROM message WHERE text LIKE '%about the window'"),
                      "the ticket")[0][0]
    expect(page.locator(".line.theirs")).to_have_count(1, timeout=PATIENCE)
    console.goto(f"{demo.url}/tickets/{ticket}")
    expect(console.locator("[data-send]").first).to_be_enabled()
    page.get_by_role("button", name="Let a day pass").click()
    expect(page.locator(".day")).to_have_text("Yesterday")
    console.reload()
    ways = console.get_by_label("Answer by")
    expect(ways).to_contain_text("SMS")         # their number is reached without a window
    ways.select_option(label=next(one for one in ways.locator("option").all_text_contents() if "WhatsApp" in one))
    expect(console.locator(".composer")).to_contain_text("only allows free replies within 24 hours")
    wait_for(lambda: demo.rows("SELECT 1 FROM message_template"), "the list, half a minute after the start",
             40)
    console.get_by_role("link", name="Choose a template").click()
    card = console.locator("details", has_text="we have news about your question")
    card.locator("summary").click()
    card.get_by_role("textbox").fill("Tilda")
    card.get_by_role("button", name="Send this template").click()
    expect(page.locator(".line.theirs").last).to_contain_text("Hello Tilda, we have news", timeout=PATIENCE)


def test_a_refused_answer_and_a_withdrawn_access_are_seen_and_mended(browse, demo, console):
    page = browse(demo.add("Rick Rough") + "/viber")
    page.get_by_label("Message", exact=True).fill("I would like to talk to a person about the trouble")
    page.keyboard.press("Enter")
    ticket = wait_for(lambda: demo.rows("SELECT ticket_id FROM message WHERE text LIKE '%about the trouble'"),
                      "the ticket")[0][0]
    expect(page.locator(".line.theirs")).to_have_count(1, timeout=PATIENCE)
    page.get_by_role("button", name="The next answer is refused").click()
    expect(page.locator(".refusing")).to_be_visible()
    console.goto(f"{demo.url}/tickets/{ticket}")
    console.get_by_label("Message", exact=True).fill("This one is refused")
    console.keyboard.press("Control+Enter")
    expect(console.locator(".delivery.bad")).to_contain_text("Not delivered", timeout=PATIENCE)
    expect(page.locator(".refusing")).to_have_count(0)
    page.get_by_text("The shop's access is withdrawn").click()
    expect(page.get_by_role("switch", name="The shop's access is withdrawn")).to_be_checked()
    console.get_by_label("Message", exact=True).fill("This one waits")
    console.keyboard.press("Control+Enter")
    inbox = wait_for(lambda: demo.rows("SELECT id FROM inbox WHERE key = 'kopi-viber' AND disconnected_at IS NOT NULL"),
                     "the inbox to be disconnected")[0][0]
    console.goto(f"{demo.url}/settings/inboxes/{inbox}")
    expect(console.get_by_text("Disconnected").first).to_be_visible()
    page.get_by_text("The shop's access is withdrawn").click()
    expect(page.get_by_role("switch", name="The shop's access is withdrawn")).not_to_be_checked()
    console.get_by_role("button", name="Connect again").click()
    expect(page.locator(".line.theirs").last).to_contain_text("This one waits", timeout=PATIENCE)
    expect(page.locator(".thread")).not_to_contain_text("This one is refused")


def test_a_message_is_corrected_quoted_marked_and_taken_back(browse, demo):
    page = browse(demo.add("Emil Edit") + "/whatsapp")
    page.get_by_label("Message", exact=True).fill("I would like to talk to a person abuot cups")
    page.keyboard.press("Enter")
    expect(page.locator(".line.theirs")).to_have_count(1, timeout=PATIENCE)
    line = page.locator(".line.mine").first

    def choose(line, what: str) -> None:
        line.get_by_role("button", name=re.compile("^What to do with")).click()
        page.get_by_role("button", name=what, exact=True).click()
    choose(line, "Correct it")
    page.get_by_label("Message", exact=True).fill("I would like to talk to a person about cups")
    page.keyboard.press("Enter")
    expect(line).to_contain_text("edited")
    choose(line, "React with heart")
    expect(line.locator(".reaction")).to_have_text("❤️")
    choose(page.locator(".line.theirs").first, "Reply to it")
    page.get_by_label("Message", exact=True).fill("Thank you")
    page.keyboard.press("Enter")
    expect(page.locator(".line.mine")).to_have_count(2)
    attach(page, "Where I am")
    expect(page.locator(".line.place a")).to_have_attribute("href", re.compile("openstreetmap"))
    choose(page.locator(".line.mine").nth(1), "Take it back")
    expect(page.locator(".line.mine").nth(1)).to_contain_text("You took this message back")
    [(text, payload)] = wait_for(lambda: demo.rows("SELECT text, payload FROM message WHERE text LIKE '%about cups' "
                                                   "AND payload LIKE '%reactions%'"), "the ticket to know of it")
    assert "abuot" in payload and text.endswith("about cups")
    wait_for(lambda: demo.rows("SELECT 1 FROM message WHERE payload LIKE '%unsent_at%' AND text = ''"), "the unsending")
    wait_for(lambda: demo.rows("SELECT 1 FROM message WHERE text LIKE '[[]location] Jalan%' OR text LIKE "
                               "'[location] Jalan%'"), "the place")


def test_somebody_new_is_made_on_a_small_screen(browse):
    page = browse(viewport=SIZES["phone"])
    page.locator("[data-cast-open]").click()
    page.get_by_text("Somebody new").click()
    page.get_by_label("Name").fill("Nora Field")
    page.get_by_role("button", name="Take their phone").click()
    expect(page.locator("[data-name]")).to_have_text("Nora Field")
    page.get_by_role("button", name="WhatsApp").click()
    expect(page.locator(".thread")).to_contain_text("No messages yet")
