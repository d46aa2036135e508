"""LINE's Messaging API, with its webhook."""
from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import count
from typing import Any

from channels.simulators._courier import Courier
from channels.simulators._graph import utc_now
from channels.simulators._line_api import MEDIA, LineApi, Refused
from channels.simulators._memory import StoredFile, map_link


class LineSimulator(LineApi):
    """One official account and the people who talk to it. Addresses are user ids (U…) and group ids (C…)."""

    def __init__(self, token: str, secret: str, *, webhook_url: str = "", courier: Courier | None = None,
                 clock: Callable[[], datetime] = utc_now, public_url: str = "", quota: int = 500):
        super().__init__(token, webhook_url, clock, quota)
        self.secret, self.public_url, self.courier = secret, public_url, courier or Courier()
        self._numbers = count(100_000_000_001)

    # The person

    def customer_starts(self, address: str, name: str = "") -> None:
        """Somebody adds the account as a friend."""
        self.names[address] = name or self.names.get(address, "Somebody")
        self._deliver(self._event(address, "follow", follow={"isUnblocked": False}))

    def customer_writes(self, address: str, text: str = "", file: tuple[str, str, bytes] | None = None,
                        button: str | None = None, name: str = "", replies_to: str = "", mention: bool = False) -> str:
        """Somebody writes, sends a file, or presses the quick reply with that payload; returns the message's id. In a
        group they may `mention` the account."""
        self.names[address] = name or self.names.get(address, "Somebody")
        if button is not None:
            return self._presses(address, button)
        number, events = self._number(), []
        if text:
            events.append(self._said(address, number, {"type": "text", "text": text}, text=text, replies_to=replies_to,
                                     mention=mention))
        if file:        # a file has no caption on LINE: it is a message of its own
            number = self._number() if text else number
            events.append(self._sends_file(address, number, StoredFile(*file)))
        self._deliver(*events)
        return number

    def customer_sends_sticker(self, address: str, file: tuple[str, str, bytes] | None = None,
                               sticker: str = "52002734", keywords: Iterable[str] = ()) -> str:
        """Somebody sends a sticker; returns the message's id. `file` is how it looks on their phone: LINE tells only
        its number."""
        number = self._number()
        self._deliver(self._said(address, number, {
            "type": "sticker", "packageId": "11537", "stickerId": sticker, "stickerResourceType": "STATIC",
            "keywords": list(keywords)}, kind="sticker", files=[StoredFile(*file)] if file else []))
        return number

    def customer_sends_place(self, address: str, latitude: float, longitude: float, title: str = "") -> str:
        """Somebody shares where they are; returns the message's id."""
        number = self._number()
        self._deliver(self._said(address, number, {
            "type": "location", "title": title, "address": "", "latitude": latitude, "longitude": longitude},
            kind="place", text=f"{title}\n{map_link(latitude, longitude)}".strip()))
        return number

    def customer_blocks(self, address: str, blocks: bool = True) -> None:
        """Somebody blocks the account, or takes it back as a friend. It is told of both."""
        super().customer_blocks(address, blocks)
        self._deliver(self._event(address, "unfollow" if blocks else "follow",
                                  **({} if blocks else {"follow": {"isUnblocked": True}})))

    def customer_edits(self, address: str, number: str, text: str) -> None:
        """Somebody corrects a message of theirs."""
        self.chats.change(address, number, text=text, edited=True)
        self._deliver(self._event(address, "messageEdited", message={"id": number, "type": "text", "text": text}))

    def customer_unsends(self, address: str, number: str) -> None:
        """Somebody takes a message back."""
        self.chats.change(address, number, text="", files=[], unsent=True)
        self._deliver(self._event(address, "unsend", unsend={"messageId": number}))

    def conversation(self, address: str) -> list[dict[str, Any]]:
        """What the person sees: id, text, files (name, type, content), buttons, at, from_business, status,
        replies_to; oldest first."""
        return self.chats.of(address)

    # Being told

    def number_from(self, first: int) -> None:
        """Let the ids of messages go on from here: after a restart none may come twice."""
        self._numbers = count(first)

    def fail_next(self, code: int, message: str = "simulated", *, times: int = 1,
                  retry_after: int | None = None) -> None:
        """Refuse the next calls to send with this error."""
        self.faults.extend([Refused(code, message, retry_after)] * times)

    # Webhooks

    def _presses(self, address: str, payload: str) -> str:
        for entry in reversed(list(self.chats.sent(address))):
            for button in entry["buttons"]:
                if button["payload"] == payload:
                    self.chats.add(address, self._number(), text=button["label"], at=self.clock())
                    event = self._event(address, "postback", postback={"data": button["data"]})
                    self._deliver(event)
                    return event["webhookEventId"]
        raise LookupError(f"{address} was never shown a button with the payload {payload!r}")

    def _sends_file(self, address: str, number: str, file: StoredFile) -> dict:
        kind = file.content_type.partition("/")[0]
        kind = kind if kind in MEDIA else "file"
        self.files.put(file.name, file.content_type, file.content, key=number)
        message: dict[str, Any] = {"type": kind}
        if kind == "file":
            message |= {"fileName": file.name, "fileSize": len(file.content)}
        else:
            message["contentProvider"] = {"type": "line"}
        return self._said(address, number, message, files=[file])

    def _said(self, address: str, number: str, message: dict, *, text: str = "", files: Iterable[StoredFile] = (),
              replies_to: str = "", mention: bool = False, kind: str = "") -> dict:
        self.chats.add(address, number, text=text, files=list(files), replies_to=replies_to, at=self.clock(), kind=kind)
        message = {"id": number, "quoteToken": secrets.token_urlsafe(12), **message}
        if replies_to:
            message["quotedMessageId"] = replies_to
        if mention:
            message["mention"] = {"mentionees": [{"index": 0, "length": 5, "type": "user", "isSelf": True}]}
        return self._event(address, "message", message=message)

    def _event(self, address: str, kind: str, **what: Any) -> dict[str, Any]:
        group = address[:1] == "C"
        source = {"type": "group", "groupId": address, "userId": "U" + "0" * 32} if group else {
            "type": "user", "userId": address}
        event = {"type": kind, "mode": "active", "timestamp": int(self.clock().timestamp() * 1000), "source": source,
                 "webhookEventId": secrets.token_hex(13).upper(), "deliveryContext": {"isRedelivery": False}, **what}
        if kind in ("message", "messageEdited", "postback", "follow"):
            event["replyToken"] = secrets.token_hex(16)
            self._tokens[event["replyToken"]] = address, self.clock()
            while len(self._tokens) > 5000:
                self._tokens.popitem(last=False)
        return event

    def _deliver(self, *events: dict) -> None:
        again = [{**one, "deliveryContext": {"isRedelivery": True}} for one in events]
        self.call(self.webhook_url, *self.signed(list(events)), again=self.signed(again))

    def signed(self, events: list[dict]) -> tuple[dict[str, str], bytes]:
        """One delivery: its headers and its body."""
        body = json.dumps({"destination": "U" + "a" * 32, "events": events}, ensure_ascii=False).encode()
        digest = hmac.new(self.secret.encode(), body, hashlib.sha256).digest()
        return {"Content-Type": "application/json; charset=utf-8", "User-Agent": "LineBotWebhook/2.0",
                "x-line-signature": b64encode(digest).decode()}, body

    def _number(self) -> str:
        return str(next(self._numbers))
