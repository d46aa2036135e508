"""Messenger, against the simulated Graph API."""
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from channels.base import Echo, Inbound, Outbound, Reaction, SendError, Status
from channels.messenger import Messenger
from channels.simulators import MetaSimulator
from tests.channels.contract import PAPER
from tests.channels.meta_cases import SECRETS, MetaContract


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class TestMessenger(MetaContract):
    channel = Messenger
    config = {"page_id": "500600700", **SECRETS}
    address = "7001002003"
    silent = ("optin_and_referral",)
    quotes = False
    passing = [{"code": 613, "status": 400}, {"code": 4, "status": 400, "retry_after": 60}, {"code": 2, "status": 500},
               {"code": 10, "subcode": 1893063, "status": 403}, {"code": 1200, "status": 400}]
    final = [{"code": 551, "status": 400}, {"code": 100, "subcode": 2018001}, {"code": 200, "subcode": 1545041}]

    def simulate(self, courier, webhook):
        simulator = MetaSimulator(SECRETS["app_secret"], courier=courier, messenger=self.config,
                                  webhook_urls={"messenger": webhook})
        simulator.messenger.status_delay = 0
        return simulator, simulator.messenger

    def with_unknown_kind(self, payload):
        event = payload["entry"][0]["messaging"][0]
        strange = {key: event[key] for key in ("sender", "recipient", "timestamp")} | {"hologram": {"x": 1}}
        attached = {**event, "message": {"mid": "m_new", "attachments": [{"type": "hologram", "payload": {}}]}}
        payload["entry"][0]["messaging"] = [strange, {}, attached, event]
        return payload

    def test_text(self):
        [item] = self.recording("text")
        assert (item.address, item.text, item.account) == (self.address, "Do you ship to Malta?", "500600700")
        assert (self.open().scope(item), item.sent_at) == ("500600700", at(1790000001000))

    def test_attachments_become_files_and_text(self):
        [item] = self.recording("attachments")
        assert [(f.name, f.ref) for f in item.files] == [
            ("image.jpg", "https://scontent.xx.example/v/a.jpg?sig=1"), ("file", "https://cdn.example/b.pdf?sig=2")]
        place, link = item.text.splitlines()
        assert place.startswith("[location] Ann's place (35.9, 14.5)")
        assert link == "[fallback] A page https://shop.example/p/1"

    def test_quick_reply_and_postback_carry_their_payload(self):
        assert [(i.text, i.payload) for n in ("quick_reply", "postback", "postback_without_mid")
                for i in self.recording(n)] == [("Yes", "csat:1:yes"), ("Get started", "GET_STARTED"), ("Menu", "MENU")]

    def test_delivered_names_messages_and_a_watermark(self):
        *named, upto = self.recording("delivered")
        assert [r.external_id for r in named] == ["m_out_1", "m_out_2"]
        assert (upto.watermark, upto.address, upto.status) == (at(1790000006500), self.address, Status.DELIVERED)

    def test_read_has_a_watermark(self):
        [receipt] = self.recording("read")
        assert (receipt.status, receipt.watermark, receipt.external_id) == (Status.READ, at(1790000007500), "")
        assert receipt.address == self.address

    def test_a_batch_keeps_messages_echoes_and_reactions_apart(self):
        found = self.recording("batch")
        assert [i.text for i in found if isinstance(i, Inbound)] == ["first", "second"]
        assert {type(i) for i in found} >= {Inbound, Echo, Reaction}

    def test_an_echo_names_the_person_and_our_account(self):
        [echo] = self.recording("echo")
        assert (echo.external_id, echo.address, echo.text) == ("m_out_9", self.address, "ours")
        assert self.open().scope(echo) == "500600700"

    def test_standby_comes_in_but_no_machine_may_answer(self):
        [item] = self.recording("standby")
        assert (item.text, item.automatic) == ("Is anybody there?", "standby")

    def test_a_delivery_for_instagram_is_not_ours(self):
        assert self.read({"object": "instagram", "entry": [{"id": "1", "messaging": [{"message": {}}]}]}) == []

    def test_receipts_follow_a_message(self, world):
        world.provider.customer_writes(self.address, "hello")
        [number] = world.send(Outbound("d1", self.address, "hi"))
        assert world.desk.receipt(Status.DELIVERED).external_id == number
        world.provider.customer_reads(self.address)
        assert world.desk.receipt(Status.READ).watermark
        assert [i.delivery_id for i in world.desk.items if isinstance(i, Echo)] == ["d1"]
        assert len([i for i in world.desk.items if isinstance(i, Inbound)]) == 1, "the echo is not a message"

    def test_a_menu_button_comes_in(self, world):
        mid = world.provider.customer_presses(self.address, "Talk to a person", "HUMAN", name="Ann Ash")
        item = world.desk.message()
        assert (item.external_id, item.text, item.payload) == (mid, "Talk to a person", "HUMAN")

    def test_the_name_can_be_asked_for(self, world):
        world.provider.customer_writes(self.address, "hello", name="Ann Ash")
        assert world.channel.profile(self.address) == "Ann Ash"

    def test_a_stranger_and_a_person_who_blocked_the_page(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.blocked_by.add(self.address)
        for address in (self.address, "999"):
            with pytest.raises(SendError) as caught:
                world.send(Outbound("d1", address, "hi"))
            assert caught.value.permanent and not caught.value.broken

    def test_after_the_window_only_people_with_the_permission_may_write(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.clock = lambda: datetime.now(UTC) + timedelta(days=2)
        late = Outbound("d1", self.address, "sorry for the wait", within_window=False)
        for message in (late, replace(late, within_window=True)):       # ours says no, and so does Messenger
            with pytest.raises(SendError, match="24-hour window") as caught:
                world.channel.send(message)
            assert caught.value.permanent and not caught.value.broken
        world.provider.human_agent = True
        permitted = self.open(human_agent="1", api_base=world.channel.config["api_base"])
        assert permitted.send(late)
        with pytest.raises(SendError):
            permitted.send(replace(late, automatic=True))

    def test_a_file_above_the_limit_is_refused_here(self, world):
        with pytest.raises(SendError, match="up to 25 MB"):
            world.send(Outbound("d1", self.address, "", files=[(*PAPER[:2], b"x" * (25 * 2**20 + 1))]))

    def test_media_that_is_gone_is_a_final_error(self, world):
        world.provider.customer_writes(self.address, file=PAPER)
        [file] = world.desk.message().files
        world.simulator.files._files.clear()
        with pytest.raises(SendError) as caught:
            world.channel.download(file)
        assert caught.value.permanent
