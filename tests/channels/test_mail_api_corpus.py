"""The mail providers' own payloads, as the tests of other programs state them. They lie beside the project; where they
are missing this says so and is skipped."""
from __future__ import annotations

import json
import re
import time
from email.utils import parseaddr
from pathlib import Path

import pytest

from channels.base import BadSignature, Inbound, Receipt, Request, Status
from channels.mail_api import MailApi
from tests import rates

CORPUS = Path(__file__).parents[3] / "shared" / "corpora" / "webhooks"
KEYS = {"mailgun": "foo", "mandrill": "rth_rywL9CWIIZBuwPQIWw"}
CAPTURED_AT = "http://rackbin.herokuapp.com/"
# There the other program set an id of its own when it sent, and states that one; ours would stand in its place.
WITH_IDS_OF_THEIR_OWN = ("anymail__sendgrid", "anymail__unisender_go")
WITHOUT_A_NAME = ("unknown", "opened", "clicked", "autoresponded", "subscribed")
KIND = re.compile(r'event(?:s\[(\d+)\])?\.event_type, "(\w+)"')
RECIPIENT = re.compile(r'event(?:s\[(\d+)\])?\.recipient,\s+"([^"]+)"')
MESSAGE_ID = re.compile(r'event\.message_id,\s+"([^"]+)"')
SAID = {"address": re.compile(r'from_email\.addr_spec, "([^"]+)"'), "subject": re.compile(r'\.subject, "([^"]+)"'),
        "name": re.compile(r'from_email\.display_name, "([^"]+)"'),
        "external_id": re.compile(r'\["Message-ID"\], "([^"]+)"')}

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpora do not lie beside the project")


def records() -> list[dict]:
    lines = (CORPUS / "expectations.jsonl").read_text(encoding="utf-8").splitlines()
    return [one for one in map(json.loads, lines) if "/email-providers/" in one["file"]]


def provider_of(file: str) -> str:
    found = file.rpartition("/")[2].split("__")[1].removesuffix("_webhooks").removesuffix("_inbound")
    return {"simple": "cloudmailin", "amazon_ses": "ses"}.get(found, found)


def request_of(file: str) -> Request:
    raw = (CORPUS.parent / file).read_bytes()
    if file.endswith(".json"):
        return Request("POST", {"Content-Type": "application/json"}, {}, raw)
    gap = b"\r\n\r\n" if raw.split(b"\n", 1)[0].endswith(b"\r") else b"\n\n"
    head, body = raw.split(gap, 1)
    lines = [line.split(": ", 1) for line in head.decode("latin-1").splitlines()[1:]]
    return Request("POST", dict(lines), {}, body, CAPTURED_AT)


def channel_for(provider: str) -> MailApi:
    return MailApi({"provider": provider, "address": "support@example.org", "signing_key": KEYS.get(provider, "none"),
                    "api_key": "none"})


class Tally:
    """What was stated, and which of it did not come out."""

    def __init__(self):
        self.right, self.wrong = 0, []

    def say(self, fits: bool, *about) -> None:
        self.right += bool(fits)
        if not fits:
            self.wrong.append(about)


def events(tally: Tally, name: str, source: str, items: list[Receipt]) -> None:
    kinds = KIND.findall(source)
    if not kinds:
        return
    told = [item for item in items if isinstance(item, Receipt)]
    wanted = [kind for _, kind in kinds if kind not in WITHOUT_A_NAME]
    tally.say(len(told) == len(wanted), name, "number of receipts", len(told), len(wanted))
    for kind, receipt in zip(wanted, told, strict=False):
        tally.say(meaning(receipt) == kind or (meaning(receipt), kind) in SAME, name, meaning(receipt), kind)
    if len(told) == len(kinds):
        for (_, recipient), receipt in zip(RECIPIENT.findall(source), told, strict=False):
            tally.say(receipt.address == recipient, name, receipt.address, recipient)
        if len(told) == 1 and not name.startswith(WITH_IDS_OF_THEIR_OWN):
            for number in MESSAGE_ID.findall(source):
                tally.say(told[0].external_id.strip("<>") == number.strip("<>"), name, told[0].external_id, number)


