"""Postmark and Mailgun as whole channels, against their simulators over real HTTP in both directions."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from channels.base import BadSignature, Button, Inbound, Outbound, Receipt, Request, SendError, Status
from channels.mail_api import MailApi
from channels.simulators import MailgunSimulator, PostmarkSimulator
from tests.channels.contract import PAPER, PICTURE, ChannelContract, check_item

KEY, PASSWORD, SIGNING_KEY = "account-key-1", "hook-password-1", "signing-key-1"


class MailContract(ChannelContract):
    """What a mail is and a short message is not: it has a subject, is never cut, and takes every file at once."""
    channel = MailApi
    address = "ann@example.com"
    passing = [{"code": 429, "retry_after": 7}, {"code": 500}, {"code": 503}]
    breaking = [{"code": 401}]

    def check(self, item):
        if isinstance(item, Inbound) and not (item.address and item.text):      # a mail may well lack either
            item = replace(item, address=item.address or "nobody", text=item.text or "nothing")
        if isinstance(item, Receipt):       # news of an address alone name no mail
            item = replace(item, external_id=item.external_id or "none")
        check_item(item)

    def test_an_oversized_message_is_read_whole_and_answered_in_pieces(self):
        huge = "word " * 100_000
        body = self.plain().replace(b"Where is it?", huge.encode())
        [item] = self.read(body)
        assert item.text == huge.strip()
        assert [p.text for p in self.open().prepare(Outbound("d1", self.address, huge))] == [huge]

    def test_takes_nul_and_broken_characters_out(self):
        [item] = self.read(self.plain().replace(b"Where is it?", b"Where \\u0000\\ud83d is it?"))
        assert "\0" not in item.text and item.text.startswith("Where") and item.text.encode()

    @pytest.mark.parametrize("file", [PICTURE, PAPER], ids=["picture", "paper"])
    def test_a_file_comes_in(self, world, file):
        world.provider.customer_writes(self.address, "see", file=file)
        [found] = world.desk.message().files
        assert (found.name, found.content_type, found.content) == file

    def test_several_files_go_out_each_once(self, world):
        parts = world.channel.prepare(Outbound("d1", self.address, "Both.", files=[PICTURE, PAPER]))
        assert [p.id for p in parts] == ["d1"]
        world.send(parts[0])
        [entry] = world.provider.conversation(self.address)
        assert [f["content"] for f in entry["files"]] == [PICTURE[2], PAPER[2]]

    def test_send_refuses_what_was_not_prepared(self, world):
        for message in (Outbound("d1", "no address", "a"), Outbound("d2", self.address, "a", subject="a\r\nBcc: b")):
            with pytest.raises(SendError) as caught:
                world.channel.send(message)
            assert caught.value.permanent

    def test_a_long_text_arrives_whole_and_in_order(self, world):
        text = "\n\n".join(f"{n}. Zeile über Käse 🧀 und anderes." for n in range(400))
        world.send(Outbound("d1", self.address, text))
        [entry] = world.provider.conversation(self.address)
        assert "".join(entry["text"].split()) == "".join(text.split())

    def test_a_button_is_shown_and_its_value_comes_back(self, world):
        world.send(Outbound("d1", self.address, "Did that help?", buttons=[Button("Yes", "y"), Button("No", "n")]))
        assert "1. Yes\n2. No" in world.provider.conversation(self.address)[-1]["text"]

    # What mail has beside

    def test_subject_and_reply_address_go_out(self, world):
        world.send(Outbound("d1", self.address, "Grüße", subject="Re: Päckchen 📦", reply_token="0123456789abcdef",
                            html="<p>Grüße</p>", message_id="<ours.1@example.org>"))
        [entry] = world.provider.conversation(self.address)
        assert (entry["id"], entry["subject"]) == ("<ours.1@example.org>", "Re: Päckchen 📦")
        assert entry["reply_to"] == "support+0123456789abcdef@example.org" and "<p>Grüße</p>" in entry["html"]

    def test_an_answer_carries_the_token_of_the_address_it_went_to(self, world):
        [ours] = world.send(Outbound("d1", self.address, "hi", reply_token="0123456789abcdef"))
        world.provider.customer_writes(self.address, "hello again", replies_to=ours)
        assert world.desk.message().tokens == ("0123456789abcdef",)

    def test_what_became_of_it_comes_back_under_our_message_id(self, world):
        [ours] = world.send(Outbound("d1", self.address, "hi", message_id="<ours.1@example.org>"))
        receipt = world.desk.receipt(Status.DELIVERED)
        assert (ours, receipt.external_id, receipt.address) == ("<ours.1@example.org>", ours, self.address)

    def test_a_bounce_a_delay_a_complaint_and_an_unsubscription_are_told(self, world):
        world.provider.bouncing["gone@example.com"] = "550 5.1.1 no such user"
        world.send(Outbound("d1", "gone@example.com", "hi", message_id="<ours.1@example.org>"))
        failed = world.desk.receipt(Status.FAILED)
        assert failed.permanent and "550" in failed.error and failed.address == "gone@example.com"
        assert world.provider.conversation("gone@example.com") == []
        [ours] = world.send(Outbound("d2", self.address, "hi"))
        world.provider.delays(self.address, ours, "450 greylisted")
        world.provider.customer_complains(self.address, ours)
        world.provider.customer_unsubscribes(self.address, ours)
        later = world.desk.wait(lambda i: isinstance(i, Receipt) and i.external_id == ours, 4)
        assert [(r.status, r.permanent, bool(r.unwanted)) for r in later] == [
            (Status.DELIVERED, True, False), (Status.FAILED, False, False), (Status.DELIVERED, True, True),
            (Status.DELIVERED, True, True)]

    def test_news_that_come_late_still_come(self, world):
        world.provider.event_delay = 0.3
        world.send(Outbound("d1", self.address, "hi"))
        assert not world.desk.items
        assert world.desk.receipt(Status.DELIVERED)

    def test_a_wrong_key_is_called_broken_and_is_not_repeated(self, world):
        wrong = self.open(api_key="quite-wrong-key", api_base=world.channel.config["api_base"])
        for call in (lambda: wrong.send(Outbound("d1", self.address, "hi")), wrong.test):
            with pytest.raises(SendError) as caught:
                call()
            assert caught.value.broken and "quite-wrong-key" not in str(caught.value)


class TestPostmark(MailContract):
    folder = "postmark"
    config = {"provider": "postmark", "address": "support@example.org", "api_key": KEY, "webhook_secret": PASSWORD,
              "signing_key": "not-used-here"}
    silent = ("open", "subscribed_again")
    final = [{"code": 422}, {"code": 406}]

    def sign(self, body):
        login = base64.b64encode(f"helpdesk:{PASSWORD}".encode()).decode()
        return Request("POST", {"Authorization": f"Basic {login}"}, {}, body)

    def forged(self, request):
        return replace(request, headers={"Authorization": "Basic " + base64.b64encode(b"helpdesk:guess").decode()})

    def simulate(self, courier, webhook):
        simulator = PostmarkSimulator(KEY, PASSWORD, courier=courier, webhook_url=webhook)
        return simulator, simulator

    def with_unknown_kind(self, payload):
        return {**payload, "Hologram": {"x": 1}, "Headers": [*payload["Headers"], {"Name": "X-Mood", "Value": "fine"}]}

    def test_a_mail_with_everything(self):
        [item] = self.recording("reply_with_file")
        assert (item.text, item.tokens, item.replies_to[0]) == ("Here is the label.", ("0123456789abcdef",),
                                                                "<ours.1@example.org>")
        assert (item.files[0].name, item.files[0].cid) == ("label.png", "label@mail")


class TestMailgun(MailContract):
    folder = "mailgun"
    config = {"provider": "mailgun", "address": "support@example.org", "api_key": KEY, "signing_key": SIGNING_KEY,
              "webhook_secret": "not-used-here"}
    silent = ("opened",)
    final = [{"code": 400}, {"code": 404}]

    def signature(self):
        timestamp, token = str(int(time.time())), hashlib.sha256(b"token").hexdigest()
        digest = hmac.new(SIGNING_KEY.encode(), (timestamp + token).encode(), hashlib.sha256).hexdigest()
        return {"timestamp": timestamp, "token": token, "signature": digest}

    def sign(self, body):
        """What is no event is a form; what was recorded of one are its fields."""
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict) or not payload:
            return Request("POST", {"Content-Type": "application/json"}, {}, body)
        if "event-data" in payload:
            signed = json.dumps({**payload, "signature": self.signature()}).encode()
            return Request("POST", {"Content-Type": "application/json"}, {}, signed)
        fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in payload.items()}
        return Request("POST", {"Content-Type": "application/x-www-form-urlencoded"}, {},
                       urlencode({**fields, **self.signature()}, errors="replace").encode())

    def forged(self, request):
        return replace(request, body=request.body.replace(b"signature=", b"signature=0"))

    def simulate(self, courier, webhook):
        simulator = MailgunSimulator(KEY, SIGNING_KEY, courier=courier, webhook_url=webhook)
        return simulator, simulator

    def with_unknown_kind(self, payload):
        return {**payload, "hologram": "x"}

    def test_refuses_a_request_without_signature_or_with_an_odd_one(self):
        """The signature stands in the body here."""
        for value in ("", "=", "\xe9\xff", "0" * 10_000):
            for name in ("timestamp", "token", "signature"):
                fields = {**self.signature(), name: value}
                for request in (Request("POST", {}, {}, urlencode(fields).encode()),
                                Request("POST", {}, {}, json.dumps({"signature": fields, "event-data": {}}).encode())):
                    with pytest.raises(BadSignature):
                        self.open().verify(request)

    def test_header_names_are_taken_in_any_case(self):
        request = self.sign(self.plain())
        self.open().verify(replace(request, headers={k.lower(): v for k, v in request.headers.items()}))

    def test_a_route_that_forwards_the_whole_mail(self, world):
        world.simulator.whole = True
        number = world.provider.customer_writes(self.address, "Grüße 📦", file=PAPER, name="Ann Äsh")
        item = world.desk.message()
        assert (item.external_id, item.name, item.text) == (number, "Ann Äsh", "Grüße 📦")
        assert item.files[0].content == PAPER[2]
