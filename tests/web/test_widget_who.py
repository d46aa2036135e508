"""The widget's doors for who somebody is: codes, facts of the page, questions, and what attackers try there."""
import json
import time

import pytest
from sqlalchemy import func, select

from helpdesk import db, security
from helpdesk.models import Contact, ContactAttribute, Identity, Inbox, Message, PageView, Ticket, Trust, Verification
from helpdesk.services import inboxes, site_data, verification
from tests.people import ANN, customer_mail, deliver_mail
from tests.web.test_widget import SECRET, Browser, signed


@pytest.fixture
def ann(app):
    return Browser(app)


@pytest.fixture
def silent(cast):
    """Without an assistant: a person has every conversation."""
    with db.transaction() as session:
        session.get(Inbox, cast.widget.id).assistant = False


def change(cast, **values):
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, cast.widget.id), values, "system")


def code_sent() -> str:
    with db.reading() as session:
        row = session.scalars(select(Verification).order_by(Verification.id.desc())).first()
        return security.six_digits(verification.key(), row.nonce)


def contact_of(browser) -> Contact:
    with db.reading() as session:
        ticket = session.get(Ticket, browser.sees()["state"]["conversation"])
        contact = session.get(Contact, ticket.contact_id)
        assert contact.identities
        return contact


def facts(browser):
    contact = contact_of(browser)
    with db.reading() as session:
        return {one.key: (one.value, one.signed) for one in site_data.attributes(session, contact)}


def pages(browser):
    contact = contact_of(browser)
    with db.reading() as session:
        return [(one.url, one.title) for one in site_data.pages(session, contact)]


# Codes

def test_a_visitor_types_an_address_and_then_the_code(ann, silent):
    ann.says("Where is my parcel?")
    assert ann.sees()["state"]["confirm"] is None
    shown = ann.post("contact", email=ANN).get_json()["state"]["confirm"]
    assert shown == {"to": "a…@example.com", "kind": "email", "sent": False, "wanted": False}
    assert ann.post("code").get_json()["state"]["confirm"]["sent"]
    code = code_sent()
    wrong = ann.post("code/check", code=f"{(int(code) + 1) % 10**6:06}").get_json()
    assert (wrong["result"], wrong["left"]) == ("wrong", 4)
    right = ann.post("code/check", code=code).get_json()
    assert right["result"] == "right" and right["state"]["confirm"] is None
    assert [(one.value, one.trust) for one in contact_of(ann).identities if one.kind == "email"] == [
        (ANN, Trust.VERIFIED)]
    assert code not in json.dumps(ann.sees(), ensure_ascii=False)


def test_an_attacker_who_names_a_customers_address_learns_and_gets_nothing(app, ann, cast, work, silent):
    deliver_mail(cast.mail, customer_mail("My secret order", sender=ANN))
    work()
    ann.says("I am Ann")
    known = ann.post("contact", email=ANN)
    eve = Browser(app)
    eve.says("I am nobody")
    new = eve.post("contact", email="a-new-one@example.com")
    strip = [{**one.get_json()["state"], "conversation": 0, "hours": 0} for one in (known, new)]
    assert strip[0] == strip[1] and [one.post("code").status_code for one in (ann, eve)] == [200, 200]
    code = code_sent()
    for number in range(8):
        assert ann.post("code/check", code=f"{(int(code) + 7 + number) % 10**6:06}").get_json()["result"] != "right"
    assert "secret" not in json.dumps(ann.sees()), "nothing of Ann's"
    with db.reading() as session:
        owner = session.scalar(select(Identity).where(Identity.value == ANN))
        assert owner.contact_id != contact_of(ann).id and owner.trust != Trust.VERIFIED


def test_proving_an_address_opens_no_other_conversation(ann, cast, work, silent):
    deliver_mail(cast.mail, customer_mail("My secret order", sender=ANN))
    work()
    ann.says("It is me")
    ann.post("contact", email=ANN)
    ann.post("code")
    ann.post("code/check", code=code_sent())
    assert "secret" not in json.dumps(ann.sees())


def test_codes_need_a_session_and_something_to_prove(ann, app):
    assert Browser(app, token="made-up").post("code").status_code == 401
    assert Browser(app, token="made-up").post("code/check", code="123456").status_code == 401
    assert ann.post("code").status_code == 404
    assert ann.post("code/check", code="123456").get_json()["result"] == "over"
    assert ann.post("code/check", code=123456).status_code == 422


def test_whoever_asks_for_code_after_code_is_held_back(ann, silent):
    ann.says("Hi")
    ann.post("contact", email=ANN)
    assert [ann.post("code").status_code for _ in range(6)] == [200] * 5 + [429]


