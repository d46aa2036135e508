"""Viber, against the simulated bot API."""
from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from channels.base import Button, Outbound, Receipt, Request, SendError, Status
from channels.simulators import ViberSimulator
from channels.viber import EVENTS, Viber
from tests.channels.contract import FIXTURES, PICTURE, ChannelContract

TOKEN = "4c5f2a7b8e9d0011-1a2b3c4d5e6f7788-99aabbccddeeff00"


class TestViber(ChannelContract):
    channel = Viber
    config = {"auth_token": TOKEN}
    address = "yR7kPq2mVn0aLd4sEw9x1A=="
    silent = ("unsubscribed", "webhook", "client_status")
    quotes = told_quotes = False
    passing = [{"code": 12}, {"code": 1000}, {"code": 0, "http": 500}, {"code": 0, "http": 429}]
    final = [{"code": code} for code in (1, 3, 4, 5, 6, 11, 13, 21)] + [{"code": 0, "http": 404}]
    breaking = [{"code": code} for code in (2, 7, 8, 9, 10, 23, 24)] + [{"code": 0, "http": 401}]

    def sign(self, body):
        digest = hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest()
        return Request("POST", {"X-Viber-Content-Signature": digest}, {}, body)

    def simulate(self, courier, webhook):
        simulator = ViberSimulator(TOKEN, courier=courier, webhook_url=webhook)
        return simulator, simulator

    def with_unknown_kind(self, payload):
        return {**payload, "hologram": {"x": 1}, "message": {**payload["message"], "mood": "fine"}}

    def one(self, name):
        [item] = self.recording(name)
        return item

    # In

    def test_text(self):
        item = self.one("text")
        assert (item.external_id, item.address, item.name, item.locale) == (
            "5741311803571721001", self.address, "Ann Ash", "de")
        assert item.sent_at == datetime.fromtimestamp(1790000001.234, UTC) and item.text == "Wo bleibt mein Päckchen?"

    def test_the_signature_is_the_one_of_vibers_own_library(self):
        channel = self.open(auth_token="44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3")
        body = b'{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}'
        digest = "d21b343448c8aee33b8e93768ef6ceb64a6ba6163099973a2b8bd028fea510ef"
        channel.verify(Request("POST", {"X-Viber-Content-Signature": digest}, {}, body))

    @pytest.mark.parametrize(("name", "file", "text"), [
        ("picture", ("photo-1.jpg", "image/jpeg"), "kaputt"), ("video", ("video.mp4", "video/mp4"), ""),
        ("file", ("Rechnung März.pdf", "application/pdf"), ""), ("sticker", ("sticker.png", "image/png"), "[sticker]")])
    def test_files(self, name, file, text):
        item = self.one(name)
        [found] = item.files
        assert (found.name, found.content_type, item.text) == (*file, text) and found.ref.startswith("http")
        assert (found.size == 2138) is (name == "file")

    def test_other_kinds(self):
        texts = [self.one(n).text for n in ("location", "contact", "url", "bare_sticker", "unknown_message")]
        assert texts[0].startswith("[location] Alexanderplatz 1 (52.52, 13.405) https://")
        assert texts[1:] == ["[contact] Ben Birch +4915199", "this one\nhttps://shop.example/kettle", "[sticker]",
                             "[hologram]"]

    def test_a_pressed_button_tells_label_and_value_and_a_typed_one_does_not(self):
        item = self.one("pressed_button")
        assert (item.text, item.payload) == ("Yes", "csat:1:yes")
        typed = json.loads((FIXTURES / "viber" / "pressed_button.json").read_bytes())
        [item] = self.read({**typed, "silent": False})
        assert (item.text, item.payload) == ("csat:1:yes\nYes", "")

    def test_opening_the_bot_only_opens_the_line(self):
        first, second = self.one("conversation_started"), self.one("subscribed")
        assert first.start and second.start and (first.payload, second.payload) == ("order-4711", "")
        assert first.external_id.isdigit() and second.external_id == f"{self.address}:1790000001234"

    def test_receipts(self):
        found = [self.one(name) for name in ("delivered", "seen", "failed")]
        assert [r.status for r in found] == [Status.DELIVERED, Status.READ, Status.FAILED]
        assert [r.error for r in found] == ["", "", "failure description"] and all(r.external_id for r in found)

    def test_news_of_one_message_have_keys_of_their_own(self):
        bodies = [json.dumps({"event": event, "message_token": 7, "user_id": "a", "chat_hostname": host}).encode()
                  for event, host in (("delivered", "A"), ("delivered", "B"), ("seen", "A"))]
        keys = [self.open().source_key(self.sign(body)) for body in bodies]
        assert keys[0] == keys[1] != keys[2]

    # Both ways

    def test_a_sent_message_is_followed_to_its_reader(self, world):
        world.provider.customer_writes(self.address, "hello")
        [number] = world.send(Outbound("d1", self.address, "hi"))
        assert world.desk.receipt(Status.DELIVERED).external_id == number
        world.provider.customer_reads(self.address)
        assert world.desk.receipt(Status.READ).external_id == number
        world.provider.customer_reads(self.address)
        assert world.simulator.courier.settled()
        assert len([i for i in world.desk.items if isinstance(i, Receipt)]) == 2

    def test_a_message_that_fails_later_says_why(self, world):
        world.provider.receipts = False
        world.provider.customer_writes(self.address, "hello")
        [number] = world.send(Outbound("d1", self.address, "hi"))
        world.provider.fails_later(self.address, number, "the device is gone")
        receipt = world.desk.receipt(Status.FAILED)
        assert (receipt.external_id, receipt.error, receipt.permanent) == (number, "the device is gone", True)

    def test_who_has_left_cannot_be_written_to_until_they_write(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.customer_leaves(self.address)
        with pytest.raises(SendError, match="must write first") as caught:
            world.send(Outbound("d1", self.address, "hi"))
        assert caught.value.permanent and not caught.value.broken
        world.provider.customer_writes(self.address, "I am back")
        world.send(Outbound("d2", self.address, "hi"))

    def test_a_short_text_is_the_caption_of_its_picture(self, world):
        world.provider.customer_writes(self.address, "hello")
        for text, count in (("short", 1), ("x" * 121, 2)):
            assert len(world.send(Outbound("d1", self.address, text, files=[PICTURE]))) == count
        assert [(e["text"][:5], len(e["files"])) for e in world.provider.conversation(self.address)][1:] == [
            ("short", 1), ("xxxxx", 0), ("", 1)]

    @pytest.mark.parametrize("file", [
        ("clip.mp4", "video/mp4", b"film"), ("large.png", "image/png", b"\x89PNG" + bytes(2**20)),
        ("voice.ogg", "audio/ogg", b"OggS"), ("Übersicht.xlsx", "application/vnd.ms-excel", b"PK")],
        ids=lambda file: file[0])
    def test_every_kind_of_file_goes_out(self, world, file):
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("d1", self.address, "", files=[file]))
        [seen] = world.provider.conversation(self.address)[-1]["files"]
        assert seen["content"] == file[2]

    def test_a_file_that_is_too_large_or_cannot_be_fetched_is_refused_in_words(self):
        with pytest.raises(SendError, match="50 MB"):
            self.open().send(Outbound("d1", self.address, "", files=[("a.bin", "x/y", bytes(50 * 2**20 + 1))]))
        with pytest.raises(SendError, match="base_url"):
            Viber(self.config).send(Outbound("d1", self.address, "", files=[PICTURE]))

    def test_a_long_text_in_any_script_fits_into_thirty_kilobytes(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("d1", self.address, "🧀" * 7000))
        world.send(Outbound("d2", self.address, "ж" * 4000, buttons=[Button(f"&<Да> {n}", f"p{n}") for n in range(24)]))
        seen = world.provider.conversation(self.address)
        assert len(seen[-2]["text"]) == 7000 and seen[-1]["buttons"][3]["label"] == "&<Да> 3"

    @pytest.mark.parametrize(("given", "shown"), [
        ("Ada (Kopi)", "Ada (Kopi)"), ("Wilhelmina van der Berg (Kopi & Co)", "Wilhelmina van der Berg"),
        ("", "Support"), ("x" * 40, "x" * 28)])
    def test_the_name_above_a_message_is_short(self, world, monkeypatch, given, shown):
        names = []
        monkeypatch.setattr(world.channel, "_call", lambda method, body: names.append(body["sender"]["name"]) or {
            "message_token": 1})
        world.send(Outbound("d1", self.address, "hi", sender_name=given))
        assert names == [shown]

    def test_too_many_calls_slow_the_account_down_and_too_many_messages_to_one_person_do_not(self, world):
        assert self.failing(world, {"code": 0, "http": 429}).slow_down
        assert not self.failing(world, {"code": 12}).slow_down

    # The account

    def test_connect_sets_the_webhook_which_viber_tries(self, world):
        url = world.simulator.webhook_url
        world.simulator.webhook_url = ""
        account, webhook = world.channel.steps(url)
        with pytest.raises(SendError, match="nobody"):
            webhook.check()
        world.channel.connect(url)
        assert "Simulated" in account.check() and "delivers here" in webhook.check()
        world.provider.customer_starts(self.address, "order-4711", name="Ann Ash")
        item = world.desk.message()
        assert (item.start, item.payload, item.name) == (True, "order-4711", "Ann Ash")
        assert not world.desk.refused and "webhook" not in EVENTS

    def test_connect_says_what_is_in_the_way(self, world):
        with pytest.raises(SendError, match="invalidUrl") as caught:
            world.channel.connect("http://127.0.0.1:1/nobody")
        assert caught.value.permanent
