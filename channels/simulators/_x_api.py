"""What X's API answers to the business: signed by OAuth 1.0a, which is checked without the library that signs."""
from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from werkzeug.wrappers import Request, Response

from channels._http import Http
from channels.base import SendError
from channels.simulators._memory import Chats, Files
from channels.simulators._trouble import Trouble


class Refused(Exception):
    """An answer that is no 200."""

    def __init__(self, status: int, detail: str, *, reset_in: int | None = None, kind: str = "about:blank",
                 code: int = 0):
        super().__init__(detail)
        self.status, self.reset_in = status, reset_in
        self.body = {"errors": [{"code": code, "message": detail}]} if code else {
            "title": "Simulated", "detail": detail, "type": kind, "status": status}


class XSimulatedApi(Trouble):
    """The calls of one account."""
    told: Callable
    refusals = {"for_now": {"code": 503, "message": "Service Unavailable"},
                "for_good": {"code": 403, "message": "You do not have permission to DM one or more participants."},
                "slow_down": {"code": 429, "message": "Too Many Requests", "reset_in": 20}}

    def __init__(self, keys: dict[str, str], clock: Callable[[], datetime]):
        self.keys, self.account, self.clock, self.public_url, self.webhook_url = keys, keys["account_id"], clock, "", ""
        self.files, self.chats = Files(), Chats()
        self.names: dict[str, str] = {}
        self.blocked_by: set[str] = set()       # whose messages are closed to us
        self.typing: dict[str, datetime] = {}   # address -> when the business was last seen writing
        self.faults: deque[Refused] = deque()
        self.working = 0                        # so many times a film is still being worked on
        self.subscribed = False
        self._uploads: dict[str, bytearray] = {}
        self._kinds: dict[str, str] = {}
        self._numbers = count(1_700_000_000_000_000_001)

    def number_from(self, first: int) -> None:
        """Let the ids of messages go on from here."""
        self._numbers = count(first)

    def answer(self, environ: dict) -> Response:
        """One call."""
        request = Request(environ)
        try:
            return self._answer(request)
        except Refused as refused:
            response = _json(refused.body, refused.status)
            if refused.reset_in is not None:
                response.headers["x-rate-limit-reset"] = str(int(time.time()) + refused.reset_in)
            return response

    def _answer(self, request: Request) -> Response:
        path, method = request.path, request.method
        if path == "/oauth2/token":
            return self._app_token(request)
        if path == "/2/webhooks" or re.fullmatch(r"/2/webhooks/\d+", path):
            return self._webhooks(request)
        self._check_signature(request)
        if found := re.fullmatch(r"/1\.1/ton/data/dm/(\d+)/.+", path):
            file = self.files.get(found[1])
            return Response(file.content, content_type=file.content_type) if file else Response("gone", 404)
        if found := re.fullmatch(r"/2/dm_conversations/with/(\w+)/messages", path):
            return self._send(found[1], request.get_json())
        if path.startswith("/2/media/upload"):
            return self._upload(request, path.removeprefix("/2/media/upload"))
        if re.fullmatch(r"/2/account_activity/webhooks/\d+/subscriptions/all", path):
            if method == "GET":
                return _json({"data": {"subscribed": self.subscribed}})
            if self.subscribed:
                raise Refused(400, "Subscription already exists for the provided webhook configuration.", code=355)
            self.subscribed = True
            return _json({"data": {"subscribed": True}})
        me = {"id": self.account, "name": "Simulated Shop", "username": "simulated"}
        calls = {"GET /2/users/me": lambda: {"data": me},
                 "POST /1.1/direct_messages/events/new.json": lambda: self._send_older(request.get_json()["event"]),
                 "POST /1.1/direct_messages/indicate_typing.json": lambda: self.typing.update(
                     {request.args["recipient_id"]: self.clock()})}
        if f"{method} {path}" not in calls:
            raise Refused(404, "Not Found")
        found = calls[f"{method} {path}"]()
        return _json(found) if found else Response(status=204)

    # Who asks

    def _check_signature(self, request: Request) -> None:
        """RFC 5849, 3.4: HMAC-SHA1 over method, address and the parameters of query and header."""
        header = request.headers.get("Authorization", "")
        given = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}
        signature = given.pop("oauth_signature", "")
        base = f"{self.public_url}{quote(request.path)}"
        pairs = sorted((_quoted(k), _quoted(v)) for k, v in [*given.items(), *parse_qsl(
            request.query_string.decode(), keep_blank_values=True)])
        text = "&".join(_quoted(part) for part in (request.method, base, "&".join("=".join(pair) for pair in pairs)))
        key = f"{_quoted(self.keys['app_secret'])}&{_quoted(self.keys['access_secret'])}"
        right = b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()
        if self.revoked or (given.get("oauth_consumer_key"), given.get("oauth_token")) != (
                self.keys["api_key"], self.keys["access_token"]) or not hmac.compare_digest(right, signature):
            raise Refused(401, "Unauthorized")

    def _app_token(self, request: Request) -> Response:
        given = b64decode(request.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if given != f"{self.keys['api_key']}:{self.keys['app_secret']}":
            raise Refused(403, "Unable to verify your credentials", code=99)
        return _json({"token_type": "bearer", "access_token": f"app-{self.keys['api_key']}"})

    def _webhooks(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer app-{self.keys['api_key']}":
            raise Refused(403, "Authenticating with OAuth 1.0a User Context is forbidden for this endpoint.",
                          kind="https://api.x.com/2/problems/unsupported-authentication")
        hook = {"id": "1146654567674912769", "url": self.webhook_url, "valid": True}
        if request.method == "GET":
            return _json({"data": [hook] if self.webhook_url else [], "meta": {}})
        url = request.get_json()["url"] if request.method == "POST" else self.webhook_url
        self.check(url)
        self.webhook_url = url
        return _json({"data": {**hook, "url": url}})

    def check(self, url: str) -> None:
        """Ask the webhook for the answer to a challenge (CRC), as X does when it is set, and every hour."""
        token = secrets.token_urlsafe(24)
        digest = hmac.new(self.keys["app_secret"].encode(), token.encode(), hashlib.sha256).digest()
        try:
            reply = Http(allow_private=True).get(f"{url}?crc_token={token}")
        except SendError as error:
            raise Refused(400, f"CRC check failed: {error}") from error
        if not reply.ok or (reply.json() or {}).get("response_token") != f"sha256={b64encode(digest).decode()}":
            raise Refused(400, "CRC check failed: the webhook did not answer with the right token")

    # Messages

    def _send(self, address: str, given: dict) -> Response:
        text, attached = given.get("text") or "", given.get("attachments") or []
        self._admit(address, text, attached)
        files = [self.files.get(str(one["media_id"])) for one in attached]
        if not all(files):
            raise Refused(400, "The media could not be found")
        number = self._show(address, text, files=files)
        return _json({"data": {"dm_conversation_id": f"{self.account}-{address}", "dm_event_id": number}}, 201)

    def _send_older(self, event: dict) -> dict[str, Any]:
        said = event["message_create"]
        address, data = said["target"]["recipient_id"], said["message_data"]
        self._admit(address, data.get("text") or "", [])
        options = (data.get("quick_reply") or {}).get("options") or []
        good = all(0 < len(o["label"]) <= 36 and len(o["metadata"]) <= 1000 for o in options)
        if not 0 < len(options) <= 20 or not good:
            raise Refused(400, "quick reply options", code=214)
        number = self._show(address, data["text"], buttons=[
            {"label": one["label"], "payload": one["metadata"]} for one in options])
        return {"event": {"type": "message_create", "id": number}}

    def _admit(self, address: str, text: str, attached: list) -> None:
        if self.faults:
            raise self.faults.popleft()
        if not text and not attached or len(text) > 10_000 or len(attached) > 1:
            raise Refused(400, "text or one attachment")
        if address in self.blocked_by or address not in self.names:
            raise Refused(403, "You do not have permission to DM one or more participants.")

    def _show(self, address: str, text: str, files: Any = (), buttons: Any = ()) -> str:
        number = self._number()
        self.chats.add(address, number, text=text, files=list(files), buttons=list(buttons), from_business=True,
                       status="sent", at=self.clock())
        self.told(number, address, text, *list(files)[:1])
        return number

    def _number(self) -> str:
        return str(next(self._numbers))

    # Media

    def _upload(self, request: Request, step: str) -> Response:
        if request.method == "GET":
            return self._worked_on(request.args["media_id"])
        if step == "":
            if request.form.get("media_category") != "dm_image":
                raise Refused(400, "media_category")
            file = request.files["media"]
            return _json({"data": {"id": self.files.put("image", file.content_type, file.read())}})
        if step == "/initialize":
            key = str(secrets.randbelow(9 * 10**15) + 10**15)
            self._uploads[key], self._kinds[key] = bytearray(), request.get_json()["media_type"]
            return _json({"data": {"id": key}})
        _, key, verb = step.split("/")
        if verb == "append":
            part = request.files["media"].read()
            if len(part) > 5 * 2**20:
                raise Refused(413, "the chunk is too large")
            self._uploads[key] += part
            return Response(status=204)
        self.files.put("media", self._kinds[key], bytes(self._uploads.pop(key)), key=key)
        return self._worked_on(key)

    def _worked_on(self, key: str) -> Response:
        state = {"state": "in_progress", "check_after_secs": 0} if self.working else {"state": "succeeded"}
        self.working = max(self.working - 1, 0)
        return _json({"data": {"id": key, "processing_info": state}})


def _quoted(text: str) -> str:
    return quote(text, safe="~")


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")
