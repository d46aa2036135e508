"""The API channel, against a simulated app."""
from __future__ import annotations

import json
import time
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels import _standard_webhooks as signatures
from channels._http import Http
from channels._mail_api import PROVIDERS
from channels.api import Api
from channels.base import BadSignature, Button, Echo, Edited, Outbound, Request, SendError, Status, Unreadable
from channels.simulators import AppSimulator
from tests.channels.contract import PICTURE, SHELF, ChannelContract

SECRET = "whsec_" + b64encode(b"a secret of the test, 32 bytes..").decode()
OLDER = "whsec_" + b64encode(b"the secret before that, 32 bytes").decode()
VECTORS = Path(__file__).parent.parent.parent.parent / "shared/corpora/webhooks/signature_vectors.json"


class TestApi(ChannelContract):
    channel = Api
    config = {"account_id": "kiosk", "url": "http://127.0.0.1:1", "webhook_secret": SECRET}
    base_key, api_path = "url", "/hook"
    address = "user-7"
    silent = ("unknown", "nothing")
    passing = [{"code": code} for code in (408, 425, 500, 502, 503)] + [
        {"code": 429, "retry_after": 7}, {"code": 503, "retry_after": 30}, {"code": 404, "message": ""}]
    final = [{"code": code} for code in (400, 404, 409, 413, 422)]
    breaking = [{"code": code} for code in (401, 403, 410, 301, 308)]

    def sign(self, body):
        return self.signed(body, "call-1", [SECRET])

    def signed(self, body, number, secrets, at=None):
        return Request("POST", signatures.headers(secrets, number, body, at), {}, body)

    def simulate(self, courier, webhook):
        simulator = AppSimulator(SECRET, courier=courier, webhook_url=webhook)
        return simulator, simulator

    def with_unknown_kind(self, payload):
        return {"events": [{"type": "hologram"}, payload, {"type": "message", "id": "broken"}]}

    def one(self, name):
        [item] = self.recording(name)
        return item

    # Signatures

    def test_the_signature_of_the_specifications_own_example(self, monkeypatch):
        monkeypatch.setattr(signatures.time, "time", lambda: 1614265330.0)
        channel = self.open(webhook_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
                   "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}
        request = Request("POST", headers, {}, b'{"test": 2432232314}')
        channel.verify(request)
        for changed in (replace(request, body=b'{"test": 2432232315}'),
                        replace(request, headers={**headers, "webhook-id": "msg_2"}),
                        replace(request, headers={**headers, "webhook-timestamp": "1614265331"})):
            with pytest.raises(BadSignature):
                channel.verify(changed)

    @pytest.mark.skipif(not VECTORS.exists(), reason="../shared/corpora is not beside the project")
    def test_the_vectors_of_the_corpus(self, monkeypatch):
        found = [one for one in json.loads(VECTORS.read_text()) if "webhook-id" in one.get("header", {})]
        for one in found:
            monkeypatch.setattr(signatures.time, "time", lambda at=one["timestamp"]: float(at))
            request = Request("POST", one["header"], {}, one["body"].encode())
            channel = self.open(webhook_secret=one["secret"])
            if one["valid"]:
                channel.verify(request)
            else:
                with pytest.raises(BadSignature):
                    channel.verify(request)
        assert found

    @pytest.mark.parametrize(("away", "good"), [(-290, True), (290, True), (-310, False), (310, False)])
    def test_a_call_counts_for_five_minutes(self, away, good):
        request = self.signed(b"{}", "call-1", [SECRET], int(time.time()) + away)
        if good:
            self.open().verify(request)
        else:
            with pytest.raises(BadSignature):
                self.open().verify(request)

    def test_a_time_that_is_none_is_refused(self):
        for at in ("", "soon", "1e9", "-1", "²", "9" * 400):
            with pytest.raises(BadSignature):
                self.open().verify(Request("POST", {**self.sign(b"{}").headers, "webhook-timestamp": at}, {}, b"{}"))

    def test_two_secrets_count_while_one_is_changed_on_either_side(self, world):
        both = self.open(webhook_secret=f"{SECRET} {OLDER}")
        for secrets in ([SECRET], [OLDER], [OLDER, SECRET]):
            both.verify(self.signed(b"{}", "call-1", secrets))
        self.open().verify(self.signed(b"{}", "call-1", [OLDER, SECRET]))
        with pytest.raises(BadSignature):
            self.open().verify(self.signed(b"{}", "call-1", [OLDER]))
        rotating = self.open(webhook_secret=f"{OLDER} {SECRET}", url=world.channel.config["url"])
        assert rotating.send(Outbound("d1", self.address, "hi"))        # the app has not moved yet
        world.simulator.secret = OLDER
        assert rotating.send(Outbound("d2", self.address, "hi"))
        with pytest.raises(SendError) as caught:
            world.channel.send(Outbound("d3", self.address, "hi"))
        assert caught.value.broken

    def test_a_mail_provider_that_signs_so_is_checked_by_the_same_code(self):
        resend = PROVIDERS["resend"]({"signing_key": SECRET}, None)
        resend.verify(self.sign(b"{}"))
        with pytest.raises(BadSignature):
            resend.verify(self.signed(b"{}", "call-1", [OLDER]))

    # In

    def test_each_try_is_signed_at_its_own_time(self, world, monkeypatch):
        world.desk.busy = 4
        number = world.provider.customer_writes(self.address, "hello")
        assert world.simulator.courier.settled()
        later = time.time() + 3600
        monkeypatch.setattr(signatures.time, "time", lambda: later)
        world.simulator.courier.redeliver()
        assert world.desk.message().external_id == number and not world.desk.refused

    def test_text(self):
        item = self.one("text")
        assert (item.external_id, item.address, item.name, item.locale, item.text) == (
            "m-1001", "user-7", "Ann Ash", "de", "Wo bleibt mein Päckchen?")
        assert item.sent_at == datetime(2026, 9, 21, 12, 13, 21, tzinfo=UTC)
        assert self.open().scope(item) == "kiosk"

    def test_an_answer_to_something_and_a_new_matter(self):
        item = self.one("reply")
        assert (list(item.replies_to), item.fresh) == (["m-900"], True)
        assert item.sent_at == datetime.fromtimestamp(1790000001.234, UTC)

    def test_files_by_address_and_with_the_call(self):
        item = self.one("files_by_url")
        assert [(f.name, f.content_type, f.ref, f.size) for f in item.files] == [
            ("kettle.jpg", "image/jpeg", "https://app.example/f/1", 2138),
            ("Rechnung März.pdf", "application/pdf", "https://app.example/f/2", None),
            ("file.ogg", "audio/ogg", "https://app.example/f/3", None)]
        [file] = self.one("file_inline").files
        assert (file.name, file.content, file.size, self.one("file_inline").address) == ("note.txt", b"hello", 5, "7")

    def test_a_file_with_the_call_arrives(self, world):
        world.simulator.inline = True
        world.provider.customer_writes(self.address, file=PICTURE)
        [file] = world.desk.message().files
        assert file.content == PICTURE[2]

    @pytest.mark.parametrize("files", [[{"name": "a", "content": "not base64!"}], [{"name": "a"}], [7], "x",
                                       [{"url": "https://app.example/1"}] * 51])
    def test_files_that_cannot_be_had_make_the_message_unreadable(self, files):
        said = {"type": "message", "id": "m-1", "user": {"id": "user-7"}, "text": "hello"}
        with pytest.raises(Unreadable):
            self.read({**said, "files": files})
        good, stand_in = self.read({"events": [{**said, "id": "m-2"}, {**said, "files": files}]})
        assert (good.text, stand_in.external_id, stand_in.text) == ("hello", "m-1", "[unreadable]")

    def test_a_pressed_button(self):
        assert (self.one("pressed_button").text, self.one("pressed_button").payload) == ("Yes", "csat:1:yes")

    def test_changes(self):
        edited, echo = self.one("edited"), self.one("echo")
        assert isinstance(edited, Edited) and (edited.external_id, edited.text) == ("m-1001", "Wo bleibt mein Paket?")
        assert isinstance(echo, Echo) and (echo.external_id, echo.delivery_id, echo.address) == (
            "m-901", "12.1", "user-7")
        assert (self.one("reaction").emoji, self.one("reaction_taken_back").emoji) == ("🎉", "")

    def test_receipts(self):
        found = [self.one(name) for name in ("delivered", "failed", "read_up_to")]
        assert [r.status for r in found] == [Status.DELIVERED, Status.FAILED, Status.READ]
        assert found[1].error == "the kiosk is switched off" and found[2].address == "user-7"
        assert found[2].watermark == datetime(2026, 9, 21, 12, 13, 21, tzinfo=UTC)

    def test_several_events_in_one_call(self):
        assert [item.external_id for item in self.recording("batch")] == ["m-1006", "m-1007", "m-900"]

    def test_the_same_number_for_two_calls_loses_neither(self):
        one, two = (self.open().source_key(self.signed(body, "1", [SECRET])) for body in (b'{"a":1}', b'{"a":2}'))
        again = self.open().source_key(self.signed(b'{"a":1}', "1", [SECRET], 5))
        assert one == again != two and len(self.open().source_key(self.signed(b"{}", "n" * 900, [SECRET]))) <= 255

    # Out

    def test_what_the_app_is_sent(self, world, monkeypatch):
        calls = []
        monkeypatch.setattr(world.channel.http, "post", lambda url, **given: calls.append(given) or Http(
            allow_private=True).post(url, **given))
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("12", self.address, "Which?", html="<p>Which?</p>", replies_to=["m-1"],
                            sender_name="Ada (Kopi)", buttons=[Button("This", "1")]))
        assert json.loads(calls[0]["data"]) == {
            "type": "send", "delivery_id": "12", "user": {"id": self.address}, "text": "Which?",
            "html": "<p>Which?</p>", "reply_to": "m-1", "sender": {"name": "Ada (Kopi)"},
            "buttons": [{"label": "This", "value": "1"}]}
        assert calls[0]["headers"]["webhook-id"].startswith("12-")

    def test_a_try_that_broke_is_repeated_under_the_same_id_and_done_once(self, world, monkeypatch):
        said = Outbound("d1", self.address, "hi", files=[PICTURE])
        ids, real = [], world.channel.http.post

        def post(url, **given):
            ids.append(given["headers"]["webhook-id"])
            reply = real(url, **given)
            if len(ids) == 1:
                raise SendError("the line broke", uncertain=True)
            return reply

        monkeypatch.setattr(world.channel.http, "post", post)
        with pytest.raises(SendError) as caught:
            world.channel.send(said)
        assert not caught.value.uncertain and not caught.value.permanent
        number = world.channel.send(said)
        assert ids[0] == ids[1] and [e["id"] for e in world.provider.conversation(self.address)] == [number]

    def test_another_message_under_the_same_delivery_id_is_another_call(self, world):
        """After a restore numbers are given again."""
        world.send(Outbound("7", self.address, "before"))
        world.send(Outbound("7", self.address, "after"))
        assert [e["text"] for e in world.provider.conversation(self.address)] == ["before", "after"]

    def test_an_app_that_names_no_id_is_spoken_of_by_ours(self, world, monkeypatch):
        monkeypatch.setattr(world.simulator, "_send", lambda said: {})
        number = world.channel.send(Outbound("d1", self.address, "hi"))
        assert number.startswith("d1-")

    def test_a_sent_message_is_followed_to_its_reader(self, world):
        [number] = world.send(Outbound("d1", self.address, "hi"))
        assert world.desk.receipt(Status.DELIVERED).external_id == number
        world.provider.customer_reads(self.address)
        assert world.desk.receipt(Status.READ).external_id == number
        world.provider.fails_later(self.address, number, "the kiosk is off")
        assert world.desk.receipt(Status.FAILED).error == "the kiosk is off"

    def test_the_words_of_a_refusal_are_the_apps_own(self, world):
        world.provider.customer_blocks(self.address)
        with pytest.raises(SendError, match="wants no messages") as caught:
            world.channel.send(Outbound("d1", self.address, "hi"))
        assert caught.value.permanent and not caught.value.broken

    def test_who_is_asked_for_less_rests(self, world):
        assert self.failing(world, {"code": 429, "retry_after": 9}).slow_down
        assert not self.failing(world, {"code": 503}).slow_down

    def test_an_address_without_https_or_inside_the_house_is_not_called(self):
        with pytest.raises(SendError, match="https") as caught:
            self.open(url="http://app.example/hook").send(Outbound("d1", self.address, "hi"))
        assert caught.value.broken
        guarded = Api({**self.config, "url": "https://10.0.0.1/hook"}, Http(), SHELF.publish)
        with pytest.raises(SendError, match="public internet"):
            guarded.send(Outbound("d1", self.address, "hi"))

    def test_a_file_for_an_app_on_the_internet_needs_an_address_with_https(self):
        with pytest.raises(SendError, match="base_url"):
            self.open(url="https://app.example/hook").send(Outbound("d1", self.address, "", files=[PICTURE]))

    def test_a_file_that_is_gone_is_not_asked_for_again(self, world):
        world.provider.customer_writes(self.address, file=PICTURE)
        [file] = world.desk.message().files
        with pytest.raises(SendError) as caught:
            world.channel.download(replace(file, ref=file.ref.replace("/files/", "/files/0")))
        assert caught.value.permanent

    # The account

    def test_the_form_says_what_does_not_fit(self):
        good = {"url": "https://app.example/hook", "webhook_secret": f"{SECRET} {OLDER}"}
        assert Api.problems(good) == {} == Api.problems({**good, "url": "http://127.0.0.1:8080/hook"})
        assert "https" in Api.problems({**good, "url": "http://app.example"})["url"]
        for secret in ("hunter2", "whsec_AAAA", "whsec_Ümlaut", b64encode(bytes(65)).decode()):
            assert "openssl" in Api.problems({**good, "webhook_secret": secret})["webhook_secret"]
        assert "two" in Api.problems({**good, "webhook_secret": " ".join([SECRET] * 3)})["webhook_secret"]

    def test_a_new_inbox_starts_with_a_secret_that_is_good(self):
        [setting] = [one for one in Api.settings if one.key == "webhook_secret"]
        first, second = setting.fresh(), setting.fresh()
        assert first != second and not signatures.problem(first)

    @pytest.mark.parametrize(("value", "hours"), [("", None), (None, None), ("0", None), ("24", 24), (48, 48),
                                                  ("soon", None)])
    def test_the_window_is_the_inboxs_own_for_people_and_machines(self, value, hours):
        wanted = hours and timedelta(hours=hours)
        assert Api.window({"reply_hours": value}) == Api.window({"reply_hours": value}, "assistant") == wanted

    def test_the_app_vouches_for_who_writes_only_where_an_admin_said_so(self):
        assert not Api.proves_sender and not self.open().proves_sender and not self.open(vouched="no").proves_sender
        assert self.open(vouched="yes").proves_sender

