"""X: one account's direct messages, with its webhook; the people's side. The API is in _x_api.py."""
from __future__ import annotations

import hashlib
import hmac
import html
import json
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from channels.simulators._courier import Courier
from channels.simulators._graph import utc_now
from channels.simulators._memory import StoredFile
from channels.simulators._x_api import Refused, XSimulatedApi


class XSimulator(XSimulatedApi):
    """`keys` are the inbox's account_id, api_key, app_secret, access_token, access_secret. Addresses are user ids."""

    def __init__(self, keys: dict[str, str], *, webhook_url: str = "", courier: Courier | None = None,
                 clock: Callable[[], datetime] = utc_now, public_url: str = ""):
        super().__init__(keys, clock)
        self.public_url, self.webhook_url, self.courier = public_url, webhook_url, courier or Courier()

    # The person

    def customer_writes(self, address: str, text: str = "", file: tuple[str, str, bytes] | None = None,
                        button: str | None = None, name: str = "", replies_to: str = "") -> str:
        """Somebody writes, attaches a file, or presses the quick reply with that payload; returns the message's id. X
        tells nobody what is quoted."""
        self.names[address] = name or self.names.get(address, "Somebody")
        data: dict[str, Any] = {}
        if button is not None:
            text = self._label(address, button)
            data["quick_reply_response"] = {"type": "options", "metadata": button}
        files = []
        if file:
            files = [StoredFile(*file)]
            data["attachment"] = {"type": "media", "media": self._media(files[0])}
        number = self._number()
        self.chats.add(address, number, text=text, files=files, at=self.clock())
        shown = " ".join(part for part in (html.escape(text, quote=False),
                                           data.get("attachment", {}).get("media", {}).get("url")) if part)
        self._deliver(self._message(number, address, self.account, {"text": shown, **data}))
        return number

    def customer_types(self, address: str) -> None:
        """Somebody is writing."""
        self._deliver({"direct_message_indicate_typing_events": [{
            "created_timestamp": self._now(), "sender_id": address, "target": {"recipient_id": self.account}}]})

    def customer_reads(self, address: str) -> None:
        """Somebody opens the chat."""
        unread = [entry for entry in self.chats.sent(address) if entry["status"] != "read"]
        for entry in unread:
            entry["status"] = "read"
        if unread:
            self._deliver({"direct_message_mark_read_events": [{
                "created_timestamp": self._now(), "sender_id": address, "target": {"recipient_id": self.account},
                "last_read_event_id": unread[-1]["id"]}]})

    def business_writes(self, address: str, text: str) -> str:
        """Somebody writes in X's own app, signed in as the business."""
        number = self._number()
        self.chats.add(address, number, text=text, from_business=True, status="sent", at=self.clock())
        self.told(number, address, text)
        return number

    def conversation(self, address: str) -> list[dict[str, Any]]:
        """What the person sees: id, text, files (name, type, content), buttons, at, from_business, status,
        replies_to; oldest first."""
        return self.chats.of(address)

    def fail_next(self, code: int, message: str = "simulated", *, times: int = 1, **more: Any) -> None:
        """Refuse the next messages with this HTTP status; `reset_in`: seconds until the limit begins anew."""
        self.faults.extend([Refused(code, message, **more)] * times)

    # Webhooks

    def told(self, number: str, address: str, text: str, attached: StoredFile | None = None) -> None:
        """The account hears of its own messages, too."""
        data: dict[str, Any] = {"text": html.escape(text, quote=False)}
        if attached:
            data["attachment"] = {"type": "media", "media": self._media(attached)}
        self._deliver(self._message(number, self.account, address, data))

    def _label(self, address: str, payload: str) -> str:
        for entry in reversed(list(self.chats.sent(address))):
            for button in entry["buttons"]:
                if button["payload"] == payload:
                    return button["label"]
        raise LookupError(f"{address} was never shown a quick reply with the payload {payload!r}")

    def _media(self, file: StoredFile) -> dict[str, Any]:
        key = self.files.put(file.name, file.content_type, file.content)
        url = f"{self.public_url}/1.1/ton/data/dm/{key}/{quote(file.name, safe='')}"
        media = {"id_str": key, "media_url": url, "media_url_https": url, "url": f"https://t.co/{key[-10:]}",
                 "type": "photo"}
        if file.content_type == "video/mp4":
            media |= {"type": "video", "video_info": {"variants": [
                {"content_type": "application/x-mpegURL", "url": f"{url}.m3u8"},
                {"bitrate": 256000, "content_type": "video/mp4", "url": f"{url}?small"},
                {"bitrate": 832000, "content_type": "video/mp4", "url": url}]}}
        return media

    def _message(self, number: str, sender: str, recipient: str, data: dict[str, Any]) -> dict[str, Any]:
        return {"direct_message_events": [{
            "type": "message_create", "id": number, "created_timestamp": self._now(), "message_create": {
                "target": {"recipient_id": recipient}, "sender_id": sender, "source_app_id": "268278",
                "message_data": {"entities": {"hashtags": [], "symbols": [], "urls": []}, **data}}}],
            "users": {one: {"id": one, "name": self.names.get(one, "Simulated Shop"), "screen_name": f"user{one}"}
                      for one in (sender, recipient)}}

    def _deliver(self, what: dict[str, Any]) -> None:
        body = json.dumps({"for_user_id": self.account, **what}).encode()
        self.call(self.webhook_url, self._signed(body), body)

    def _signed(self, body: bytes) -> dict[str, str]:
        digest = hmac.new(self.keys["app_secret"].encode(), body, hashlib.sha256).digest()
        return {"Content-Type": "application/json",
                "x-twitter-webhooks-signature": f"sha256={b64encode(digest).decode()}"}

    def _now(self) -> str:
        return str(int(self.clock().timestamp() * 1000))

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        return self.answer(environ)(environ, start_response)
