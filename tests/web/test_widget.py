"""The widget's doors: who gets in, what they see, and that nothing is lost or said twice."""
import io
import json
import re
import time

import jwt
import pytest
from sqlalchemy import func, select

from helpdesk import db, paths
from helpdesk.models import (
    Attachment,
    Contact,
    Delivery,
    Identity,
    Inbox,
    Message,
    RawInbound,
    Status,
    Survey,
    SystemState,
    Ticket,
    Trust,
    Visitor,
)
from helpdesk.realtime import AGENT, WIDGET, socketio
from helpdesk.realtime import widget as _handlers  # noqa: F401
from helpdesk.services import files, forwards, identities, inboxes, replies, routes, surveys, tickets
from tests.people import browser_of, customer_mail, deliver_mail

SECRET, OTHER = "the-shops-own-secret-of-enough-length-1", "another-secret-of-the-shop-long-enough-2"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


class Browser:
    """One visitor's browser, over HTTP."""

    def __init__(self, app, token=None, key="shop"):
        self.http, self.base, self.count, self.token = app.test_client(), f"/widget/{key}", 0, token
        self.token = token or self.post("session", locale="en").get_json()["token"]

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def get(self, path, **query):
        return self.http.get(f"{self.base}/{path}", query_string=query, headers=self.headers)

    def post(self, path, **body):
        return self.http.post(f"{self.base}/{path}", json=body, headers=self.headers)

    def says(self, text, client_id="", **more):
        self.count += 1
        return self.post("messages", text=text, client_id=client_id or f"message-{self.count}", **more)

    def sends(self, name, content, client_id="file-0001"):
        return self.http.post(f"{self.base}/files", headers=self.headers, content_type="multipart/form-data",
                              data={"client_id": client_id, "file": (io.BytesIO(content), name)})

    def sees(self, **query):
        return self.get("messages", **query).get_json()

    def texts(self):
        return [item["text"] for item in self.sees()["items"]]


@pytest.fixture
def ann(app):
    return Browser(app)


@pytest.fixture
def silent(cast):
    """Without an assistant."""
    with db.transaction() as session:
        session.get(type(cast.widget), cast.widget.id).assistant = False


@pytest.fixture
def identified(cast):
    """The inbox checks signed identities; the second secret is the one that is being phased out."""
    with db.transaction() as session:
        inbox = session.get(type(cast.widget), cast.widget.id)
        inboxes.change(session, inbox, {"identity_secret": f"{SECRET} {OTHER}"}, "system")


def signed(secret=SECRET, leave_out=(), **claims):
    at = int(time.time())
    whole = {"sub": "customer-7", "aud": "shop", "iat": at, "exp": at + 600, "jti": "1", **claims}
    return jwt.encode({k: v for k, v in whole.items() if k not in leave_out}, secret, algorithm="HS256")


def reply(cast, text="We look into it.", **fields):
    with db.transaction() as session:
        ticket = tickets.lock(session, session.scalar(select(func.max(Ticket.id))))
        agent = session.get(type(cast.alice), cast.alice.id)
        return replies.send(session, ticket, text, agent=agent, **fields).id


def count(model, *where):
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(model).where(*where))


def only(model, **where):
    with db.reading() as session:
        return session.scalars(select(model).filter_by(**where)).one()


# The pages

def test_the_loader_has_a_fixed_address_and_may_be_used_by_every_site(client, monkeypatch, tmp_path):
    (tmp_path / "widget.js").write_text("window.hd")
    monkeypatch.setattr(paths, "DIST", tmp_path)
    answer = client.get("/widget.js")
    assert answer.data == b"window.hd" and answer.mimetype == "text/javascript"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age=300" in answer.headers["Cache-Control"]


def test_the_frame_may_be_embedded_anywhere_until_sites_are_named(client, cast):
    def ancestors():
        return re.search(r"frame-ancestors ([^;]*)", client.get("/widget/shop/frame").headers[
            "Content-Security-Policy"])[1]
    assert ancestors() == "*"
    for given in ("https://shop.example, http://localhost:8080/path  nonsense", ["https://shop.example",
                                                                                "http://localhost:8080"]):
        with db.transaction() as session:
            inbox = session.get(type(cast.widget), cast.widget.id)
            inbox.settings = {**inbox.settings, "origins": given}
        assert ancestors() == "'self' https://shop.example http://localhost:8080"


