"""The helpdesk as its users have it: real processes on loopback, with simulated providers beside them.

`House` runs `helpdesk serve` on SQLite, or `helpdesk web` and `helpdesk worker` on PostgreSQL and Redis. Tests speak
to it through sockets only; only its accounts are set up through the services.
"""
from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import requests
import socketio

from channels.simulators import MetaSimulator, serve
from channels.simulators.mail import MailSimulator
from helpdesk import db, settings
from helpdesk.models import Agent, Inbox
from helpdesk.services import accounts, articles, inboxes, sla

SUPPORT = "support@kopi.example"
IDENTITY_SECRET = "the-shop-signs-with-this-secret-of-32-characters-or-more"
CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')
FAQ = (("How long does delivery take?", "Two to four working days inside the country.",
        ["when will my parcel arrive", "how long is shipping", "delivery time"]),
       ("How do I return something?", "Send it back within 30 days; we pay the postage.",
        ["can I send it back", "return policy", "I want my money back"]))
START_SECONDS, WAIT_SECONDS = 120, 20


def free_port() -> int:
    """A port that nobody listens on now, below the range from which the system takes ports for outgoing connections:
    one of those could be gone again before the helpdesk has started."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(look: Callable, what: str, seconds: float = WAIT_SECONDS):
    """The first true answer of look(); fails the test, saying what was waited for, when none comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


NONE = " "      # no encoders: reading them takes each process seconds, and their own tests have them


