"""The chat in a real browser: the loader on a strict page, the frame, and an agent at the other end."""
import functools
import http.server
import re
import threading
import time

import jwt
import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Contact, Identity, Inbox, ShopOrder, Ticket
from helpdesk.services import articles, identities, inboxes, site_data, tickets
from tests.house import IDENTITY_SECRET, Desk, House, free_port, opened, wait_for

STRICT = "default-src 'none'; script-src 'self' {house}; style-src 'self'; frame-src {house}; img-src 'self'"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>A shop</title></head>
<body><h1>A shop</h1><button id="before">Before</button>
<script src="/queue.js"></script><script async src="{house}/widget.js" data-inbox="shop" data-color="#8a4b2a"></script>
</body></html>"""
QUEUE = """window.hd = window.hd || function () { (hd.q = hd.q || []).push(arguments) };
window.told = []; for (const name of ["ready", "open", "close", "unread", "message"])
  hd("on", name, (value) => told.push([name, value]));"""


@pytest.fixture(scope="module")
def house(tmp_path_factory, sqlite_template):
    """One running helpdesk for all cases; each case is a browser of its own."""
    made = House(tmp_path_factory.mktemp("house"), continuity_seconds="3600")
    made.config.data_dir.mkdir(parents=True, exist_ok=True)
    (made.config.data_dir / "helpdesk.db").write_bytes(sqlite_template.read_bytes())
    db.connect(made.config.database_url)
    with opened(made):
        yield made


@pytest.fixture(scope="module")
def alice(house):
    desk = Desk(house, "alice@kopi.example")
    yield desk
    desk.leave()


@pytest.fixture(scope="module")
def shop(house):
    """A site of another origin with a strict policy. Returns its address."""
    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            kind, body = ("text/javascript", QUEUE) if self.path == "/queue.js" else (
                "text/html", PAGE.replace("{house}", house.url))
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Security-Policy", STRICT.replace("{house}", house.url))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), functools.partial(Site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class Visit:
    """One browser on the shop's page. Collects what the console complains of."""

    def __init__(self, browser, shop, **options):
        self.context = browser.new_context(locale=options.pop("locale", "en-GB"), **options)
        self.page, self.problems, self.requests = self.context.new_page(), [], []
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.problems.append(m.text))
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.goto(shop)
        self.until("window.hd && hd.live")

    def until(self, expression, where=None):
        """Wait for a truth in the page. Playwright's own way evaluates strings, which the page's policy forbids."""
        where = where or self.page
        return wait_for(lambda: self.page.wait_for_timeout(20) or where.evaluate(expression), expression)

    def open(self):
        """Press the launcher, as a person does, and return the frame."""
        self.page.evaluate("hd('open')")
        return self.frame

    @property
    def frame(self):
        found = wait_for(lambda: self.page.wait_for_timeout(20) or next(
            (f for f in self.page.frames if "/frame" in f.url), None), "the frame")
        found.wait_for_selector("textarea")
        return found

    def open_form(self):
        """The same where something must be answered first, so that there is no place to write yet."""
        self.page.evaluate("hd('open')")
        found = wait_for(lambda: self.page.wait_for_timeout(20) or next(
            (f for f in self.page.frames if "/frame" in f.url), None), "the frame")
        found.wait_for_selector(".prechat")
        return found

    def says(self, text):
        frame = self.frame
        frame.fill("textarea", text)
        frame.click("button.send")
        expect(frame.locator(".mine .words", has_text=text)).to_have_count(1)
        return frame

    def number(self):
        """The ticket's number; None as long as the first message is not taken in."""
        token = self.frame.evaluate("localStorage.getItem('hd:shop:token')")
        if token is None:
            return None
        answer = self.frame.evaluate("""async (token) => (await (await fetch("messages",
            {headers: {Authorization: `Bearer ${token}`}})).json()).state.conversation""", token)
        return answer

    def to_person(self, text="My grinder is broken, I want to talk to a person"):
        frame = self.open()
        self.says(text)
        expect(frame.locator(".contact")).to_be_visible()
        return frame


@pytest.fixture
def visit(chromium, shop):
    """visit(**options) → a browser that nobody has used before; its console must stay clean."""
    visits = []

    def go(**options):
        visits.append(Visit(chromium, shop, **options))
        return visits[-1]
    yield go
    for one in visits:
        one.context.close()
        assert not one.problems, one.problems


