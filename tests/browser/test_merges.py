"""Merging in a real browser: the preview, both stories in one, a reply that arrives, and the way back."""
import pytest
from playwright.sync_api import expect

from helpdesk import db
from helpdesk.models import Inbox, Ticket
from tests.people import written

PHONE = {"width": 390, "height": 760}
pytestmark = pytest.mark.usefixtures("connected")


@pytest.fixture
def mail(house, request):
    """mail(words, id, reply to) → the number of the ticket that the mail landed in."""
    sender = f"{request.node.name[:30]}@example.com"

    def write(words, external_id, answers=""):
        with db.transaction() as session:
            inbox = session.query(Inbox).filter_by(key="mail").one()
            message = written(session, inbox, words, address=sender, name="Ann Lee", subject=words[:40],
                              external_id=external_id, replies_to=[answers] if answers else [])
            session.get(Ticket, message.ticket_id).with_assistant = False
            return message.ticket_id
    return write


def test_two_tickets_become_one_and_two_again_while_a_colleague_looks_on(house, browse, mail, axe):
    first, second = mail("Where is my parcel?", "<m1@x>"), mail("It is the blue one", "<m2@x>")
    alice, bob = browse("alice"), browse("ada")
    bob.goto(f"{house.url}/inbox/all/{second}")
    expect(bob.locator("#timeline")).to_contain_text("It is the blue one")
    alice.goto(f"{house.url}/inbox/all/{second}")
    alice.get_by_label("More actions").click()
    alice.get_by_role("link", name="Merge with …").click()
    alice.get_by_role("link", name="Where is my parcel?").click()
    expect(alice.get_by_role("heading", name=f"Merge #{second} into #{first}")).to_be_visible()
    assert axe(alice) == []
    alice.get_by_role("button", name="Merge", exact=True).click()
    alice.wait_for_url(f"**/inbox/all/{first}")
    expect(alice.locator("#timeline .message")).to_have_count(2)
    bob.wait_for_url(f"**/inbox/all/{first}")
    expect(bob.locator("#timeline")).to_contain_text("Where is my parcel?")

    assert mail("Any news of the blue one?", "<m3@x>", "<m2@x>") == first
    for page in (alice, bob):
        page.evaluate("document.dispatchEvent(new CustomEvent('helpdesk:catch-up'))")   # as it does by itself
        expect(page.locator("#timeline .message").last).to_contain_text("Any news of the blue one?")
    assert axe(bob) == []

    bob.get_by_role("button", name="Un-merge").click()
    bob.wait_for_url(f"**/inbox/all/{second}")
    expect(bob.locator("#timeline .message")).to_have_count(2)
    expect(bob.locator("#timeline .message").last).to_contain_text("Any news of the blue one?")
    expect(alice.locator("#timeline .message")).to_have_count(1)


def test_the_pages_fit_a_phone(house, browse, mail, axe):
    first, second = mail("Where is my order?", "<p1@x>"), mail("And a lamp", "<p2@x>")
    page = browse("mia", viewport=PHONE)
    with db.reading() as session:
        contact = session.get(Ticket, first).contact_id
    for path in (f"/tickets/{first}/merge", f"/tickets/{first}/merge/{second}", f"/tickets/{first}/link",
                 f"/tickets/{first}/contact?q=a", f"/contacts/{contact}/merge?q=a"):
        page.goto(f"{house.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        assert axe(page) == [], path
