"""What one update of Telegram tells: messages, corrections, pressed buttons and signs.

A business account that let our bot in (https://core.telegram.org/bots/features#bots-for-business) sends its customers'
messages as `business_message`. Answers must name the connection, so it stands in the address: "connection@chat".

https://core.telegram.org/bots/api#update
"""
from __future__ import annotations

import re
from collections.abc import Iterator

from channels._payload import moment, objects, word
from channels._telegram_content import content, is_service
from channels.base import Echo, Edited, Fact, Inbound, Reaction, Unsent

SAID, CORRECTED = ("message", "business_message", "channel_post"), ("edited_message", "edited_business_message")


def facts(update: dict) -> Iterator[Fact]:
    """Everything in it. Groups and channels are left out. Raises LookupError for what is no update."""
    word(update["update_id"])
    if "callback_query" in update:
        yield _pressed(update["callback_query"])
    for kind in SAID:
        if kind in update and _is_private(update[kind]) and not is_service(update[kind]):
            yield _said(update[kind])
    for kind in CORRECTED:
        if kind in update and _is_private(update[kind]):
            yield _edited(update[kind])
    if "message_reaction" in update and _is_private(update["message_reaction"]):
        yield _reaction(update["message_reaction"])
    taken_back = update.get("deleted_business_messages") or {}
    for number in taken_back.get("message_ids") or ():
        chat = _address(taken_back)
        yield Unsent(f"{chat}:{word(number)}", chat, moment(None))


def _is_private(message: dict) -> bool:
    return message["chat"].get("type", "private") == "private"


def _address(message: dict) -> str:
    chat, connection = word(message["chat"]["id"]), message.get("business_connection_id")
    return f"{word(connection)}@{chat}" if connection else chat


def _person(sender: dict) -> dict[str, str]:
    name = " ".join(str(sender[key]) for key in ("first_name", "last_name") if sender.get(key))
    return {"name": name or str(sender.get("username") or ""), "locale": str(sender.get("language_code") or ""),
            "automatic": "bot" if sender.get("is_bot") else ""}


def _said(message: dict) -> Inbound | Echo:
    address, sender = _address(message), message.get("from") or message["chat"]
    number, (text, files) = f"{address}:{word(message['message_id'])}", content(message)
    if message.get("business_connection_id") and word(sender["id"]) != word(message["chat"]["id"]):
        # the owner of the business account wrote by hand, or we did through it
        return Echo(number, address, moment(message.get("date")), text=text, files=files, raw=message)
    parent = message.get("reply_to_message") or {}
    start = re.fullmatch(r"/start(?:@\w+)?(?:\s+(\S+))?\s*", text)
    return Inbound(external_id=number, address=address, sent_at=moment(message.get("date")), text=text, files=files,
                   replies_to=[f"{address}:{word(parent['message_id'])}"] if parent.get("message_id") else [],
                   start=bool(start), payload=(start[1] or "") if start else "", raw=message, **_person(sender))


def _edited(message: dict) -> Edited:
    address = _address(message)
    return Edited(f"{address}:{word(message['message_id'])}", address,
                  moment(message.get("edit_date", message.get("date"))), text=content(message)[0])


def _reaction(change: dict) -> Reaction:
    """The signs as they are now: the last one counts, none is the earlier one taken off."""
    signs = [str(one.get("emoji") or "⭐") for one in objects(change.get("new_reaction"))]
    chat = _address(change)
    return Reaction(f"{chat}:{word(change['message_id'])}", chat, moment(change.get("date")),
                    emoji=signs[-1] if signs else "")


def _pressed(query: dict) -> Inbound:
    """A pressed inline button. Its text is the button's label, its time is now: the update names none."""
    message, payload = query.get("message") or {}, str(query.get("data") or "")
    rows = (message.get("reply_markup") or {}).get("inline_keyboard") or []
    labels = [b.get("text") for row in rows for b in row if b.get("callback_data") == payload]
    address = _address(message) if message.get("business_connection_id") else word(query["from"]["id"])
    chat = (message.get("chat") or {}).get("id", query["from"]["id"])
    return Inbound(external_id=f"callback:{word(query['id'])}", address=address, sent_at=moment(None),
                   text=str((labels or [payload])[0] or "[button]"), payload=payload, raw=query,
                   replies_to=[f"{chat}:{message['message_id']}"] if message.get("message_id") else (),
                   **_person(query["from"]))
