"""An installed package's channel in the helpdesk as it is. tests/test_outside_channel.py runs this in a process of its
own, since a channel registers itself by being there."""
from __future__ import annotations

import json
import os
import time
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from slack_simulator import TEAM, SlackSimulator, signed
from sqlalchemy import select

import channels
from channels.base import BadSignature, Inbound, Reaction, Request
from channels.simulators import serve
from helpdesk import db
from helpdesk.models import Delivery, Inbox, Message, Ticket
from helpdesk.services import files, inboxes
from tests import test_corpora_webhooks as corpora

VALUES = {"account_id": TEAM, "bot_token": "xoxb-made-up", "signing_secret": "made-up-secret"}
PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fc"
                        "ffff3f0300050001ff5fd8b7a30000000049454e44ae426082")


def test_the_package_is_found_by_its_entry_point():
    [point] = [one for one in entry_points(group="helpdesk.channels") if one.name == "slack"]
    assert point.dist.name == "helpdesk-slack" and point.dist.version
    slack = channels.load()["slack"]
    assert Path(os.environ["OUTSIDE"]) in Path(__import__(slack.__module__).__file__).parents
    assert "slack" in inboxes.kinds()


@pytest.fixture
def workspace(app):
    """(Slack in miniature, where its API answers, where the helpdesk answers)."""
    simulator = SlackSimulator(VALUES["bot_token"], VALUES["signing_secret"])
    slack_url, stop_slack = serve(simulator)
    url, stop = serve(app)
    yield simulator, f"{slack_url}/api", url
    stop()
    stop_slack()


def test_its_inbox_is_made_in_the_console_and_holds_a_conversation(cast, client, sign_in, work, workspace):
    simulator, api, url = workspace
    admin = sign_in(cast.ada)
    assert "Slack" in admin.get("/settings/inboxes/new").text
    form = admin.get("/settings/inboxes/new/slack").text
    assert "Signing secret" in form and "Workspace ID" in form
    saved = admin.post("/settings/inboxes/new/slack", data={"name": "Team chat", **VALUES, "api_base": api},
                       follow_redirects=True)
    assert saved.status_code == 200
    with db.reading() as session:
        inbox = session.scalar(select(Inbox).where(Inbox.channel == "slack"))
    path = f"/webhooks/slack/{inbox.key}"
    assert path in saved.text and inboxes.config(inbox)["bot_token"] == VALUES["bot_token"]
    assert "Simulated workspace" in admin.post(f"/settings/inboxes/{inbox.id}/test").text

    tried = json.dumps({"type": "url_verification", "challenge": "made-up"}).encode()
    assert client.post(path, data=tried, headers=signed(VALUES["signing_secret"], tried)).text == "made-up"
    assert client.post(path, data=tried, headers=signed("wrong", tried)).status_code == 403

    simulator.webhook_url, simulator.duplicates = url + path, True
    number = simulator.customer_writes("U1", "Where is my kettle?", ("kettle.png", "image/png", PICTURE), name="Ann")
    assert simulator.courier.settled()
    work()
    with db.reading() as session:
        [message] = session.scalars(select(Message))
        assert (message.channel, message.text, message.external_id) == ("slack", "Where is my kettle?", number)
        assert files.content(message.attachments[0].sha256) == PICTURE
        assert session.get(Ticket, message.ticket_id).contact.name == "Ann"
    agent = sign_in(cast.alice)
    page = agent.get(f"/inbox/all/{message.ticket_id}").text
    assert "Slack" in page and "Where is my kettle" in page
    assert agent.post(f"/tickets/{message.ticket_id}/replies", data={"text": "On its way."}).status_code == 302
    work()
    simulator.customer_edits("U1", number, "Where is my teapot?")
    assert simulator.courier.settled()
    work()
    assert [entry["text"] for entry in simulator.conversation("U1")] == ["Where is my teapot?", "On its way."]
    with db.reading() as session:
        [theirs, ours] = session.scalars(select(Message).order_by(Message.id))       # its echo is no second answer
        assert theirs.text == "Where is my teapot?" and ours.text == "On its way."
        [delivery] = session.scalars(select(Delivery))
        assert delivery.status == "sent" and delivery.external_id.startswith("DU1:")


def slack(expect: dict, payload: dict, facts: list) -> corpora.Stated:
    """What is said in channels makes no message here, but a mention does."""
    kind = expect.get("event_type") or expect.get("type")
    wanted = {"app_mention": Inbound, "reaction_added": Reaction, "block_actions": Inbound}.get(kind)
    yield "kind", [type(fact) for fact in facts] == ([wanted] if wanted else [])
    if wanted and "user" in expect:
        yield "user", facts[0].address == expect["user"]
    if wanted is Inbound and "ts" in expect:
        yield "channel and ts", facts[0].external_id == f"{expect['channel']}:{expect['ts']}"
        yield "text", facts[0].text == expect["text"].replace("<@", "@").replace(">", "")


@corpora.pytestmark
def test_the_corpus_is_read():
    cls = channels.load()["slack"]
    measured = corpora.measure(corpora.Source("slack", cls, VALUES, slack))
    Path(os.environ["OUTSIDE_RATES"]).write_text(json.dumps(measured._asdict()))
    assert measured.records and measured.read == measured.records and all(measured.facts), measured.wrong


@pytest.mark.parametrize("vector", [one for one in json.loads(
    (corpora.CORPUS / "webhooks/signature_vectors.json").read_text()) if one["platform"] == "slack"]
    if corpora.RECORDS.exists() else [], ids=lambda one: one["id"])
def test_the_vectors_of_the_corpus(vector, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: float(vector["now"]))
    channel = channels.load()["slack"]({**VALUES, "signing_secret": vector["secret"]})
    request = Request("POST", vector["header"], {}, vector["body"].encode())
    if vector["valid"]:
        channel.verify(request)
    else:
        with pytest.raises(BadSignature):
            channel.verify(request)
