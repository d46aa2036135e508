"""What every channel with a webhook owes. A channel's test inherits these cases and says how its provider signs.

They run against the provider's simulator over real HTTP in both directions; nothing is mocked.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from threading import Condition
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

from channels._http import Http
from channels.base import (
    BadSignature,
    Button,
    Channel,
    Echo,
    Edited,
    Inbound,
    Outbound,
    Reaction,
    Receipt,
    Request,
    SendError,
    Status,
    Typing,
    Unreadable,
    Unsent,
)
from channels.simulators import serve
from channels.simulators._courier import Courier

FIXTURES = Path(__file__).parent / "fixtures"
PICTURE = ("cat.jpg", "image/jpeg", b"\xff\xd8\xff\xe0 a small cat")
PAPER = ("Invoice 7.pdf", "application/pdf", b"%PDF-1.4 nothing to see")


class Desk:
    """Stands in for the helpdesk's webhook address: verifies, reads and keeps."""

    def __init__(self, channel: Channel):
        self.channel = channel
        self.items: list[Inbound | Receipt] = []
        self.refused = 0
        self.busy = 0               # answer this many calls with 500 first
        self._changed = Condition()

    def __call__(self, environ, start_response):
        web = WebRequest(environ)
        request = Request(web.method, dict(web.headers), web.args.to_dict(), web.get_data(), web.url)
        with self._changed:
            response = self._answer(request)
            self._changed.notify_all()
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if self.busy:
            self.busy -= 1
            return Response("try again", 500)
        try:
            self.channel.verify(request)
        except BadSignature:
            self.refused += 1
            return Response("no", 403)
        self.items += self.channel.read(request)
        return Response("ok")

    def wait(self, wanted: Callable[[Any], bool], count: int = 1) -> list:
        """The first `count` items that are wanted, as soon as they are there."""
        with self._changed:
            found = self._changed.wait_for(lambda: len([i for i in self.items if wanted(i)]) >= count, 10)
            assert found, f"never came; there is {self.items}"
            return [item for item in self.items if wanted(item)][:count]

    def message(self) -> Inbound:
        return self.wait(lambda item: isinstance(item, Inbound))[0]

    def receipt(self, status: Status) -> Receipt:
        return self.wait(lambda item: isinstance(item, Receipt) and item.status is status)[0]


class Shelf:
    """Stands in for the helpdesk's addresses of published files."""

    def __init__(self):
        self.files: list[tuple[str, str, bytes]] = []
        self.url = ""

    def __call__(self, environ, start_response):
        name, content_type, content = self.files[int(WebRequest(environ).path.split("/")[1])]
        return Response(content, content_type=content_type)(environ, start_response)

    def publish(self, name: str, content_type: str, content: bytes) -> str:
        """As helpdesk.services.published.publish()."""
        self.url = self.url or serve(self)[0]
        self.files.append((name, content_type, content))
        return f"{self.url}/{len(self.files) - 1}/{quote(name, safe='')}"


SHELF = Shelf()


class World:
    """A channel, its simulated provider and the desk between them."""

    def __init__(self, channel: Channel, simulator: Any, provider: Any, desk: Desk):
        self.channel, self.simulator, self.provider, self.desk = channel, simulator, provider, desk

    def send(self, message: Outbound) -> list[str]:
        return [self.channel.send(part) for part in self.channel.prepare(message)]