class House:
    """One installation. `parts` are its processes by command: serve, or web and worker."""

    def __init__(self, folder: Path, database_url: str = "", redis_url: str = "", **options: str):
        self.folder, self.port, self.smtp_port = folder, free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.commands = ["web", "worker"] if redis_url else ["serve"]
        self.parts: dict[str, subprocess.Popen] = {}
        self.log = folder / "helpdesk.log"
        given = {"data_dir": str(folder / "data"), "port": str(self.port), "allow_private_hosts": "true",
                 "smtp_listen": f"127.0.0.1:{self.smtp_port}", "company_name": "Kopi & Co", "continuity_seconds": "1",
                 "survey_delay_minutes": "0", "redis_url": redis_url, "database_url": database_url,
                 "assistant_encoders": NONE, **options}
        self.env = {f"HELPDESK_{key.upper()}": value for key, value in given.items() if value}
        self.config = settings.use(settings.load(self.env))
        self.meta = MetaSimulator("app-secret", whatsapp={"phone_number_id": "4711", "access_token": "wa-token"})
        self.mail = MailSimulator("127.0.0.1", self.smtp_port, to=SUPPORT)

    def set_up(self) -> None:
        """Accounts, inboxes and two articles, before the first start. The schema must be there."""
        self.mail.start()
        self.meta_url, self.stop_meta = serve(self.meta)
        with db.transaction() as session:
            sla.ensure_default(session)
            for name, role in (("alice", "agent"), ("mia", "manager"), ("ada", "admin")):
                accounts.create(session, name.title(), f"{name}@kopi.example", role)
            inboxes.create(session, "email", "Support mail", {
                "address": SUPPORT, "smtp_host": "127.0.0.1", "smtp_port": str(self.mail.smtp_port),
                "smtp_security": "none"}, key="mail").undo_seconds = 0      # what leaves is looked at at once
            inboxes.create(session, "web", "Shop chat", {"identity_secret": IDENTITY_SECRET}, key="shop")
            inboxes.create(session, "whatsapp", "Shop number", {
                "phone_number_id": "4711", "access_token": "wa-token", "app_secret": "app-secret",
                "verify_token": "verify", "api_base": self.meta_url}, key="wa")
            for title, body, questions in FAQ:
                articles.create(session, title=title, body=body, questions=questions)
        self.meta.subscribe("whatsapp", f"{self.url}/webhooks/whatsapp/wa")

    def start(self, *commands: str) -> None:
        """Start all parts, or the named ones, and wait until they are ready."""
        for command in commands or self.commands:
            with self.log.open("ab") as log:
                self.parts[command] = subprocess.Popen(
                    [sys.executable, "-m", "helpdesk.cli", command], cwd=self.folder, stdout=log, stderr=log,
                    env={**{k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")}, **self.env})
        wait_for(self._ready, "the helpdesk to be ready; see its log:\n" + self.log.read_text()[-2000:], START_SECONDS)

    def _ready(self) -> bool:
        with contextlib.suppress(requests.RequestException, OSError):
            socket.create_connection(("127.0.0.1", self.smtp_port), 1).close()
            return requests.get(f"{self.url}/health/ready", timeout=5).status_code == 200
        return False

    def kill(self, command: str) -> None:
        """kill -9, as a power cut would."""
        self.parts[command].kill()
        self.parts.pop(command).wait()

    def stop(self) -> None:
        """End everything that was started here."""
        for process in self.parts.values():
            process.send_signal(signal.SIGTERM)
        for process in self.parts.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.parts.clear()
        self.mail.stop()
        self.stop_meta()

    def sign_in_link(self, email: str) -> str:
        """A one-time link, as `helpdesk agents reset` prints it."""
        with db.transaction() as session:
            agent = accounts.by_email(session, email)
            return f"{self.url}/sign-in/link/{accounts.make_link(session, agent)}"

    def inbox(self, key: str) -> Inbox:
        """One of its inboxes."""
        with db.reading() as session:
            return inboxes.by_key(session, key)

    def agent(self, name: str) -> Agent:
        """One of its people."""
        with db.reading() as session:
            return accounts.by_email(session, f"{name}@kopi.example")


class Desk:
    """An agent at the console: pages and forms over HTTP, notices over the socket."""

    def __init__(self, house: House, email: str):
        self.house, self.http = house, requests.Session()
        self.http.headers["Accept"] = "text/html"
        answer = self.http.post(house.sign_in_link(email), timeout=20)
        answer.raise_for_status()
        self.http.headers["X-CSRF-Token"] = CSRF.search(answer.text)[1]
        self.notices: list[tuple[str, dict]] = []
        self.socket = socketio.Client(reconnection=False)
        for name in ("ticket", "alert", "delivery"):
            self.socket.on(name, lambda data, name=name: self.notices.append((name, data)), namespace="/agent")
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.http.cookies)
        self.socket.connect(house.url, headers={"Cookie": cookie}, namespaces=["/agent"], transports=["websocket"])

    def page(self, path: str) -> str:
        """A page's text."""
        answer = self.http.get(self.house.url + path, timeout=20)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer.text

    def post(self, path: str, **fields) -> str:
        """A form."""
        answer = self.http.post(self.house.url + path, data=fields, timeout=20)
        assert answer.status_code < 400, (path, answer.status_code, answer.text[:300])
        return answer.text

    def was_told(self, name: str, **data) -> bool:
        """Whether such a notice came over the socket."""
        return any(n == name and data.items() <= d.items() for n, d in self.notices)

    def leave(self) -> None:
        """Close the console."""
        self.socket.disconnect()


class Chat:
    """A visitor with the widget open. `leave()` closes the page; `come_back()` opens it again with the same token."""

    def __init__(self, house: House, key: str = "shop"):
        self.house, self.base, self.key = house, f"{house.url}/widget/{key}", key
        self.http = requests.Session()
        self.token = self.http.post(f"{self.base}/session", json={"locale": "en"}, timeout=20).json()["token"]
        self.notices: list[str] = []
        self.come_back()

    def come_back(self) -> None:
        """Open the page."""
        self.http.headers["Authorization"] = f"Bearer {self.token}"
        self.socket = socketio.Client(reconnection=False)
        self.socket.on("*", lambda event, *_: self.notices.append(event), namespace="/widget")
        self.socket.connect(self.house.url, auth={"inbox": self.key, "token": self.token}, namespaces=["/widget"],
                            transports=["websocket"])

    def leave(self) -> None:
        """Close the page."""
        self.socket.disconnect()

    def writes(self, text: str = "", payload: str = "", client_id: str = "") -> None:
        """Send over the socket; returns when it is acknowledged."""
        answer = self.socket.call("message", {"client_id": client_id or secrets.token_hex(8), "text": text,
                                              "payload": payload}, namespace="/widget", timeout=20)
        assert answer["ok"], answer

    def sees(self) -> list[dict]:
        """What the widget shows."""
        return self.http.get(f"{self.base}/messages", timeout=20).json()["items"]

    def reads(self, words: str) -> dict:
        """Wait until a message with these words is there."""
        return wait_for(lambda: next((m for m in self.sees() if words in m.get("text", "")), None),
                        f"the widget to show {words!r}")

    def post(self, path: str, **fields) -> dict:
        """One of the frame's own calls."""
        answer = self.http.post(f"{self.base}/{path}", json=fields, timeout=20)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer.json()


def make(kind: str, folder: Path, request, **options: str) -> House:
    """A house on "sqlite" (one process), or on "postgresql" (web, worker and Redis); its database is empty."""
    from tests.conftest import REDIS
    if kind == "postgresql":
        url = request.getfixturevalue("postgres_url")
        house = House(folder, database_url=url, redis_url=REDIS, **options)
    else:
        house = House(folder, **options)
        house.config.data_dir.mkdir(parents=True, exist_ok=True)
        template = request.getfixturevalue("sqlite_template")
        (house.config.data_dir / "helpdesk.db").write_bytes(template.read_bytes())
    db.connect(house.config.database_url)
    return house


@contextlib.contextmanager
def opened(house: House) -> Iterator[House]:
    """A house with its people in, running; ended afterwards."""
    house.set_up()
    try:
        house.start()
        yield house
    finally:
        house.stop()
