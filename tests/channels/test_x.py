"""X, against the simulated API."""
from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from oauthlib.oauth1 import Client
from werkzeug.wrappers import Response

from channels.base import (
    BadSignature,
    Button,
    Echo,
    File,
    Outbound,
    Receipt,
    Request,
    SendError,
    Status,
    Typing,
)
from channels.simulators import XSimulator
from channels.x import X
from tests.channels.contract import PAPER, PICTURE, ChannelContract

KEYS = {"account_id": "783214000000000001", "api_key": "x-api-key-1", "app_secret": "x-app-secret-1",
        "access_token": "783214000000000001-access-token", "access_secret": "x-access-secret-1"}


class TestX(ChannelContract):
    channel = X
    config = {**KEYS, "older_api": "1"}
    address = "1490055512340000001"
    silent = ("own_typing_and_reading", "post", "follow")
    quotes = told_quotes = False
    passing = [{"code": 500}, {"code": 503}, {"code": 429}]
    final = [{"code": 400}, {"code": 403}, {"code": 404}]
    breaking = [{"code": 401}, {"code": 403, "kind": "https://api.x.com/2/problems/client-forbidden"},
                {"code": 403, "kind": "https://api.x.com/2/problems/oauth1-permissions"},
                {"code": 429, "kind": "https://api.x.com/2/problems/usage-capped"}]

    def sign(self, body):
        digest = hmac.new(KEYS["app_secret"].encode(), body, hashlib.sha256).digest()
        return Request("POST", {"x-twitter-webhooks-signature": f"sha256={b64encode(digest).decode()}"}, {}, body)

    def simulate(self, courier, webhook):
        simulator = XSimulator(KEYS, courier=courier, webhook_url=webhook)
        return simulator, simulator

    def with_unknown_kind(self, payload):
        return {**payload, "hologram_events": [{"x": 1}],
                "direct_message_events": [{"type": "hologram"}, 7, *payload["direct_message_events"]]}

    def one(self, name):
        [item] = self.recording(name)
        return item

    # Signatures and checks

    def test_the_answer_to_a_check_is_the_one_that_x_documents(self):
        channel = self.open(app_secret="z3ZX4v7mAAUGykl3EcmkqbartmuW8VFOOzCloLx9Q45P0hLrFu")
        check = Request("GET", {}, {"crc_token": "9b4507b3-9040-4669-9ca3-6b94edb50553"}, b"")
        channel.verify(check)
        assert json.loads(channel.handshake(check)) == {
            "response_token": "sha256=Cytd4Sq+NvEcV3MMrXxWJGJx5A+y/lXzzU2Maartkx8="}
        assert channel.handshake(self.sign(b"{}")) is None

    def test_no_check_signs_what_could_be_a_delivery(self):
        """Whoever asks gets a signature made of the question: were any question allowed, anybody could forge."""
        for token in ('{"for_user_id":"1"}', "", "{}", "a b", "[]", "x" * 201, '"x"', "\u0000"):
            with pytest.raises(BadSignature):
                self.open().verify(Request("GET", {}, {"crc_token": token}, b""))
        with pytest.raises(BadSignature):
            self.open().verify(Request("GET", {}, {}, b""))

    def test_calls_are_signed_as_x_documents(self):
        """The example of "Creating a signature"."""
        uri, headers, _ = Client(
            "xvz1evFS4wEEPTGEFPHBog", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
            nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", timestamp="1318622958").sign(
            "https://api.twitter.com/1.1/statuses/update.json?include_entities=true", "POST",
            "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21",
            {"Content-Type": "application/x-www-form-urlencoded"})
        assert 'oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"' in headers["Authorization"]

    # In

    def test_text(self):
        item = self.one("text")
        assert (item.external_id, item.address, item.name, item.account) == (
            "1790000000000000001", self.address, "Ann Ash", KEYS["account_id"])
        assert (item.text, item.sent_at) == ("Wo bleibt mein Päckchen?", datetime.fromtimestamp(1790000001.234, UTC))
        assert self.one("escaped").text == "tea & coffee <3"

    @pytest.mark.parametrize(("name", "file", "text"), [
        ("photo", ("cat.jpg", "image/jpeg", "https://ton.x.com/1.1/ton/data/dm/1/2/cat.jpg"), "broken"),
        ("only_photo", ("cat.jpg", "image/jpeg", "https://ton.x.com/1.1/ton/data/dm/1/2/cat.jpg"), ""),
        ("video", ("large.mp4", "video/mp4", "https://video.twimg.com/dm_video/1/vid/large.mp4?tag=1"), "")])
    def test_files(self, name, file, text):
        item = self.one(name)
        [found] = item.files
        assert (found.name, found.content_type, found.ref, item.text) == (*file, text)

    def test_other_kinds(self):
        texts = [self.one(n).text for n in ("place", "coordinate", "unknown_attachment")]
        assert texts[0].startswith("here\n[location] Manhattan, NY (40.78, -73.97) https://")
        assert texts[1].startswith("[location] (52.52, 13.405) https://") and texts[2] == "[hologram]"

    def test_a_pressed_quick_reply(self):
        assert (self.one("quick_reply").text, self.one("quick_reply").payload) == ("Yes", "csat:1:yes")

    def test_what_our_account_says_is_an_echo(self):
        item = self.one("own_echo")
        assert isinstance(item, Echo) and (item.address, item.text) == (self.address, "It left today.")
        assert item.account == KEYS["account_id"] and item.external_id.startswith("179")

    def test_typing_and_reading(self):
        typing, read = self.one("typing"), self.one("read")
        assert isinstance(typing, Typing) and (typing.address, typing.account) == (self.address, KEYS["account_id"])
        assert isinstance(read, Receipt) and read.status is Status.READ and read.address == self.address
        assert read.watermark == read.at == datetime.fromtimestamp(1790000001.234, UTC)

    def test_one_unreadable_event_costs_its_neighbours_nothing(self):
        items = self.recording("batch")
        assert [i.text for i in items] == ["one", "[unreadable]", "two"]
        assert items[1].external_id == "1790000000000000777" and items[1].address == self.address

    # Both ways

    def test_a_paper_goes_out_as_a_link(self, world):
        """X carries pictures and films only."""
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("d1", self.address, "Here it is.", files=[PAPER]))
        said = [e["text"] for e in world.provider.conversation(self.address)][1:]
        assert said[0] == "Here it is." and said[1].startswith(f"{PAPER[0]}\nhttp")
        assert world.channel.http.get(said[1].partition("\n")[2]).body == PAPER[2]

    @pytest.mark.parametrize("file", [PICTURE], ids=["picture"])
    def test_a_file_goes_out(self, world, file):
        super().test_a_file_goes_out(world, file)

    def test_several_files_go_out_each_once(self, world):
        world.provider.customer_writes(self.address, "hello")
        other = ("film.mp4", "video/mp4", b"film" * 2_000_000)      # in two chunks
        parts = world.channel.prepare(Outbound("d1", self.address, "Both.", files=[PICTURE, other]))
        assert [p.id for p in parts] == ["d1", "d1.1", "d1.2"]
        world.provider.working = 2
        for part in parts:
            world.channel.send(part)
        sent = [f["content"] for e in world.provider.conversation(self.address) for f in e["files"]]
        assert sent == [PICTURE[2], other[2]]

    def test_a_film_that_x_works_on_for_too_long_is_tried_later(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.working = 100
        with pytest.raises(SendError, match="still working") as caught:
            world.send(Outbound("d1", self.address, "", files=[("a.gif", "image/gif", b"GIF89a")]))
        assert caught.value.retry_after and not caught.value.permanent and not caught.value.uncertain

    def test_a_picture_that_is_too_large_goes_as_a_link(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("d1", self.address, "", files=[("a.png", "image/png", bytes(5 * 2**20 + 1))]))
        assert world.provider.conversation(self.address)[-1]["text"].startswith("a.png\nhttp")

    def test_media_of_strangers_hosts_see_no_signature(self):
        asked = []

        class Web:
            def get(self, url, headers=None):
                asked.append((url, "Authorization" in (headers or {})))
                raise SendError("enough")
        channel = self.open()
        channel.http = Web()
        for url in ("https://ton.x.com/1.1/ton/a.jpg", "https://ton.x.com.evil.example/a.jpg",
                    "https://video.twimg.com/a.mp4", "https://pbs.twimg.com/a.jpg"):
            with pytest.raises(SendError):
                channel.download(File("a", "image/jpeg", ref=url))
        assert [signed for _, signed in asked] == [True, False, False, False]

    def test_a_file_that_is_gone_is_a_final_error(self, world):
        world.provider.customer_writes(self.address, file=PICTURE)
        [file] = world.desk.message().files
        with pytest.raises(SendError, match="any more") as caught:
            world.channel.download(replace(file, ref=file.ref.replace("/dm/", "/dm/9")))
        assert caught.value.permanent

    def test_without_the_older_api_buttons_are_lines_and_typing_is_not_shown(self, world):
        world.provider.customer_writes(self.address, "hello")
        plain = self.open(older_api="", api_base=world.channel.config["api_base"])
        [part] = plain.prepare(Outbound("d1", self.address, "Well?", buttons=[Button("Yes", "y"), Button("No", "n")]))
        plain.send(part)
        plain.typing(self.address)
        assert world.provider.conversation(self.address)[-1]["text"] == "Well?\n\n1. Yes\n2. No"
        assert not world.provider.typing

    def test_typing_is_shown(self, world):
        world.channel.typing(self.address)
        assert list(world.provider.typing) == [self.address]

    def test_our_words_come_back_as_echoes_of_the_same_id(self, world):
        world.provider.customer_writes(self.address, "hello")
        [number] = world.send(Outbound("d1", self.address, "Tea & <coffee>"))
        [echo] = world.desk.wait(lambda i: isinstance(i, Echo))
        assert (echo.external_id, echo.text, echo.address) == (number, "Tea & <coffee>", self.address)
        written = world.provider.business_writes(self.address, "from the app")
        [echo] = world.desk.wait(lambda i: isinstance(i, Echo) and i.text == "from the app")
        assert echo.external_id == written

    def test_people_are_seen_typing_and_reading(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("d1", self.address, "hi"))
        world.provider.customer_types(self.address)
        world.provider.customer_reads(self.address)
        world.desk.wait(lambda i: isinstance(i, Typing))
        assert world.desk.receipt(Status.READ).watermark

    def test_a_limit_is_kept_until_it_begins_anew(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.fail_next(429, reset_in=120)
        with pytest.raises(SendError) as caught:
            world.send(Outbound("d1", self.address, "hi"))
        assert 100 <= caught.value.retry_after <= 120 and caught.value.slow_down

    def test_a_person_whose_messages_are_closed_is_final(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.blocked_by.add(self.address)
        for buttons in ((), (Button("Yes", "y"),)):
            with pytest.raises(SendError, match="permission") as caught:
                world.send(Outbound("d1", self.address, "hi", buttons=buttons))
            assert caught.value.permanent and not caught.value.broken

    def test_codes_of_the_older_api_that_refuse_the_token_are_called_broken(self, world):
        for code, broken in ((89, True), (349, False), (150, False)):
            world.provider.customer_writes(self.address, "hello")
            world.provider.fail_next(403, "older", **{"kind": "", "reset_in": None})
            world.provider.faults[-1].body = {"errors": [{"code": code, "message": "older"}]}
            with pytest.raises(SendError) as caught:
                world.send(Outbound("d1", self.address, "hi", buttons=[Button("Yes", "y")]))
            assert caught.value.permanent and caught.value.broken is broken

    # The account

    def test_connect_sets_the_webhook_and_subscribes(self, world):
        url = world.simulator.webhook_url
        world.simulator.webhook_url = ""
        handed = self.checked(world)
        account, webhook, subscription = world.channel.steps(url)
        for step in (webhook, subscription):
            with pytest.raises(SendError):
                step.check()
        world.channel.connect(url)
        assert "@simulated" in account.check() and "here" in webhook.check() and "delivered" in subscription.check()
        assert world.simulator.subscribed and world.simulator.webhook_url == url and len(handed) == 1
        world.channel.connect(url)          # a second time: known already
        world.provider.customer_writes(self.address, "hello")
        assert world.desk.message().text == "hello"

    def test_connect_says_what_is_in_the_way(self, world):
        with pytest.raises(SendError, match="CRC"):
            world.channel.connect("http://127.0.0.1:1/nobody")
        wrong = self.open(app_secret="wrong", api_base=world.channel.config["api_base"])
        with pytest.raises(SendError, match="verify your credentials"):
            wrong.connect(world.simulator.webhook_url)

    def checked(self, world):
        """Let the desk answer checks as the helpdesk's webhook does."""
        handed, before = [], world.desk._answer

        def answer(request):
            world.desk.channel.verify(request)
            challenge = world.desk.channel.handshake(request)
            if challenge is None:
                return before(request)
            handed.append(challenge)
            return Response(challenge, content_type="application/json")
        world.desk._answer = answer
        return handed

    def test_tokens_of_another_account_are_told(self, world):
        wrong = self.open(account_id="4", api_base=world.channel.config["api_base"])
        with pytest.raises(SendError, match="belongs to @simulated"):
            wrong.test()