def test_the_link_asks_first_and_counts_once(client, ann, cast, work, sign_in):
    deliver_mail(cast.mail, customer_mail("It is me", sender=ANN))
    work()
    with db.reading() as session:
        identity = session.scalar(select(Identity).where(Identity.value == ANN))
    alice = sign_in(cast.alice)
    path = f"/contacts/{identity.contact_id}"
    assert "Ask them to confirm" in alice.get(path).text
    asked = alice.post(f"{path}/identities/{identity.id}/ask", follow_redirects=True)
    assert "A link is on its way" in asked.text and "no answer yet" in asked.text
    with db.reading() as session:
        link = "/confirm/" + verification.link(session.scalar(select(Verification))).rpartition("/")[2]
        assert link not in session.scalar(select(Message.text).where(Message.author_kind == "system"))
    for _ in range(3):
        page = client.get(link)
        assert page.status_code == 200 and ANN in page.text and "Yes, that was me" in page.text
        assert page.headers["Cache-Control"] == "no-store"
    assert "Yes" not in client.post(link, data={"mine": "yes"}).text
    with db.reading() as session:
        assert session.get(Identity, identity.id).verified
    assert "is confirmed" in client.get(link).text
    assert client.get(link + "x").status_code == client.post("/confirm/1.x").status_code == 404
    assert alice.post(f"{path}/identities/999999/ask").status_code == 404


def test_who_says_no_is_believed(client, cast, work, sign_in):
    deliver_mail(cast.mail, customer_mail("It is me", sender=ANN))
    work()
    with db.reading() as session:
        identity = session.scalar(select(Identity).where(Identity.value == ANN))
    alice, path = sign_in(cast.alice), f"/contacts/{identity.contact_id}"
    alice.post(f"{path}/identities/{identity.id}/ask")
    with db.reading() as session:
        link = "/confirm/" + verification.link(session.scalar(select(Verification))).rpartition("/")[2]
    client.post(link, data={})
    assert "says that it was not them" in alice.get(path).text


# Facts and pages

def test_what_the_page_tells_is_shown_to_agents_as_its_claim(ann, cast, silent, sign_in):
    ann.says("Hi")
    at = time.time() * 1000
    told = {"plan": "gold", "name": "Ann Lee", "email": ANN, "note": "<script>x</script>"}
    seen = {"url": "https://shop.example/mugs?utm_source=mail&token=SECRET#x", "title": "Mugs", "at": at}
    answer = ann.post("site", attributes=told, pages=[seen])
    assert answer.status_code == 200 and answer.get_json()["ignored"] == []
    contact = contact_of(ann)
    assert contact.name == "Ann Lee" and facts(ann)["plan"] == ("gold", False)
    assert pages(ann) == [("https://shop.example/mugs?utm_source=mail", "Mugs")]
    [mail] = [one for one in contact.identities if one.kind == "email"]
    assert mail.trust == Trust.CLAIMED
    page = sign_in(cast.alice).get(f"/contacts/{contact.id}").text
    assert "gold" in page and "Not signed" in page and "&lt;script&gt;x" in page and "<script>x" not in page
    assert "Mugs" in page and "SECRET" not in page


@pytest.mark.parametrize("given", [
    {"attributes": {"__proto__": {"x": 1}}}, {"attributes": {"x": {"y": 1}}}, {"attributes": [1]},
    {"attributes": {f"k{n}": n for n in range(41)}}, {"attributes": {"x": "y" * 501}}, {"pages": {"url": "x"}},
    {"pages": ["https://a.example"]}, {"attributes": {"<img>": 1}}])
def test_what_is_no_fact_is_refused_with_a_sentence_and_nothing_is_kept(ann, given):
    ann.says("Hi")
    answer = ann.post("site", **given)
    assert answer.status_code == 422 and answer.get_json()["error"]
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(ContactAttribute)) == 0
        assert session.scalar(select(func.count()).select_from(PageView)) == 0


def test_a_flood_of_facts_is_held_back(ann, monkeypatch):
    monkeypatch.setattr("helpdesk.web.widget_who.TOLD_PER_HOUR", 3)
    assert [ann.post("site", attributes={"n": n}).status_code for n in range(4)] == [200, 200, 200, 429]
    assert ann.http.post(f"{ann.base}/site", data=b'{"attributes":{"x":"' + b"y" * 70_000 + b'"}}',
                         headers=ann.headers, content_type="application/json").status_code in (400, 413, 422)


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_who_asked_not_to_be_tracked_is_not(ann, header):
    ann.says("Hi")
    ann.http.post(f"{ann.base}/site", json={"pages": [{"url": "https://shop.example"}], "attributes": {"a": 1}},
                  headers={**ann.headers, header: "1"})
    assert pages(ann) == [] and facts(ann) == {"a": (1, False)}