def test_before_it_is_opened_there_is_one_request_and_no_frame(visit, house):
    ann = visit()
    ann.page.wait_for_selector("hd-widget", state="attached")
    assert [url for url in ann.requests if url.startswith(house.url)] == [f"{house.url}/widget.js"]
    assert len(ann.page.frames) == 1 and not ann.context.cookies()
    assert ann.page.evaluate("Object.keys(localStorage).length") == 0


def test_the_first_opening_takes_few_requests_and_no_other_host(visit, house):
    ann = visit()
    before = len(ann.requests)
    frame = ann.open()
    expect(frame.locator(".intro h2")).to_be_visible()
    ours = ann.requests[before:]
    assert len(ours) <= 4 and all(url.startswith(house.url) for url in ours), ours
    assert not ann.context.cookies()


def test_the_assistant_answers_and_the_visitor_judges_it(visit):
    ann = visit()
    frame = ann.open()
    ann.says("How long does delivery take?")
    expect(frame.get_by_text("Two to four working days inside the country.")).to_be_visible()
    frame.get_by_role("button", name="Yes, this helped").click()
    expect(frame.locator(".mine", has_text="Yes, this helped")).to_be_visible()
    expect(frame.locator(".choices:visible")).to_have_count(0)

def test_two_questions_are_answered_together_and_a_field_asks_for_what_is_needed(visit, house):
    with db.transaction() as session:
        articles.create(session, title="How do I book a tasting?", body="Your table is kept on **{date}**.",
                        questions=["Book a tasting"]).needs = ["date"]
    ann = visit()
    frame = ann.open()
    ann.says("How do I book a tasting? And how long does delivery take?")
    form = frame.locator(".ask")
    expect(form.get_by_label("Which day is it about?")).to_be_visible()
    expect(frame.get_by_text("Two to four working days inside the country.")).to_be_visible()
    form.get_by_role("button", name="Send").click()
    expect(form.locator(".problem")).to_have_text("Sorry, I could not read that.")
    form.get_by_label("Which day is it about?").fill("2026-12-24")
    form.get_by_role("button", name="Send").click()
    expect(frame.get_by_text("Your table is kept on December 24, 2026.")).to_be_visible()
    expect(frame.locator(".ask:visible")).to_have_count(0)
    ann.says("When do I get my money back? And how long does delivery take")
    expect(frame.locator(".heading", has_text="How long does delivery take?")).to_have_count(1)


def test_who_asks_for_their_order_proves_who_they_are_in_the_chat(visit, house):
    with db.transaction() as session:
        inbox = session.scalar(select(Inbox).where(Inbox.key == "shop"))
        session.add(ShopOrder(inbox_id=inbox.id, number="K-10001", email="eve@example.org", status="On its way"))
        articles.create(session, title="Where is it just now?", body="Your order {order_number}: {order_status}.",
                        questions=["What is the status of my order?"]).needs = ["order_number"]
    eve = visit()
    frame = eve.open()
    eve.says("What is the status of my order?")
    expect(frame.locator(".ask")).to_be_visible()
    frame.locator(".ask input").fill("eve@example.org")
    frame.locator(".ask .primary").click()
    expect(frame.locator(".confirm")).to_be_visible()
    with db.transaction() as session:
        ticket = tickets.lock(session, eve.number())
        identities.verify(session, ticket.contact, "email", "eve@example.org", how="code", ticket=ticket)
    expect(frame.get_by_text("Your order K-10001: On its way.")).to_be_visible()


def test_a_person_answers_live_both_ways_with_typing_and_read_marks(visit, alice):
    ann = visit()
    frame = ann.to_person()
    number = ann.number()
    alice.socket.call("watch", {"ticket": number}, namespace="/agent")
    typed = []
    alice.socket.on("typing", lambda data: typed.append(data), namespace="/agent")
    frame.locator("textarea").press_sequentially("Hello")
    wait_for(lambda: typed, "the agent to see typing")
    alice.socket.emit("presence", {"ticket": number, "state": "replying"}, namespace="/agent")
    expect(frame.locator("#typing")).to_be_visible()
    expect(frame.locator(".state.read").first).to_be_visible()
    alice.post(f"/tickets/{number}/replies", text="Which grinder is it?")
    expect(frame.get_by_text("Which grinder is it?")).to_be_visible()
    expect(frame.locator("#typing")).to_be_hidden()
    alice.post(f"/tickets/{number}/notes", text="PRIVATE-NOTE")
    ann.says("The blue one")
    wait_for(lambda: "The blue one" in alice.page(f"/inbox/all/{number}"), "her answer at the console")
    assert "PRIVATE-NOTE" not in frame.content()