def test_the_frame_runs_no_inline_script_and_sets_no_cookie(client):
    answer = client.get("/widget/shop/frame")
    policy, page = answer.headers["Content-Security-Policy"], answer.text
    assert "unsafe" not in policy and "script-src 'self'" in policy
    assert not re.search(r"<script(?![^>]*(src=|application/json))|<style| style=| on\w+=", page)
    assert "Set-Cookie" not in answer.headers


def test_a_title_from_the_settings_cannot_break_out_of_the_page(client, cast):
    with db.transaction() as session:
        inbox = session.get(type(cast.widget), cast.widget.id)
        inbox.settings = {**inbox.settings, "title": "</script><script>alert(1)</script>"}
    assert "<script>alert" not in client.get("/widget/shop/frame").text


@pytest.mark.parametrize("path", ["/widget/nothing/frame", "/widget/mail/frame"])
def test_only_a_web_inbox_has_a_frame(client, path):
    assert client.get(path).status_code == 404


def test_the_demo_shop_shows_the_chat_under_a_strict_policy_and_only_with_the_demo(client):
    assert client.get("/demo/shop").status_code == 404
    with db.transaction() as session:
        session.add(SystemState(key="demo", value={}))
    answer = client.get("/demo/shop")
    assert 'src="/widget.js" data-inbox="shop"' in answer.text
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", answer.text)


# Tokens

def test_tokens_are_long_unlike_each_other_and_stored_hashed(app):
    tokens = {Browser(app).token for _ in range(20)}
    assert len(tokens) == 20 and all(len(token) >= 43 for token in tokens)
    with db.reading() as session:
        stored = set(session.scalars(select(Visitor.token_hash)))
    assert not stored & tokens and all(len(one) == 64 for one in stored)


@pytest.mark.parametrize("token", ["", "0", "null", "[]", "true", "x" * 43, "' or 1=1 --"])
def test_a_wrong_token_opens_nothing(app, ann, token):
    stranger = Browser(app, token="placeholder")
    stranger.token = token
    for answer in (stranger.get("messages"), stranger.says("hello"), stranger.post("end"), stranger.get("files/1"),
                   stranger.post("contact", email="a@b.example"), stranger.sends("a.png", PNG)):
        assert answer.status_code == 401, answer.text
    assert count(RawInbound) == 0


def test_a_token_of_one_inbox_is_worth_nothing_in_another(app, ann, cast):
    with db.transaction() as session:
        inboxes.create(session, "web", "Other", {}, key="other")
    assert Browser(app, token=ann.token, key="other").get("messages").status_code == 401


def test_a_good_token_resumes_and_gets_no_new_one(ann):
    assert "token" not in ann.post("session").get_json()
    assert count(Visitor) == 1


def test_sessions_are_limited_by_address(app):
    client = app.test_client()
    answers = [client.post("/widget/shop/session", json={}).status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]
    assert count(Visitor) == 30


