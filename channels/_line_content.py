"""What one LINE event says: its text, its files, and where it was said.

https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
"""
from __future__ import annotations

from mimetypes import guess_type

from channels._payload import file_name, moment, place, word
from channels.base import Edited, Fact, File, Inbound, Unsent

PLACES = {"user": "userId", "group": "groupId", "room": "roomId"}
TYPES = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mp4"}
STICKERS = "https://stickershop.line-scdn.net/stickershop/v1/sticker"
NO_TOKENS = {"0" * 32, "f" * 32}        # of the sample events by which the console once tried a webhook


def facts(event: dict) -> list[Fact]:
    """The facts of one event. What another module of the account has taken on (standby) is not ours to answer."""
    if event.get("mode") == "standby" or event.get("replyToken") in NO_TOKENS:
        return []
    read = READERS.get(event["type"])
    return [read(event)] if read else []


def stand_in(event: dict) -> Inbound:
    """For a message that cannot be read: that there was one."""
    return Inbound(word(event["message"]["id"]), **_common(event), text="[unreadable]")


def _common(event: dict) -> dict:
    return {"address": _where(event), "sent_at": moment(event.get("timestamp")), "raw": event,
            "reply_token": event.get("replyToken") or ""}


def _where(event: dict) -> str:
    """The person, or the group in which they spoke: whoever is answered."""
    source = event["source"]
    return word(source[PLACES[source["type"]]])


def _said(event: dict) -> Inbound:
    message = event["message"]
    text, files = content(message)
    return Inbound(word(message["id"]), **_common(event), text=text, files=files, automatic=_not_to_us(event),
                   replies_to=[word(message["quotedMessageId"])] if message.get("quotedMessageId") else ())


def _not_to_us(event: dict) -> str:
    """People in a group talk to each other; only who mentions the account waits for it."""
    if event["source"]["type"] == "user":
        return ""
    named = (event["message"].get("mention") or {}).get("mentionees") or []
    return "" if any(one.get("isSelf") is True for one in named) else "said in a group"


def _edited(event: dict) -> Edited:
    message = event["message"]
    return Edited(word(message["id"]), _where(event), moment(event.get("timestamp")), text=content(message)[0])


def _unsent(event: dict) -> Unsent:
    return Unsent(word(event["unsend"]["messageId"]), _where(event), moment(event.get("timestamp")))


def _pressed(event: dict) -> Inbound:
    """A button. Ours carry their label behind the value (see _line_out); a rich menu's have only a value."""
    payload, _, label = str(event["postback"]["data"]).partition("\n")
    return Inbound(word(event["webhookEventId"]), **_common(event), text=label or payload, payload=payload)


def _followed(event: dict) -> Inbound:
    return Inbound(f"follow:{word(event.get('webhookEventId') or event['replyToken'])}", **_common(event),
                   text="[follow]", start=True)


READERS = {"message": _said, "messageEdited": _edited, "unsend": _unsent, "postback": _pressed, "follow": _followed}


def content(message: dict) -> tuple[str, list[File]]:
    """(text, files). What cannot be shown becomes "[kind]"."""
    kind = message["type"]
    if kind == "text":
        return message["text"], []
    if kind == "location":
        return place(message["latitude"], message["longitude"], [message.get("title"), message.get("address")]), []
    if kind == "sticker":
        return _sticker(message)
    if kind in TYPES or kind == "file":
        return "", [_file(kind, message)]
    return f"[{kind}]", []


def _file(kind: str, message: dict) -> File:
    provider = message.get("contentProvider") or {}
    given, size = message.get("fileName"), message.get("fileSize")
    content_type = TYPES.get(kind) or guess_type(str(given or ""))[0] or "application/octet-stream"
    elsewhere = provider.get("originalContentUrl") if provider.get("type") == "external" else ""
    return File(file_name(given, kind, content_type), content_type, ref=word(elsewhere or message["id"]),
                size=size if isinstance(size, int) else None)


def _sticker(message: dict) -> tuple[str, list[File]]:
    words = message.get("text") or ", ".join(map(str, (message.get("keywords") or [])[:3]))
    number = str(message.get("stickerId"))
    if not number.isdigit():
        return f"[sticker] {words}".rstrip(), []
    return f"[sticker] {words}".rstrip(), [File("sticker.png", "image/png",
                                                ref=f"{STICKERS}/{number}/android/sticker.png")]
