"""All simulated platforms of the demo, wired to its inboxes: Meta's three, Telegram, and a mail provider."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from channels.simulators import MetaSimulator, TelegramSimulator
from channels.simulators.mail import MailSimulator
from helpdesk.clock import now
from helpdesk.demo.people import Person
from helpdesk.errors import Invalid

META, TELEGRAM = "/simulator/meta", "/simulator/telegram"
NO_READING = ("telegram", "email")      # what their senders are never told


class Platforms:
    """`configs` are the inboxes' values by channel, `webhooks` where their platform calls. `mail` must be running.
    `courier` carries the webhooks; None is the real one, over HTTP."""

    def __init__(self, configs: Mapping[str, Mapping[str, str]], webhooks: Mapping[str, str], mail: MailSimulator,
                 courier: Any = None):
        bot = configs["telegram"]
        self.mail = mail
        self.meta = MetaSimulator(configs["whatsapp"]["app_secret"], webhook_urls=webhooks, courier=courier, clock=now,
                                  **{name: configs[name] for name in ("whatsapp", "messenger", "instagram")})
        self.telegram = TelegramSimulator(bot["bot_token"], username="kopi_bot", webhook_url=webhooks["telegram"],
                                          secret_token=bot["webhook_secret"], courier=courier, clock=now)

    def account(self, app: str) -> Any:
        """The people's side of one app."""
        return {"telegram": self.telegram, "email": self.mail}.get(app) or getattr(self.meta, app)

    def mount(self, app: Any, origin: str) -> None:
        """Answer the platforms' own addresses below /simulator/ of a Flask application."""
        self.meta.public_url, self.telegram.public_url = origin + META, origin + TELEGRAM
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {META: self.meta, TELEGRAM: self.telegram})

    def number_from(self, first: int) -> None:
        """Let no id come twice after a restart."""
        for account in (self.meta.whatsapp, self.meta.messenger, self.meta.instagram, self.telegram):
            account.number_from(first)

    def write(self, person: Person, app: str, text: str = "", *, subject: str = "", button: str | None = None,
              file: tuple[str, str, bytes] | None = None, replies_to: str = "") -> str:
        """The person writes, attaches a file or presses a button; returns the message's id. Raises Invalid."""
        address, account = person.address(app), self.account(app)
        if not text.strip() and file is None and button is None:
            raise Invalid("Write something, or attach a file.")
        try:
            if app == "email":
                return account.customer_writes(address, text, subject=subject, reply_to=replies_to or None, file=file,
                                               name=person.name)
            return account.customer_writes(address, text, file=file, button=button, name=person.name,
                                           replies_to=replies_to)
        except LookupError as error:
            raise Invalid(f"That is not on this phone (any more): {error}") from error

    def read(self, person: Person, app: str) -> None:
        """The person opens the chat. Where the platform reports that, it does."""
        if app not in NO_READING and any(entry["from_business"] and entry["status"] != "read"
                                         for entry in self.conversation(person, app)):
            self.account(app).customer_reads(person.address(app))

    def conversation(self, person: Person, app: str) -> list[dict[str, Any]]:
        """What the person sees in one app, oldest first."""
        address = person.address(app)
        return self.account(app).conversation(address)

    def shows(self, person: Person, app: str, payload: str) -> bool:
        """Whether a button with this payload is on the phone."""
        return any(button["payload"] == payload for entry in self.conversation(person, app)
                   for button in entry.get("buttons", ()))

    def undelivered(self) -> int:
        """How many webhooks the helpdesk did not take."""
        return len(self.meta.courier.undelivered) + len(self.telegram.courier.undelivered)

    def redeliver(self) -> int:
        """Try them once more."""
        return self.meta.courier.redeliver() + self.telegram.courier.redeliver()
