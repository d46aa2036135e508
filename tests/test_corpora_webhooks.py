"""Peers' own webhook payloads: every one is read without a surprise, and says what its origin says it does.

The corpus lies beside the project (../shared/corpora) and keeps its licences; without it these tests are skipped. A
channel adds one Source to SOURCES, with a function that compares what is stated of a payload with the facts read.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from channels.base import Channel, Echo, Edited, Fact, Inbound, Receipt, Request, Unreadable, Unsent
from channels.instagram import Instagram
from channels.line import Line
from channels.messenger import Messenger
from channels.sms import Sms
from channels.telegram import Telegram
from channels.viber import Viber
from channels.whatsapp import WhatsApp
from channels.x import X
from tests import meta_stated as stated
from tests import rates, twilio_stated

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpora"
RECORDS = CORPUS / "webhooks" / "expectations.jsonl"
pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason="../shared/corpora is not beside the project")

Stated = Iterator[tuple[str, bool]]     # (the fact, whether it came out)


@dataclass(frozen=True)
class Source:
    """One folder of the corpus and the channel that reads it. `ours` tells payloads of the platform from made-up ones,
    which may be refused."""
    folder: str
    channel: type[Channel]
    config: dict[str, str]
    compare: Callable[[dict, dict, list[Fact]], Stated]
    ours: Callable[[dict], bool] = lambda payload: True


def line(expect: dict, payload: dict, facts: list[Fact]) -> Stated:
    """A group's message is its group's, since that is where it is answered: there the person is only in the raw."""
    said = [fact for fact in facts if isinstance(fact, Inbound | Edited)]
    if "external_id" in expect:
        yield "external_id", any(fact.external_id == expect["external_id"] for fact in said)
    if "text" in expect:
        yield "text", any(fact.text == expect["text"] for fact in said)
    if "user" in expect and said:
        raw = payload["events"][0]["source"]
        wanted = raw["userId"] if raw["type"] == "user" else raw.get("groupId", raw.get("roomId"))
        yield "user", said[0].address == wanted
    if expect.get("message_type") in ("image", "video", "audio", "file", "sticker"):
        yield "file", bool(said and said[0].files)
    if expect.get("message_type") == "location":
        yield "location", said[0].text.startswith("[location]")
    if "event_type" in expect:
        kinds = {"message": Inbound, "postback": Inbound, "messageEdited": Edited, "unsend": Unsent}
        wanted = kinds.get(expect["event_type"])
        opened = [fact for fact in facts if not getattr(fact, "start", False)]
        yield "kind", [type(fact) for fact in opened] == ([wanted] if wanted else [])


def viber(expect: dict, payload: dict, facts: list[Fact]) -> Stated:
    kinds = {"conversation_started": Inbound, "subscribed": Inbound, "message": Inbound, "delivered": Receipt,
             "seen": Receipt, "failed": Receipt}
    wanted = kinds.get(expect["event"])
    yield "event", [type(fact) for fact in facts] == ([wanted] if wanted else [])
    if "external_id" in expect and wanted:
        yield "external_id", facts[0].external_id == expect["external_id"]
    if "text" in expect:
        yield "text", facts[0].text == expect["text"]


def twitter(expect: dict, payload: dict, facts: list[Fact]) -> Stated:
    """Posts and follows make no message here."""
    ours = expect.get("own_outgoing")
    yield "kind", [type(fact) for fact in facts] == ([] if ours is None else [Echo if ours else Inbound])
    if ours is not None and "external_id" in expect:
        yield "external_id", facts[0].external_id == expect["external_id"]
        yield "text", facts[0].text == expect["text"]
        yield "other side", facts[0].address == expect["recipient" if ours else "sender"]
        yield "account", facts[0].account == expect["sender" if ours else "recipient"]


TOKENS = {"access_token": "t", "app_secret": "s", "verify_token": "v"}
SOURCES = [
    Source("whatsapp", WhatsApp, {"phone_number_id": "1", **TOKENS}, stated.whatsapp,
           lambda payload: "entry" in payload or "messages" in payload),
    Source("facebook", Messenger, {"page_id": "1", **TOKENS}, stated.direct_messages,
           lambda payload: {"entry", "messaging", "sender"} & payload.keys()),
    Source("instagram", Instagram, {"account_id": "1", **TOKENS}, stated.direct_messages),
    Source("telegram", Telegram, {"bot_token": "t", "webhook_secret": "s"}, stated.telegram,
           lambda payload: "update_id" in payload),
    Source("line", Line, {"access_token": "t", "channel_secret": "s"}, line, lambda payload: "events" in payload),
    Source("viber", Viber, {"auth_token": "t"}, viber),
    Source("twilio", Sms, {"account_sid": "AC1", "auth_token": "t"}, twilio_stated.twilio,
           lambda payload: {"MessageSid", "SmsSid"} & payload.keys()),
    Source("twitter", X, {"app_secret": "s"}, twitter),
]


class Measured(NamedTuple):
    """How many payloads of how many were read without a surprise; each stated fact, whether it came out; and words for
    what did not."""
    read: int
    records: int
    facts: list[bool]
    wrong: list[str]


def measure(source: Source) -> Measured:
    """Read every payload of one folder and compare."""
    read, facts, wrong = 0, [], []
    records = [one for one in map(json.loads, RECORDS.read_text(encoding="utf-8").splitlines())
               if one["source"] == source.folder]
    for one in records:
        body = (CORPUS / one["file"]).read_bytes()
        payload: Any = json.loads(body)
        try:
            found = source.channel(source.config).read(Request("POST", {}, {}, body))
        except Unreadable as error:
            read += not source.ours(payload)
            wrong += [f"{one['file']}: {error}"] * bool(source.ours(payload))
            continue
        read += 1
        known = {**one.get("derived_from_payload", {}), **one.get("expect", {})}
        for name, good in source.compare(known, payload, found):
            facts.append(good)
            wrong += [] if good else [f"{one['file']}: {name} is not {known.get(name)!r} in {found}"]
    return Measured(read, len(records), facts, wrong)


def judge(folder: str, measured: Measured) -> None:
    """Put it into the table of rates, and fail below the bars."""
    read, records, facts, wrong = measured
    rates.add("Webhooks of the corpora", f"{folder}: read without a surprise", read, records, bar=1)
    stated_rate = rates.add("Webhooks of the corpora", f"{folder}: stated facts", sum(facts), len(facts), bar=0.99)
    assert records and read == records, "\n".join(wrong)
    assert stated_rate.good, "\n".join(wrong)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.folder)
def test_nothing_is_a_surprise_and_the_stated_facts_come_out(source):
    judge(source.folder, measure(source))