def test_the_address_is_asked_for_once(visit):
    ann = visit()
    frame = ann.to_person()
    frame.fill(".contact [name=email]", "nonsense")
    frame.click(".contact .primary")
    expect(frame.locator(".contact .problem")).to_have_text("Please check the e-mail address.")
    frame.fill(".contact [name=email]", "ann@example.org")
    frame.click(".contact .primary")
    expect(frame.locator(".notice", has_text="ann@example.org")).to_be_visible()
    expect(frame.locator(".contact")).to_have_count(0)
    ann.page.reload()
    frame = ann.open()
    expect(frame.locator(".mine").first).to_be_visible()
    expect(frame.locator(".contact")).to_have_count(0)


def test_the_conversation_is_there_after_a_reload_and_unread_answers_are_counted(visit, alice):
    ann = visit()
    ann.to_person()
    number = ann.number()
    ann.page.reload()
    ann.until("told.some(([name]) => name === 'ready')")
    alice.post(f"/tickets/{number}/replies", text="While you were reading the shop")
    ann.until("told.some(([name, value]) => name === 'unread' && value === 1)")
    ann.until("told.some(([name, value]) => name === 'message' && value.from === 'agent')")
    assert "reading the shop" not in ann.page.evaluate("JSON.stringify(told)"), "the site is told that, not what"
    frame = ann.open()
    expect(frame.get_by_text("While you were reading the shop")).to_be_visible()
    ann.until("told.filter(([name]) => name === 'unread').at(-1)[1] === 0")


def test_what_is_written_without_a_line_is_sent_once_when_it_is_back(visit, alice):
    ann = visit()
    frame = ann.to_person()
    number = ann.number()
    ann.context.set_offline(True)
    expect(frame.locator("#bar")).to_be_visible()
    ann.says("Written in a tunnel")
    ann.context.set_offline(False)
    expect(frame.locator(".mine", has_text="Written in a tunnel").locator(".state.delivered")).to_be_visible(
        timeout=30_000)
    expect(frame.locator("#bar")).to_be_hidden()
    shown = alice.page(f"/inbox/all/{number}")
    assert len(re.findall(r'class="[^"]*text[^"]*"[^>]*>\s*Written in a tunnel', shown)) <= 1
    assert "Written in a tunnel" in shown
    ann.problems[:] = [p for p in ann.problems if "ERR_INTERNET_DISCONNECTED" not in p]


def test_a_file_is_sent_and_can_be_seen(visit):
    ann = visit()
    frame = ann.to_person()
    ann.frame.set_input_files("input[type=file]", files=[{"name": "dot.png", "mimeType": "image/png", "buffer": DOT}])
    expect(frame.locator(".picture img")).to_be_visible()
    frame.set_input_files("input[type=file]", files=[{"name": "run.exe", "mimeType": "x/y", "buffer": b"MZ"}])
    expect(frame.locator("#alert")).to_have_text("Files of this kind cannot be sent: run.exe")
    with ann.page.expect_download() as download:
        frame.locator(".picture").click()
    assert download.value.suggested_filename == "dot.png"


def test_a_new_conversation_starts_empty(visit):
    ann = visit()
    frame = ann.to_person()
    first = ann.number()
    frame.click("#more")
    frame.get_by_role("menuitem", name="Start a new conversation").click()
    frame.get_by_role("button", name="Yes, start a new one").click()
    expect(frame.locator(".intro h2")).to_be_visible()
    ann.says("Another matter, let me talk to a person please")
    expect(frame.locator(".contact")).to_be_visible()
    assert ann.number() != first


def test_the_keyboard_is_enough(visit):
    ann = visit()
    ann.page.focus("#before")
    ann.page.evaluate("hd('open')")
    frame = ann.frame
    ann.until("document.activeElement.tagName === 'TEXTAREA'", frame)
    ann.page.keyboard.type("How long does delivery take?")
    ann.page.keyboard.press("Enter")
    expect(frame.locator(".theirs").first).to_be_visible()
    ann.page.keyboard.press("Escape")
    ann.until("told.some(([name]) => name === 'close')")
    ann.until("document.activeElement.tagName === 'HD-WIDGET'")


