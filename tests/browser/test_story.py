"""The story of tests/test_flows.py with people's own hands: a visitor, an agent and a manager, each in Chromium."""
import re
import time

import jwt
import pytest
from playwright.sync_api import expect

from tests.house import IDENTITY_SECRET, make, opened, wait_for

PHONE = "+6281234567890"
PATIENCE = 15_000       # milliseconds


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request, tmp_path):
    with opened(make(request.param, tmp_path, request)) as house:
        yield house


@pytest.fixture
def people(chromium):
    """people(name) → a page in a browser of their own; no page may complain in its console."""
    opened_pages, problems = {}, []

    def page_of(name):
        if name not in opened_pages:
            page = opened_pages[name] = chromium.new_context(locale="en-GB").new_page()
            page.set_default_timeout(PATIENCE)
            page.on("pageerror", lambda error: problems.append(f"{name}: {error}"))
            page.on("console", lambda m: problems.append(f"{name}: {m.text}")
                    if m.type == "error" and "Content Security Policy" in m.text else None)
        return opened_pages[name]
    yield page_of
    for page in opened_pages.values():
        page.context.close()
    assert not problems, problems


def sign_in(page, house, email):
    page.goto(house.sign_in_link(email))
    page.get_by_role("button").first.click()
    page.wait_for_url("**/inbox**")


def says(page, words):
    """Type into the widget and press send."""
    page.fill("textarea", words)
    page.click("button.send")
    expect(page.locator(".mine .words", has_text=words)).to_have_count(1)


def answers(page, words):
    """Type into the composer and send; the pending bubble becomes the sent message."""
    page.fill("#composer-text", words)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message.out:not(.pending)", has_text=words)).to_be_visible(timeout=PATIENCE)


def test_one_matter_from_question_to_rating(house, people):
    ann, alice = people("ann"), people("alice")
    sign_in(alice, house, "alice@kopi.example")
    frame = f"{house.url}/widget/shop/frame"
    ann.goto(frame)
    says(ann, "how long does delivery take?")
    expect(ann.locator("#log")).to_contain_text("Two to four working days", timeout=PATIENCE)
    says(ann, "My grinder arrived broken, can I talk to a human?")

    # Alice sees it appear without a reload, with what was asked and tried.
    row = alice.locator(".ticket-row", has_text="broken").or_(alice.locator(".ticket-row", has_text="team")).first
    expect(row).to_be_visible(timeout=PATIENCE)
    row.click()
    expect(alice.locator("#composer-text")).to_be_visible()
    expect(alice.locator("main")).to_contain_text("Handed over to people")
    answers(alice, "I am sorry! Which grinder is it?")
    expect(ann.locator("#log")).to_contain_text("Which grinder is it?", timeout=PATIENCE)
    number = int(re.search(r"/(\d+)(\?|$)", alice.url)[1])

    # She leaves her address and the page; what comes then reaches her by mail.
    token = ann.evaluate("localStorage.getItem('hd:shop:token')")
    ann.locator(".contact input[type=email]").fill("ann@example.com")
    ann.locator(".contact button[type=submit], .contact button").last.click()
    wait_for(lambda: "ann@example.com" in _panel(alice, house, number), "the address at the desk")
    ann.goto("about:blank")
    alice.goto(f"{house.url}/inbox/all/{number}")
    answers(alice, "A new one leaves tomorrow.")
    mail = wait_for(lambda: next((m for m in house.mail.conversation("ann@example.com") if m["from_business"]), None),
                    "the answer by mail")
    house.mail.customer_writes("ann@example.com", "Thank you, that is kind.", reply_to=mail["message_id"])
    expect(alice.locator("main")).to_contain_text("that is kind", timeout=PATIENCE)
    ann.goto(frame)
    expect(ann.locator("#log")).to_contain_text("that is kind", timeout=PATIENCE)

    # The shop says who she is; her WhatsApp is the same ticket.
    at = int(time.time())
    signed = jwt.encode({"sub": "7", "aud": "shop", "iat": at, "exp": at + 600, "jti": "1", "phone": PHONE,
                         "email": "ann@example.com"}, IDENTITY_SECRET, algorithm="HS256")
    assert ann.evaluate("""async ([token, signed]) => (await fetch("identify", {method: "POST",
        headers: {"Content-Type": "application/json", Authorization: `Bearer ${token}`},
        body: JSON.stringify({token: signed})})).status""", [token, signed]) == 200
    house.meta.customer_writes(PHONE, "It is me, can you send the invoice too?", name="Ann")
    expect(alice.locator("main")).to_contain_text("send the invoice too", timeout=PATIENCE)
    alice.goto(f"{house.url}/inbox/all/{number}")
    answers(alice, "Here it is, number 4711.")
    wait_for(lambda: any("number 4711" in m["text"] for m in house.meta.conversation(PHONE)), "WhatsApp's answer")

    # Resolved, asked, rated, reported; the figure opens the ticket.
    alice.get_by_role("button", name="Resolve", exact=True).first.click()
    expect(alice.locator("#ticket-header")).to_have_attribute("data-status", "resolved", timeout=PATIENCE)
    link = wait_for(lambda: next((found[0] for m in house.meta.conversation(PHONE)
                                  if (found := re.search(r"http://\S+/r/\S+", m["text"]))), None), "the survey")
    rating = people("ann's phone")
    rating.goto(link)
    rating.locator("input[type=radio][value='5']").check(force=True)
    rating.get_by_role("button").last.click()
    expect(rating.locator("body")).to_contain_text(re.compile("thank", re.I))
    mia = people("mia")
    sign_in(mia, house, "mia@kopi.example")
    mia.goto(f"{house.url}/reports")
    mia.locator("a[href*='csat']", has_text="100").first.click()
    expect(mia.locator(f"a[href='/tickets/{number}']").first).to_be_visible()


def _panel(page, house, number) -> str:
    page.goto(f"{house.url}/inbox/all/{number}")
    return page.locator("body").inner_text()
