"""kill -9 at any moment: nothing that was acknowledged is lost, nothing is there twice, order is kept.

Customers behave as real ones: a mail server repeats a mail until it hears 250, a provider repeats a webhook until it
hears 200, the widget repeats a message with its client_id until it is acknowledged. HELPDESK_TEST_MESSAGES and
HELPDESK_TEST_KILLS make it larger (`make drill`).
"""
import hashlib
import hmac
import json
import os
import random
import smtplib
import threading
import time
from collections import defaultdict

import pytest
import requests
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Message, RawInbound
from tests.house import SUPPORT, make, opened, wait_for

MESSAGES = int(os.environ.get("HELPDESK_TEST_MESSAGES", "500"))
KILLS = int(os.environ.get("HELPDESK_TEST_KILLS", "20"))
PEOPLE = 10             # of each kind; each writes one after the other, as people do
RETRY_SECONDS = 0.2
GIVE_UP_SECONDS = int(os.environ.get("HELPDESK_TEST_GIVE_UP_SECONDS", "300"))


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request, tmp_path):
    with opened(make(request.param, tmp_path, request, quarantine_after_attempts="100")) as house:
        yield house


def insist(send, end: float) -> None:
    """Repeat until it is acknowledged."""
    while time.monotonic() < end:
        try:
            if send():
                return
        except (OSError, requests.RequestException, smtplib.SMTPException):
            pass
        time.sleep(RETRY_SECONDS)
    raise AssertionError("never acknowledged")


def mailer(house, person):
    first = f"<{person}-0@mail.example.com>"

    def send(number):
        refers = f"In-Reply-To: {first}\r\n" if number else ""
        raw = (f"From: {person}@example.com\r\nTo: {SUPPORT}\r\nSubject: {person}\r\n"
               f"Message-ID: <{person}-{number}@mail.example.com>\r\n{refers}\r\n{person}:{number}\r\n").encode()
        with smtplib.SMTP("127.0.0.1", house.smtp_port, timeout=10) as smtp:
            return not smtp.sendmail(f"{person}@example.com", [SUPPORT], raw)
    return send


def whatsapper(house, person):
    def send(number):
        body = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{
            "field": "messages", "value": {
                "messaging_product": "whatsapp", "metadata": {"phone_number_id": "4711"},
                "contacts": [{"profile": {"name": person}, "wa_id": f"62812{person[1:]:0>7}"}],
                "messages": [{"from": f"62812{person[1:]:0>7}", "id": f"wamid.{person}.{number}",
                              "timestamp": str(int(time.time())), "type": "text",
                              "text": {"body": f"{person}:{number}"}}]}}]}]}).encode()
        signature = "sha256=" + hmac.new(b"app-secret", body, hashlib.sha256).hexdigest()
        answer = requests.post(f"{house.url}/webhooks/whatsapp/wa", data=body, timeout=10,
                               headers={"X-Hub-Signature-256": signature, "Content-Type": "application/json"})
        return answer.status_code == 200
    return send


def chatter(house, person):
    base, held = f"{house.url}/widget/shop", {}

    def send(number):
        if "token" not in held:
            held["token"] = requests.post(f"{base}/session", json={"locale": "en"}, timeout=10).json()["token"]
        answer = requests.post(f"{base}/messages", json={"client_id": f"{person}-{number:06d}-id",
                                                         "text": f"{person}:{number}"},
                               headers={"Authorization": f"Bearer {held['token']}"}, timeout=10)
        return answer.status_code == 200 and answer.json().get("ok")
    return send


@pytest.mark.timeout(2 * GIVE_UP_SECONDS)
def test_nothing_is_lost_or_doubled_while_the_processes_are_killed(house):
    end = time.monotonic() + GIVE_UP_SECONDS
    each = max(1, MESSAGES // (3 * PEOPLE))
    failures = []

    def person(send):
        try:
            for number in range(each):
                insist(lambda n=number: send(n), end)
                time.sleep(random.uniform(0, KILLS * 3 / each))      # spread over the kills
        except Exception as error:
            failures.append(error)

    people = [threading.Thread(target=person, args=(kind(house, f"{letter}{n}"),))
              for letter, kind in (("m", mailer), ("w", whatsapper), ("c", chatter)) for n in range(PEOPLE)]
    for one in people:
        one.start()
    dice = random.Random(7)
    for kill in range(KILLS):
        time.sleep(dice.uniform(0.1, 1.0))
        victim = house.commands[kill % len(house.commands)]
        house.kill(victim)
        house.start(victim)
    for one in people:
        one.join(GIVE_UP_SECONDS)
    assert not failures, failures[:3]

    def settled():
        with db.reading() as session:
            return not session.scalar(select(RawInbound.id).where(RawInbound.state == "new").limit(1))
    wait_for(settled, "everything to be processed", 60)

    with db.reading() as session:
        assert session.scalars(select(RawInbound.error).where(RawInbound.state == "quarantined")).all() == []
        rows = session.execute(select(Message.text, Message.ticket_id, Message.seq).where(Message.direction == "in")
                               .order_by(Message.ticket_id, Message.seq)).all()
    texts = [text.strip() for text, _, _ in rows]
    expected = {f"{letter}{n}:{number}" for letter in "mwc" for n in range(PEOPLE) for number in range(each)}
    assert sorted(texts) == sorted(expected), (
        f"lost {sorted(expected - set(texts))[:5]}, twice {sorted({t for t in texts if texts.count(t) > 1})[:5]}")
    told = defaultdict(list)
    for text, ticket_id, _ in rows:
        who, number = text.strip().split(":")
        told[who, ticket_id].append(int(number))
    assert len(told) == 3 * PEOPLE, "each person has one ticket"
    assert all(numbers == sorted(numbers) for numbers in told.values()), "in the order in which they were said"