def test_the_site_says_who_it_is_and_signs_out(visit):
    ann = visit()
    frame = ann.open()
    at = int(time.time())
    token = jwt.encode({"sub": "customer-21", "aud": "shop", "iat": at, "exp": at + 600, "jti": "1", "name": "Ann Lee",
                        "email": "ann.lee@example.org"}, IDENTITY_SECRET, algorithm="HS256")
    ann.page.evaluate("(token) => hd('identify', token)", token)
    ann.until("localStorage.getItem('hd:shop:token')", frame)
    ann.says("It is me, may I talk to a person?")
    expect(frame.locator(".theirs").first).to_be_visible()
    expect(frame.locator(".contact")).to_have_count(0)
    ann.page.evaluate("hd('logout')")
    expect(frame.locator(".intro h2")).to_be_visible()
    assert frame.evaluate("localStorage.getItem('hd:shop:token')") is None


def test_after_destroy_nothing_is_left(visit):
    ann = visit()
    ann.open()
    ann.page.evaluate("hd('destroy')")
    expect(ann.page.locator("hd-widget")).to_have_count(0)
    assert len(ann.page.frames) == 1
    ann.page.evaluate("hd('boot', {inbox: 'shop'})")
    expect(ann.page.locator("hd-widget")).to_have_count(1)


def test_it_outlives_a_page_that_swaps_its_body(visit):
    ann = visit()
    ann.open()
    ann.says("How long does delivery take?")
    ann.page.evaluate("document.body.replaceWith(document.createElement('body'))")
    expect(ann.frame.locator(".mine")).to_be_visible()


def test_a_page_cannot_command_the_frame_from_another_origin(visit, house):
    ann = visit()
    frame = ann.open()
    frame.evaluate("""() => { dispatchEvent(new MessageEvent("message",
        {data: {hd: 1, type: "sendMessage", value: "forged"}, origin: "https://evil.example", source: parent})) }""")
    frame.evaluate("""() => { dispatchEvent(new MessageEvent("message",
        {data: {hd: 1, type: "sendMessage", value: "forged"}, origin: location.origin, source: window})) }""")
    ann.page.evaluate("hd('sendMessage', 'How long does delivery take?')")
    expect(frame.locator(".mine")).to_have_count(1)
    assert "forged" not in frame.content()


def test_only_named_sites_may_embed_it(visit, house, shop):
    with db.transaction() as session:
        inbox = session.query(Inbox).filter_by(key="shop").one()
        inbox.settings = {**inbox.settings, "origins": "https://shop.example"}
    try:
        ann = visit()
        ann.page.evaluate("hd('open')")
        wait_for(lambda: ann.page.wait_for_timeout(50) or ann.problems, "the browser to refuse the frame")
        assert all("frame-ancestors" in problem or "refused" in problem.lower() for problem in ann.problems)
        ann.problems.clear()
    finally:
        with db.transaction() as session:
            inbox = session.query(Inbox).filter_by(key="shop").one()
            inbox.settings = {**inbox.settings, "origins": ""}


def test_arabic_runs_from_right_to_left(visit):
    ann = visit(locale="ar")
    frame = ann.open()
    assert frame.evaluate("document.documentElement.dir") == "rtl"
    ann.says("أين طلبي؟")
    mine = frame.locator(".mine .bubble").bounding_box()
    assert mine["x"] - frame.locator("#log").bounding_box()["x"] < 4, "what I say stands on the left there"
    ann.page.evaluate("hd('setLocale', 'id')")
    expect(frame.locator("textarea")).to_have_attribute("placeholder", "Tulis pesan…")
    assert frame.evaluate("document.documentElement.dir") == "ltr"


def test_on_a_phone_it_fills_the_screen_and_nothing_overflows(visit):
    ann = visit(viewport={"width": 320, "height": 568}, is_mobile=True, has_touch=True)
    frame = ann.to_person("I want to talk to a person. " + "averylongwordwithoutanybreak" * 6)
    box = frame.frame_element().bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 320, 568)
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert frame.evaluate("document.getElementById('scroller').scrollWidth <= innerWidth")
    assert frame.evaluate("parseFloat(getComputedStyle(document.querySelector('textarea')).fontSize)") >= 16


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_that_axe_knows_is_wrong(visit, axe, scheme):
    ann = visit(color_scheme=scheme, reduced_motion="reduce")
    frame = ann.open()
    expect(frame.locator(".intro h2")).to_be_visible()
    assert axe(frame) == []
    ann.says("I want to talk to a person, where is https://a.example/x ?")
    expect(frame.locator(".contact")).to_be_visible()
    assert axe(frame) == []


