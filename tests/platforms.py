"""One helpdesk with an inbox on every channel that there is, and the platforms beside it: all real protocols, one
process. A person writes on any of them by `Platforms.writes`, and `got` is what they got from us.

A new channel needs an entry here before it can be landed: tests/test_stories_pairs.py compares with the registry.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from gevent.pywsgi import WSGIServer
from sqlalchemy import select

from channels.simulators import (
    AppSimulator,
    LineSimulator,
    MetaSimulator,
    PostmarkSimulator,
    TelegramSimulator,
    TwilioSimulator,
    ViberSimulator,
    XSimulator,
    serve,
)
from channels.simulators.mail import MailSimulator
from helpdesk import db, settings
from helpdesk.app import create_app
from helpdesk.jobs import listener, pump
from helpdesk.models import Agent, Identity, Inbox, Message, Visitor
from helpdesk.security import token_hash
from helpdesk.server import Handler
from helpdesk.services import accounts, inboxes, sla
from tests.house import free_port, wait_for
from tests.web.test_widget import Browser

SITE_SECRET = "the-shop-signs-with-this-secret-of-32-characters-or-more"
SECRET, SID, TOKEN = "whsec_" + "A" * 32, "AC00000000000000000000000000000001", "an auth token of Twilio"
X_KEYS = {"account_id": "783214", **{key: f"x-{key}" for key in ("api_key", "app_secret", "access_token",
                                                                "access_secret")}}
META = {"whatsapp": {"phone_number_id": "4711"}, "messenger": {"page_id": "4712"}, "instagram": {"account_id": "4713"}}
META_KEYS = {"access_token": "t", "app_secret": "app-secret", "verify_token": "v"}
# channel: (the inbox's values, the platform given the address of our webhook)
SIMULATED: dict[str, tuple[dict, Callable]] = {
    "telegram": ({"bot_token": "12:token", "webhook_secret": "secret"},
                 lambda hook: TelegramSimulator("12:token", webhook_url=hook, secret_token="secret")),
    "line": ({"access_token": "line-token", "channel_secret": "line-secret"},
             lambda hook: LineSimulator("line-token", "line-secret", webhook_url=hook)),
    "viber": ({"auth_token": "viber-token"}, lambda hook: ViberSimulator("viber-token", webhook_url=hook)),
    "mail_api": ({"provider": "postmark", "address": "help@kopi.example", "api_key": "postmark-token",
                  "webhook_secret": "hook-password"},
                 lambda hook: PostmarkSimulator("postmark-token", "hook-password", to="help@kopi.example",
                                                webhook_url=hook)),
    "api": ({"account_id": "kiosk", "webhook_secret": SECRET}, lambda hook: AppSimulator(SECRET, webhook_url=hook)),
    "x": (X_KEYS, lambda hook: XSimulator(X_KEYS, webhook_url=hook)),
    "sms": ({"account_sid": SID, "auth_token": TOKEN, "address": "+14155550100"},
            lambda hook: TwilioSimulator(SID, TOKEN, "+14155550100", webhook_url=hook)),
    "whatsapp_twilio": ({"account_sid": SID, "auth_token": TOKEN, "address": "+14155550101"},
                        lambda hook: TwilioSimulator(SID, TOKEN, "+14155550101", whatsapp=True, webhook_url=hook)),
}
# channel: the address of person number n there
ADDRESS: dict[str, Callable[[int], str]] = {
    "email": "ann{}@mail.example".format, "mail_api": "ann{}@post.example".format,
    "whatsapp": "+62813{:08d}".format, "sms": "+4915{:09d}".format, "whatsapp_twilio": "+55119{:08d}".format,
    "messenger": "91{:06d}".format, "instagram": "92{:06d}".format, "telegram": "93{:06d}".format,
    "line": lambda n: f"U{n:032x}", "viber": "viber-{}==".format, "x": "14900555{:06d}".format, "api": "user-{}".format,
}


class Platforms:
    """The house, up and running after `start()`."""

    def start(self, folder: Path, template: Path) -> None:
        """Everything on ports of this machine; the database is a fresh file."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "helpdesk.db").write_bytes(template.read_bytes())
        port, smtp = free_port(), free_port()
        config = settings.use(settings.load({}, {
            "data_dir": str(folder), "port": port, "allow_private_hosts": True, "company_name": "Kopi & Co",
            "smtp_listen": f"127.0.0.1:{smtp}", "survey_enabled": False}))
        db.connect(config.database_url)
        self.app = create_app(config)
        self.server = WSGIServer(("127.0.0.1", port), self.app, log=None, error_log=None, handler_class=Handler)
        self.server.start()
        self.mail = MailSimulator("127.0.0.1", smtp, to="support@kopi.example")
        self.mail.start()
        self.close = [listener.start(config), self.mail.stop, lambda: self.server.stop(1)]
        self.sims = {name: make(f"http://127.0.0.1:{port}/webhooks/{name}/{name}")
                     for name, (_, make) in SIMULATED.items()}
        self.meta = MetaSimulator("app-secret", **{name: {**one, "access_token": "t"} for name, one in META.items()})
        self.browsers: dict[int, Browser] = {}
        self._open_inboxes(config)
        for name in META:
            self.meta.subscribe(name, f"http://127.0.0.1:{port}/webhooks/{name}/{name}")
            self.sims[name] = getattr(self.meta, name)

    def _open_inboxes(self, config) -> None:
        addresses = {}
        for name, one in (*self.sims.items(), ("meta", self.meta)):
            addresses[name], stop = serve(one)
            self.close.insert(0, stop)
        values = {name: {**given, "url" if name == "api" else "api_base": addresses[name]}
                  for name, (given, _) in SIMULATED.items()}
        values |= {name: {**one, **META_KEYS, "api_base": addresses["meta"]} for name, one in META.items()}
        values["web"] = {"identity_secret": SITE_SECRET}
        values["email"] = {"address": "support@kopi.example", "smtp_host": "127.0.0.1", "smtp_security": "none",
                           "smtp_port": str(self.mail.smtp_port)}
        with db.transaction() as session:
            sla.ensure_default(session)
            self.agent = accounts.create(session, "Alice", "alice@kopi.example").id
            self.inboxes = {name: inboxes.create(session, name, name.title(), given, key=name, assistant=False).id
                            for name, given in values.items()}

    def stop(self) -> None:
        """End everything."""
        for one in self.close:
            one()
        db.engine().dispose()

    def address(self, channel: str, person: int) -> str:
        """As an identity of that kind holds it."""
        if channel != "web":
            return ADDRESS[channel](person)
        token = self.browser(person).token
        with db.reading() as session:
            return session.scalar(select(Identity.value).join(Visitor, Visitor.identity_id == Identity.id).where(
                Visitor.token_hash == token_hash(token)))

    def browser(self, person: int) -> Browser:
        """Of a visitor of the site."""
        if person not in self.browsers:
            made = self.browsers[person] = Browser(self.app, token="none yet", key="web")
            made.http.environ_base["REMOTE_ADDR"] = f"10.1.{person // 250}.{person % 250 + 1}"      # each at home
            made.token = None
            made.token = made.post("session", locale="en").get_json()["token"]
        return self.browsers[person]

    def writes(self, channel: str, person: int, text: str, name: str = "", answers: str = "") -> Message:
        """Somebody writes there (`answers`: the id of a mail of ours); the message as it was stored."""
        if channel == "web":
            assert self.browser(person).says(text, client_id=f"client-{time.monotonic_ns()}").status_code == 200
        elif channel == "email":
            self.mail.customer_writes(ADDRESS[channel](person), text, subject="My order", name=name,
                                      **({"reply_to": answers} if answers else {}))
        else:
            more = {"subject": "My order"} if channel == "mail_api" else {}
            self.sims[channel].customer_writes(ADDRESS[channel](person), text, name=name, **more,
                                               **({"replies_to": answers} if answers else {}))
        return wait_for(lambda: self._stored(text), f"{text!r} from {channel} to be stored")

    def _stored(self, text: str) -> Message | None:
        pump.run_until_idle()
        with db.reading() as session:
            return session.scalar(select(Message).where(Message.text == text, Message.direction == "in"))

    def got(self, channel: str, person: int) -> list[dict]:
        """What that person got from us there, oldest first; each has `text`."""
        pump.run_until_idle()
        if channel == "web":
            return [one for one in self.browser(person).sees()["items"] if one.get("from") != "me"]
        where = self.mail if channel == "email" else self.sims[channel]
        return [one for one in where.conversation(ADDRESS[channel](person)) if one["from_business"]]

    def scope(self, session, channel: str) -> str:
        """Of the identities of this channel's inbox."""
        inbox = session.get(Inbox, self.inboxes[channel])
        return inboxes.open_channel(inbox).scope(SimpleNamespace(account=inbox.account))

    def alice(self, session) -> Agent:
        """The one who answers."""
        return session.get(Agent, self.agent)
