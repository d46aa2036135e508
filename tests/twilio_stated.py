"""What the corpora state of Twilio's payloads, held against the facts read."""
from __future__ import annotations

from collections.abc import Iterator

from channels.base import Fact, Inbound, Receipt, Status

TOLD = {"sent": Status.SENT, "delivered": Status.DELIVERED, "read": Status.READ, "failed": Status.FAILED,
        "undelivered": Status.FAILED}


def twilio(expect: dict, payload: dict, facts: list[Fact]) -> Iterator[tuple[str, bool]]:
    """A status that tells nothing new (queued) is left out."""
    status = expect.get("status") or payload.get("MessageStatus")
    if status and status not in ("received", "receiving"):
        wanted = TOLD.get(status)
        yield "status", [getattr(fact, "status", None) for fact in facts] == ([wanted] if wanted else [])
        if wanted and "external_id" in expect:
            yield "external_id", facts[0].external_id == expect["external_id"]
        if wanted and expect.get("error"):
            yield "error", isinstance(facts[0], Receipt) and bool(facts[0].error)
        return
    said = [fact for fact in facts if isinstance(fact, Inbound)]
    if "external_id" in expect and payload.get("From"):
        yield "external_id", bool(said) and said[0].external_id == expect["external_id"]
    if "sender" in expect and said:
        yield "sender", said[0].address == expect["sender"].removeprefix("whatsapp:")
    if "to" in expect and said:
        yield "to", said[0].account == expect["to"].removeprefix("whatsapp:")
    for name in ("text", "body"):
        if name in expect and said:
            yield name, said[0].text == expect[name].replace("\0", "")
    if expect.get("num_media") and said:
        yield "num_media", len(said[0].files) == int(expect["num_media"])
    for words in expect.get("message_content", ()):
        yield "message_content", any(words in fact.text for fact in said)