DOT = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf50"
                    "0f0003860180 5a347d6b0000000049454e44ae426082".replace(" ", ""))


# Who they are, and what the page tells

@pytest.fixture
def mails(house):
    """Mail leaves to a server on this machine; returns what has arrived, newest last."""
    from tests.services.smtp_sink import Sink
    sink = Sink()
    with db.transaction() as session:
        inbox = session.scalar(select(Inbox).where(Inbox.channel == "email")) or inboxes.create(
            session, "email", "Mail", {"address": "support@kopi.example", "smtp_host": "127.0.0.1", "smtp_port": "1",
                                       "smtp_security": "none"})
        inboxes.change(session, inbox, {"smtp_host": "127.0.0.1", "smtp_port": str(sink.port),
                                        "smtp_security": "none"}, "test")
    yield sink
    sink.shutdown()
    sink.server_close()


def settings_of_the_chat(**values):
    with db.transaction() as session:
        inboxes.change(session, session.scalar(select(Inbox).where(Inbox.key == "shop")), values, "test")


def test_an_address_is_proved_by_the_code_that_came_by_mail(visit, mails):
    guest = visit()
    frame = guest.to_person()
    frame.fill(".contact [name=email]", "carla@example.com")
    frame.click(".contact .primary")
    frame.click(".confirm .primary")
    mail = wait_for(lambda: guest.page.wait_for_timeout(50) or mails.parsed(), "the mail with the code")[-1]
    code = re.search(r"\b\d{6}\b", mail.get_body().get_content())[0]
    assert mail["To"] == "carla@example.com"
    frame.fill(".confirm .code", f"{(int(code) + 1) % 1_000_000:06}")
    frame.press(".confirm .code", "Enter")
    expect(frame.locator(".confirm .problem")).to_contain_text("Tries left: 4")
    frame.fill(".confirm .code", code)
    frame.press(".confirm .code", "Enter")
    expect(frame.locator(".confirm")).to_have_count(0)
    expect(frame.locator(".notice", has_text="c…@example.com is confirmed")).to_be_visible()
    with db.reading() as session:
        assert session.scalar(select(Identity).where(Identity.value == "carla@example.com")).source == "code"


def test_what_the_page_tells_reaches_the_agent_once_they_chat(visit, shop, house, browse_as_alice):
    guest = visit()
    guest.page.evaluate("hd('setAttributes', JSON.parse('{\"plan\": \"<b>gold</b>\", \"seats\": 3}'))")
    guest.page.goto(f"{shop}/mugs?utm_source=mail&token=SECRET#x")
    guest.until("window.hd && hd.live")
    guest.page.evaluate("hd('setAttributes', {plan: '<b>gold</b>', seats: 3})")
    assert not [url for url in guest.requests if "/site" in url], "who does not chat tells nothing"
    guest.open()
    guest.says("Do you have mugs?")
    number = wait_for(lambda: guest.page.wait_for_timeout(50) or guest.number(), "a ticket")
    with db.reading() as session:
        contact_id = session.get(Ticket, number).contact_id
    wait_for(lambda: guest.page.wait_for_timeout(50) or pages_of(contact_id), "the pages")
    page = browse_as_alice
    page.goto(f"{house.url}/contacts/{contact_id}")
    expect(page.get_by_text("<b>gold</b>")).to_be_visible()
    expect(page.get_by_text("Not signed").first).to_be_visible()
    expect(page.locator(".visited a").first).to_have_attribute("href", f"{shop}/mugs?utm_source=mail")
    assert "SECRET" not in page.content()
    assert [url for url, _ in pages_of(contact_id)] == [f"{shop}/mugs?utm_source=mail", f"{shop}/"]


def test_facts_with_names_of_the_language_do_no_harm(visit):
    guest = visit()
    guest.page.evaluate("""hd("setAttributes", JSON.parse('{"__proto__": {"polluted": 1}, "constructor": "x"}'))""")
    frame = guest.open()
    guest.says("Hello")
    guest.page.wait_for_timeout(300)
    assert frame.evaluate("({}).polluted === undefined && Object.prototype.polluted === undefined")
    assert guest.page.evaluate("({}).polluted === undefined")
    assert guest.problems and all("__proto__" in one or "422" in one for one in guest.problems)
    guest.problems.clear()


