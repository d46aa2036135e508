"""LINE, against the simulated Messaging API."""
from __future__ import annotations

import hashlib
import hmac
import json
import struct
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from channels._line_out import picture
from channels.base import BadSignature, Button, Edited, Inbound, Outbound, Request, SendError, Unsent
from channels.line import Line
from channels.simulators import LineSimulator
from tests.channels.contract import PICTURE, ChannelContract

TOKEN, SECRET = "line-channel-access-token", "line-channel-secret"
MOVIE = b"\0\0\0\x6cmoov\0\0\0\x6cmvhd" + bytes(12) + struct.pack(">II", 1000, 2100) + bytes(80)
NOTE = ("Voice.m4a", "audio/mp4", MOVIE)


class TestLine(ChannelContract):
    channel = Line
    config = {"access_token": TOKEN, "channel_secret": SECRET}
    address = "U5b0c4f1a9d7e3862ab90cd41ef72360a"
    group = "C7e1d0b2a4f95c836e1d0b2a4f95c8361"
    silent = ("verify", "standby", "console_sample", "silent_kinds")
    quotes = False
    passing = [{"code": 429, "retry_after": 7}, {"code": 500}, {"code": 502}]
    final = [{"code": 400}, {"code": 404}, {"code": 413},
             {"code": 429, "message": "You have reached your monthly limit."}]
    breaking = [{"code": 401}, {"code": 403}]

    def sign(self, body):
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
        return Request("POST", {"x-line-signature": b64encode(digest).decode()}, {}, body)

    def simulate(self, courier, webhook):
        simulator = LineSimulator(TOKEN, SECRET, courier=courier, webhook_url=webhook)
        return simulator, simulator

    def with_unknown_kind(self, payload):
        return {**payload, "events": [{"type": "hologram"}, *payload["events"], {"type": "message"}, 7]}

    def one(self, name):
        [item] = self.recording(name)
        return item

    def answer(self, world, text="hi", **fields) -> Outbound:
        """An answer that carries the token of the person's last message."""
        token = world.desk.message().reply_token
        assert len(token) == 32
        return Outbound("d1", self.address, text, reply_token=token, **fields)

    # In

    def test_text(self):
        item = self.one("text")
        assert (item.external_id, item.address, item.text) == (
            "579000000000000001", self.address, "Wo bleibt mein Päckchen? (brown)")
        assert item.sent_at == datetime.fromtimestamp(1790000003, UTC) and item.reply_token.endswith("07")
        assert not item.automatic and not item.start and self.one("quote").replies_to == ["579000000000000900"]

    def test_the_signature_is_the_one_that_line_documents(self):
        channel = self.open(channel_secret="channel_secret")
        header = {"X-Line-Signature": "/gg9a+LvFevTH1sd7XCQycD7tsWclCsInj7MhBHxN7k="}
        channel.verify(Request("POST", header, {}, b"bodybodybodybody"))
        with pytest.raises(BadSignature):
            channel.verify(Request("POST", header, {}, b"bodybodybodybodi"))

    @pytest.mark.parametrize(("name", "file"), [
        ("image", ("image.jpg", "image/jpeg")), ("audio", ("audio.m4a", "audio/mp4")),
        ("file", ("Rechnung März.pdf", "application/pdf")), ("video_elsewhere", ("video.mp4", "video/mp4")),
        ("sticker", ("sticker.png", "image/png")), ("room_without_person", ("image.jpg", "image/jpeg"))])
    def test_files(self, name, file):
        [found] = self.one(name).files
        assert (found.name, found.content_type) == file

    def test_where_files_lie(self):
        refs = [self.one(name).files[0].ref for name in ("file", "video_elsewhere", "sticker")]
        assert refs[0] == self.one("file").external_id and self.one("file").files[0].size == 2138
        assert refs[1] == "https://shop.example/a.mp4" and refs[2].endswith("/sticker/1988/android/sticker.png")

    def test_other_kinds(self):
        texts = [self.one(n).text for n in ("location", "sticker", "message_sticker", "unknown_message")]
        assert texts[0].startswith("[location] Depot, Alexanderplatz 1, Berlin (52.52, 13.405) https://")
        assert texts[1:] == ["[sticker] sad, sorry, tears", "[sticker] Dankeschön", "[hologram]"]

    def test_what_people_change(self):
        assert self.one("edited") == Edited("579000000000000002", self.address, self.one("edited").at,
                                            text="Wo bleibt mein Paket?")
        assert isinstance(self.one("unsent"), Unsent) and self.one("unsent").external_id == "579000000000000002"

    def test_buttons_of_ours_and_of_a_menu(self):
        assert [(i.text, i.payload) for i in (self.one("postback_ours"), self.one("postback_menu"))] == [
            ("Yes", "csat:1:yes"), ("action=track&order=4711", "action=track&order=4711")]

    def test_becoming_a_friend_only_opens_the_line(self):
        assert self.one("follow").start and self.one("follow").external_id.startswith("follow:01K5")

    def test_in_a_group_only_who_mentions_the_account_waits_for_it(self):
        talk, asked = self.one("group"), self.one("group_mention")
        assert talk.address == asked.address == self.group
        assert talk.automatic and not asked.automatic
        assert self.one("room_without_person").address.startswith("R")

    def test_one_unreadable_event_costs_its_neighbours_nothing(self):
        items = self.recording("batch")
        assert [getattr(i, "text", type(i).__name__) for i in items] == ["one", "[unreadable]", "Unsent", "two"]
        assert items[1].external_id == "579000000000000777"

    def test_a_redelivery_has_the_same_source_key(self):
        payload = json.loads(self.plain())
        again = json.loads(self.plain().replace(b'"isRedelivery": false', b'"isRedelivery": true'))
        other = json.loads(self.plain().replace(b"SAMPLE00", b"SAMPLE99"))
        assert again != payload
        keys = [self.open().source_key(self.sign(json.dumps(one).encode())) for one in (payload, again, other)]
        assert keys[0] == keys[1] != keys[2]

    def test_a_file_still_being_prepared_is_asked_for_later(self, world):
        world.provider.customer_writes(self.address, file=PICTURE)
        [file] = world.desk.message().files
        world.provider.preparing = 1
        with pytest.raises(SendError) as caught:
            world.channel.download(file)
        assert not caught.value.permanent and caught.value.retry_after
        assert world.channel.download(file) == PICTURE[2]
        with pytest.raises(SendError) as caught:
            world.channel.download(replace(file, ref="404"))
        assert caught.value.permanent

    def test_no_token_leaves_for_the_open_web(self):
        asked = {}

        class Web:
            def get(self, url, **more):
                asked.update(more, url=url)
                raise SendError("enough")
        channel = self.open()
        channel.http = Web()
        for name in ("sticker", "video_elsewhere"):
            with pytest.raises(SendError):
                channel.download(self.one(name).files[0])
            assert not asked.get("token") and asked["url"].startswith("https://")

    # Out

    def test_a_fresh_answer_is_free_and_a_later_one_is_pushed(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.send(self.answer(world))
        assert world.provider.pushed == 0
        world.send(self.answer(world, "a second one"))       # the token was used up
        assert world.provider.pushed == 1
        assert [e["text"] for e in world.provider.conversation(self.address)] == ["hello", "hi", "a second one"]

    def test_a_token_that_is_too_old_costs_no_answer(self, world):
        world.provider.customer_writes(self.address, "hello")
        answer = self.answer(world)
        world.provider.clock = lambda: datetime.now(UTC) + timedelta(seconds=61)
        [number] = world.send(answer)
        assert (world.provider.conversation(self.address)[-1]["id"], world.provider.pushed) == (number, 1)

    def test_an_answer_that_may_have_arrived_is_not_said_twice(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.lost = 1
        [number] = world.send(self.answer(world))
        assert number.startswith("reply:")
        assert [e["text"] for e in world.provider.conversation(self.address)] == ["hello", "hi"]
        assert world.provider.pushed == 0

    def test_a_reply_of_which_nobody_can_tell_is_left_to_an_agent(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.fail_next(500, times=2)
        with pytest.raises(SendError) as caught:
            world.send(self.answer(world))
        assert caught.value.uncertain and len(world.provider.conversation(self.address)) == 1

    def test_a_reply_that_is_refused_says_why(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.fail_next(401)
        with pytest.raises(SendError) as caught:
            world.send(self.answer(world))
        assert caught.value.broken

    def test_a_push_that_may_have_arrived_is_sent_again_under_its_key(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.lost = 1
        message = Outbound("d1", self.address, "hi")
        with pytest.raises(SendError) as caught:
            world.send(message)
        assert not caught.value.uncertain and not caught.value.permanent
        [number] = world.send(message)
        assert [(e["text"], e["id"]) for e in world.provider.conversation(self.address)][1:] == [("hi", number)]
        world.send(replace(message, text="another message under this id, after a restore"))
        assert len(world.provider.conversation(self.address)) == 3

    def test_a_broken_line_is_no_uncertainty_for_a_push(self):
        class Cut:
            def post(self, *args, **more):
                raise SendError("api.line.me broke the connection", uncertain=True)
        channel = self.open()
        channel.http = Cut()
        with pytest.raises(SendError) as caught:
            channel.send(Outbound("d1", self.address, "hi"))
        assert not caught.value.uncertain and not caught.value.permanent
        with pytest.raises(SendError) as caught:
            channel.send(Outbound("d1", self.address, "hi", reply_token="7" * 32))
        assert caught.value.uncertain

    def test_a_used_up_plan_is_told_in_words_and_replies_still_pass(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.quota = 0
        with pytest.raises(SendError, match="plan") as caught:
            world.send(Outbound("d1", self.address, "hi"))
        assert caught.value.permanent and not caught.value.broken and not caught.value.slow_down
        world.send(self.answer(world))
        assert world.provider.conversation(self.address)[-1]["text"] == "hi"

    @pytest.mark.parametrize("file", [
        NOTE, ("clip.mp4", "video/mp4", b"film"), ("large.png", "image/png", b"\x89PNG" + bytes(2**20)),
        ("voice.ogg", "audio/ogg", b"OggS"), ("no header.m4a", "audio/mp4", b"?"),
        ("Ein sehr langer Name – " + "ü" * 100 + ".pdf", "application/pdf", b"%PDF"),
        ("a.svg", "image/svg+xml", b"<svg")], ids=lambda file: file[0][:12])
    def test_every_kind_of_file_goes_out(self, world, file):
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("d1", self.address, "", files=[file]))
        [seen] = world.provider.conversation(self.address)[-1]["files"]
        assert seen["content"] == file[2]

    def test_without_https_files_are_refused_in_words(self):
        for publish in (None, lambda *file: "http://helpdesk.example/x"):
            channel = Line(self.config, None, publish)
            with pytest.raises(SendError, match="base_url") as caught:
                channel.send(Outbound("d1", self.address, "", files=[PICTURE]))
            assert caught.value.permanent

    def test_the_preview_is_a_small_picture(self):
        assert picture().startswith(b"\x89PNG") and len(picture()) < 2000

    def test_text_is_counted_as_line_counts_it(self):
        parts = self.open().prepare(Outbound("d1", self.address, "🧀" * 2501))
        assert [len(p.text) for p in parts] == [2500, 1]

    def test_a_label_that_is_too_long_for_a_quick_reply_becomes_a_line(self):
        [part] = self.open().prepare(Outbound("d1", self.address, "?", buttons=[Button("x" * 21, "p")]))
        assert not part.buttons and "1. " in part.text

    def test_typing_is_shown_to_a_person_and_not_to_a_group(self, world):
        world.channel.typing(self.address)
        world.channel.typing(self.group)
        assert list(world.provider.typing) == [self.address]
        with pytest.raises(SendError):
            self.open(access_token="wrong", api_base=world.channel.config["api_base"]).typing(self.address)

    def test_a_group_is_answered_in_the_group(self, world):
        world.provider.customer_writes(self.group, "@Kopi hello?", name="Tea lovers", mention=True)
        item = world.desk.message()
        assert item.address == self.group and not item.automatic
        world.send(Outbound("d1", item.address, "Hello everybody", reply_token=item.reply_token))
        assert world.provider.conversation(self.group)[-1]["text"] == "Hello everybody"
        assert world.channel.profile(self.group) == "Tea lovers" and world.channel.profile("R1") == ""

    # The account

    def test_the_name_of_a_person(self, world):
        world.provider.customer_writes(self.address, "hello", name="Ann Ash")
        assert world.channel.profile(self.address) == "Ann Ash"
        with pytest.raises(SendError) as caught:
            world.channel.profile("U404")
        assert caught.value.permanent

    def test_test_tells_how_many_messages_are_left(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("d1", self.address, "hi"))
        assert "(@000simul). 1 of 500 pushed" in world.channel.test()

    def test_connect_sets_the_webhook_and_tries_it(self, world):
        url = world.simulator.webhook_url
        world.simulator.webhook_url = ""
        world.channel.connect(url)
        world.provider.customer_starts(self.address, name="Ann Ash")
        assert world.desk.message().start and not world.desk.refused

    def test_the_account_is_tried_step_by_step(self, world):
        url = world.simulator.webhook_url
        account, webhook = world.channel.steps(url)
        assert "Simulated" in account.check() and "understood" in webhook.check()
        with pytest.raises(SendError, match="delivers to"):
            world.channel.steps("https://elsewhere.example/")[1].check()
        world.desk.channel = self.open(channel_secret="another")
        with pytest.raises(SendError, match="403"):
            webhook.check()
        assert "channel secret" in webhook.fix

    def test_too_many_messages_slow_the_account_down(self, world):
        assert self.failing(world, {"code": 429}).slow_down and not self.failing(world, {"code": 500}).slow_down

    def test_connect_says_what_is_in_the_way(self, world):
        url = world.simulator.webhook_url
        with pytest.raises(SendError, match="cannot reach"):
            world.channel.connect("http://127.0.0.1:1/nobody")
        world.provider.uses_webhook = False
        with pytest.raises(SendError, match="Use webhook"):
            world.channel.connect(url)

    def test_what_people_change_comes_in(self, world):
        number = world.provider.customer_writes(self.address, "helo")
        world.provider.customer_edits(self.address, number, "hello")
        world.provider.customer_unsends(self.address, number)
        world.provider.customer_sends_sticker(self.address, keywords=["hi"])
        [edited] = world.desk.wait(lambda i: isinstance(i, Edited))
        [unsent] = world.desk.wait(lambda i: isinstance(i, Unsent))
        assert (edited.external_id, edited.text, unsent.external_id) == (number, "hello", number)
        world.desk.wait(lambda i: isinstance(i, Inbound) and i.text == "[sticker] hi")
