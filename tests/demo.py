"""`helpdesk demo` as somebody has it who types it: a real process in a folder of its own, and its customers' phone."""
from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import requests
from sqlalchemy import create_engine, text

from tests.house import CSRF, NONE, free_port, wait_for

ROOT = Path(__file__).parent.parent
LOAD_SECONDS = 90       # on a machine that does much else at the same time


class Demo:
    """One folder; started and stopped as often as wanted."""

    def __init__(self, folder: Path, **options: str):
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "data" / "helpdesk.db"
        self.said, self.process, self.browser = "", None, None
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")} | {
            "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "HELPDESK_ASSISTANT_ENCODERS": NONE} | {
            f"HELPDESK_{k.upper()}": v for k, v in options.items()}

    def begin(self) -> None:
        """Start the process."""
        self.log = self.folder / "demo.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "helpdesk.cli", "demo", "--port", str(self.port)],
                                            cwd=self.folder, env=self.env, stdout=log, stderr=subprocess.STDOUT)

    def start(self) -> str:
        """Start it and wait until it says where everything is; returns what it said."""
        self.begin()
        wait_for(lambda: "Ctrl+C" in self.log.read_text() or self.process.poll() is not None, "the demo to be ready",
                 LOAD_SECONDS)
        self.said, self.browser = self.log.read_text(), None
        assert self.process.poll() is None, self.said
        return self.said

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(20)

    def link(self) -> str:
        """The sign-in link it printed."""
        return re.search(r"http://\S+/sign-in/link/\S+", self.said)[0]

    def console(self) -> requests.Session:
        """The admin's browser, signed in with the printed link once; its posts carry the CSRF token."""
        if self.browser:
            return self.browser
        browser = requests.Session()
        browser.headers["Accept"] = "text/html"
        page = browser.post(self.link(), timeout=20)
        page.raise_for_status()
        browser.headers["X-CSRF-Token"] = CSRF.search(page.text)[1]
        self.browser = browser
        return browser

    def add(self, name: str) -> str:
        """A new customer; returns the id."""
        answer = requests.post(f"{self.url}/demo/phone/api/people", json={"name": name}, headers={"X-Phone": "1"},
                               timeout=20)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def phone(self, path: str, **fields) -> requests.Response:
        """Something the phone's page asks for; with fields it is a form."""
        address = f"{self.url}/demo/phone/api/{path}"
        if fields:
            parts = {name: value if isinstance(value, tuple) else (None, value) for name, value in fields.items()}
            return requests.post(address, files=parts, timeout=20,
                                 headers={"X-Phone": "1", "Accept": "application/json"})
        return requests.get(address, headers={"Accept": "application/json"}, timeout=20)

    def conversation(self, person: str, app: str) -> list[dict]:
        """What this customer sees in one app."""
        return self.phone(f"people/{person}").json()["apps"][app]

    def shows(self, person: str, app: str, words: str) -> dict:
        """Wait until the house's message with these words is on the phone."""
        return wait_for(lambda: next((m for m in self.conversation(person, app)
                                      if words in m["text"] and not m["mine"]), None), f"{app} to show {words!r}")

    def rows(self, query: str, **values) -> list:
        """A look into the database, from outside."""
        engine = create_engine(f"sqlite:///{self.database}")
        try:
            with engine.connect() as connection:
                return connection.execute(text(query), values).all()
        finally:
            engine.dispose()