def test_another_sites_script_is_refused(client):
    answer = client.post("/widget/shop/session", json={}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403 and count(Visitor) == 0


# Writing

def test_a_message_is_stored_before_it_is_acknowledged_and_becomes_a_ticket(ann, silent):
    assert ann.says("My grinder broke").get_json()["ok"]
    assert only(RawInbound).state == "processed", "no worker was needed"
    seen = ann.sees()
    assert [item["text"] for item in seen["items"]] == ["My grinder broke"]
    assert seen["items"][0]["from"] == "me" and seen["items"][0]["client_id"] == "message-1"
    assert seen["state"]["conversation"] == only(Ticket).id


def test_the_same_client_id_is_kept_once_however_often_it_comes(ann, work, silent):
    for _ in range(3):
        assert ann.says("Once", client_id="the-same-one").status_code == 200
    work()
    assert ann.says("Once", client_id="the-same-one").status_code == 200
    work()
    assert ann.texts() == ["Once"]


@pytest.mark.parametrize("body", [
    {}, {"text": "x"}, {"client_id": "abcdefgh"}, {"client_id": "abcdefgh", "text": "   "},
    {"client_id": "../../etc", "text": "x"}, {"client_id": 12345678, "text": "x"},
    {"client_id": "abcdefgh", "text": ["x"]}, {"client_id": "abcdefgh", "text": "x" * 10_001}])
def test_what_makes_no_sense_is_refused_with_a_sentence(ann, body):
    answer = ann.post("messages", **body)
    assert answer.status_code == 422 and answer.get_json()["error"]
    assert count(RawInbound) == 0


def test_a_body_that_is_too_large_or_no_json_is_refused(ann):
    for content, status in ((b'{"text": "' + b"x" * 70_000 + b'"}', 413), (b"{", 422), (b"[1]", 422)):
        answer = ann.http.post("/widget/shop/messages", data=content, content_type="application/json",
                               headers=ann.headers)
        assert answer.status_code == status, answer.text


def test_a_visitor_may_not_flood(ann):
    answers = [ann.says(f"message {n}").status_code for n in range(22)]
    assert answers == [200] * 20 + [429] * 2
    assert count(RawInbound) == 20


def test_a_new_conversation_is_a_new_ticket_even_for_two_quick_messages(ann, work, silent):
    ann.says("First matter")
    work()
    assert ann.post("end").get_json()["state"]["conversation"] is None
    assert ann.texts() == []
    ann.says("Second matter")
    ann.says("and more of it")
    work()
    assert ann.texts() == ["Second matter", "and more of it"]
    assert count(Ticket) == 2


def test_a_button_press_reaches_the_assistant(ann, work):
    ann.says("I would like to talk to a person", payload="person")
    work()
    state = ann.sees()["state"]
    assert state["human"] and not state["person"] and state["ask_contact"]
    assert only(Ticket).handed_over_at is not None


# Reading

def test_only_the_public_part_is_shown(ann, work, cast, silent):
    ann.says("Hello")
    work()
    with db.transaction() as session:
        ticket = tickets.lock(session, only(Ticket).id)
        replies.note(session, ticket, "she is difficult", session.get(type(cast.alice), cast.alice.id))
        tickets.set_priority(session, ticket, "urgent", cast.alice.actor)
    reply(cast)
    assert ann.texts() == ["Hello", "We look into it."]
    assert "difficult" not in json.dumps(ann.sees()) and "urgent" not in json.dumps(ann.sees())


def test_asking_after_a_seq_gives_only_what_is_newer_and_all_of_it_in_another_conversation(ann, work, cast, silent):
    ann.says("Hello")
    work()
    seen = ann.sees()
    last, ticket_id = seen["items"][-1]["seq"], seen["state"]["conversation"]
    reply(cast, "Hi Ann")
    assert [i["text"] for i in ann.sees(after=last, conversation=ticket_id)["items"]] == ["Hi Ann"]
    assert len(ann.sees(after=last, conversation=ticket_id + 1)["items"]) == 2


def test_fetching_marks_delivered_and_looking_marks_read(ann, work, cast, silent):
    ann.says("Hello")
    work()
    reply(cast)
    assert only(Delivery).status == "sent"
    seen = ann.sees()
    assert only(Delivery).status == "delivered"
    ann.post("seen", seq=seen["items"][-1]["seq"], conversation=seen["state"]["conversation"] + 1)
    assert only(Delivery).status == "delivered", "they looked at another conversation"
    ann.post("seen", seq=seen["items"][-1]["seq"], conversation=seen["state"]["conversation"])
    assert only(Delivery).status == "read"
    assert ann.sees()["state"]["seen"] == seen["items"][-1]["seq"]


def test_one_visitor_sees_nothing_of_another(app, ann, work, silent):
    ann.says("My secret")
    ann.sends("secret.png", PNG)
    work()
    file_id = next(f["id"] for item in ann.sees()["items"] for f in item["files"])
    eve = Browser(app)
    eve.says("Hello")
    work()
    assert eve.texts() == ["Hello"]
    assert eve.get(f"files/{file_id}").status_code == 404
    assert ann.get(f"files/{file_id}").data == PNG


def test_an_answer_by_mail_stands_in_the_chat_too(ann, work, cast, silent):
    ann.says("Hello")
    work()
    ann.post("contact", email="ann@example.com", name="Ann")
    with db.transaction() as session:
        ticket = tickets.lock(session, only(Ticket).id)
        agent = session.get(type(cast.alice), cast.alice.id)
        route = next(r for r in routes.routes(session, ticket) if r.inbox.channel == "email")
        replies.send(session, ticket, "By mail", agent=agent, route=route)
    delivery = only(Delivery)
    deliver_mail(cast.mail, customer_mail("I got it", reply_to=delivery.mail_id))
    work()
    items = ann.sees()["items"]
    assert [(i["text"], i["from"], i.get("channel")) for i in items[1:]] == [
        ("By mail", "agent", "E-mail"), ("I got it", "me", "E-mail")]


# Files

def test_a_file_travels_both_ways(ann, work, cast, silent):
    assert ann.sends("cat.png", PNG).get_json() == {"ok": True, "client_id": "file-0001"}
    ann.sends("cat.png", PNG)
    work()
    (item,) = ann.sees()["items"]
    assert item["files"][0]["name"] == "cat.png" and item["files"][0]["picture"]
    answer = ann.get(f"files/{item['files'][0]['id']}")
    assert answer.data == PNG and answer.mimetype == "image/png"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_page_that_calls_itself_a_picture_is_served_as_bytes(ann, work, silent):
    ann.sends("photo.png", b"<html><script>alert(1)</script>")
    work()
    answer = ann.get(f"files/{ann.sees()['items'][0]['files'][0]['id']}")
    assert answer.mimetype == "application/octet-stream" and answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name,content,status", [
    ("run.exe", b"MZ", 422), ("page.html", b"<script>", 422), ("empty.png", b"", 422),
    ("big.png", b"x" * 10_000_001, 422), ("huge.png", b"x" * 10_200_000, 413)])