def test_what_is_known_is_not_asked_before_the_chat(visit, axe):
    settings_of_the_chat(ask_name="optional", ask_email="required", ask_topic="required",
                         ask_topics="Delivery\nReturns")
    try:
        guest = visit()
        frame = guest.open_form()
        expect(frame.locator(".prechat input, .prechat select")).to_have_count(3)
        expect(frame.locator("#composer")).to_be_hidden()
        frame.click(".prechat .primary")
        expect(frame.locator(".prechat .problem")).to_have_text("Please fill this in.")
        assert axe(frame) == []
        guest.page.evaluate("hd('setAttributes', {name: 'Dora', email: 'dora@example.com'})")
        expect(frame.locator(".prechat input")).to_have_count(0)
        frame.select_option(".prechat select", "Returns")
        frame.click(".prechat .primary")
        guest.says("It is too small")
        number = wait_for(lambda: guest.page.wait_for_timeout(50) or guest.number(), "a ticket")
        with db.reading() as session:
            ticket = session.get(Ticket, number)
            assert ticket.subject == "Returns: It is too small" and ticket.contact.name == "Dora"
        expect(frame.locator(".contact")).to_have_count(0)
    finally:
        settings_of_the_chat(ask_name="no", ask_email="no", ask_topic="no")


def pages_of(contact_id):
    with db.reading() as session:
        return [(one.url, one.title) for one in site_data.pages(session, session.get(Contact, contact_id))]


@pytest.fixture
def browse_as_alice(chromium, house):
    """The console, as Alice sees it."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1500, "height": 900})
    page = context.new_page()
    page.goto(house.sign_in_link("alice@kopi.example"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/inbox/**")
    yield page
    context.close()


def test_a_person_is_offered_once_also_where_the_assistant_offers_one(visit):
    guest = visit()
    frame = guest.open()
    guest.says("Do purple elephants waltz on Tuesdays?")
    expect(frame.locator(".choice:visible", has_text=re.compile("person", re.I))).to_have_count(1)
    expect(frame.locator(".chip")).to_be_hidden()
    guest.says("How long does delivery take?")
    expect(frame.locator(".choice:visible", has_text="Yes, this helped")).to_be_visible()
    expect(frame.locator(".chip")).to_be_visible()


def test_questions_of_the_firms_own_are_answered_by_keyboard(visit, axe):
    settings_of_the_chat(ask_fields="Order number | text | required\nSize | list | S, M\nDelivered on | date\n"
                                    "Seats | number\nI agree | checkbox | required")
    try:
        guest = visit(color_scheme="dark", reduced_motion="reduce")
        frame = guest.open_form()
        expect(frame.locator("#composer")).to_be_hidden()
        assert axe(frame) == []
        frame.get_by_label("Order number").focus()
        guest.page.keyboard.type("K-77")
        guest.page.keyboard.press("Enter")
        expect(frame.locator(".prechat .problem")).to_have_text("Please fill this in.")
        expect(frame.get_by_label("I agree")).to_be_focused()
        guest.page.keyboard.press("Space")
        frame.get_by_label("Size").select_option("M")
        frame.get_by_role("button", name="Start the chat").click()
        guest.says("It is too small")
        number = wait_for(lambda: guest.page.wait_for_timeout(50) or guest.number(), "a ticket")
        with db.reading() as session:
            told = {one.key: one.value for one in site_data.attributes(session, session.get(Ticket, number).contact)}
        assert told == {"Order number": "K-77", "I agree": True, "Size": "M"}
    finally:
        settings_of_the_chat(ask_fields="")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_scripts_a_form_is_there(chromium, house, axe, scheme):
    context = chromium.new_context(java_script_enabled=False, locale="es", color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{house.url}/widget/shop/frame")
    page.get_by_role("link", name="Escríbanos sin el chat").click()
    page.get_by_label("Correo").fill(f"{scheme}@example.org")
    page.get_by_label("Su mensaje").fill("El molinillo no gira")
    page.get_by_role("button", name="Enviar").click()
    expect(page.get_by_role("status")).to_contain_text(f"{scheme}@example.org")
    context.close()
    context = chromium.new_context(locale="es", color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{house.url}/widget/shop/write")
    assert axe(page) == []
    context.close()
