"""Telegram, against the simulated Bot API."""
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from channels.base import Button, Echo, Edited, Inbound, Outbound, Request, SendError, Unsent
from channels.simulators import TelegramSimulator
from channels.telegram import Telegram, _request
from tests.channels.contract import ChannelContract

TOKEN, SECRET = "510020:AAbot-token-of-ours", "hook_secret-123"


class TestTelegram(ChannelContract):
    channel = Telegram
    config = {"bot_token": TOKEN, "webhook_secret": SECRET}
    address = "510020030"
    silent = ("group", "channel_post", "pinned", "blocked")
    passing = [{"code": 429, "retry_after": 7}, {"code": 500}, {"code": 502}]
    final = [{"code": 403}, {"code": 400}, {"code": 413}]
    breaking = [{"code": 401}, {"code": 404}]
    words = "description"

    def sign(self, body):
        return Request("POST", {"X-Telegram-Bot-Api-Secret-Token": SECRET}, {}, body)

    def forged(self, request):
        return replace(request, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET[:-1] + "4"})

    def simulate(self, courier, webhook):
        simulator = TelegramSimulator(TOKEN, courier=courier, webhook_url=webhook, secret_token=SECRET)
        return simulator, simulator

    def with_unknown_kind(self, payload):
        return {**payload, "hologram": {"x": 1}, "message": {**payload["message"], "mood": "fine"}}

    def one(self, name) -> Inbound:
        [item] = self.recording(name)
        return item

    def test_text(self):
        item = self.one("text")
        assert (item.external_id, item.address, item.name) == ("510020030:1", self.address, "Ann Ash")
        assert (item.locale, item.sent_at) == ("de", datetime.fromtimestamp(1790000001, UTC))
        assert self.open().scope(item) == "" and not item.start

    def test_the_source_key_is_the_update(self):
        assert self.open().source_key(self.sign(self.plain())) == "update:880000001"
        assert len(self.open().source_key(self.sign(b"garbage"))) == 64

    def test_start_only_opens_the_line(self):
        assert [(i.start, i.payload) for n in ("start", "start_with_payload")
                for i in self.recording(n)] == [(True, ""), (True, "order-4711")]

    @pytest.mark.parametrize(("name", "file", "text"), [
        ("photo", ("photo.jpg", "image/jpeg", "large"), "broken"),
        ("document", ("Rechnung März.pdf", "application/pdf", "doc1"), ""),
        ("voice", ("voice.ogg", "audio/ogg", "voice1"), ""), ("video", ("video.mp4", "video/mp4", "video1"), ""),
        ("animation", ("cat.mp4", "video/mp4", "anim1"), ""),
        ("sticker", ("SadCats.webp", "image/webp", "st1"), "😿")])
    def test_files(self, name, file, text):
        item = self.one(name)
        [found] = item.files
        assert (found.name, found.content_type, found.ref, item.text) == (*file, text)

    def test_other_kinds(self):
        texts = [self.one(n).text for n in ("location", "venue", "contact", "poll")]
        assert texts[0].startswith("[location] (52.52, 13.405) https://")
        assert texts[1].startswith("[location] Depot, Alexanderplatz 1 (52.52, 13.405)")
        assert texts[2:] == ["[contact] Ben Birch +4915199", "[poll]"]

    def test_a_correction_names_its_message(self):
        edit = self.one("edited")
        assert isinstance(edit, Edited)
        assert (edit.external_id, edit.text) == (self.one("text").external_id, "Where is my order 4711?")

    def test_a_business_account_is_answered_through_its_connection(self, world):
        item = self.one("business_message")
        assert (item.address, item.external_id, item.text) == ("bc7@510020030", "bc7@510020030:12", "Is it open today?")
        answer = Outbound("d1", item.address, "Until six", replies_to=[item.external_id])
        assert _request(answer, item.address) == ("sendMessage", {
            "business_connection_id": "bc7", "chat_id": "510020030", "text": "Until six",
            "reply_parameters": {"message_id": 12, "allow_sending_without_reply": True}})

    def test_what_the_owner_of_a_business_account_writes_is_an_echo(self):
        echo = self.one("business_echo")
        assert isinstance(echo, Echo) and (echo.address, echo.text) == ("bc7@510020030", "Until six")

    def test_messages_taken_back_from_a_business_account(self):
        found = self.recording("business_deleted")
        assert [(type(i), i.external_id) for i in found] == [(Unsent, "bc7@510020030:12"), (Unsent, "bc7@510020030:13")]

    def test_signs_as_they_are_now(self):
        sign = self.one("reaction")
        assert (sign.external_id, sign.address, sign.emoji) == ("510020030:1", self.address, "👍")

    def test_a_pressed_button_tells_label_and_value(self):
        item = self.one("pressed_button")
        assert (item.text, item.payload, item.replies_to) == ("Yes", "csat:1:yes", ["510020030:901"])
        assert (self.one("pressed_old_button").text, self.one("pressed_old_button").address) == (
            "csat:1:yes", self.address)

    def test_a_pressed_button_is_acknowledged(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("d1", self.address, "?", buttons=[Button("Yes", "y")]))
        number = world.provider.customer_writes(self.address, button="y")
        for item in world.desk.wait(lambda i: isinstance(i, Inbound), 2):
            world.channel.acknowledge(item)
        assert [f"callback:{q}" for q in world.simulator.answered_buttons] == [number]

    def test_acknowledging_never_raises(self):
        self.open(api_base="http://127.0.0.1:1").acknowledge(self.one("pressed_button"))

    def test_connect_sets_the_webhook_with_the_secret(self, world):
        url = world.simulator.webhook_url
        world.simulator.webhook_url, world.simulator.secret_token = "", ""
        world.provider.customer_writes(self.address, "nobody listens")
        world.channel.connect(url)
        world.provider.customer_starts(self.address, "order-4711", name="Ann Ash")
        item = world.desk.message()
        assert (item.start, item.payload, item.name) == (True, "order-4711", "Ann Ash")
        assert not world.desk.refused

    def test_a_wait_that_telegram_asks_for_is_kept(self, world):
        assert self.failing(world, {"code": 429, "retry_after": 31}).retry_after == 31

    def test_a_person_who_blocked_the_bot_is_final(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.blocked_by.add(self.address)
        with pytest.raises(SendError, match="blocked") as caught:
            world.send(Outbound("d1", self.address, "hi"))
        assert caught.value.permanent and not caught.value.broken

    def test_a_stranger_is_final(self, world):
        with pytest.raises(SendError, match="chat not found") as caught:
            world.send(Outbound("d1", "404404", "hi"))
        assert caught.value.permanent and not caught.value.broken

    def test_a_chat_that_moved_is_written_to_at_its_new_id(self, world):
        world.provider.customer_writes("510020031", "hello from the new place")
        world.provider.moved[self.address] = "510020031"
        [number] = world.send(Outbound("d1", self.address, "hi"))
        assert number.startswith("510020031:")
        world.provider.moved["510020031"] = self.address        # in a circle: given up
        with pytest.raises(SendError) as caught:
            world.send(Outbound("d2", self.address, "hi"))
        assert caught.value.permanent

    def test_a_file_that_telegram_will_not_give_is_a_final_error(self, world):
        world.provider.customer_writes(self.address, file=("huge.bin", "application/zip", b"x" * (20 * 2**20 + 1)))
        [file] = world.desk.message().files
        with pytest.raises(SendError, match="too big") as caught:
            world.channel.download(file)
        assert caught.value.permanent and not caught.value.broken

    def test_a_long_caption_becomes_a_message_of_its_own(self):
        parts = self.open().prepare(Outbound("d1", self.address, "a" * 1025, files=[("a.png", "image/png", b"p")]))
        assert [(len(p.text), len(p.files)) for p in parts] == [(1025, 0), (0, 1)]