def test_files_that_are_not_taken(ann, name, content, status):
    assert ann.sends(name, content).status_code == status
    assert count(RawInbound) == 0


def test_what_went_to_and_came_from_others_is_not_the_visitors(ann, work, cast, silent):
    ann.sends("cat.png", PNG)
    work()
    with db.transaction() as session:
        ticket = tickets.lock(session, session.scalar(select(Message.ticket_id)))
        agent = session.get(type(cast.alice), cast.alice.id)
        slip = files.put("slip.pdf", "application/pdf", b"%PDF")
        forwards.send(session, ticket, "desk@courier.example", "She is difficult", agent,
                      session.get(Inbox, cast.mail.id), what="ticket", files=[slip])
        replies.note(session, ticket, "note", agent, files=[slip])
        session.flush()
        hidden = session.scalars(select(Attachment.id).where(Attachment.name == "slip.pdf")).all()
    assert [item["text"] for item in ann.sees()["items"]] == [""] and len(hidden) == 2
    assert [ann.get(f"files/{one}").status_code for one in hidden] == [404, 404]


# Contact and identity

def test_a_typed_address_is_a_claim_and_opens_nobodys_history(app, ann, work, cast, silent):
    deliver_mail(cast.mail, customer_mail("My private matter", sender="ann@example.com"))
    work()
    eve = Browser(app)
    eve.says("Hello")
    work()
    answer = eve.post("contact", email="ann@example.com", name="Ann Lee")
    assert answer.status_code == 200 and not answer.get_json()["state"]["ask_contact"]
    assert eve.texts() == ["Hello"]
    with db.reading() as session:
        mail = identities.find(session, "email", "ann@example.com")
        browser = session.scalar(select(Identity).where(Identity.kind == "visitor"))
        assert mail.contact_id != browser.contact_id


def test_a_new_address_is_stored_as_claimed(ann, work, silent):
    ann.says("Hello")
    work()
    assert ann.post("contact", email="not an address").status_code == 422
    ann.post("contact", email="Ann@Example.com", name="Ann")
    identity = only(Identity, kind="email")
    assert (identity.value, identity.trust, identity.source) == ("ann@example.com", Trust.CLAIMED, "typed")


def test_a_visitor_says_that_they_want_answers_by_mail(ann):
    ann.says("Hello")
    ann.post("contact", email="ann@example.com", name="Ann", prefers="pigeon")
    assert only(Contact).prefers == ""
    ann.post("contact", email="ann@example.com", prefers="email")
    assert (only(Contact).prefers, only(Contact).prefers_by) == ("email", "contact")


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_a_signed_identity_is_taken_over_with_either_secret_and_renews_the_token(app, ann, identified, secret):
    old = ann.token
    answer = ann.post("identify", token=signed(secret, email="ann@example.com", phone="+6281234567890", name="Ann"))
    ann.token = answer.get_json()["token"]
    assert ann.token != old and Browser(app, token=old).get("messages").status_code == 401
    contact = only(Contact, external_id="customer-7")
    assert contact.name == "Ann"
    with db.reading() as session:
        proved = {(i.kind, i.value): i.trust for i in session.get(Contact, contact.id).identities}
    assert proved[("email", "ann@example.com")] == proved[("phone", "+6281234567890")] == Trust.VERIFIED


