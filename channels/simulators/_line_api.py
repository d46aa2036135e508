"""What LINE's Messaging API answers to the business; the people's side is in line.py."""
from __future__ import annotations

import json
import re
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Request, Response

from channels._http import Http
from channels.base import SendError
from channels.simulators._fetched import fetched
from channels.simulators._memory import Chats, Files, StoredFile
from channels.simulators._trouble import Trouble

TOKEN_LIVES = timedelta(seconds=60)
MEDIA = ("image", "video", "audio")


class Refused(Exception):
    """An answer that is no 200."""

    def __init__(self, code: int, message: str, retry_after: int | None = None, **more: Any):
        super().__init__(message)
        self.code, self.retry_after, self.more = code, retry_after, more


class LineApi(Trouble):
    """The calls of one account, as a WSGI application. What is sent to somebody who blocks it is accepted, and shown
    to nobody."""
    refusals = {"for_now": {"code": 500, "message": "Internal server error"},
                "for_good": {"code": 400, "message": "The property, 'to', in the request body is invalid"},
                "slow_down": {"code": 429, "message": "The API rate limit has been exceeded. Try again later.",
                              "retry_after": 20}}

    def __init__(self, token: str, webhook_url: str, clock: Callable[[], datetime], quota: int):
        self.token, self.webhook_url, self.clock, self.quota, self.pushed = token, webhook_url, clock, quota, 0
        self.files, self.chats = Files(), Chats()
        self.names: dict[str, str] = {}
        self.typing: dict[str, datetime] = {}   # address -> when it was last shown that somebody writes
        self.blocked_by: set[str] = set()
        self.faults: deque[Refused] = deque()
        self.lost = 0                   # so many of the next messages are accepted, and answered with 500
        self.uses_webhook = True        # the switch in the console
        self.preparing = 0              # so many of the next downloads are answered with 202
        self._tokens: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._accepted: dict[str, str] = {}
        self._http = Http(allow_private=True)

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        except Refused as refused:
            response = _json({"message": str(refused), **refused.more}, refused.code)
            if refused.retry_after is not None:
                response.headers["Retry-After"] = str(refused.retry_after)
        response.headers["x-line-request-id"] = secrets.token_hex(16)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}" or self.revoked:
            raise Refused(401, "Authentication failed. Confirm that the access token is valid.")
        if found := re.fullmatch(r"/v2/bot/message/(\d+)/content", request.path):
            return self._content(found[1])
        if found := re.fullmatch(r"/v2/bot/(profile|group)/(\w+)(/summary)?", request.path):
            return self._who(found[1], found[2])
        calls = {"/v2/bot/message/push": self._push, "/v2/bot/message/reply": self._reply,
                 "/v2/bot/chat/loading/start": self._loading, "/v2/bot/info": self._info,
                 "/v2/bot/message/quota": lambda _: _json({"type": "limited", "value": self.quota}),
                 "/v2/bot/message/quota/consumption": lambda _: _json({"totalUsage": self.pushed}),
                 "/v2/bot/channel/webhook/endpoint": self._endpoint, "/v2/bot/channel/webhook/test": self._test}
        if request.path not in calls:
            raise Refused(404, "Not found")
        return calls[request.path](request)

    def _push(self, request: Request) -> Response:
        given, key = request.get_json(), request.headers.get("X-Line-Retry-Key", "")
        if key:
            UUID(key)
        if key in self._accepted:
            raise Refused(409, "The retry key is already accepted", sentMessages=[{"id": self._accepted[key]}])
        if self.faults:
            raise self.faults.popleft()
        if self.pushed >= self.quota:
            raise Refused(429, "You have reached your monthly limit.")
        number = self._show(given.get("to", ""), given)
        self.pushed += 1
        if key:
            self._accepted[key] = number
        return self._sent(number)

    def _reply(self, request: Request) -> Response:
        given = request.get_json()
        if "X-Line-Retry-Key" in request.headers:
            raise Refused(400, "The request header X-Line-Retry-Key is not supported by this API")
        if self.faults:
            raise self.faults.popleft()
        address, issued = self._tokens.get(given.get("replyToken"), ("", None))
        if not issued or self.clock() - issued > TOKEN_LIVES:
            raise Refused(400, "Invalid reply token")
        number = self._show(address, given)
        del self._tokens[given["replyToken"]]
        return self._sent(number)

    def _sent(self, number: str) -> Response:
        if self.lost:
            self.lost -= 1
            raise Refused(500, "Internal server error")
        return _json({"sentMessages": [{"id": number, "quoteToken": secrets.token_urlsafe(12)}]})

    def _show(self, address: str, given: dict) -> str:
        messages = given.get("messages")
        if not re.fullmatch(r"[UCR]\w{1,40}", address):
            raise Refused(400, "The property, 'to', in the request body is invalid (line: -, column: -)")
        if not isinstance(messages, list) or not 1 <= len(messages) <= 5:
            raise Refused(400, "Size must be between 1 and 5", details=[{"property": "messages", "message": "size"}])
        for message in messages:
            shown = self._understood(message)
            number = self._number()
            if address not in self.blocked_by:
                self.chats.add(address, number, from_business=True, status="sent", at=self.clock(), **shown)
        return number

    def _understood(self, message: dict) -> dict[str, Any]:
        kind = message.get("type")
        if kind == "text":
            text = message.get("text") or ""
            items = [one["action"] for one in (message.get("quickReply") or {}).get("items", ())]
            _need(0 < len(text.encode("utf-16-le")) // 2 <= 5000, "Length must be between 1 and 5000")
            _need(len(items) <= 13 and all(0 < len(i["label"]) <= 20 and 0 < len(i["data"]) <= 300 for i in items),
                  "quickReply")
            return {"text": text, "buttons": [{"label": i["label"], "payload": i["data"].partition("\n")[0],
                                               "data": i["data"]} for i in items]}
        if kind in MEDIA:
            _need(kind == "audio" or len(self._fetch(message["previewImageUrl"]).content) <= 2**20, "previewImageUrl")
            _need(kind != "audio" or message.get("duration", 0) > 0, "duration")
            return {"files": [self._fetch(message["originalContentUrl"])]}
        _need(kind == "flex" and 0 < len(message.get("altText", "")) <= 1500, "type")
        body = message["contents"]["body"]
        return {"files": [self._fetch(body["action"]["uri"], body["contents"][0]["text"])]}

    def _fetch(self, url: str, name: str = "") -> StoredFile:
        _need(len(url) <= (1000 if name else 2000), "uri")
        try:
            return fetched(url, name)
        except SendError as error:
            raise Refused(400, f"The address cannot be fetched: {error}") from error

    def _content(self, number: str) -> Response:
        if self.preparing:
            self.preparing -= 1
            return Response(b"", 202)
        found = self.files.get(number)
        if not found:
            raise Refused(404, "Not found")
        return Response(found.content, content_type=found.content_type)

    def _who(self, kind: str, address: str) -> Response:
        if address not in self.names:
            raise Refused(404, "Not found")
        name = {"displayName": self.names[address], "userId": address} if kind == "profile" else {
            "groupId": address, "groupName": self.names[address]}
        return _json(name)

    def _loading(self, request: Request) -> Response:
        given = request.get_json()
        _need(given.get("chatId", "").startswith("U") and given.get("loadingSeconds") in range(5, 61, 5), "chatId")
        self.typing[given["chatId"]] = self.clock()
        return _json({}, 202)

    def _info(self, request: Request) -> Response:
        return _json({"userId": "U" + "a" * 32, "basicId": "@000simul", "displayName": "Simulated Shop",
                      "chatMode": "bot", "markAsReadMode": "auto"})

    def _endpoint(self, request: Request) -> Response:
        if request.method == "PUT":
            self.webhook_url = request.get_json()["endpoint"]
            return _json({})
        return _json({"endpoint": self.webhook_url, "active": self.uses_webhook})

    def _test(self, request: Request) -> Response:
        headers, body = self.signed([])
        try:
            reply = self._http.post(request.get_json()["endpoint"], data=body, headers=headers)
            good, why = reply.ok, str(reply.status)
        except SendError as error:
            good, why = False, str(error)
        return _json({"success": good, "reason": "OK" if good else "ERROR_STATUS_CODE", "detail": why})


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def _need(good: bool, what: str) -> None:
    if not good:
        raise Refused(400, "The request body has 1 error(s)", details=[{"message": what, "property": what}])
