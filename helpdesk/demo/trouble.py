"""What can go wrong on the phone's platforms, for people who want to see what the helpdesk does about it."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helpdesk.demo.apps import APPS, kind, reports_reading
from helpdesk.demo.passing import DAY
from helpdesk.demo.people import Person
from helpdesk.demo.platforms import Platforms
from helpdesk.errors import Invalid

LATE = 10.0     # seconds
KEPT = ("duplicates", "disorder", "delay", "receipts", "revoked")


@dataclass(frozen=True)
class Knob:
    """Something that can be pressed, or (`switch`) stays on until it is switched off. `fits(app, account)`: whether
    there is such a thing on this platform."""
    key: str
    label: str
    help: str
    group: str
    fits: Callable[[str, Any], bool]
    switch: bool = False


def _webhooks(app: str, account: Any) -> bool:
    return hasattr(account, "courier")


KNOBS = (
    Knob("day", "Let a day pass", "What was said here becomes 25 hours older, so the reply window closes. The console "
         "then offers templates, or another channel.", "Time", lambda app, _: bool(kind(app).can.reply_window)),
    Knob("for_now", "The next answer fails for now", "The platform has a hiccup. The helpdesk waits a little and tries "
         "again.", "Answers", lambda *_: True),
    Knob("for_good", "The next answer is refused", "The platform says no and means it. The agent reads why.", "Answers",
         lambda *_: True),
    Knob("slow_down", "Too many messages", "The platform asks the shop to slow down. All of its answers wait about 20 "
         "seconds.", "Answers", lambda app, _: app != "email"),
    Knob("revoked", "The shop's access is withdrawn", "The next answer disconnects the inbox. Switch this off, then "
         "press “Connect again” in the console's settings.", "Answers", lambda *_: True, switch=True),
    Knob("duplicates", "Everything is delivered twice", "Platforms repeat themselves. Nothing may show up double.",
         "Deliveries to the helpdesk", _webhooks, switch=True),
    Knob("delay", "Everything is late", f"What you write reaches the helpdesk after {LATE:.0f} seconds.",
         "Deliveries to the helpdesk", _webhooks, switch=True),
    Knob("disorder", "The order is mixed up", "Write two messages quickly: the second one comes first.",
         "Deliveries to the helpdesk", _webhooks, switch=True),
    Knob("silence", "Report nothing back", "The agent does not learn what was delivered or read.", "You",
         lambda app, account: reports_reading(app) or app == "sms", switch=True),
    Knob("blocked", "", "You hear no more from the shop. Some platforms tell the agent, others keep it to themselves.",
         "You", lambda _, account: hasattr(account, "customer_blocks"), switch=True),
    Knob("elsewhere", "Answer in the platform's own app", "As if somebody in the shop took their own phone. The "
         "console shows it as written elsewhere.", "The shop", lambda _, account: hasattr(account, "business_writes")))


def described(app: str, account: Any) -> list[dict[str, Any]]:
    """What can go wrong in one app, in words for the phone's page."""
    return [{"key": one.key, "label": one.label or APPS[app].block, "help": one.help, "group": one.group,
             "switch": one.switch} for one in KNOBS if one.fits(app, account)]


def state(platforms: Platforms, person: Person, app: str) -> dict[str, Any]:
    """What is switched on, by key, and how many of the next answers will be refused."""
    account = platforms.account(app)
    on = {one.key: _is_on(one.key, account, person.address(app)) for one in KNOBS
          if one.switch and one.fits(app, account)}
    return {"on": [key for key, value in on.items() if value], "refusing": account.misbehaving()}


def make(platforms: Platforms, person: Person, app: str, key: str, on: bool, words: str = "") -> None:
    """Press a knob, or switch it. "day" moves only what is on the phone. Raises Invalid."""
    account, address = platforms.account(app), person.address(app)
    knob = next((one for one in KNOBS if one.key == key and one.fits(app, account)), None)
    if knob is None:
        raise Invalid("There is no such trouble in this app.")
    if key == "day":
        account.chats.age(address, DAY)
    elif key == "elsewhere":
        if not words.strip() or not account.chats.knows(address):
            raise Invalid("Write something as the customer first." if words.strip() else "Write what the shop answers.")
        account.business_writes(address, words.strip())
    elif key == "blocked":
        account.customer_blocks(address, on)
    elif not knob.switch:
        account.misbehave(key)
    elif key == "delay":
        account.delay = LATE if on else 0.0
    elif key == "silence":
        account.receipts = not on
    else:
        setattr(account, key, on)


def kept(account: Any) -> dict[str, Any]:
    """What must be remembered across a restart."""
    return {**{key: getattr(account, key) for key in KEPT}, "blocked_by": sorted(account.blocked_by)}


def restore(account: Any, known: dict[str, Any]) -> None:
    """Switch everything as it was."""
    for key in KEPT:
        setattr(account, key, known[key])
    account.blocked_by.update(known["blocked_by"])


def _is_on(key: str, account: Any, address: str) -> bool:
    if key == "blocked":
        return address in account.blocked_by
    return not account.receipts if key == "silence" else bool(getattr(account, key))
