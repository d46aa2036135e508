"""Opening somebody with 5,000 messages over six channels, beside somebody with forty: the person's page, a page of the
timeline from its end, its middle and its beginning, a search, and the ticket page with its brief.

The floor is a ticket page of bare Flask, as for `pages`. Statements are counted by the test suite
(tests/web/test_brief.py); they are the same for both.
"""
from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import requests
from sqlalchemy import func, insert, select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Contact, Event, Identity, Message, Participant, Pledge, SlaClock, Ticket
from helpdesk.services.contact_places import Place
from tests.bench import running
from tests.bench.desks import said
from tests.bench.figures import Figure, median, tool
from tests.bench.pages import ask
from tests.house import House, free_port, wait_for

ROUNDS = 5
CHANNELS = ("email", "web", "whatsapp", "telegram", "messenger", "sms")
MANY, FEW = 5_000, 40     # of both as many are shown
A_TICKET = 40           # messages of one matter
FLAT = 1.2
GOAL = 3.0              # the page has the brief, forty messages and five forms; the floor has fifty messages


def run(full: bool) -> Iterator[Figure]:
    """On a desk of 1,000 tickets, or of 100,000 when there is time."""
    tool("flask_floor.py"), tool("http_lat.py")
    with tempfile.TemporaryDirectory(prefix="helpdesk_bench_") as folder, \
            running.house(100_000 if full else 1_000) as house:
        many, few = person(house, MANY), person(house, FEW)
        port, database = free_port(), str(Path(folder) / "floor.db")
        subprocess.run([sys.executable, str(tool("flask_floor.py")), "seed", "1000"], check=True,
                       env=running.environment(FF_DB=database))
        with running.process("tests.bench.floor_web", str(port), FF_DB=database) as floor_web:
            floor = f"http://127.0.0.1:{port}"
            wait_for(lambda: running.answers(f"{floor}/login"), "the floor to answer")
            browser = requests.Session()
            browser.get(f"{floor}/login", timeout=5)
            sides = {"floor": ("; ".join(f"{c.name}={c.value}" for c in browser.cookies), floor_web.pid),
                     "ours": (running.cookie(house), house.parts["serve"].pid)}
            yield from _pages(f"{floor}/ticket/500", house.url, many, few, sides)


def _pages(floor: str, base: str, many: dict, few: dict, sides: dict) -> Iterator[Figure]:
    path = f"{base}/contacts/{many['id']}"
    urls = {"person, 40 messages": f"{base}/contacts/{few['id']}", "person, 5,000 messages": path,
            "timeline, end": f"{path}/timeline?before={many['end']}",
            "timeline, middle": f"{path}/timeline?before={many['middle']}",
            "timeline, beginning": f"{path}/timeline?before={many['beginning']}",
            "timeline, searched": f"{path}/timeline?q=birthday",
            "ticket beside 40": f"{base}/inbox/all/{few['ticket']}",
            "ticket beside 5,000": f"{base}/inbox/all/{many['ticket']}"}
    found: dict[str, list[dict]] = {name: [] for name in ("floor", *urls)}
    for _ in range(ROUNDS):
        found["floor"].append(ask(floor, *sides["floor"]))
        for name, url in urls.items():
            found[name].append(ask(url, *sides["ours"]))
    for share, unit in (("p50", "p50"), ("p95", "p95"), ("server_cpu_ms", "computing")):
        at = {name: median([one[share] for one in rounds]) for name, rounds in found.items()}
        for name in urls:
            yield Figure(f"{name}, {unit}", at[name], "ms", at["floor"],
                         most=GOAL if share == "p95" and name == "person, 5,000 messages" else None)
        yield Figure(f"timeline, middle ÷ end, {unit}", at["timeline, middle"], "ms", at["timeline, end"],
                     most=FLAT if share == "server_cpu_ms" else None)


def person(house: House, messages: int) -> dict:
    """A contact with that many messages, an agent's every second one, in matters of forty, each by one channel."""
    start = now() - timedelta(days=700)
    tickets = [range(low, min(low + A_TICKET, messages)) for low in range(0, messages, A_TICKET)]
    with db.transaction() as session:
        contact, first, message = ((session.scalar(select(func.max(model.id))) or 0) + 1
                                   for model in (Contact, Ticket, Message))
        identity = (session.scalar(select(func.max(Identity.id))) or 0) + 1
        inbox = house.inbox("mail").id
        session.execute(insert(Contact), [{"id": contact, "name": f"Person of {messages}"}])
        session.execute(insert(Identity), [{"id": identity, "contact_id": contact, "kind": "email",
                                            "value": f"person-of-{messages}@old.example", "trust": "verified"}])
        made = {model: [] for model in (Ticket, Participant, SlaClock, Message, Event, Pledge)}
        for n, numbers in enumerate(tickets):
            ticket, channel, last = first + n, CHANNELS[n % len(CHANNELS)], start + timedelta(hours=3 * numbers[-1])
            made[Ticket].append({
                "id": ticket, "contact_id": contact, "subject": f"Matter {n}", "channel": channel,
                "status": "open" if n == len(tickets) - 1 else "resolved", "seq": 3 * len(numbers),
                "reply_inbox_id": inbox, "reply_identity_id": identity, "preview": said(n)[:200],
                "preview_author": "agent", "created_at": start + timedelta(hours=3 * numbers[0]),
                "last_message_at": last})
            made[Participant].append({"ticket_id": ticket, "identity_id": identity})
            made[SlaClock].append({"ticket_id": ticket, "kind": "resolution", "target_seconds": 86_400,
                                   "started_at": last, "met_at": last})
            for k, number in enumerate(numbers):
                at, theirs = start + timedelta(hours=3 * number), number % 2 == 0
                made[Message].append({
                    "id": message + number, "ticket_id": ticket, "seq": 2 * k + 1, "inbox_id": inbox,
                    "identity_id": identity, "channel": channel, "direction": "in" if theirs else "out",
                    "author_kind": "contact" if theirs else "agent", "author_name": "" if theirs else "Alice",
                    "text": said(number), "html": f"<p>{said(number)}</p>" * 3, "sent_at": at, "created_at": at})
                made[Event].append({"name": "TagsChanged" if number % 5 == 0 else "MessageReceived",
                                    "ticket_id": ticket, "seq": 2 * k + 2, "actor": "system", "created_at": at,
                                    "data": {}, "contact_id": contact})
                if not theirs and number % 10 == 1:
                    made[Pledge].append({
                        "message_id": message + number, "identity_id": identity, "begins": 0, "ends": 40, "due_at": at,
                        "counts_from": at, "kept_at": at, "judged": "", "created_at": at})
        for model, rows in made.items():
            session.execute(insert(model), rows)

    def before(number: int) -> Place:
        return Place(start + timedelta(hours=3 * number), first + number // A_TICKET, 0)
    return {"id": contact, "ticket": first + len(tickets) - 1, "end": before(messages),
            "middle": before(messages // 2), "beginning": before(50)}
