"""One inbox tried for real, step by step: `helpdesk channel test` and the button on its page. Nothing is sent."""
from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from sqlalchemy import func, select

from channels.base import Channel, SendError, Step
from helpdesk import db
from helpdesk.checks import Finding, fail, good, network, warn
from helpdesk.models import Inbox, RawInbound
from helpdesk.services import inboxes

NEVER = "Write a message to it yourself, from outside, and look whether it arrives."


def steps(inbox: Inbox) -> Iterator[Finding]:
    """What each step found, in an order in which the first failure explains those after it."""
    if not inbox.enabled:
        yield warn("Switched on", "The inbox is switched off: nothing is taken in.", "Switch it on when it works.")
    try:
        channel = inboxes.open_channel(inbox)
    except (ValueError, LookupError) as problem:
        yield fail("Secrets", f"They cannot be opened: {problem}.",
                   "Put the old secret key back, or type this inbox's secrets in again.")
        return
    except Exception as problem:        # its channel is not installed any more
        yield fail("Channel", str(problem), "Install the channel's package, or remove the inbox.")
        return
    missing = [s.label for s in channel.settings if s.required and not channel.config.get(s.key)]
    if missing:
        yield fail("Form", f"Not filled in: {', '.join(missing)}.", "Fill them in under Settings, Inboxes.")
        return
    yield good("Form", "Everything that is needed is filled in.")
    webhook = inboxes.webhook(inbox) if type(channel).verify is not Channel.verify else ""
    if webhook:
        yield _public(webhook)
        yield _reached(webhook)
    for step in channel.steps(webhook):
        yield _tried(step)
    yield _heard(inbox)


def account_works(found: list[Finding]) -> bool:
    """Whether nothing failed, so that a disconnected inbox may be connected again."""
    return not any(one.state == "fail" for one in found)


def _public(webhook: str) -> Finding:
    name = "Public address"
    if not webhook.startswith("https://"):
        return warn(name, f"{webhook} is no https address; providers deliver to nothing else.",
                    "Put a proxy with a certificate in front (config/deploy has samples), and set base_url to it.")
    return good(name, webhook)


def _reached(webhook: str) -> Finding:
    """An unsigned call must be refused by us: any other answer comes from somebody else."""
    name = "Webhook"
    try:
        answer = network.ask(urlsplit(webhook), "", "Connection: close").split(b"\r\n", 1)[0].decode("latin-1")
    except (OSError, ValueError) as problem:
        return warn(name, f"{webhook} does not answer from here: {problem}.",
                    "Start the helpdesk; then check the DNS, the proxy and base_url.")
    if not any(f" {code} " in f"{answer} " for code in (200, 403, 405)):
        return warn(name, f"It answers “{answer}”, which is not this helpdesk.", "Check the proxy and base_url.")
    return good(name, "This helpdesk answers there, and refuses what is not signed.")


def _tried(step: Step) -> Finding:
    outcome = network.start(step.check)()
    if isinstance(outcome, SendError):
        return fail(step.what, f"{outcome}.".replace("..", "."), step.fix)
    if isinstance(outcome, Exception):
        return warn(step.what, f"It could not be tried: {outcome}", step.fix)
    return good(step.what, outcome)


def _heard(inbox: Inbox) -> Finding:
    with db.reading() as session:
        at = session.scalar(select(func.max(RawInbound.received_at)).where(RawInbound.inbox_id == inbox.id))
    if at is None:
        return warn("Heard from", "Nothing has ever come in here.", NEVER)
    return good("Heard from", f"The last message came on {at:%d %B %Y at %H:%M} UTC.")