def test_being_identified_again_changes_nothing(ann, identified):
    ann.token = ann.post("identify", token=signed()).get_json()["token"]
    assert "token" not in ann.post("identify", token=signed(jti="2")).get_json()
    assert count(Contact, Contact.external_id.is_not(None)) == 1


@pytest.mark.parametrize("token", [
    "", "nonsense", signed("a-third-secret-that-is-long-enough-too-33"), signed(aud="other"), signed(sub=""),
    signed(exp=int(time.time()) - 3600, iat=int(time.time()) - 4000), signed(exp=int(time.time()) + 90_000),
    *(signed(leave_out=(claim,)) for claim in ("sub", "aud", "iat", "exp", "jti")),
    jwt.encode({"sub": "customer-7", "aud": "shop"}, None, algorithm="none"),
    jwt.encode({"sub": "c", "aud": "shop", "iat": 1, "exp": 9_999_999_999, "jti": "1"}, SECRET * 2, algorithm="HS512")])
def test_an_identity_that_is_not_quite_right_is_refused(ann, identified, token):
    answer = ann.post("identify", token=token)
    assert answer.status_code == 403 and "token" not in answer.get_json()
    assert count(Contact, Contact.external_id.is_not(None)) == 0


@pytest.mark.parametrize("secret", ["", "too-short-to-be-one"])
def test_without_a_good_secret_nobody_can_be_identified(ann, cast, secret):
    if secret:
        with db.transaction() as session:
            inbox = session.get(type(cast.widget), cast.widget.id)
            inboxes.change(session, inbox, {"identity_secret": secret}, "system")
    assert ann.post("identify", token=signed(secret or SECRET)).status_code == 403


def test_the_same_person_in_two_browsers_is_one_contact_with_two_conversations(app, ann, identified, work, silent):
    ann.says("On my phone")
    work()
    ann.token = ann.post("identify", token=signed()).get_json()["token"]
    laptop = Browser(app)
    laptop.says("Another matter")
    work()
    laptop.token = laptop.post("identify", token=signed(jti="2")).get_json()["token"]
    assert laptop.texts() == ["Another matter"] and ann.texts() == ["On my phone"]
    with db.reading() as session:
        owners = set(session.scalars(select(Identity.contact_id).where(Identity.kind == "visitor")))
    assert len(owners) == 1


def test_the_next_person_at_a_shared_browser_sees_nothing_of_the_one_before(ann, identified, work, silent):
    ann.token = ann.post("identify", token=signed()).get_json()["token"]
    ann.says("My private matter")
    work()
    old = ann.token
    ann.token = ann.post("identify", token=signed(sub="customer-8")).get_json()["token"]
    assert ann.texts() == []
    ann.token = old
    assert ann.get("messages").status_code == 401
    assert count(Contact, Contact.merged_into_id.is_not(None)) == 0, "two people stay two people"


def test_signing_out_ends_the_token(ann):
    assert ann.post("logout").status_code == 200
    assert ann.get("messages").status_code == 401


# Asking back

def test_the_survey_is_answered_inside_the_chat(ann, work, cast, silent):
    ann.says("Hello")
    work()
    reply(cast)
    with db.transaction() as session:
        tickets.set_status(session, tickets.lock(session, only(Ticket).id), Status.RESOLVED, cast.alice.actor)
    work()
    with db.transaction() as session:
        session.scalars(select(Survey)).one().due_at = session.scalars(select(Ticket)).one().created_at
    db.run(surveys.send_due)
    asked = ann.sees()["items"][-1]
    assert asked["survey"] == {"score": None} and "http" not in asked["text"]
    assert ann.post("rate", seq=asked["seq"], score=9).status_code == 422
    assert ann.post("rate", seq=asked["seq"] - 1, score=5).status_code == 404
    assert ann.post("rate", seq=asked["seq"], score=4, comment="Kind").status_code == 200
    assert ann.sees()["items"][-1]["survey"] == {"score": 4}
    assert ann.sees()["state"]["settled"], "a rating reopens nothing"


