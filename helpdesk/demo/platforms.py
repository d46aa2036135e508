"""All simulated platforms of the demo, wired to its inboxes: Meta's three, some that stand alone, a mail provider."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from channels.simulators import LineSimulator, MetaSimulator, TelegramSimulator, ViberSimulator, XSimulator
from channels.simulators.mail import MailSimulator
from helpdesk.clock import now
from helpdesk.demo.people import Person
from helpdesk.demo.templates import TEMPLATES
from helpdesk.errors import Invalid

META = ("whatsapp", "messenger", "instagram")
ALONE = ("telegram", "line", "viber", "x")
CALLED = META + ALONE                           # whose platforms call a webhook
NO_READING = ("telegram", "line", "email")      # what their senders are never told


def mount(app: str) -> str:
    """Where the platform of one of CALLED answers, below the demo's own address."""
    return f"/simulator/{'meta' if app in META else app}"


class Platforms:
    """`configs` are the inboxes' values by channel, `webhooks` where their platform calls. `mail` must be running.
    `origin` is where this process is reached. `courier` carries the webhooks; None is the real one, over HTTP."""

    def __init__(self, configs: Mapping[str, Mapping[str, str]], webhooks: Mapping[str, str], mail: MailSimulator,
                 origin: str, courier: Any = None):
        bot, line = configs["telegram"], configs["line"]
        self.mail = mail
        self.meta = MetaSimulator(configs["whatsapp"]["app_secret"], webhook_urls=webhooks, courier=courier, clock=now,
                                  **{name: configs[name] for name in META})
        self.meta.whatsapp.templates = list(TEMPLATES)
        self.telegram = TelegramSimulator(bot["bot_token"], username="kopi_bot", webhook_url=webhooks["telegram"],
                                          secret_token=bot["webhook_secret"], courier=courier, clock=now)
        self.line = LineSimulator(line["access_token"], line["channel_secret"], webhook_url=webhooks["line"],
                                  courier=courier, clock=now)
        self.viber = ViberSimulator(configs["viber"]["auth_token"], webhook_url=webhooks["viber"], courier=courier,
                                    clock=now)
        self.x = XSimulator(dict(configs["x"]), webhook_url=webhooks["x"], courier=courier, clock=now)
        self.mounted = {mount("whatsapp"): self.meta, **{mount(app): getattr(self, app) for app in ALONE}}
        for path, platform in self.mounted.items():
            platform.public_url = origin + path

    def account(self, app: str) -> Any:
        """The people's side of one app."""
        return self.mail if app == "email" else getattr(self.meta if app in META else self, app)

    def mount(self, app: Any) -> None:
        """Answer the platforms' own addresses below /simulator/ of a Flask application."""
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, self.mounted)

    def number_from(self, first: int) -> None:
        """Let no id come twice after a restart."""
        for app in CALLED:
            self.account(app).number_from(first)

    def write(self, person: Person, app: str, text: str = "", *, subject: str = "", button: str | None = None,
              file: tuple[str, str, bytes] | None = None, replies_to: str = "", cc: Sequence[str] = (),
              reply_all: bool = False) -> str:
        """The person writes, attaches a file or presses a button; returns the message's id. Raises Invalid. `cc` and
        `reply_all` are for mail."""
        address, account = person.address(app), self.account(app)
        if not text.strip() and file is None and button is None:
            raise Invalid("Write something, or attach a file.")
        try:
            if app == "email":
                return account.customer_writes(address, text, subject=subject, reply_to=replies_to or None, file=file,
                                               name=person.name, cc=cc, reply_all=reply_all)
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
        return sum(len(platform.courier.undelivered) for platform in self.mounted.values())

    def redeliver(self) -> int:
        """Try them once more."""
        return sum(platform.courier.redeliver() for platform in self.mounted.values())
