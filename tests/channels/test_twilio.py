"""SMS and WhatsApp over Twilio, against a simulated account."""
from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from channels._twilio import signature
from channels.base import BadSignature, FilledTemplate, Outbound, Receipt, Request, SendError, Status, Unreadable
from channels.simulators import TwilioSimulator
from channels.sms import Sms
from channels.whatsapp_twilio import TwilioWhatsApp
from tests.channels.contract import ChannelContract

SID, TOKEN, OURS = "AC00000000000000000000000000000001", "an auth token of Twilio", "+14155550100"
CALLED = "https://help.kopi.example/webhooks/sms/x"
VECTORS = Path(__file__).parents[3] / "shared" / "corpora" / "webhooks" / "signature_vectors.json"


class TwilioContract(ChannelContract):
    config = {"account_sid": SID, "auth_token": TOKEN, "address": OURS}
    address = "+4915112345678"
    quotes = False
    buttons = False
    passing = [{"code": 20503, "status": 503}, {"code": 63017}, {"code": 20429, "status": 429, "retry_after": 30},
               {"code": 0, "status": 500}]
    final = [{"code": 21211}, {"code": 21610}, {"code": 21408}, {"code": 30007}, {"code": 1}]
    breaking = [{"code": 20003, "status": 401}, {"code": 21606}, {"code": 63007}]

    def form(self, body: bytes) -> bytes:
        """A recorded payload, kept as JSON to be read, as the form that Twilio posts."""
        try:
            fields = json.loads(body)
            return urlencode(fields, errors="replace").encode() if isinstance(fields, dict) else body
        except (ValueError, TypeError, RecursionError):
            return body

    def sign(self, body):
        form = self.form(body)
        fields = [tuple(part) for part in _pairs(form)]
        return Request("POST", {"X-Twilio-Signature": signature(TOKEN, CALLED, fields)}, {}, form, CALLED)

    def forged(self, request):
        return replace(request, body=request.body + b"&Body=more")

    def with_unknown_kind(self, payload):
        return {**payload, "Hologram": "1", "MessageType": "hologram"}

    def one(self, name):
        [item] = self.recording(name)
        return item

    def test_a_payload_that_breaks_off_is_unreadable(self):
        """A form has no end that could be missing; what lacks its id says nothing."""
        with pytest.raises(Unreadable):
            self.read(self.sign(self.plain()).body.partition(b"MessageSid")[0])

    def test_a_button_is_shown_and_its_value_comes_back(self, world):
        """There are none: they are numbered lines."""

    def test_the_default_port_may_be_signed_or_not(self):
        form = self.form(self.plain())
        for url in (CALLED, CALLED.replace(".example/", ".example:443/")):
            given = {"X-Twilio-Signature": signature(TOKEN, url, [tuple(p) for p in _pairs(form)])}
            self.open().verify(Request("POST", given, {}, form, CALLED))
        with pytest.raises(BadSignature):
            self.open().verify(Request("POST", given, {}, form, CALLED.replace(".example/", ".example:8443/")))

    def test_a_body_that_is_no_form_is_signed_by_its_hash(self):
        body = b'{"MessageSid": "SM1", "From": "+4915112345678", "Body": "hi"}'
        url = f"{CALLED}?bodySHA256={hashlib.sha256(body).hexdigest()}"
        request = Request("POST", {"X-Twilio-Signature": signature(TOKEN, url, [])}, {}, body, url)
        self.open().verify(request)
        assert self.open().read(request)[0].text == "hi"
        with pytest.raises(BadSignature):
            self.open().verify(replace(request, body=body + b" "))

    def test_receipts_follow_a_message(self, world):
        world.provider.customer_writes(self.address, "hello")
        [number] = world.send(Outbound("d1", self.address, "hi"))
        assert world.desk.receipt(Status.DELIVERED).external_id == number

    def test_media_are_fetched_with_the_password_but_their_store_does_not_get_it(self, world):
        world.provider.customer_writes(self.address, "look", file=("a.jpg", "image/jpeg", b"\xff\xd8picture"))
        [file] = world.desk.message().files
        assert world.channel.download(file) == b"\xff\xd8picture"
        with pytest.raises(SendError):
            self.open(api_base="http://127.0.0.1:1").download(replace(file, ref="http://127.0.0.1:1/x"))

    def test_who_wrote_stop_is_not_written_to(self, world):
        world.provider.customer_writes(self.address, "STOP")
        with pytest.raises(SendError, match="opted out") as caught:
            world.send(Outbound("d1", self.address, "hi"))
        assert caught.value.permanent and not caught.value.broken

    def test_too_much_at_once_is_the_accounts_trouble(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.fail_next(20429, status=429, retry_after=7)
        with pytest.raises(SendError) as caught:
            world.send(Outbound("d1", self.address, "hi"))
        assert (caught.value.slow_down, caught.value.retry_after) == (True, 7)


def _pairs(form: bytes):
    from urllib.parse import parse_qsl
    return parse_qsl(form.decode("utf-8", "replace"), keep_blank_values=True)


class TestSms(TwilioContract):
    channel = Sms
    silent = ("queued",)
    told_quotes = False

    def simulate(self, courier, webhook):
        simulator = TwilioSimulator(SID, TOKEN, OURS, courier=courier, webhook_url=webhook)
        simulator.status_delay = 0
        return simulator, simulator

    def test_text(self):
        item = self.one("text")
        assert (item.external_id, item.address, item.text, item.account) == (
            "SM01", self.address, "Wo bleibt mein Päckchen?", OURS)

    def test_pictures(self):
        item = self.one("picture")
        assert [(f.name, f.content_type) for f in item.files] == [("image.jpg", "image/jpeg"),
                                                                  ("file.pdf", "application/pdf")]

    def test_what_did_not_arrive_says_why(self):
        receipt = self.one("undelivered")
        assert (receipt.status, receipt.error) == (Status.FAILED, "this is a landline [30006]")

    def test_a_number_proves_nobody(self):
        assert not Sms.proves_sender

    def test_a_number_or_a_messaging_service_is_needed(self):
        assert Sms.problems({}) and not Sms.problems({"address": OURS})
        assert not Sms.problems({"messaging_service_sid": "MG1"})


class TestTwilioWhatsApp(TwilioContract):
    channel = TwilioWhatsApp

    def simulate(self, courier, webhook):
        simulator = TwilioSimulator(SID, TOKEN, OURS, whatsapp=True, courier=courier, webhook_url=webhook)
        simulator.status_delay = 0
        return simulator, simulator

    def test_what_people_send(self):
        assert (self.one("text").name, self.one("text").address) == ("Ann Ash", self.address)
        assert list(self.one("reply").replies_to) == ["SM99"]
        assert self.one("location").text.startswith("[location] Depot, Alexanderplatz 1 (52.52, 13.405)")
        assert (self.one("button").text, self.one("button").payload) == ("Yes", "csat:1:yes")
        assert self.one("voice").files[0].content_type == "audio/ogg"

    def test_reading_comes_back(self, world):
        world.provider.customer_writes(self.address, "hello")
        [number] = world.send(Outbound("d1", self.address, "hi"))
        world.provider.customer_reads(self.address)
        assert world.desk.receipt(Status.READ).external_id == number
        assert isinstance(self.one("read"), Receipt)

    def test_after_a_day_only_a_template_passes(self, world):
        world.provider.customer_writes(self.address, "hello")
        later = datetime.now(UTC) + timedelta(hours=25)
        world.provider.clock = lambda: later
        with pytest.raises(SendError, match="24-hour window") as caught:
            world.send(Outbound("d1", self.address, "hi"))
        assert caught.value.permanent
        world.provider.templates = [{
            "sid": "HX1", "friendly_name": "ready", "language": "en", "variables": {"1": "Ann"},
            "types": {"twilio/text": {"body": "Hello {{1}}, it is ready."}},
            "approval_requests": {"status": "approved", "category": "UTILITY"}}, {
            "sid": "HX2", "friendly_name": "card", "language": "en", "types": {"twilio/card": {"title": "x"}},
            "approval_requests": {"status": "approved"}}]
        ready, card = world.channel.templates()
        assert (ready.status, ready.unsendable, dict(ready.examples)) == ("approved", "", {"body:1": "Ann"})
        assert "card" in card.unsendable
        filled = FilledTemplate("ready", "en", {"body:1": "Ann"}, "HX1")
        world.channel.send(Outbound("d2", self.address, "…", within_window=False, template=filled))
        assert world.provider.conversation(self.address)[-1]["text"] == "Hello Ann, it is ready."


@pytest.mark.skipif(not VECTORS.exists(), reason="../shared/corpora is not beside the project")
def test_signatures_are_those_of_twilios_own_library():
    found = json.loads(VECTORS.read_text())
    vectors = [one for one in found if one["platform"] == "twilio" and one["id"] != "twilio-json"]
    assert len(vectors) >= 3
    for one in vectors:
        fields = [tuple(pair) for pair in one.get("params_list") or (one.get("params") or {}).items()]
        body = one.get("body", urlencode(fields)).encode()
        request = Request("POST", one["header"], {}, body, one["url"])
        channel = Sms({"auth_token": one["secret"]})
        if one["valid"]:
            channel.verify(request)
        else:
            with pytest.raises(BadSignature):
                channel.verify(request)
