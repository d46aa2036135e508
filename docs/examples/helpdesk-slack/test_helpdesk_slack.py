"""Slack, against a simulated workspace. Needs a checkout of the helpdesk on PYTHONPATH for the contract."""
from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from helpdesk_slack import Slack
from slack_simulator import SlackSimulator, signed

from channels.base import BadSignature, Echo, Inbound, Outbound, Request, SendError, Unsent
from tests.channels.contract import PICTURE, ChannelContract

FIXTURES = Path(__file__).parent / "fixtures"
TOKEN, SECRET = "xoxb-made-up-token", "made-up-signing-secret"


class TestSlack(ChannelContract):
    channel = Slack
    folder = str(FIXTURES)
    config = {"account_id": "T024BE7LD", "bot_token": TOKEN, "signing_secret": SECRET}
    api_path = "/api"
    address = "U0ANNASH1"
    silent = ("channel_message", "foreign_bot", "link_preview", "our_edit", "joined", "uninstalled",
              "url_verification", "shortcut")
    quotes = False
    words = "code"
    passing = [{"code": "ratelimited", "http": 429, "retry_after": 7}, {"code": "service_unavailable", "http": 503},
               {"code": "request_timeout"}, {"code": "", "http": 500}]
    final = [{"code": code} for code in ("channel_not_found", "user_disabled", "is_archived", "cannot_dm_bot",
                                         "msg_too_long", "something_new")]
    breaking = [{"code": code} for code in ("invalid_auth", "account_inactive", "token_revoked", "missing_scope")]

    def sign(self, body):
        return Request("POST", signed(SECRET, body), {}, body)

    def simulate(self, courier, webhook):
        simulator = SlackSimulator(TOKEN, SECRET, courier=courier, webhook_url=webhook)
        return simulator, simulator

    def with_unknown_kind(self, payload):
        return {**payload, "event": {**payload["event"], "hologram": {"x": 1}, "blocks": [{"type": "hologram"}]}}

    def one(self, name):
        [item] = self.recording(name)
        return item

    # Signatures

    def test_the_signature_of_slacks_own_example(self, monkeypatch):
        """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
        body = (b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
                b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
                b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F"
                b"96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c")
        request = Request("POST", {
            "X-Slack-Request-Timestamp": "1531420618",
            "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"}, {}, body)
        channel = self.open(signing_secret="8f742231b10e8888abcd99yyyzzz85a5")
        monkeypatch.setattr(time, "time", lambda: 1531420618.0)
        channel.verify(request)
        assert channel.read(request) == []      # a slash command
        monkeypatch.setattr(time, "time", lambda: 1531420618.0 + 600)
        with pytest.raises(BadSignature):
            channel.verify(request)

    def test_slack_tries_the_address(self):
        channel = self.open()
        request = self.sign((FIXTURES / "url_verification.json").read_bytes())
        channel.verify(request)
        assert channel.handshake(request) == "3eZbr-made-up"
        assert channel.handshake(self.sign(self.plain())) is None
        said = json.loads(self.plain())
        said["event"]["text"] = "url_verification"
        assert channel.handshake(self.sign(json.dumps(said).encode())) is None

    def test_a_retry_is_known_by_its_event(self):
        first = self.sign(self.plain())
        again = Request("POST", {**first.headers, "X-Slack-Retry-Num": "1"}, {}, self.plain() + b"\n")
        assert self.open().source_key(first) == self.open().source_key(again) == "slack:Ev1"

    # In

    def test_text(self):
        item = self.one("text")
        assert (item.external_id, item.address, item.account) == (
            "D07A1B2C3:1790000001.000100", self.address, "T024BE7LD")
        assert item.sent_at == datetime.fromtimestamp(1790000001.0001, UTC)

    def test_markup_becomes_words(self):
        assert self.one("markup").text == ("@U0BOT0001 see the kettle (https://shop.example/a?b=1&c=2), a@b.example, "
                                           "#general, @here <ok>")

    def test_a_file_and_what_is_left_of_a_deleted_one(self):
        [file] = self.one("file").files
        assert (file.name, file.content_type, file.size) == ("kettle.jpg", "image/jpeg", 2138)
        assert file.ref.endswith("/download/kettle.jpg")

    def test_a_deleted_message_in_both_forms(self):
        for name in ("deleted", "tombstone"):
            item = self.one(name)
            assert isinstance(item, Unsent) and (item.external_id, item.address) == (
                "D07A1B2C3:1790000001.000100", self.address)

    def test_signs_are_emoji_where_they_are_known(self):
        assert (self.one("reaction_added").emoji, self.one("reaction_removed").emoji) == ("👍", "")
        said = json.loads((FIXTURES / "reaction_added.json").read_bytes())
        said["event"]["reaction"] = "kopi-cup"
        assert self.read(said)[0].emoji == ":kopi-cup:"

    def test_a_button_comes_as_a_form(self):
        payload = (FIXTURES / "pressed.json").read_text()
        [item] = self.read(urlencode({"payload": payload}).encode())
        assert (item.text, item.payload, item.address) == ("Yes", "csat:1:yes", self.address)
        assert item == self.one("pressed")

    def test_a_mention_in_a_channel_is_a_message(self):
        assert (self.one("mention").text, self.one("mention").address) == ("@U0BOT0001 hello", self.address)

    def test_our_own_message_comes_back_with_our_number(self, world):
        item = self.one("echo")
        assert (item.delivery_id, item.address, item.text) == ("12.1", self.address, "On its way & soon there")
        [number] = world.send(Outbound("12", self.address, "hi"))
        [echo] = world.desk.wait(lambda i: isinstance(i, Echo))
        assert (echo.external_id, echo.delivery_id) == (number, "12")

    # Out, and the account

    def test_a_text_is_sent_as_it_is_written(self, world):
        world.send(Outbound("d1", self.address, "a < b && *c* <@U1>"))
        assert world.provider.conversation(self.address)[-1]["text"] == "a < b && *c* <@U1>"

    def test_a_fault_of_which_slack_knows_nothing_more_is_uncertain(self, world):
        for code in ("internal_error", "fatal_error"):
            assert self.failing(world, {"code": code}).uncertain

    def test_who_is_asked_for_less_rests(self, world):
        assert self.failing(world, {"code": "ratelimited", "http": 429, "retry_after": 7}).slow_down

    def test_the_token_goes_to_slack_alone_and_a_sign_in_page_is_no_file(self, world):
        world.provider.customer_writes(self.address, file=PICTURE)
        [file] = world.desk.message().files
        world.simulator.token = "xoxb-another"
        with pytest.raises(SendError, match="files:read") as caught:
            world.channel.download(file)
        assert caught.value.permanent

    def test_a_name_is_asked_for(self, world):
        world.provider.customer_writes(self.address, "hello", name="Ann Ash")
        assert world.channel.profile(self.address) == "Ann Ash"

    def test_the_steps_say_what_is_missing(self, world):
        account, permissions = world.channel.steps("")
        assert "@helpdesk" in account.check() and permissions.check()
        world.simulator.scopes = "chat:write"
        with pytest.raises(SendError, match="files:read, files:write"):
            permissions.check()
        with pytest.raises(SendError, match="belongs to the workspace"):
            self.open(account_id="T1", api_base=world.channel.config["api_base"]).test()

    def test_a_thread_is_known(self):
        item = self.one("thread")
        assert isinstance(item, Inbound) and list(item.replies_to) == ["D07A1B2C3:1789999999.000001"]
