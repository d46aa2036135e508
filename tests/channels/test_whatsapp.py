"""WhatsApp, against the simulated Cloud API."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels.base import Inbound, Outbound, Receipt, SendError, Status
from channels.simulators import MetaSimulator
from channels.whatsapp import WhatsApp
from tests.channels.contract import PICTURE
from tests.channels.meta_cases import SECRETS, MetaContract


class TestWhatsApp(MetaContract):
    channel = WhatsApp
    config = {"phone_number_id": "109876543210", **SECRETS}
    address = "+4915112345678"
    silent = ("account_update", "call")
    passing = [{"code": 130429, "status": 429, "retry_after": 30}, {"code": 131056, "status": 400},
               {"code": 131000, "status": 500}, {"code": 80007, "status": 400}, {"code": 4, "status": 400}]
    final = [{"code": 131026}, {"code": 131051}, {"code": 100}, {"code": 132000}, {"code": 131049}]

    def simulate(self, courier, webhook):
        simulator = MetaSimulator(SECRETS["app_secret"], courier=courier, whatsapp=self.config,
                                  webhook_urls={"whatsapp": webhook})
        simulator.whatsapp.status_delay = 0
        return simulator, simulator.whatsapp

    def with_unknown_kind(self, payload):
        value = payload["entry"][0]["changes"][0]["value"]
        value["messages"].insert(0, {**value["messages"][0], "id": "wamid.new", "type": "hologram", "hologram": 7})
        value["statuses"] = [{"id": "wamid.1", "status": "pondered", "timestamp": "1790000000"}]
        payload["entry"].insert(0, {"id": "1", "changes": [{"field": "moods", "value": {"mood": "fine"}}]})
        return payload

    def one(self, name) -> Inbound:
        [item] = self.recording(name)
        return item

    def test_text(self):
        item = self.one("text")
        assert (item.address, item.name, item.text) == ("+4915112345678", "Ann Ash", "Where is my parcel?")
        assert (item.account, item.sent_at) == ("109876543210", datetime.fromtimestamp(1790000001, UTC))
        assert self.open().scope(item) == "" and WhatsApp.identity_kind == "phone"

    def test_reply(self):
        assert self.one("reply").replies_to == ["wamid.HBgN9000"]

    @pytest.mark.parametrize(("name", "file", "text"), [
        ("image", ("image.jpg", "image/jpeg", "880011"), "It came broken"),
        ("document", ("Rechnung März.pdf", "application/pdf", "880012"), ""),
        ("voice", ("audio.ogg", "audio/ogg; codecs=opus", "880013"), ""),
        ("sticker", ("sticker.webp", "image/webp", "880014"), "")])
    def test_media(self, name, file, text):
        item = self.one(name)
        [found] = item.files
        assert (found.name, found.content_type, found.ref, item.text) == (*file, text)

    def test_media_that_whatsapp_lost_says_so(self):
        item = self.one("video_without_media")
        assert (item.text, list(item.files)) == ("[video] Media download error", [])

    @pytest.mark.parametrize(("name", "text", "payload"), [
        ("button_reply", "Yes", "csat:1:yes"), ("list_reply", "Medium", "size-m"),
        ("template_button", "Order again", "REORDER"),
        ("form", "[form] Sent\norder: 4711\nreason: too small", ""),
        ("contacts", "[contact] Ben Birch +49 151 999", ""),
        ("order", "[order]\n2 × MUG-RED (9.5 EUR)\nAs a gift", ""),
        ("unsupported", "[unsupported] Message type unknown", "")])
    def test_other_kinds(self, name, text, payload):
        item = self.one(name)
        assert (item.text, item.payload) == (text, payload)

    def test_location(self):
        assert self.one("location").text.startswith("[location] Depot, Alexanderplatz 1 (52.52, 13.405) https://")

    def test_somebody_who_hides_the_number_is_known_by_the_scoped_id(self):
        item = self.one("hidden_number")
        assert (item.address, item.name) == ("DE.77001122", "Cleo")

    def test_welcome_only_opens_the_line(self):
        assert self.one("welcome").start

    def test_batch_keeps_order_and_names(self):
        items = self.recording("batch")
        assert [(i.text, i.name) for i in items if isinstance(i, Inbound)] == [
            ("one", "Ann Ash"), ("two", "Ann Ash"), ("three", "Ben Birch")]

    def test_statuses(self):
        items = self.recording("statuses")
        assert [i.status for i in items] == [Status.SENT, Status.DELIVERED, Status.READ]
        assert {(i.external_id, i.address) for i in items} == {("wamid.OUT1", "+4915112345678")}

    def test_failed_says_why_in_whatsapps_words(self):
        [receipt] = self.recording("failed")
        assert receipt.status is Status.FAILED
        assert receipt.error == "131026: Message undeliverable (The number is not on WhatsApp.)"

    def test_receipts_follow_a_message(self, world):
        world.provider.customer_writes(self.address, "hello")
        [number] = world.send(Outbound("d1", self.address, "hi"))
        for status in (Status.SENT, Status.DELIVERED):
            assert world.desk.receipt(status).external_id == number
        world.provider.customer_reads(self.address)
        assert world.desk.receipt(Status.READ).external_id == number

    def test_a_caption_goes_with_its_picture_but_not_with_a_voice_message(self, world):
        world.provider.customer_writes(self.address, "hello")
        assert len(world.send(Outbound("d1", self.address, "look", files=[PICTURE]))) == 1
        assert len(world.send(Outbound("d2", self.address, "listen", files=[("a.ogg", "audio/ogg", b"Ogg")]))) == 2

    def test_a_picture_too_large_to_be_shown_goes_as_a_document(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("d1", self.address, "", files=[("big.png", "image/png", b"p" * (5 * 2**20 + 1))]))
        assert world.provider.conversation(self.address)[-1]["files"][0]["name"] == "big.png"

    def test_a_closed_window_is_not_even_tried(self):
        with pytest.raises(SendError, match="24-hour window") as caught:
            self.open(api_base="http://127.0.0.1:1").send(Outbound("d1", self.address, "hi", within_window=False))
        assert caught.value.permanent and not caught.value.broken

    def test_whatsapp_itself_says_that_the_window_has_closed(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.clock = lambda: datetime.now(UTC) + timedelta(hours=24, seconds=1)
        with pytest.raises(SendError, match="24-hour window.*131047") as caught:
            world.send(Outbound("d1", self.address, "hi"))
        assert caught.value.permanent and not caught.value.broken

    def test_a_closed_window_may_be_told_late(self, world):
        world.provider.late_errors = True
        [number] = world.send(Outbound("d1", self.address, "hi"))
        receipt = world.desk.receipt(Status.FAILED)
        assert receipt.external_id == number and "131047" in receipt.error

    def test_a_number_that_is_not_on_whatsapp(self, world):
        world.provider.strangers.add("+4930111")
        with pytest.raises(SendError, match="undeliverable") as caught:
            world.send(Outbound("d1", "+4930111", "hi"))
        assert caught.value.permanent and not caught.value.broken

    def test_media_that_is_gone_is_a_final_error(self, world):
        world.provider.customer_writes(self.address, file=PICTURE)
        [file] = world.desk.message().files
        world.simulator.files._files.clear()
        with pytest.raises(SendError) as caught:
            world.channel.download(file)
        assert caught.value.permanent

    def test_a_media_id_cannot_lead_to_another_part_of_the_api(self, world):
        world.provider.customer_writes(self.address, file=PICTURE)
        [file] = world.desk.message().files
        for ref in ("../me/accounts", "1?fields=access_token", ""):
            with pytest.raises(SendError):
                world.channel.download(type(file)("x", "image/png", ref=ref))

    def test_a_file_above_the_limit_is_refused_here(self, world):
        world.channel.can = type(world.channel.can)(**{**vars(world.channel.can), "file_limit": 10})
        with pytest.raises(SendError, match="up to"):
            world.send(Outbound("d1", self.address, "", files=[PICTURE]))

    def test_receipts_are_receipts(self):
        assert all(isinstance(item, Receipt) for item in self.recording("statuses"))
