"""Instagram, against the simulated Graph API."""
from __future__ import annotations

import pytest

from channels.base import Outbound, SendError, Status
from channels.instagram import Instagram
from channels.simulators import MetaSimulator
from tests.channels.meta_cases import SECRETS, MetaContract


class TestInstagram(MetaContract):
    channel = Instagram
    config = {"account_id": "178414000", **SECRETS}
    address = "9001002003"
    silent = ("comment",)
    quotes = False
    passing = [{"code": 613, "status": 400}, {"code": 4, "status": 400}, {"code": 2, "status": 503}]
    final = [{"code": 9010}, {"code": 551, "status": 400}, {"code": 100, "subcode": 2534014}]

    def simulate(self, courier, webhook):
        simulator = MetaSimulator(SECRETS["app_secret"], courier=courier, instagram=self.config,
                                  webhook_urls={"instagram": webhook})
        simulator.instagram.status_delay = 0
        return simulator, simulator.instagram

    def with_unknown_kind(self, payload):
        event = payload["entry"][0]["messaging"][0]
        payload["entry"][0]["messaging"].insert(0, {"sender": event["sender"], "hologram": 1})
        payload["entry"].insert(0, {"id": "178414000", "changes": [{"field": "moods", "value": 7}]})
        return payload

    def test_text(self):
        [item] = self.recording("text")
        assert (item.address, item.text, item.account) == (self.address, "Is the blue one back?", "178414000")
        assert self.open().scope(item) == "178414000"

    def test_a_reply_to_a_story_brings_the_story(self):
        [item] = self.recording("story_reply")
        assert item.text == "Love it"
        assert [f.ref for f in item.files] == ["https://lookaside.example/story?sig=1"]

    def test_a_mention_in_a_story(self):
        [item] = self.recording("story_mention")
        assert item.text == "[story mention]"
        assert [f.ref for f in item.files] == ["https://lookaside.example/mention?sig=1"]

    def test_other_kinds(self):
        assert [i.text for n in ("shared_reel", "unsupported", "dashboard_test", "postback")
                for i in self.recording(n)] == ["[ig_reel] Unboxing https://www.instagram.example/reel/1",
                                                "[unsupported]", "random_text", "Opening hours"]

    def test_read_names_the_message(self):
        [receipt] = self.recording("read")
        assert (receipt.external_id, receipt.status, receipt.address) == ("aWdfT1", Status.READ, self.address)

    def test_reading_comes_back(self, world):
        world.provider.customer_writes(self.address, "hello")
        [number] = world.send(Outbound("d1", self.address, "hi"))
        world.provider.customer_reads(self.address)
        assert world.desk.receipt(Status.READ).external_id == number

    def test_text_is_cut_by_bytes(self):
        text = "ä🧀" * 900
        parts = self.open().prepare(Outbound("d1", self.address, text))
        assert all(len(p.text.encode()) <= 1000 for p in parts) and "".join(p.text for p in parts) == text
        assert len(parts) == 6, "as few as the bytes allow"

    def test_what_instagram_does_not_carry_is_refused_here(self):
        for file in (("a.zip", "application/zip", b"PK"), ("a.png", "image/png", b"x" * (8 * 2**20 + 1))):
            with pytest.raises(SendError, match="Instagram carries") as caught:
                self.open().send(Outbound("d1", self.address, "", files=[file]))
            assert caught.value.permanent

    def test_a_file_name_outside_ascii_is_changed(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("d1", self.address, "", files=[("Rückgabe.pdf", "application/pdf", b"%PDF")]))
        assert world.provider.conversation(self.address)[-1]["files"][0]["name"] == "R_ckgabe.pdf"
