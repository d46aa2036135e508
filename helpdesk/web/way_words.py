"""Why a way to the customer is proposed, or is not open, in words."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from channels.base import Status as DeliveryStatus
from helpdesk.clock import now
from helpdesk.models import Trust
from helpdesk.rendering import duration
from helpdesk.services import continuity, inboxes
from helpdesk.services.routes import Route
from helpdesk.services.switches import Switch

WAITS = "waits in the chat"


def reason(way: Route, ways: Sequence[Route]) -> str:
    """What speaks for and against it, as sentences."""
    if not way.open:
        return way.why
    parts = ["this is what they want" if way.preferred else "", _heard(way, now())]
    if not way.theirs:
        parts.append("only typed in, and on record as somebody else's")
    elif way.identity.kind != "visitor":
        parts.append({Trust.VERIFIED: "verified", Trust.REPLIED: "they answered from there"}.get(
            way.identity.trust, "" if way.heard_at else "only typed in, not verified"))
    told = ", ".join(part for part in parts if part)
    told = f"{told[:1].upper()}{told[1:]}." if told else ""
    return " ".join(part for part in (way.why, told, fallback(way, ways)) if part)


def fallback(way: Route, ways: Sequence[Route]) -> str:
    """What becomes of an answer that a visitor of the chat does not see; '' on other channels."""
    if way.inbox.channel != "web":
        return ""
    then = _then(way, ways)
    return f"If they are gone, it {then}." if then.startswith("goes") else f"If they are gone, it {WAITS}{then}."


def is_unseen(item) -> bool:
    """Whether a message of the timeline waits in the chat for a visitor to come back."""
    return getattr(item, "channel", "") == "web" and any(
        one.status == DeliveryStatus.SENT and not one.mail_id for one in item.deliveries)


def unseen(message, ways: Sequence[Route]) -> str:
    """What follows "Waiting in the chat" below such a message."""
    if (message.payload or {}).get("mailed"):
        return "; mailed, too"
    if message.author_kind == "assistant":
        return ""           # it answered while they were there: services.continuity
    way = next((one for one in ways if one.inbox.id == message.inbox_id), None)
    then = _then(way, ways) if way else ""
    return f"; {then}" if then.startswith("goes") else then


def _then(way: Route, ways: Sequence[Route]) -> str:
    if not way.inbox.mail_unseen:
        return ""
    mail = next((one for one in ways if one.open and inboxes.is_mail(one.inbox.channel)), None)
    if mail is None:
        return "; they left no mail address"
    if mail.identity.failing_since or mail.identity.unwanted:
        return f"; {mail.identity.value} takes no mail of ours"
    after = duration(continuity.patience(way.inbox).total_seconds())
    return f"goes to {mail.identity.value} by mail if not seen within {after}"


def proof(switch: Switch) -> str:
    """How sure we are that it is the same person, after a change of channel."""
    label = inboxes.label(switch.channel)
    if switch.trust == Trust.VERIFIED:
        return {"platform": f"verified by {label}", "token": "verified by a signed token of your site",
                "code": "verified by a one-time code", "agent": "verified by one of you"}.get(switch.source, "verified")
    if switch.trust == Trust.REPLIED:
        return f"they answered our {inboxes.word(switch.channel)} from {switch.address}"
    return "not verified: look whether it is the same person"


def name(way: Route) -> str:
    """The way in a list: channel, inbox and address."""
    to = "" if way.identity.kind == "visitor" else f" → {_short(way.identity.value)}"
    return f"{inboxes.label(way.inbox.channel)}: {way.inbox.name}{to}"


def _heard(way: Route, at: datetime) -> str:
    if way.heard_at is None:
        return "" if way.current else "they never wrote from there"
    ago = (at - way.heard_at).total_seconds()
    when = "just now" if ago < 60 else f"{duration(ago)} ago"
    return f"they wrote there {'last, ' if way.current else ''}{when}"


def _short(value: str) -> str:
    return value if len(value) < 60 else f"{value[:58]}…"
