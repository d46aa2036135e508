"""What the corpora state of payloads of WhatsApp, Messenger, Instagram and Telegram, held against the facts read."""
from __future__ import annotations

from collections.abc import Iterator

from channels.base import Echo, Edited, Fact, Inbound, Reaction, Receipt, Status, Unsent

Stated = Iterator[tuple[str, bool]]
TOLD = {"sent": Status.SENT, "delivered": Status.DELIVERED, "read": Status.READ, "failed": Status.FAILED}


def _said(facts: list[Fact]) -> list[Fact]:
    return [fact for fact in facts if isinstance(fact, Inbound | Edited | Echo)]


def whatsapp(expect: dict, payload: dict, facts: list[Fact]) -> Stated:
    if expect.get("field", "messages") != "messages":
        wanted = {"smb_message_echoes": Echo}.get(expect["field"])
        yield "field", not wanted or any(isinstance(fact, wanted) for fact in facts)
        return
    kind = expect.get("type")
    if kind == "system":
        yield "type", facts == []
        return
    if kind == "reaction":
        yield "type", [type(fact) for fact in facts] == [Reaction]
        return
    first = facts[0] if facts else None
    if "external_id" in expect:
        yield "external_id", bool(first) and first.external_id == expect["external_id"]
    if "sender" in expect:
        yield "sender", first.address == "+" + expect["sender"]
    if "recipient" in expect:
        yield "recipient", first.address == "+" + expect["recipient"]
    if "contact_name" in expect:
        yield "contact_name", first.name == expect["contact_name"]
    if "text" in expect:
        yield "text", first.text == expect["text"]
    if "caption" in expect:
        yield "caption", first.text == expect["caption"]
    if "reply_to_external_id" in expect:
        yield "reply_to_external_id", list(first.replies_to) == [expect["reply_to_external_id"]]
    if "media_id" in expect:
        yield "media_id", [file.ref for file in first.files] == [expect["media_id"]]
    if "mime" in expect:
        yield "mime", first.files[0].content_type.startswith(expect["mime"])
    if "status" in expect:
        yield "status", isinstance(first, Receipt) and first.status == TOLD[expect["status"]]
    if "errors" in expect:
        yield "errors", all(str(code) in first.error for code in expect["errors"])
    for words in expect.get("message_content", ()):
        yield "message_content", any(words in fact.text for fact in _said(facts))


def direct_messages(expect: dict, payload: dict, facts: list[Fact]) -> Stated:
    """Messenger and Instagram. What says nothing to a helpdesk (referrals, opt-ins) states only who was meant."""
    said, first = _said(facts), facts[0] if facts else None
    if "external_id" in expect:
        yield "external_id", bool(first) and first.external_id == expect["external_id"]
    if expect.get("is_echo"):
        yield "is_echo", [type(fact) for fact in facts] == [Echo]
        return
    if "sender" in expect and first:
        yield "sender", first.address == str(expect["sender"])
    if "recipient" in expect and said:
        yield "recipient", said[0].account == str(expect["recipient"])
    if "text" in expect:
        yield "text", bool(said) and said[0].text == expect["text"]
    for name, status in (("read", Status.READ), ("delivery", Status.DELIVERED)):
        if expect.get(name):
            yield name, bool(facts) and all(isinstance(one, Receipt) and one.status == status for one in facts)
    if "reply_to" in expect:
        yield "reply_to", list(said[0].replies_to) == [expect["reply_to"]]
    if "attachments" in expect:
        yield "attachments", bool(said) and bool(said[0].files or said[0].text)
    for words in expect.get("message_content", ()):
        yield "message_content", any(words in fact.text for fact in said)
    if isinstance(first, Unsent):
        yield "unsent", len(facts) == 1


def telegram(expect: dict, payload: dict, facts: list[Fact]) -> Stated:
    """Groups and channels are left out, as the helpdesk's documents say."""
    if expect.get("chat_type") in ("group", "supergroup", "channel"):
        yield "chat_type", facts == []
        return
    said = _said(facts)
    if "callback" in expect:
        yield "callback", said[0].payload == expect["callback"] or said[0].text == expect["callback"]
    elif "external_id" in expect and said:
        yield "external_id", said[0].external_id.endswith(f"{expect['chat']}:{expect['external_id']}")
        yield "chat", said[0].address.rpartition("@")[2] == str(expect["chat"])
    if "text" in expect and said:
        yield "text", said[0].text == expect["text"] or said[0].start
    if "edited" in expect:
        yield "edited", isinstance(said[0], Edited)
    if set(expect.get("media", ())) & {"photo", "video", "document", "voice", "audio", "sticker", "video_note"}:
        yield "media", bool(said) and bool(said[0].files)
    if "attachments" in expect and said:
        yield "attachments", len(said[0].files) == len(expect["attachments"])
    for words in expect.get("message_content", ()):
        yield "message_content", any(words in fact.text for fact in said)
