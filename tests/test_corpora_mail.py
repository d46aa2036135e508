"""Peers' own mail fixtures: nothing raises, and what their tests state comes out, at least as often as the bars say.

The corpus lies beside the project (../shared/corpora) and keeps its licences; without it these tests are skipped. Its
own check.py compares; here are the bars. Where an origin's statement is one that no reader of the mail would make, it
is counted in a line of its own: see `doubtful` and docs/decisions/0020-doubtful-statements.md.
"""
from __future__ import annotations

import importlib.util
import json
import re
import time
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from tests import rates
from tests.bench.mail_system import facts

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpora"
RECORDS = CORPUS / "email" / "expectations.jsonl"
pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason="../shared/corpora is not beside the project")
BARS = {"subject": .99, "from_email": .99, "from_name": .95, "attachments": .97, "message_id": .98, "visible_text": .85,
        "contains": 1, "bounce=yes": .95, "bounce=no": 1, "auto_generated=yes": .95, "auto_generated=no": 1,
        "bounce_recipients": .95, "out_of_office=yes": 1}
TABLE = "Mails of the corpora"
LONGEST_SECONDS = 10
MADE_UP = re.compile(r"(?:noname\d*|document\d*\.html|file|attachment\.\w+|.*?\d{3}\.\d\d\.\d\d\.png)\Z")


@cache
def check():
    """The corpus's own check.py."""
    spec = importlib.util.spec_from_file_location("corpora_check", CORPUS / "check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def doubtful(fact: str, expect: dict, raw: bytes) -> str:
    """Why this statement is none about the mail, '' where it is one. The same bytes are stated otherwise by another
    origin (raw 8-bit and UTF-7 subjects), or the origin made the value up, damaged it, or keeps what is a danger."""
    if fact == "subject":
        lost = ("\ufffd", "???", "+APY-")       # the last is UTF-7, which the mail says of itself
        if any(sign in expect["subject"] for sign in lost):
            return "characters were lost"
        if expect["subject"] == "-":
            return "made up for a mail without one"
    if fact == "attachments":
        names = [one.get("name") or "" for one in expect["attachments"]]
        if any("/" in name or "\\" in name or name.startswith("C:") for name in names):
            return "a path in place of a name"
        if any(MADE_UP.match(name) for name in names):
            return "a name made up by the origin"
        if any("ì" in name and "’" in name for name in names):
            return "characters were damaged"
    if fact in ("from_email", "from_name"):
        said = str(expect.get("from_email") or "") + str(expect.get("from_name") or "")
        if '"' in said or " " in str(expect.get("from_email") or "") or ">" in said or "Î" in said:
            return "no address that could be answered, or characters were damaged"
    return ""


@cache
def results() -> tuple[dict, dict, list[str], list[float]]:
    """Right and wrong by fact, the same for what is doubtful, what raised, and how long each mail took."""
    tally, unsure = defaultdict(lambda: [0, 0]), defaultdict(lambda: [0, 0])
    raised, seconds = [], []
    for line in RECORDS.open(encoding="utf8"):
        record = json.loads(line)
        if record["kind"] in ("address", "mbox") or not record.get("expect"):
            continue
        raw = check().wrap(record["file"], (CORPUS / record["file"]).read_bytes())
        begin = time.perf_counter()
        try:
            got = facts(raw)
        except Exception as error:
            raised.append(f"{record['file']}: {error!r}")
            continue
        seconds.append(time.perf_counter() - begin)
        if not str(record.get("strength", "")).startswith(("asserted", "observed-in-passing")):
            continue
        for fact, right in check().score(record, got).items():
            name = fact.split(" ")[0]
            into = unsure if doubtful(name, record["expect"], raw) and not right else tally
            into[name][0] += right
            into[name][1] += 1
    return tally, unsure, raised, seconds


def test_no_mail_of_the_corpora_raises_or_takes_long():
    _, _, raised, seconds = results()
    rates.add(TABLE, "does not raise", len(seconds), len(seconds) + len(raised), bar=1)
    assert not raised
    assert max(seconds) < LONGEST_SECONDS


@pytest.mark.parametrize("fact", BARS)
def test_what_origins_state_comes_out(fact):
    tally, unsure, _, _ = results()
    right, of = tally[fact]
    left_out = unsure[fact][1]
    note = f"{left_out} more are doubtful: {right / (of + left_out):.1%} with them" if left_out else ""
    assert rates.add(TABLE, fact, right, of, bar=BARS[fact], note=note).good


def test_few_statements_are_called_doubtful():
    _, unsure, _, _ = results()
    assert sum(of for _, of in unsure.values()) <= 25