def test_an_inbox_may_want_no_pages(ann, cast):
    ann.says("Hi")
    change(cast, pages="no")
    ann.post("site", pages=[{"url": "https://shop.example"}])
    assert pages(ann) == []


def test_a_signed_identity_tells_facts_and_orders_that_no_page_can_change(ann, cast, silent):
    change(cast, identity_secret=SECRET)
    ann.says("Hi")
    ann.post("site", attributes={"plan": "free", "cart": 2})
    answer = ann.post("identify", token=signed(attributes={"plan": "gold"}, email=ANN, orders=[
        {"number": 1001, "status": "shipped", "total": "49.90", "currency": "EUR", "items": [{"name": "Mug"}]},
        {"number": "x", "total": "many"}])).get_json()
    assert answer["ignored"] == ["orders: the total 'many' is no number, such as 49.90"]
    ann.token = answer["token"]
    ann.post("site", attributes={"plan": "platinum"})
    assert facts(ann) == {"plan": ("gold", True), "cart": (2, False)}
    contact = contact_of(ann)
    with db.reading() as session:
        [order] = site_data.orders(session, contact)
        assert (order.number, order.status, order.proved) == ("1001", "shipped", True)


def test_the_same_token_again_is_the_same_person_and_shows_no_conversation(app, ann, cast, silent):
    """A page that loads twice shows its token twice, so jti is not used up. A stolen one counts for its ten minutes,
    and even then opens nothing: the thief's browser has taken part in nothing."""
    change(cast, identity_secret=SECRET)
    token = signed()
    ann.says("My secret order")
    ann.token = ann.post("identify", token=token).get_json()["token"]
    assert ann.post("identify", token=token).status_code == 200
    thief = Browser(app)
    thief.token = thief.post("identify", token=token).get_json()["token"]
    assert thief.sees()["items"] == [] and "secret" in json.dumps(ann.sees())


def test_another_sites_script_tells_nothing(client):
    for door in ("site", "code", "code/check", "contact", "identify", "logout"):
        assert client.post(f"/widget/shop/{door}", json={}, headers={"Origin": "https://evil.example"}
                           ).status_code == 403


# Questions

def test_only_what_is_not_known_is_asked(ann, cast, silent):
    change(cast, ask_name="optional", ask_email="required", ask_phone="optional", ask_topic="required",
           ask_topics="Delivery\nReturns\n\nDelivery", ask_order="topic email")
    asked = ann.post("session").get_json()["state"]["ask"]
    assert [(one["field"], one["required"]) for one in asked] == [
        ("topic", True), ("email", True), ("name", False), ("phone", False)]
    assert asked[0]["options"] == ["Delivery", "Returns"]
    ann.post("site", attributes={"name": "Ann"})
    state = ann.post("contact", email=ANN).get_json()["state"]
    assert [one["field"] for one in state["ask"]] == ["topic", "phone"]
    assert ann.post("contact", phone="12").status_code == 422
    assert [one["field"] for one in ann.post("contact", phone="+49 170 1111 0001").get_json()["state"]["ask"]] == [
        "topic"]
    ann.says("Where is it?", topic="Delivery")
    state = ann.sees()["state"]
    assert state["ask"] == [] and not state["ask_contact"], "the address is known"
    with db.reading() as session:
        assert session.get(Ticket, state["conversation"]).subject == "Delivery: Where is it?"


def test_a_signed_customer_is_asked_nothing_that_the_site_said(ann, cast):
    change(cast, identity_secret=SECRET, ask_name="required", ask_email="required", ask_phone="optional")
    ann.token = ann.post("identify", token=signed(name="Ann", email=ANN)).get_json()["token"]
    assert [one["field"] for one in ann.post("session").get_json()["state"]["ask"]] == ["phone"]


def test_the_frame_knows_what_to_ask_before_anybody_is_known(client, cast):
    change(cast, ask_email="required", ask_topic="optional")
    page = client.get("/widget/shop/frame").text
    config = json.loads(page.split('id="config">')[1].split("</script>")[0])
    assert config["ask"] == [{"field": "email", "required": True, "options": [], "kind": ""}], "no topics"
    assert config["pages"] == []
    change(cast, pages="no")
    assert '"pages": null' in client.get("/widget/shop/frame").text