class ChannelContract:
    channel: type[Channel]
    config: dict[str, str]
    address: str
    folder = ""                         # of the recorded payloads, where it is not the channel's name
    api_path = ""                       # what follows the simulator's address in api_base
    base_key = "api_base"               # the setting that holds it
    silent: tuple[str, ...] = ()        # recorded payloads that say nothing to the helpdesk
    quotes = True                       # whether a sent message can quote another
    told_quotes = True                  # whether we are told what a person quotes
    passing: list[dict]                 # arguments of fail_next() for faults that pass by themselves
    final: list[dict]                   # … that concern this message or person
    breaking: list[dict]                # … that concern the account

    def sign(self, body: bytes) -> Request:
        """The request exactly as the provider would make it."""
        raise NotImplementedError

    def forged(self, request: Request) -> Request:
        """The same request as somebody would make it who does not know the secret."""
        return replace(request, body=request.body + b" ")

    def simulate(self, courier: Courier, webhook: str) -> tuple[Any, Any]:
        """(the simulator, its side with customer_writes())."""
        raise NotImplementedError

    def with_unknown_kind(self, payload: dict) -> dict:
        """A recorded message with something of an unheard-of kind beside it."""
        raise NotImplementedError

    @pytest.fixture
    def world(self) -> Iterator[World]:
        courier = Courier(pauses=(0.01, 0.01, 0.01))
        desk = Desk(self.open())
        webhook, stop_desk = serve(desk)
        simulator, provider = self.simulate(courier, webhook)
        url, stop = serve(simulator)
        yield World(self.open(**{self.base_key: url + self.api_path}), simulator, provider, desk)
        stop()
        stop_desk()

    def open(self, **config: str) -> Channel:
        return self.channel({**self.config, **config}, Http(allow_private=True), SHELF.publish)

    def recorded(self, silent: bool = False) -> list[Path]:
        folder = FIXTURES / (self.folder or self.channel.name)
        found = [p for p in sorted(folder.glob("*.json")) if (p.stem in self.silent) is silent]
        assert found or silent, f"{self.channel.name} needs recorded payloads"
        return found

    def check(self, item: Inbound | Receipt) -> None:
        """What every fact of this channel owes."""
        check_item(item)

    def plain(self) -> bytes:
        """The recorded payload with one message of text."""
        return (FIXTURES / (self.folder or self.channel.name) / "text.json").read_bytes()

    def read(self, payload: Any) -> list:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.open().read(self.sign(body))

    def recording(self, name: str) -> list:
        return self.read((FIXTURES / (self.folder or self.channel.name) / f"{name}.json").read_bytes())

    # Signatures

    def test_accepts_what_the_provider_signed(self):
        for path in self.recorded():
            self.open().verify(self.sign(path.read_bytes()))

    def test_refuses_a_forged_request(self):
        with pytest.raises(BadSignature):
            self.open().verify(self.forged(self.sign(self.plain())))

    def test_refuses_a_request_without_signature_or_with_an_odd_one(self):
        request = self.sign(b"{}")
        for value in (None, "", "sha256=", "=", "sha256", "\xe9\xff", "0" * 10_000):
            headers = {} if value is None else {key: value for key in request.headers}
            with pytest.raises(BadSignature):
                self.open().verify(replace(request, headers=headers))

    def test_refuses_everything_while_a_secret_is_missing(self):
        empty = self.open(**{s.key: "" for s in self.channel.settings if s.secret})
        for request in (self.sign(b"{}"), Request("GET", {}, {"hub.mode": "subscribe", "hub.verify_token": ""}, b"")):
            with pytest.raises(BadSignature):
                empty.verify(request)

    def test_header_names_are_taken_in_any_case(self):
        request = self.sign(b"{}")
        self.open().verify(replace(request, headers={k.lower(): v for k, v in request.headers.items()}))

    # Reading

    def test_reads_every_recorded_payload(self):
        for path in self.recorded():
            items = self.read(path.read_bytes())
            assert items, path.name
            for item in items:
                self.check(item)

    def test_skips_recorded_payloads_that_say_nothing(self):
        for path in self.recorded(silent=True):
            assert self.read(path.read_bytes()) == [], path.name

    def test_the_same_payload_gives_the_same_ids(self):
        for path in self.recorded():
            request = self.sign(path.read_bytes())
            first, second = [[getattr(i, "external_id", i) for i in self.open().read(request)] for _ in range(2)]
            assert first == second
            assert self.open().source_key(request) == self.open().source_key(request)

    def test_calls_garbage_unreadable(self):
        for body in (b"", b"not json", b"[]", b"{}", b"7", b"null", b'"text"', b'{"entry": 7}', b'{"update_id": 1e999}',
                     b"\xff\xfe\x00", b"[" * 100_000, b'{"entry": [7]}', b'{"update_id": NaN}', b"9" * 5000):
            self.open().source_key(self.sign(body))
            with pytest.raises(Unreadable):
                self.read(body)

    def test_a_payload_that_breaks_off_is_unreadable(self):
        for path in self.recorded():
            body = path.read_bytes().rstrip()
            for cut in range(1, len(body), 37):
                with pytest.raises(Unreadable):
                    self.read(body[:cut])

    def test_a_field_of_the_wrong_type_never_surprises_the_caller(self):
        for path in self.recorded():
            payload = json.loads(path.read_bytes())
            for changed in with_one_change(payload, (None, 7, -1.5, "", "x", [], [7], {}, {"x": 1}, True, 10**25)):
                try:
                    items = self.read(changed)
                except Unreadable:
                    continue
                for item in items:
                    self.check(item)

    def test_takes_nul_and_broken_characters_out(self):
        body = self.plain().replace(b'"text": "', b'"text": "\\u0000\\ud83d ').replace(
            b'"body": "', b'"body": "\\u0000\\ud83d ')
        [item] = self.read(body)
        assert "\0" not in item.text
        assert item.text.encode() and item.text != ""

    def test_an_oversized_message_is_read_whole_and_answered_in_pieces(self):
        huge = "word " * 100_000
        body = self.plain()
        text = self.read(body)[0].text
        [item] = self.read(body.replace(json.dumps(text).encode(), json.dumps(huge).encode()))
        assert item.text == huge
        parts = self.open().prepare(Outbound("d1", self.address, huge))
        assert "".join(p.text for p in parts).replace(" ", "") == huge.replace(" ", "")

    def test_an_unknown_kind_does_not_sink_the_message_beside_it(self):
        payload = json.loads(self.plain())
        known = self.read(payload)
        beside = self.read(self.with_unknown_kind(deepcopy(payload)))
        assert [i.external_id for i in known] == [i.external_id for i in beside if i.external_id in
                                                  {k.external_id for k in known}]

    # Both directions, through the simulator

    def test_a_message_comes_in(self, world):
        number = world.provider.customer_writes(self.address, "Wo bleibt mein Päckchen? 📦", name="Ann Ash")
        item = world.desk.message()
        assert (item.external_id, item.address, item.text) == (number, self.address, "Wo bleibt mein Päckchen? 📦")
        assert not item.start and not item.automatic

    def test_a_message_goes_out(self, world):
        world.provider.customer_writes(self.address, "hello")
        [number] = world.send(Outbound("d1", self.address, "Grüße aus dem Lager 👋"))
        entry = world.provider.conversation(self.address)[-1]
        assert (entry["id"], entry["text"], entry["from_business"]) == (number, "Grüße aus dem Lager 👋", True)

    @pytest.mark.parametrize("file", [PICTURE, PAPER], ids=["picture", "paper"])
    def test_a_file_comes_in(self, world, file):
        world.provider.customer_writes(self.address, file=file)
        [found] = world.desk.message().files
        assert found.content is None and found.name and found.content_type
        assert world.channel.download(found) == file[2]

    @pytest.mark.parametrize("file", [PICTURE, PAPER], ids=["picture", "paper"])
    def test_a_file_goes_out(self, world, file):
        world.provider.customer_writes(self.address, "hello")
        world.send(Outbound("d1", self.address, "Here it is.", files=[file]))
        seen = [e for e in world.provider.conversation(self.address) if e["from_business"]]
        assert "".join(e["text"] for e in seen) == "Here it is."
        assert [f["content"] for e in seen for f in e["files"]] == [file[2]]
        assert [f["type"] for e in seen for f in e["files"]] == [file[1]]

    def test_several_files_go_out_each_once(self, world):
        world.provider.customer_writes(self.address, "hello")
        parts = world.channel.prepare(Outbound("d1", self.address, "Both.", files=[PICTURE, PAPER]))
        assert [p.id for p in parts] == ["d1", "d1.1", "d1.2"]
        for part in parts:
            world.channel.send(part)
        sent = [f["content"] for e in world.provider.conversation(self.address) for f in e["files"]]
        assert sent == [PICTURE[2], PAPER[2]]

    def test_send_refuses_what_was_not_prepared(self, world):
        for message in (Outbound("d1", self.address, "a" * 9000), Outbound("d2", self.address, ""),
                        Outbound("d3", self.address, "", files=[PICTURE, PAPER])):
            with pytest.raises(SendError) as caught:
                world.channel.send(message)
            assert caught.value.permanent

    def test_a_long_text_arrives_whole_and_in_order(self, world):
        world.provider.customer_writes(self.address, "hello")
        text = "\n\n".join(f"{n}. Zeile über Käse 🧀 und anderes." for n in range(400))
        world.send(Outbound("d1", self.address, text))
        seen = [e["text"] for e in world.provider.conversation(self.address) if e["from_business"]]
        assert len(seen) > 1
        assert "".join("".join(seen).split()) == "".join(text.split())

    def test_a_button_is_shown_and_its_value_comes_back(self, world):
        world.provider.customer_writes(self.address, "hello")
        [number] = world.send(Outbound("d1", self.address, "Did that help?",
                                       buttons=[Button("Yes", "csat:1:yes"), Button("No", "csat:1:no")]))
        assert [b["label"] for b in world.provider.conversation(self.address)[-1]["buttons"]] == ["Yes", "No"]
        world.provider.customer_writes(self.address, button="csat:1:no")
        [item] = world.desk.wait(lambda i: isinstance(i, Inbound) and i.payload)
        assert (item.payload, item.text, item.address) == ("csat:1:no", "No", self.address)
        assert not item.replies_to or item.replies_to[0] == number

    def test_buttons_that_do_not_fit_become_numbered_lines(self, world):
        world.provider.customer_writes(self.address, "hello")
        labels = ["A label that is far too long for a button of any platform" * 2, *map(str, range(30))]
        world.send(Outbound("d1", self.address, "Choose", buttons=[Button(label, "p" * 2000) for label in labels]))
        seen = "\n".join(e["text"] for e in world.provider.conversation(self.address) if e["from_business"])
        assert all(f"{n}. {label}" in seen for n, label in enumerate(labels, 1))

    def test_replies_know_what_they_answer(self, world):
        first = world.provider.customer_writes(self.address, "hello")
        [ours] = world.send(Outbound("d1", self.address, "hi", replies_to=[first]))
        if self.quotes:
            assert world.provider.conversation(self.address)[-1]["replies_to"] == first
        world.provider.customer_writes(self.address, "thanks", replies_to=ours)
        [item] = world.desk.wait(lambda i: isinstance(i, Inbound) and i.text == "thanks")
        assert (list(item.replies_to) == [ours]) is self.told_quotes

    def test_what_it_hears_of_is_told_as_such(self, world):
        """Corrections, messages taken back, signs, and what somebody of ours wrote in the platform's own app."""
        known = {"edits", "unsends", "reactions", "echoes", "typing"}
        assert self.channel.can.hears <= known
        number = world.provider.customer_writes(self.address, "helo")
        world.desk.message()
        if "edits" in self.channel.can.hears:
            world.provider.customer_edits(self.address, number, "hello")
            [edit] = world.desk.wait(lambda i: isinstance(i, Edited))
            assert (edit.external_id, edit.address, edit.text) == (number, self.address, "hello")
        if "reactions" in self.channel.can.hears:
            for emoji in ("🎉", ""):
                world.provider.customer_reacts(self.address, number, emoji)
            signs = world.desk.wait(lambda i: isinstance(i, Reaction), 2)
            assert [(i.external_id, i.address, i.emoji) for i in signs] == [
                (number, self.address, "🎉"), (number, self.address, "")]
        if "echoes" in self.channel.can.hears and hasattr(world.provider, "business_writes"):
            ours = world.provider.business_writes(self.address, "We are on it")
            [echo] = world.desk.wait(lambda i: isinstance(i, Echo))
            assert (echo.external_id, echo.address, echo.text) == (ours, self.address, "We are on it")
        if "unsends" in self.channel.can.hears and hasattr(world.provider, "customer_unsends"):
            world.provider.customer_unsends(self.address, number)
            [gone] = world.desk.wait(lambda i: isinstance(i, Unsent))
            assert (gone.external_id, gone.address) == (number, self.address)

    def test_typing_is_shown_where_the_channel_says_so(self, world):
        said = world.provider.customer_writes(self.address, "hello")
        if self.channel.can.typing:
            world.channel.typing(self.address, [said])
            assert self.address in world.provider.typing
        else:
            assert self.channel.typing is Channel.typing

    def test_a_delivery_that_comes_twice_has_the_same_id_and_source_key(self, world):
        world.provider.duplicates = True
        world.provider.customer_writes(self.address, "hello")
        first, second = world.desk.wait(lambda i: isinstance(i, Inbound), 2)
        assert first.external_id == second.external_id
        keys = {world.channel.source_key(Request("POST", d.headers, {}, d.body))
                for d in world.simulator.courier.delivered}
        assert world.simulator.courier.settled() and len(keys) == 1

    def test_a_message_outlives_our_own_trouble(self, world):
        world.desk.busy = 2
        number = world.provider.customer_writes(self.address, "hello")
        assert world.desk.message().external_id == number

    def test_what_is_never_taken_stays_visible_and_can_be_sent_again(self, world):
        world.desk.busy = 4
        number = world.provider.customer_writes(self.address, "hello")
        assert world.simulator.courier.settled()
        assert [d.problem for d in world.simulator.courier.undelivered] == ["HTTP 500"]
        world.simulator.courier.redeliver()
        assert world.desk.message().external_id == number

    def test_the_account_can_be_tried(self, world):
        assert "imulated" in world.channel.test()

    # Errors

    def failing(self, world: World, fault: dict | str) -> SendError:
        """The error of one message after a fault, given as fail_next() or as misbehave() takes it."""
        world.provider.customer_writes(self.address, "hello")
        if isinstance(fault, str):
            world.provider.misbehave(fault)
        else:
            world.provider.fail_next(**fault)
        with pytest.raises(SendError) as caught:
            world.channel.send(Outbound("d1", self.address, "hi"))
        assert not any(e["from_business"] for e in world.provider.conversation(self.address))
        return caught.value

    def test_a_fault_that_passes_may_be_tried_again(self, world):
        for fault in self.passing:
            error = self.failing(world, fault)
            assert not error.permanent and not error.broken and not error.uncertain, fault
            assert error.retry_after == fault.get("retry_after"), fault

    def test_a_refusal_is_final_but_leaves_the_account_alone(self, world):
        for fault in self.final:
            error = self.failing(world, fault)
            assert error.permanent and not error.broken, fault

    def test_a_refused_account_is_called_broken(self, world):
        for fault in self.breaking:
            error = self.failing(world, fault)
            assert error.permanent and error.broken, fault

    def test_a_wrong_token_is_called_broken_and_is_not_repeated_in_the_error(self, world):
        for key in (s.key for s in self.channel.settings if s.key.endswith("_token") and s.key != "verify_token"):
            wrong = self.open(**{key: "123456:quite-wrong-token", self.base_key: world.channel.config[self.base_key]})
            with pytest.raises(SendError) as caught:
                wrong.send(Outbound("d1", self.address, "hi"))
            assert caught.value.broken and "quite-wrong-token" not in str(caught.value)

    def test_a_provider_that_repeats_our_token_does_not_spread_it(self, world):
        for setting in (s for s in self.channel.settings if s.secret):
            error = self.failing(world, {**self.final[0], self.words: f"bad {self.config[setting.key]} here"})
            assert self.config[setting.key] not in str(error)

    def test_its_simulator_misbehaves_when_it_is_told(self, world):
        for kind in ("for_now", "for_good", "slow_down"):
            error = self.failing(world, kind)
            assert (error.permanent, error.broken) == (kind == "for_good", False), kind
            assert error.slow_down is (kind == "slow_down")
        world.provider.revoked = True
        with pytest.raises(SendError) as caught:
            world.channel.send(Outbound("d1", self.address, "hi"))
        assert caught.value.broken
        world.provider.revoked = False
        assert world.channel.send(Outbound("d1", self.address, "hi"))

    def test_who_blocks_the_account_sees_nothing_of_it(self, world):
        world.provider.customer_writes(self.address, "hello")
        world.provider.customer_blocks(self.address)
        with suppress(SendError):       # some platforms say so, others accept it and show it to nobody
            world.channel.send(Outbound("d1", self.address, "are you there?"))
        assert not any(e["from_business"] for e in world.provider.conversation(self.address))
        world.provider.customer_blocks(self.address, False)
        world.channel.send(Outbound("d2", self.address, "welcome back"))
        assert world.provider.conversation(self.address)[-1]["text"] == "welcome back"

    def test_places_cards_and_stickers_come_in_where_the_platform_has_them(self, world):
        for verb, given, words in (("place", (-6.18, 106.82, "Jalan Sabang 12"), "Jalan Sabang 12"),
                                   ("card", ("Rani", "+12065550100"), "Rani"), ("sticker", (PICTURE,), "")):
            sends = getattr(world.provider, f"customer_sends_{verb}", None)
            if sends is None:
                continue
            number = sends(self.address, *given)
            [item] = world.desk.wait(lambda i, n=number: isinstance(i, Inbound) and i.external_id == n)
            assert words in item.text and (verb != "sticker" or item.files)
            assert world.provider.conversation(self.address)[-1]["kind"] == verb

    words = "message"       # the argument of fail_next() that holds the text

    def test_a_provider_out_of_reach_is_a_fault_that_passes_and_names_no_secret(self):
        channel = self.open(**{self.base_key: "http://127.0.0.1:1" + self.api_path})
        with pytest.raises(SendError) as caught:
            channel.send(Outbound("d1", self.address, "hi"))
        assert not caught.value.permanent and not caught.value.uncertain
        assert not any(self.config[s.key] in str(caught.value) for s in self.channel.settings if s.secret)

    def test_keeps_its_secrets_to_itself(self):
        channel = self.open()
        shown = repr(channel) + repr(channel.http) + json.dumps([s.help + s.default for s in channel.settings])
        assert not any(self.config[s.key] in shown for s in channel.settings if s.secret)


