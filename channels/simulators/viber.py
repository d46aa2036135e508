"""Viber's REST API for bots, with its webhook."""
from __future__ import annotations

import hashlib
import hmac
import html
import json
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from channels._http import Http
from channels.base import SendError
from channels.simulators._courier import Courier
from channels.simulators._fetched import fetched
from channels.simulators._graph import utc_now
from channels.simulators._memory import Chats, Files, StoredFile, map_link
from channels.simulators._trouble import Trouble


class Refused(Exception):
    """An answer with a status other than 0, or with an HTTP status other than 200."""

    def __init__(self, status: int, message: str, http: int = 200):
        super().__init__(message)
        self.status, self.http = status, http


class ViberSimulator(Trouble):
    """One bot and the people who talk to it. Addresses are user ids. Who writes has subscribed."""
    refusals = {"for_now": {"code": 0, "message": "Internal Server Error", "http": 500},
                "for_good": {"code": 13, "message": "notSupported"},
                "slow_down": {"code": 12, "message": "tooManyRequests", "http": 429}}

    def __init__(self, token: str, *, webhook_url: str = "", courier: Courier | None = None,
                 clock: Callable[[], datetime] = utc_now, public_url: str = ""):
        self.token, self.webhook_url, self.clock, self.public_url = token, webhook_url, clock, public_url
        self.courier, self.files, self.chats = courier or Courier(), Files(), Chats()
        self.names: dict[str, str] = {}
        self.blocked_by: set[str] = set()       # who has unsubscribed
        self.faults: deque[Refused] = deque()
        self.status_delay = 0.0                 # seconds before that is reported
        self._tokens = count(5_000_000_000_000_000_001)

    # The person

    def customer_starts(self, address: str, context: str = "", name: str = "") -> None:
        """Somebody opens the bot, perhaps through a link viber://pa?chatURI=…&context=…"""
        self.names[address] = name or self.names.get(address, "Somebody")
        self._deliver({"event": "conversation_started", "message_token": self._token(), "type": "open",
                       "context": context, "user": self._person(address), "subscribed": False})

    def customer_writes(self, address: str, text: str = "", file: tuple[str, str, bytes] | None = None,
                        button: str | None = None, name: str = "", replies_to: str = "") -> str:
        """Somebody writes, sends a file (with `text` as its caption), or presses the button with that payload; returns
        the message's id. Viber's bots are not told what is quoted."""
        self.names[address] = name or self.names.get(address, "Somebody")
        self.blocked_by.discard(address)
        if button is not None:
            return self._says(address, {"type": "text", "text": self._action(address, button)}, silent=True)
        if not file:
            return self._says(address, {"type": "text", "text": text}, text=text)
        return self._says(address, self._file(StoredFile(*file), text), text=text, files=[StoredFile(*file)])

    def customer_sends_place(self, address: str, latitude: float, longitude: float, title: str = "") -> str:
        """Somebody shares where they are; returns the message's id."""
        where = {"lat": latitude, "lon": longitude, **({"address": title} if title else {})}
        return self._says(address, {"type": "location", "location": where}, kind="place",
                          text=f"{title}\n{map_link(latitude, longitude)}".strip())

    def customer_sends_card(self, address: str, who: str, phone: str) -> str:
        """Somebody hands on the number of somebody they know; returns the message's id."""
        return self._says(address, {"type": "contact", "contact": {"name": who, "phone_number": phone}}, kind="card",
                          text=f"{who}\n{phone}")

    def customer_sends_sticker(self, address: str, file: tuple[str, str, bytes]) -> str:
        """Somebody sends a sticker; returns the message's id."""
        sticker = self._file(StoredFile(*file), "") | {"type": "sticker", "sticker_id": 46105}
        return self._says(address, sticker, kind="sticker", files=[StoredFile(*file)])

    def customer_leaves(self, address: str) -> None:
        """Somebody unsubscribes."""
        self.blocked_by.add(address)
        self._deliver({"event": "unsubscribed", "user_id": address})

    def customer_blocks(self, address: str, blocks: bool = True) -> None:
        """Somebody unsubscribes, or does so no longer."""
        if blocks:
            self.customer_leaves(address)
        else:
            self.blocked_by.discard(address)

    def customer_reads(self, address: str) -> None:
        """Somebody opens the chat."""
        for entry in self.chats.sent(address):
            if entry["status"] != "read":
                entry["status"] = "read"
                self._receipt("seen", address, entry["id"])

    def conversation(self, address: str) -> list[dict[str, Any]]:
        """What the person sees: id, text, files (name, type, content), buttons, at, from_business, status,
        replies_to; oldest first."""
        return self.chats.of(address)

    # Being told

    def number_from(self, first: int) -> None:
        """Let the tokens of messages go on from here: after a restart none may come twice."""
        self._tokens = count(first)

    def fail_next(self, code: int, message: str = "simulated", *, times: int = 1, http: int = 200) -> None:
        """Refuse the next calls to send with this status, or with this HTTP status."""
        self.faults.extend([Refused(code, message, http)] * times)

    def fails_later(self, address: str, number: str, why: str) -> None:
        """Report of a message that it could not be delivered."""
        self.chats.change(address, number, status="failed")
        self._receipt("failed", address, number, desc=why)

    # Webhooks

    def _action(self, address: str, payload: str) -> str:
        for entry in reversed(list(self.chats.sent(address))):
            for button in entry["buttons"]:
                if button["payload"] == payload:
                    return button["action"]
        raise LookupError(f"{address} was never shown a button with the payload {payload!r}")

    def _file(self, file: StoredFile, caption: str) -> dict[str, Any]:
        key = self.files.put(file.name, file.content_type, file.content)
        kind = {"image": "picture", "video": "video"}.get(file.content_type.partition("/")[0], "file")
        message = {"type": kind, "media": f"{self.public_url}/_media/{key}/{quote(file.name, safe='')}",
                   "file_name": file.name, "size": len(file.content)}
        return message | ({"text": caption} if caption else {})

    def _says(self, address: str, message: dict, *, text: str = "", files: Iterable[StoredFile] = (),
              silent: bool = False, kind: str = "") -> str:
        token = self._token()
        if not silent:      # what a button sends is not shown
            self.chats.add(address, token, text=text, files=list(files), at=self.clock(), kind=kind)
        self._deliver({"event": "message", "message_token": int(token), "sender": self._person(address),
                       "message": message, "silent": silent})
        return token

    def _receipt(self, event: str, address: str, number: str, **more: str) -> None:
        self._deliver({"event": event, "message_token": int(number), "user_id": address, **more}, self.status_delay)

    def _person(self, address: str) -> dict[str, Any]:
        return {"id": address, "name": self.names.get(address, "Somebody"), "country": "DE", "language": "en",
                "api_version": 10}

    def _deliver(self, event: dict[str, Any], delay: float = 0) -> None:
        self.call(self.webhook_url, *self._signed(event), delay)

    def _signed(self, event: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        body = json.dumps({**event, "timestamp": int(self.clock().timestamp() * 1000),
                           "chat_hostname": "SN-CHAT-01_"}, ensure_ascii=False).encode()
        return {"Content-Type": "application/json", "X-Viber-Content-Signature": hmac.new(
            self.token.encode(), body, hashlib.sha256).hexdigest()}, body

    def _token(self) -> str:
        return str(next(self._tokens))

    # The API

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        except Refused as refused:
            response = _json({"status": refused.status, "status_message": str(refused)}, refused.http)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/_media/"):
            found = self.files.get(request.path.split("/")[2])
            return Response(found.content, content_type=found.content_type) if found else Response("gone", 404)
        if request.headers.get("X-Viber-Auth-Token") != self.token or self.revoked:
            raise Refused(2, "invalidAuthToken")
        calls = {"/pa/send_message": self._send, "/pa/set_webhook": self._set_webhook,
                 "/pa/get_account_info": lambda _: {"id": "pa:75346594275468546724", "name": "Simulated Shop",
                                                    "uri": "simulated", "webhook": self.webhook_url,
                                                    "subscribers_count": len(self.names) - len(self.blocked_by)}}
        if request.path not in calls:
            return Response("Not found", 404)
        body = request.get_data()
        _need(len(body) <= 30_000, "the message is larger than 30 kB")
        return _json({"status": 0, "status_message": "ok", **calls[request.path](json.loads(body))})

    def _set_webhook(self, given: dict) -> dict[str, Any]:
        try:
            headers, body = self._signed({"event": "webhook", "message_token": int(self._token())})
            reply = Http(allow_private=True).post(given["url"], data=body, headers=headers)
        except SendError as error:
            raise Refused(1, f"invalidUrl: {error}") from error
        if not reply.ok:
            raise Refused(1, f"failed to access the webhook: HTTP {reply.status}")
        self.webhook_url = given["url"]
        return {"event_types": given["event_types"]}

    def _send(self, given: dict) -> dict[str, Any]:
        address = given.get("receiver", "")
        if self.faults:
            raise self.faults.popleft()
        if address not in self.names:
            raise Refused(5, "receiverNotRegistered")
        if address in self.blocked_by:
            raise Refused(6, "receiverNotSubscribed")
        _need(0 < len((given.get("sender") or {}).get("name", "")) <= 28, "sender.name")
        token = self._token()
        self.chats.add(address, token, from_business=True, status="sent", at=self.clock(), **self._understood(given))
        if self.receipts:
            self.chats.change(address, token, status="delivered")
            self._receipt("delivered", address, token)
        return {"message_token": int(token), "chat_hostname": "SN-CHAT-01_"}

    def _understood(self, given: dict) -> dict[str, Any]:
        kind, text = given.get("type"), given.get("text") or ""
        keys = (given.get("keyboard") or {}).get("Buttons", [])
        _need(len(keys) <= 24 and all(0 < len(k["ActionBody"]) <= 250 and k["Text"] for k in keys), "keyboard")
        _need(not keys or all(k["Silent"] for k in keys) and given.get("min_api_version", 1) >= 6, "min_api_version")
        buttons = [{"label": html.unescape(k["Text"]), "payload": k["ActionBody"].partition("\n")[0],
                    "action": k["ActionBody"]} for k in keys]
        if kind == "text":
            _need(0 < len(text) <= 7000, "text")
            return {"text": text, "buttons": buttons}
        _need(kind in ("picture", "video", "file") and len(text) <= 768, "type")
        try:
            file = fetched(given["media"], given.get("file_name", ""))
        except SendError as error:
            raise Refused(3, f"badData: {error}") from error
        _need(kind == "picture" or given.get("size") == len(file.content), "size")
        _need(kind != "picture" or len(file.content) <= 2**20, "the picture is larger than 1 MB")
        return {"text": text, "files": [file], "buttons": buttons}


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def _need(good: bool, what: str) -> None:
    if not good:
        raise Refused(3, f"badData: {what}")
