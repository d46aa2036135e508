"""As much of Slack as the channel speaks to, on this machine: the Web API, the Events API and buttons."""
from __future__ import annotations

import hashlib
import hmac
import html
import json
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import quote, urlencode

from werkzeug.wrappers import Request, Response

from channels.simulators._courier import Courier
from channels.simulators._graph import utc_now
from channels.simulators._memory import Chats, Files, StoredFile
from channels.simulators._trouble import Trouble

TEAM, BOT = "T024BE7LD", "U0BOT0001"
SCOPES = "chat:write,im:history,im:write,files:read,files:write,reactions:read,users:read"


class Refused(Exception):
    """ok: false, or another HTTP status."""

    def __init__(self, error: str, http: int = 200, retry_after: int | None = None):
        super().__init__(error)
        self.http, self.retry_after = http, retry_after


def signed(secret: str, body: bytes, at: int | None = None) -> dict[str, str]:
    """The headers of one call by Slack."""
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), b"v0:%d:" % at + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={digest}"}


class SlackSimulator(Trouble):
    """One workspace with an app in it. Addresses are the ids of its members; each has a room with the bot, D…"""
    refusals = {"for_now": {"code": "service_unavailable", "http": 503}, "for_good": {"code": "user_disabled"},
                "slow_down": {"code": "ratelimited", "http": 429, "retry_after": 3}}

    def __init__(self, token: str, signing_secret: str, *, webhook_url: str = "", courier: Courier | None = None,
                 clock: Callable = utc_now, public_url: str = ""):
        self.token, self.signing_secret, self.webhook_url = token, signing_secret, webhook_url
        self.clock, self.public_url = clock, public_url
        self.courier, self.files, self.chats = courier or Courier(), Files(), Chats()
        self.names: dict[str, str] = {}
        self.blocked_by: set[str] = set()
        self.faults: deque[Refused] = deque()
        self.scopes = SCOPES
        self._uploads: dict[str, tuple[str, int]] = {}
        self._numbers = count(1)

    # The person

    def customer_writes(self, address: str, text: str = "", file: tuple[str, str, bytes] | None = None,
                        button: str | None = None, name: str = "", replies_to: str = "") -> str:
        """Somebody writes, sends a file or presses the button with that value; returns the message's id."""
        self.names[address] = name or self.names.get(address, "Somebody")
        if button is not None:
            return self._presses(address, button)
        ts = self._ts()
        event: dict[str, Any] = {"type": "message", "user": address, "text": html.escape(text, quote=False), "ts": ts}
        if replies_to:
            event["thread_ts"] = replies_to.partition(":")[2]
        if file:
            key = self.files.put(*file)
            event |= {"subtype": "file_share", "files": [{
                "id": f"F{key}", "name": file[0], "mimetype": file[1], "size": len(file[2]),
                "url_private": f"{self.public_url}/files/{key}/{quote(file[0])}"}]}
        self.chats.add(address, self._id(address, ts), text=text, files=[StoredFile(*file)] if file else [],
                       replies_to=replies_to, at=self.clock())
        self._happens(address, event)
        return self._id(address, ts)

    def customer_edits(self, address: str, number: str, text: str) -> None:
        """Somebody corrects their message."""
        old = next(e["text"] for e in self.chats.of(address) if e["id"] == number)
        ts = number.partition(":")[2]
        self.chats.change(address, number, text=text)
        self._happens(address, {"type": "message", "subtype": "message_changed", "hidden": True, "ts": self._ts(),
                                "message": {"type": "message", "user": address, "text": text, "ts": ts,
                                            "edited": {"user": address, "ts": ts}},
                                "previous_message": {"type": "message", "user": address, "text": old, "ts": ts}})

    def customer_unsends(self, address: str, number: str) -> None:
        """Somebody deletes their message."""
        ts = number.partition(":")[2]
        self.chats.change(address, number, text="", files=[])
        self._happens(address, {"type": "message", "subtype": "message_deleted", "hidden": True, "ts": self._ts(),
                                "deleted_ts": ts, "previous_message": {"type": "message", "user": address, "ts": ts,
                                                                       "text": "…"}})

    def customer_reacts(self, address: str, number: str, emoji: str) -> None:
        """Somebody puts a sign on a message; '' takes it back."""
        room, _, ts = number.partition(":")
        self._happens(address, {"type": "reaction_added" if emoji else "reaction_removed", "user": address,
                                "reaction": "tada", "item": {"type": "message", "channel": room, "ts": ts},
                                "event_ts": self._ts()})

    def conversation(self, address: str) -> list[dict[str, Any]]:
        """What the person sees; oldest first."""
        return self.chats.of(address)

    def fail_next(self, code: str, *, times: int = 1, http: int = 200, retry_after: int | None = None) -> None:
        """Refuse the next messages with this error."""
        self.faults.extend([Refused(code, http, retry_after)] * times)

    # Calls to the helpdesk

    def _presses(self, address: str, value: str) -> str:
        for entry in reversed(list(self.chats.sent(address))):
            for button in entry["buttons"]:
                if button["payload"] == value:
                    room, _, ts = entry["id"].partition(":")
                    at = self._ts()
                    self._call(urlencode({"payload": json.dumps({
                        "type": "block_actions", "team": {"id": TEAM}, "trigger_id": f"{at}.trigger",
                        "user": {"id": address, "name": self.names[address]},
                        "container": {"type": "message", "message_ts": ts, "channel_id": room},
                        "actions": [{"type": "button", "action_id": "answer-0", "value": value, "action_ts": at,
                                     "text": {"type": "plain_text", "text": button["label"]}}]})}).encode(),
                        "application/x-www-form-urlencoded")
                    return f"action:{room}:{at}"
        raise LookupError(f"{address} was never shown a button with the value {value!r}")

    def _happens(self, address: str, event: dict[str, Any]) -> None:
        event = {"channel": self._room(address), "channel_type": "im", "event_ts": event.get("ts", ""), **event}
        self._call(json.dumps({"type": "event_callback", "team_id": TEAM, "api_app_id": "A1", "event": event,
                               "event_id": f"Ev{next(self._numbers)}", "event_time": int(time.time())}).encode(),
                   "application/json")

    def _call(self, body: bytes, content_type: str) -> None:
        self.call(self.webhook_url, partial(self._signed, body, content_type), body)

    def _signed(self, body: bytes, content_type: str) -> dict[str, str]:
        return {"Content-Type": content_type, **signed(self.signing_secret, body)}

    def _room(self, address: str) -> str:
        return f"D{address}"

    def _id(self, address: str, ts: str) -> str:
        return f"{self._room(address)}:{ts}"

    def _ts(self) -> str:
        return f"{int(self.clock().timestamp())}.{next(self._numbers):06d}"

    # The Web API

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        except Refused as refused:
            headers = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
            response = _json({"ok": False, "error": str(refused)}, refused.http, headers)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/upload/"):
            [sent] = request.files.values()
            name, length = self._uploads[key := request.path.split("/")[2]]
            content = sent.read()
            self.files.put(name, sent.mimetype, content, key=key)
            return Response("OK") if len(content) == length else Response("wrong length", 400)
        if request.headers.get("Authorization") != f"Bearer {self.token}" or self.revoked:
            if request.path.startswith("/files/"):
                return Response("<html>Sign in</html>", content_type="text/html")
            raise Refused("token_revoked" if self.revoked else "invalid_auth")
        if request.path.startswith("/files/"):
            found = self.files.get(request.path.split("/")[2])
            return Response(found.content, content_type=found.content_type) if found else Response("gone", 404)
        calls = {"/api/auth.test": self._tested, "/api/chat.postMessage": self._posted, "/api/users.info": self._info,
                 "/api/conversations.open": self._opened, "/api/files.getUploadURLExternal": self._place,
                 "/api/files.completeUploadExternal": self._shared}
        if request.path not in calls:
            raise Refused("unknown_method")
        given = request.form.to_dict() or request.get_json(silent=True) or {}
        return _json({"ok": True, **calls[request.path](given)}, 200, {"X-OAuth-Scopes": self.scopes})

    def _tested(self, given: dict) -> dict:
        return {"team": "Simulated workspace", "team_id": TEAM, "user": "helpdesk", "user_id": BOT}

    def _info(self, given: dict) -> dict:
        return {"user": {"id": given["user"], "profile": {"real_name": self.names[given["user"]]}}}

    def _opened(self, given: dict) -> dict:
        self._willing(given["users"])
        return {"channel": {"id": self._room(given["users"])}}

    def _willing(self, address: str) -> None:
        if self.faults:
            raise self.faults.popleft()
        if not address.startswith("U"):
            raise Refused("channel_not_found")
        if address in self.blocked_by:
            raise Refused("user_disabled")

    def _posted(self, given: dict) -> dict:
        address, text, blocks = given["channel"], given["text"], given.get("blocks", [])
        self._willing(address)
        buttons = [{"label": e["text"]["text"], "payload": e["value"]} for b in blocks if b["type"] == "actions"
                   for e in b["elements"]]
        if not 0 < len(text) <= 40_000 or len(buttons) > 25 or any(len(b["label"]) > 75 for b in buttons):
            raise Refused("invalid_blocks")
        ts = self._ts()
        self.chats.add(address, self._id(address, ts), text=html.unescape(text), buttons=buttons, from_business=True,
                       status="sent", at=self.clock())
        self._happens(address, {"type": "message", "bot_id": "B1", "user": BOT, "text": text, "ts": ts,
                                "metadata": given.get("metadata")})
        return {"channel": self._room(address), "ts": ts}

    def _place(self, given: dict) -> dict:
        key = f"{next(self._numbers)}"
        self._uploads[key] = (given["filename"], int(given["length"]))
        return {"upload_url": f"{self.public_url}/upload/{key}", "file_id": f"F{key}"}

    def _shared(self, given: dict) -> dict:
        address = given["channel_id"].removeprefix("D")
        files = [self.files.get(one["id"].removeprefix("F")) for one in given["files"]]
        if not all(files):
            raise Refused("file_not_found")
        self.chats.add(address, f"file:{given['files'][0]['id']}", text=html.unescape(given.get("initial_comment", "")),
                       files=files, from_business=True, status="sent", at=self.clock())
        return {"files": given["files"]}


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(value), status, headers, content_type="application/json")
