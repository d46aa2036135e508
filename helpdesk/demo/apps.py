"""The apps of the customer's phone: the one list of them. Names and abilities come from the channel's class and from
what its simulator can do."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from channels.base import Channel, Status
from helpdesk.services import inboxes

CHANGES = {"edit": "edits", "unsend": "unsends", "react": "reactions"}     # what people do → Can.hears
VERBS = {"place": "customer_sends_place", "card": "customer_sends_card", "sticker": "customer_sends_sticker",
         "typing": "customer_types", "elsewhere": "business_writes", "block": "customer_blocks"}


@dataclass(frozen=True)
class App:
    """`shop` is how the company is called there, with `about` below it. `platform`: the simulator that answers, where
    it is not the channel's own. `address`: the field of Person that is the address, likewise. `quotes`: whether the
    platform tells what a person quotes. `block`: what people do who want to hear no more."""
    shop: str = "Kopi & Co"
    about: str = ""
    name: str = ""              # where the channel's label is too long for a phone
    platform: str = ""
    address: str = ""
    quotes: bool = True
    block: str = "Block the shop"


APPS = {
    "whatsapp": App(about="Business account", platform="meta"),
    "telegram": App(about="bot"),
    "messenger": App(about="Typically replies within minutes", platform="meta"),
    "instagram": App("kopi.and.co", "Kopi & Co", platform="meta"),
    "line": App(about="Official account"),
    "viber": App(about="Bot", quotes=False, block="Unsubscribe from the bot"),
    "x": App(about="@kopiandco", name="X", quotes=False, block="Close the messages to the shop"),
    "sms": App("+1 415 555 0100", "Kopi & Co", name="Messages", address="whatsapp", quotes=False, block="Text STOP"),
    "api": App(about="The shop's own app", name="Kopi app"),
    "email": App("Inbox", name="Mail"),
}
META = tuple(name for name, app in APPS.items() if app.platform == "meta")
CALLED = tuple(name for name in APPS if name != "email")        # whose platforms call a webhook


def mount(name: str) -> str:
    """Where the platform of one of CALLED answers, below the demo's own address."""
    return f"/simulator/{APPS[name].platform or name}"


def kind(name: str) -> type[Channel]:
    """The channel behind an app."""
    return inboxes.kind(name)


def reports_reading(name: str) -> bool:
    """Whether its senders are told what was read."""
    return Status.READ in kind(name).can.receipts


def abilities(name: str, account: Any) -> list[str]:
    """What a person can do in an app beside writing: what the platform has, and tells the helpdesk of."""
    can = kind(name).can
    found = [one for one, heard in CHANGES.items() if heard in can.hears and hasattr(account, f"customer_{one}s")]
    found += [one for one, verb in VERBS.items() if hasattr(account, verb)]
    found += ["quote"] if APPS[name].quotes else []
    return found + (["read"] if reports_reading(name) else [])


def described(name: str, account: Any) -> dict[str, Any]:
    """What the phone's page must know of an app."""
    app = APPS[name]
    return {"name": app.name or inboxes.label(name), "shop": app.shop, "about": app.about,
            "can": abilities(name, account), "limit": kind(name).can.text_limit}
