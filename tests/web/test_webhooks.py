"""The door for providers: forged calls leave no trace, true ones are kept before they are answered."""
import hashlib
import hmac
import json
import threading
import time

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from helpdesk import db
from helpdesk.models import Message, RawInbound, Ticket
from helpdesk.services import inbound, inboxes

SECRET, NOWHERE = "app-secret", "http://127.0.0.1:1"


@pytest.fixture
def number(cast):
    with db.transaction() as session:
        inboxes.create(session, "whatsapp", "Number", {
            "phone_number_id": "4711", "access_token": "t", "app_secret": SECRET, "verify_token": "verify-me",
            "api_base": NOWHERE}, key="wa", assistant=False)
        inboxes.create(session, "telegram", "Bot", {"bot_token": "1:t", "webhook_secret": "hush", "api_base": NOWHERE},
                       key="tg")


def said(text="Hello", message_id="wamid.1") -> bytes:
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{
        "field": "messages", "value": {
            "messaging_product": "whatsapp", "metadata": {"phone_number_id": "4711"},
            "contacts": [{"profile": {"name": "Ann"}, "wa_id": "4917011110001"}],
            "messages": [{"from": "4917011110001", "id": message_id, "timestamp": str(int(time.time())),
                          "type": "text", "text": {"body": text}}]}}]}]}).encode()


@pytest.fixture
def post(client, number):
    """post(body, …) → the answer; signed rightly unless told otherwise."""
    def send(body, secret=SECRET, path="/webhooks/whatsapp/wa", **headers):
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return client.post(path, data=body, headers={"X-Hub-Signature-256": f"sha256={signature}", **headers})
    return send


def stored() -> list[RawInbound]:
    with db.reading() as session:
        return list(session.scalars(select(RawInbound).order_by(RawInbound.id)))


def test_a_forged_call_is_refused_and_leaves_nothing(client, post):
    body = said()
    for answer in (post(body, secret="wrong"), client.post("/webhooks/whatsapp/wa", data=body),
                   post(body, **{"X-Hub-Signature-256": ""}), post(body, **{"X-Hub-Signature-256": "sha256=é"}),
                   client.post("/webhooks/telegram/tg", data=b'{"update_id": 1}'),
                   client.post("/webhooks/telegram/tg", data=b"{}", headers={"X-Telegram-Bot-Api-Secret-Token": "no"})):
        assert answer.status_code == 403
    assert stored() == []


def test_a_signature_of_another_body_is_none(client, post):
    signature = hmac.new(SECRET.encode(), said(), hashlib.sha256).hexdigest()
    assert client.post("/webhooks/whatsapp/wa", data=said("Other words"),
                       headers={"X-Hub-Signature-256": f"sha256={signature}"}).status_code == 403
    assert stored() == []


def test_a_true_call_is_kept_and_becomes_a_message(post, work):
    assert post(said()).status_code == 200
    assert [raw.state for raw in stored()] == ["new"]
    work()
    with db.reading() as session:
        assert session.scalar(select(Message.text)) == "Hello"


def test_signed_garbage_is_answered_well_and_lies_in_quarantine(post, work):
    bodies = (b"", b"{", b"[]", b"null", b'{"entry": 7}', b"\xff\xfe", b'{"a": "\\u0000"}', b"[" * 100_000)
    for body in bodies:
        assert post(body).status_code == 200, body[:20]
    work()
    assert [raw.state for raw in stored()] == ["quarantined"] * len(bodies)
    assert inbound.body(stored()[1]) == b"{" and all(raw.error for raw in stored())


def test_a_provider_that_repeats_itself_is_answered_well_and_heard_once(post, work):
    body = said()
    for again in (body, body, body, body + b" "):       # at last the same message in other bytes
        assert post(again).status_code == 200
    work()
    assert len(stored()) == 2
    with db.reading() as session:
        assert len(session.scalars(select(Message.id).where(Message.direction == "in")).all()) == 1


def test_the_same_call_many_times_at_once_is_kept_once(app, number):
    body, answers = said(), []
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()

    def call():
        answers.append(app.test_client().post("/webhooks/whatsapp/wa", data=body,
                                              headers={"X-Hub-Signature-256": signature}).status_code)
    threads = [threading.Thread(target=call) for _ in range(10)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert answers == [200] * 10 and len(stored()) == 1


@pytest.mark.parametrize("trouble", [OperationalError("", {}, Exception("locked")), OSError(28, "disk full")])
def test_our_own_trouble_is_never_called_success(post, monkeypatch, trouble):
    def fail(*_):
        raise trouble
    monkeypatch.setattr(inbound, "store", fail)
    answer = post(said())
    assert answer.status_code in (500, 503) and "disk" not in answer.text and "locked" not in answer.text
    monkeypatch.undo()
    assert stored() == [] and post(said()).status_code == 200 and len(stored()) == 1


def test_the_subscription_check_needs_the_verify_token(client, number):
    query = "hub.mode=subscribe&hub.challenge=<b>42</b>&hub.verify_token="
    good = client.get(f"/webhooks/whatsapp/wa?{query}verify-me")
    assert good.text == "<b>42</b>" and good.mimetype == "text/plain"
    assert client.get(f"/webhooks/whatsapp/wa?{query}guess").status_code == 403
    assert client.head(f"/webhooks/whatsapp/wa?{query}verify-me").status_code == 405
    assert stored() == []


def test_the_check_of_x_is_answered_in_json_and_signs_no_delivery(client, number):
    with db.transaction() as session:
        inboxes.create(session, "x", "X", {"account_id": "1", "api_key": "k", "app_secret": "s", "access_token": "t",
                                           "access_secret": "u"}, key="x")
    good = client.get("/webhooks/x/x?crc_token=9b4507b3-9040")
    assert good.mimetype == "application/json" and good.json["response_token"].startswith("sha256=")
    assert client.get("/webhooks/x/x?crc_token=%7B%22for_user_id%22%3A1%7D").status_code == 403
    assert client.get("/webhooks/x/x").status_code == 403
    assert stored() == []


@pytest.mark.parametrize("path", ["/webhooks/whatsapp/nothing", "/webhooks/telegram/wa", "/webhooks/fax/wa",
                                  "/webhooks/whatsapp/%00", "/webhooks/whatsapp/" + "x" * 3_000])
def test_an_unknown_door_is_not_found(post, path):
    assert post(said(), path=path).status_code == 404
    assert stored() == []


def test_media_without_webhooks_take_none(post):
    for path in ("/webhooks/email/mail", "/webhooks/web/shop"):
        assert post(said(), path=path).status_code == 403


def test_a_disabled_inbox_is_not_there(post):
    with db.transaction() as session:
        inboxes.set_enabled(session, inboxes.by_key(session, "wa"), False, "test")
    assert post(said()).status_code == 404


def test_too_large_a_call_is_refused_before_it_is_read(client, number):
    answer = client.post("/webhooks/whatsapp/wa", data=b"x" * 3_000_001, headers={"X-Hub-Signature-256": "sha256=0"})
    assert answer.status_code == 413 and stored() == []


def test_no_cookie_or_csrf_token_is_needed_and_none_is_set(post):
    answer = post(said(), Origin="https://graph.example")
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    with db.reading() as session:
        assert session.scalar(select(Ticket.id)) is None, "that is the worker's business"