def check_item(item: Inbound | Receipt) -> None:
    """What every fact owes: an id (or a watermark), a zone, and text that a database can keep."""
    at = item.sent_at if isinstance(item, Inbound | Echo) else item.at
    assert isinstance(at, datetime) and at.tzinfo
    assert isinstance(item, Typing) or item.external_id or getattr(item, "watermark", None)
    for spec in fields(item):
        value = getattr(item, spec.name)
        if spec.type == "str":
            assert isinstance(value, str), (spec.name, value)
            assert "\0" not in value
            value.encode()
    if isinstance(item, Inbound):
        assert item.address
        assert item.text or item.files or item.payload
        for file in item.files:
            assert isinstance(file.name, str) and isinstance(file.content_type, str) and isinstance(file.ref, str)
            assert file.ref or file.content is not None
        assert all(isinstance(parent, str) for parent in item.replies_to)


def with_one_change(payload: Any, values: tuple) -> Iterator[Any]:
    """Copies of `payload` in which one value was replaced or left out."""
    for path in paths(payload):
        for value in values:
            changed = deepcopy(payload)
            parent(changed, path)[path[-1]] = value
            yield changed
        changed = deepcopy(payload)
        del parent(changed, path)[path[-1]]
        yield changed


def parent(payload: Any, path: tuple) -> Any:
    for step in path[:-1]:
        payload = payload[step]
    return payload


def paths(payload: Any, before: tuple = ()) -> Iterator[tuple]:
    steps = payload.items() if isinstance(payload, dict) else enumerate(payload) if isinstance(payload, list) else ()
    for key, value in steps:
        yield (*before, key)
        yield from paths(value, (*before, key))
