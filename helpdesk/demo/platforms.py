"""All simulated platforms of the demo, wired to its inboxes: Meta's three, some that stand alone, a mail provider."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from channels.simulators import (
    AppSimulator,
    LineSimulator,
    MetaSimulator,
    TelegramSimulator,
    TwilioSimulator,
    ViberSimulator,
    XSimulator,
)
from channels.simulators.mail import MailSimulator
from helpdesk.clock import now
from helpdesk.demo.apps import APPS, CALLED, CHANGES, META, abilities, mount, reports_reading
from helpdesk.demo.people import Person
from helpdesk.demo.templates import TEMPLATES
from helpdesk.errors import Invalid

SPOT = (-6.1862, 106.8247, "Jalan Haji Agus Salim 31")      # where everybody is who shares where they are
FRIEND = ("Wayan", "+12065550142")
WRITING = timedelta(seconds=9)       # how long an app shows it

class Platforms:
    """`configs` are the inboxes' values by channel, `webhooks` where their platform calls. `mail` must be running.
    `origin` is where this process is reached, `outside` what it is called elsewhere. `courier` carries the webhooks;
    None is the real one, over HTTP."""

    def __init__(self, configs: Mapping[str, Mapping[str, str]], webhooks: Mapping[str, str], mail: MailSimulator,
                 origin: str, courier: Any = None, outside: str = ""):
        bot, line, sms = configs["telegram"], configs["line"], configs["sms"]
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
        self.sms = TwilioSimulator(sms["account_sid"], sms["auth_token"], sms["address"], webhook_url=webhooks["sms"],
                                   courier=courier, clock=now,
                                   known_as=webhooks["sms"].replace(origin, outside.rstrip("/") or origin, 1))
        self.api = AppSimulator(configs["api"]["webhook_secret"], webhook_url=webhooks["api"], courier=courier,
                                clock=now)
        self.mounted = {mount(app): self.meta if app in META else getattr(self, app) for app in CALLED}
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
        """The person opens the chat. Where the platform reports that, and is not told to keep silent, it does."""
        if reports_reading(app) and self.account(app).receipts and any(
                entry["from_business"] and entry["status"] != "read" for entry in self.conversation(person, app)):
            self.account(app).customer_reads(person.address(app))

    def share(self, person: Person, app: str, what: str, file: tuple[str, str, bytes] | None = None) -> str:
        """The person sends what is no text and no file: a place, a card, or a sticker that looks like `file`. Returns
        the message's id. Raises Invalid."""
        account, address = self.account(app), person.address(app)
        given = {"place": SPOT, "card": FRIEND, "sticker": (file,)}.get(what)
        verb = getattr(account, f"customer_sends_{what}", None)
        if given is None or verb is None or given == (None,):
            raise Invalid(f"This cannot be sent with {APPS[app].name or app}.")
        account.names[address] = person.name
        return verb(address, *given)

    def change(self, person: Person, app: str, number: str, what: str, words: str = "") -> None:
        """The person corrects a message ("edit"), takes it back ("unsend"), or puts a sign on it ("react"). Raises
        Invalid."""
        entry = next((one for one in self.conversation(person, app) if one["id"] == number), None)
        if what not in CHANGES or what not in abilities(app, self.account(app)):
            raise Invalid("That cannot be done in this app.")
        if entry is None or entry.get("unsent"):
            raise Invalid("That message is not on this phone (any more).")
        if what != "react" and entry["from_business"]:
            raise Invalid("Only the shop can change what the shop wrote.")
        if what == "edit" and not words.strip():
            raise Invalid("Write what it should say.")
        verb = getattr(self.account(app), f"customer_{what}s")
        verb(person.address(app), number, *(() if what == "unsend" else (words,)))

    def types(self, person: Person, app: str) -> None:
        """The person is writing. Where the platform tells of it, it does."""
        account = self.account(app)
        if hasattr(account, "customer_types") and account.chats.knows(person.address(app)):
            account.customer_types(person.address(app))

    def typing(self, person: Person, app: str) -> bool:
        """Whether the app shows that the shop is writing to this person."""
        seen = getattr(self.account(app), "typing", {}).get(person.address(app))
        last = next((one["at"] for one in reversed(self.conversation(person, app)) if one["from_business"]), None)
        return bool(seen and now() - seen < WRITING and (last is None or last < seen))

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