# The socket

def plug(app, token, key="shop"):
    socket = socketio.test_client(app, namespace=WIDGET, auth={"inbox": key, "token": token})
    return socket


def test_the_socket_needs_a_good_token(app, ann):
    assert not plug(app, "wrong").is_connected(WIDGET)
    assert not plug(app, ann.token, key="nothing").is_connected(WIDGET)
    assert plug(app, ann.token).is_connected(WIDGET)


def test_the_socket_keeps_a_message_and_tells_of_the_answer(app, ann, work, cast, silent):
    socket = plug(app, ann.token)
    given = {"client_id": "over-the-wire", "text": "Hello"}
    for _ in range(2):
        assert socket.emit("message", given, namespace=WIDGET, callback=True) == {"ok": True,
                                                                                  "client_id": "over-the-wire"}
    assert ann.post("messages", **given).status_code == 200, "the other way, the same message"
    work()
    assert ann.texts() == ["Hello"]
    socket.get_received(WIDGET)
    reply(cast)
    told = [event for event in socket.get_received(WIDGET) if event["name"] == "message"]
    assert told and "text" not in json.dumps(told), "told that, not what"


@pytest.mark.parametrize("given", [None, 7, [], {}, {"client_id": "x", "text": "y"}, {"client_id": "abcdefgh"}])
def test_the_socket_refuses_what_makes_no_sense_with_a_sentence(app, ann, given):
    answer = plug(app, ann.token).emit("message", given, namespace=WIDGET, callback=True)
    assert answer["ok"] is False and answer["status"] == 422 and answer["error"]


def test_a_socket_that_shouts_is_held_back(app, ann):
    socket = plug(app, ann.token)
    answers = [socket.emit("message", {"client_id": f"shouting-{n}", "text": "x"}, namespace=WIDGET, callback=True)
               for n in range(21)]
    assert all(answer["ok"] for answer in answers[:20]) and answers[20]["status"] == 429


def test_a_socket_whose_token_was_replaced_says_nothing_more(app, ann, identified):
    socket = plug(app, ann.token)
    ann.post("identify", token=signed())
    answer = socket.emit("message", {"client_id": "too-late-1", "text": "x"}, namespace=WIDGET, callback=True)
    assert answer["status"] == 401 and count(RawInbound) == 0


def test_typing_is_shown_to_the_agent_who_looks(app, ann, work, cast, silent):
    ann.says("Hello")
    work()
    browser = browser_of(app, cast.alice)
    agent = socketio.test_client(app, namespace=AGENT, flask_test_client=browser)
    agent.emit("watch", {"ticket": only(Ticket).id}, namespace=AGENT, callback=True)
    plug(app, ann.token).emit("typing", {}, namespace=WIDGET)
    assert [e["args"][0]["ticket"] for e in agent.get_received(AGENT) if e["name"] == "typing"] == [only(Ticket).id]


# What is built

def test_every_language_has_the_same_sentences():
    folder = paths.CONFIG / "widget"
    texts = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")}
    assert set(texts) == {"en", "id", "es", "pt-BR", "hi", "ar"}
    for name, words in texts.items():
        assert words.keys() == texts["en"].keys(), name
        for key, sentence in words.items():
            assert set(re.findall(r"\{\w+\}", sentence)) == set(re.findall(r"\{\w+\}", texts["en"][key])), (name, key)


def test_no_sentence_is_missing_or_left_over():
    folder = paths.DIST.parent / "src/js/widget"
    source = "\n".join(file.read_text() for file in folder.glob("*.js"))
    used = set(re.findall(r"""\bt\(\s*"(\w+)\"""", source)) | set(re.findall(r'label\("\w+", "(\w+)"\)', source))
    used |= {"assistant", "team", "sending", "sent", "delivered", "read", "failed"}      # chosen by a state's name
    page = "".join((paths.TEMPLATES / "widget" / name).read_text() for name in ("write.html", "frame.html"))
    used |= set(re.findall(r"\bwords\.(\w+)", page)) - {"title"} | {"emailBad"}
    used -= {"title", "privacy"}                # the inbox's own
    assert used == set(json.loads((paths.CONFIG / "widget" / "en.json").read_text()))