SAME = {("bounced", "rejected"), ("bounced", "failed"), ("sent", "queued")}


def meaning(receipt: Receipt) -> str:
    if receipt.unwanted:
        return "complained" if "spam" in receipt.unwanted else "unsubscribed"
    if receipt.status is Status.FAILED:
        return "bounced" if receipt.permanent else "deferred"
    return str(receipt.status)


def mail(tally: Tally, name: str, expect: dict, item: Inbound) -> None:
    if "subject" in expect:
        tally.say(item.subject == expect["subject"], name, "subject", item.subject)
    if "from_" in expect:
        tally.say((item.name, item.address) == parseaddr(expect["from_"]), name, "from", item.name, item.address)
    if "attachments" in expect:
        tally.say([f.name for f in item.files] == expect["attachments"], name, "files", [f.name for f in item.files])
    if "spam" in expect:
        tally.say(bool(item.automatic) == expect["spam"], name, "spam", item.automatic)
    source = expect.get("origin_test_source", "")
    for field, pattern in SAID.items():
        if (found := pattern.search(source)) and "anymail" in name:
            tally.say(getattr(item, field) == found[1], name, field, getattr(item, field), found[1])


def signature(tally: Tally, name: str, channel: MailApi, request: Request, expect: dict) -> None:
    good = bool(expect.get("accepted")) and channel.config["provider"] in KEYS
    bad = expect.get("signature_valid") is False or expect.get("signature_params_missing")
    if good or bad:
        try:
            channel.verify(request)
        except BadSignature:
            tally.say(bool(bad), name, "refused")
        else:
            tally.say(good, name, "taken")


def test_what_the_origins_state_of_providers_payloads(monkeypatch):
    found = records()
    assert len(found) > 50, "the corpus has moved"
    monkeypatch.setattr(time, "time", lambda: 1366072000.0)        # when the signed ones were captured
    tally, raised = Tally(), []
    for record in found:
        name, expect = record["file"].rpartition("/")[2], record.get("expect") or {}
        channel, request = channel_for(provider_of(record["file"])), request_of(record["file"])
        signature(tally, name, channel, request, expect)
        try:
            items = channel.read(request)
        except Exception as error:
            raised.append((name, repr(error)))
            continue
        if record["kind"] == "delivery-event":
            events(tally, name, expect.get("origin_test_source", ""), items)
        else:
            tally.say(len(items) == 1 and isinstance(items[0], Inbound), name, "one mail", items)
            mail(tally, name, expect, items[0])
    rates.add("mail providers", "read without raising", len(found) - len(raised), len(found), bar=1)
    rate = rates.add("mail providers", "stated facts", tally.right, tally.right + len(tally.wrong), bar=0.99)
    assert not raised, raised
    assert rate.good, tally.wrong


def test_the_captured_signatures_of_the_vectors():
    vectors = json.loads((CORPUS / "signature_vectors.json").read_text(encoding="utf-8"))
    checked = 0
    for vector in vectors:
        if vector["id"] == "mandrill-scheme":
            request = request_of(vector["payload_file"])
            channel_for("mandrill").verify(request)
            for other in (Request("POST", request.headers, {}, request.body + b"x", CAPTURED_AT),
                          Request("POST", request.headers, {}, request.body, "http://rackbin.herokuapp.com/other")):
                with pytest.raises(BadSignature):
                    channel_for("mandrill").verify(other)
            checked += 1
        if vector["id"] == "standard-webhooks":
            checked += 1
            _standard_webhooks(vector)
    rates.add("mail providers", "signature vectors", checked, 2, bar=1)
    assert checked == 2


def _standard_webhooks(vector: dict) -> None:
    resend = MailApi({"provider": "resend", "signing_key": f"whsec_{vector['secret']}"})
    request = Request("POST", vector["header"], {}, vector["body"].encode())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(time, "time", lambda: float(vector["timestamp"]) + 200)
        resend.verify(request)
        with pytest.raises(BadSignature):
            resend.verify(Request("POST", vector["header"], {}, request.body + b" "))
        patched.setattr(time, "time", lambda: float(vector["timestamp"]) + 301)
        with pytest.raises(BadSignature):
            resend.verify(request)
