"""The web chat's raw deliveries."""
import json

import pytest

from channels.base import BadSignature, Button, Outbound, Request, Status, Unreadable
from channels.web import Web

GIVEN = {"visitor": "v1", "client_id": "abcd-1234", "text": "Hello", "payload": "", "locale": "id", "fresh": False,
         "sent_at": "2026-01-02T03:04:05+00:00", "name": ""}


def raw(**changes) -> Request:
    return Request("WEB", {}, {}, json.dumps({**GIVEN, **changes}).encode())


def test_a_message_becomes_one_inbound_of_that_browser():
    (item,) = Web({}).read(raw(payload="person"))
    assert (item.external_id, item.address, item.text, item.payload) == ("v1:abcd-1234", "v1", "Hello", "person")
    assert (item.locale, item.fresh, item.sent_at.isoformat()) == ("id", False, GIVEN["sent_at"])


def test_the_same_bytes_read_twice_give_the_same_message():
    assert Web({}).read(raw()) == Web({}).read(raw())


def test_a_file_is_the_body_and_its_description_lies_beside_it():
    whole = {**GIVEN, "text": "", "file": {"name": "cat.png", "content_type": "image/png"}}
    (item,) = Web({}).read(Request("WEB", {}, {"message": json.dumps(whole)}, b"\x89PNG bytes"))
    (file,) = item.files
    assert (file.name, file.content_type, file.content, file.size) == ("cat.png", "image/png", b"\x89PNG bytes", 10)


def test_beginning_anew_is_passed_on():
    (item,) = Web({}).read(raw(fresh=True))
    assert item.fresh


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b'"x"', json.dumps({"text": "no visitor"}).encode(),
    json.dumps({**GIVEN, "client_id": "short"}).encode(), json.dumps({**GIVEN, "client_id": "a/../../etc"}).encode(),
    json.dumps({**GIVEN, "visitor": ""}).encode(), json.dumps({**GIVEN, "sent_at": "yesterday"}).encode()])
def test_garbage_is_unreadable_and_nothing_else(body):
    with pytest.raises(Unreadable):
        Web({}).read(Request("WEB", {}, {}, body))


def test_it_takes_no_webhooks():
    with pytest.raises(BadSignature):
        Web({}).verify(raw())


def test_sending_touches_nothing_and_answers_with_our_id():
    assert Web({}).send(Outbound(id="delivery-7", address="v1", text="Hi")) == "delivery-7"


def test_buttons_stay_buttons_and_long_texts_are_cut():
    message = Outbound(id="1", address="v1", text="word " * 3_000, buttons=(Button("Yes", "yes"),))
    parts = Web({}).prepare(message)
    assert len(parts) == 2 and parts[-1].buttons == message.buttons
    assert all(len(part.text) <= Web.can.text_limit for part in parts)


def test_it_reports_how_far_an_answer_got():
    assert {Status.SENT, Status.DELIVERED, Status.READ} <= Web.can.receipts
