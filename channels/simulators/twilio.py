"""Twilio's messaging API with its signed webhooks: one account with one number, for SMS or for WhatsApp."""
from __future__ import annotations

import base64
import json
import re
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from channels._twilio import signature
from channels.base import SendError
from channels.simulators._courier import Courier
from channels.simulators._fetched import fetched
from channels.simulators._graph import utc_now
from channels.simulators._memory import Chats, Files, StoredFile
from channels.simulators._trouble import Trouble

PLACE = re.compile(r"\{\{(\w+)\}\}")
WINDOW = timedelta(hours=24)


class Refused(Exception):
    """An answer of the REST API that is an error."""

    def __init__(self, code: int, message: str = "simulated", status: int = 400, retry_after: int | None = None):
        super().__init__(message)
        self.code, self.status, self.retry_after = code, status, retry_after


class TwilioSimulator(Trouble):
    """`number` is ours, in E.164. With `whatsapp` numbers carry the prefix, a window closes, and what was read is
    reported. `templates` are content templates as the Content API lists them. `known_as`: what the helpdesk calls its
    own webhook, where that is reached at another address from here; that name is signed."""
    refusals = {"for_now": {"code": 20503, "message": "Service unavailable", "status": 503},
                "for_good": {"code": 30006, "message": "Landline or unreachable carrier"},
                "slow_down": {"code": 20429, "message": "Too Many Requests", "status": 429, "retry_after": 20}}

    def __init__(self, account_sid: str, auth_token: str, number: str, *, whatsapp: bool = False, webhook_url: str = "",
                 known_as: str = "", courier: Courier | None = None, clock: Callable[[], datetime] = utc_now,
                 public_url: str = ""):
        self.account_sid, self.auth_token, self.number = account_sid, auth_token, number
        self.prefix = "whatsapp:" if whatsapp else ""
        self.webhook_url, self.known_as, self.clock, self.public_url = webhook_url, known_as, clock, public_url
        self.courier, self.files, self.chats = courier or Courier(), Files(), Chats()
        self.names: dict[str, str] = {}
        self.blocked_by: set[str] = set()       # who has texted STOP
        self.typing: dict[str, datetime] = {}
        self.templates: list[dict[str, Any]] = []
        self.faults: deque[Refused] = deque()
        self.status_delay = 0.2
        self._numbers = count(1)

    # The person

    def customer_writes(self, address: str, text: str = "", file: tuple[str, str, bytes] | None = None,
                        button: str | None = None, name: str = "", replies_to: str = "") -> str:
        """Somebody writes or sends a file (with `text` beside it); returns the message's id. There are no buttons."""
        if button is not None:
            raise LookupError(f"{address} was never shown a button")
        self.names[address] = name or self.names.get(address, "")
        number, files, form = self._sid(), [], {}
        if file:
            stored = StoredFile(*file)
            files, key = [stored], self.files.put(*file)
            form = {"NumMedia": "1", "MediaContentType0": stored.content_type,
                    "MediaUrl0": f"{self.public_url}/2010-04-01/Accounts/{self.account_sid}/Media/{key}"}
        if replies_to and self.prefix:
            form["OriginalRepliedMessageSid"] = replies_to
        if self.prefix:
            form |= {"ProfileName": self.names[address], "WaId": address.lstrip("+")}
        if text.strip().upper() in ("STOP", "START"):
            super().customer_blocks(address, text.strip().upper() == "STOP")
        self.chats.add(address, number, text=text, files=files, replies_to=replies_to, at=self.clock())
        self._deliver({"MessageSid": number, "SmsSid": number, "SmsStatus": "received", "AccountSid": self.account_sid,
                       "From": f"{self.prefix}{address}", "To": f"{self.prefix}{self.number}", "Body": text,
                       "NumMedia": "0", "ApiVersion": "2010-04-01", **form}, self.webhook_url)
        return number

    def customer_blocks(self, address: str, blocks: bool = True) -> None:
        """Somebody texts STOP, or START again."""
        self.customer_writes(address, "STOP" if blocks else "START")

    def customer_reads(self, address: str) -> None:
        """Somebody opens the chat. SMS tells nobody."""
        for entry in self.chats.sent(address):
            if self.prefix and entry["status"] != "read":
                self._status(address, entry, "read")

    def conversation(self, address: str) -> list[dict[str, Any]]:
        """What the person sees: id, text, files (name, type, content), buttons, at, from_business, status,
        replies_to; oldest first."""
        return self.chats.of(address)

    # Being told

    def number_from(self, first: int) -> None:
        """Let the ids of messages go on from here: after a restart none may come twice."""
        self._numbers = count(first)

    def fail_next(self, code: int, message: str = "simulated", *, status: int = 400, times: int = 1,
                  retry_after: int | None = None) -> None:
        """Refuse the next calls to send with this error."""
        self.faults.extend([Refused(code, message, status, retry_after)] * times)

    # The account

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        request = Request(environ)
        self.public_url = self.public_url or request.root_url.rstrip("/")
        try:
            response = self._answer(request)
        except Refused as refused:
            response = Response(json.dumps({"code": refused.code, "message": str(refused), "status": refused.status}),
                                refused.status, content_type="application/json")
            if refused.retry_after is not None:
                response.headers["Retry-After"] = str(refused.retry_after)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        found = re.fullmatch(r"/store/(\d+)", request.path)
        if found:               # where the media really lie: signed by its address, no password goes there
            if "Authorization" in request.headers:
                return Response("InvalidRequest", 400)
            return self._stored(found[1])
        login = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}" or self.revoked:
            raise Refused(20003, "Authenticate", 401)
        account = f"/2010-04-01/Accounts/{self.account_sid}"
        if request.path == f"{account}.json":
            return self._json({"sid": self.account_sid, "friendly_name": "Simulated Shop", "status": "active"})
        if request.path == f"{account}/Messages.json" and request.method == "POST":
            return self._json(self._send(request.form), 201)
        if request.path.startswith(f"{account}/Media/"):
            return Response("", 307, {"Location": f"{self.public_url}/store/{request.path.rpartition('/')[2]}"})
        if request.path == "/v1/ContentAndApprovals":
            return self._json({"contents": self.templates, "meta": {"next_page_url": None}})
        raise Refused(20404, "The requested resource was not found", 404)

    def _send(self, form: Any) -> dict[str, Any]:
        if self.faults:
            raise self.faults.popleft()
        address = form.get("To", "").removeprefix("whatsapp:")
        if not re.fullmatch(r"\+\d{6,15}", address) or not form.get("To", "").startswith(self.prefix):
            raise Refused(21211, "The 'To' number is not a valid phone number.")
        if not form.get("From") and not form.get("MessagingServiceSid"):
            raise Refused(21603, "A 'From' phone number is required.")
        if address in self.blocked_by:
            raise Refused(21610, "Attempt to send to unsubscribed recipient")
        text, files = self._said(form)
        last = self.chats.last_from_person(address)
        if self.prefix and not form.get("ContentSid") and (last is None or self.clock() - last >= WINDOW):
            raise Refused(63016, "Failed to send freeform message because you are outside the allowed window.")
        entry = self.chats.add(address, self._sid(), text=text, files=files, from_business=True, status="queued",
                               at=self.clock())
        entry["callback"] = form.get("StatusCallback") or self.webhook_url
        if self.receipts:
            self._status(address, entry, "sent")
            self._status(address, entry, "delivered")
        return {"sid": entry["id"], "status": "queued", "to": form["To"]}

    def _said(self, form: Any) -> tuple[str, list[StoredFile]]:
        if form.get("ContentSid"):
            return self._filled(form["ContentSid"], json.loads(form.get("ContentVariables") or "{}")), []
        if len(form.get("Body", "")) > 1600:
            raise Refused(21617, "The concatenated message body exceeds the 1600 character limit.")
        try:
            files = [fetched(url) for url in form.getlist("MediaUrl")]
        except SendError as error:
            raise Refused(12300, str(error)) from None
        if not form.get("Body") and not files:
            raise Refused(21602, "Message body is required.")
        return form.get("Body", ""), files

    def _filled(self, sid: str, values: dict[str, str]) -> str:
        found = next((one for one in self.templates if one["sid"] == sid), None)
        if found is None or found["approval_requests"]["status"] != "approved":
            raise Refused(63027, "Template does not exist or is not approved.")
        body = next(iter(found["types"].values()))["body"]
        if set(PLACE.findall(body)) - values.keys():
            raise Refused(63028, "Number of parameters provided does not match the expected number of parameters.")
        return PLACE.sub(lambda place: values[place[1]], body)

    def _stored(self, key: str) -> Response:
        found = self.files.get(key)
        return Response(found.content, content_type=found.content_type) if found else Response("gone", 404)

    # Webhooks

    def _status(self, address: str, entry: dict, status: str) -> None:
        entry["status"] = status
        self._deliver({"MessageSid": entry["id"], "SmsSid": entry["id"], "MessageStatus": status, "SmsStatus": status,
                       "AccountSid": self.account_sid, "From": f"{self.prefix}{self.number}",
                       "To": f"{self.prefix}{address}"}, entry["callback"], self.status_delay)

    def _deliver(self, form: dict[str, str], url: str, delay: float = 0) -> None:
        called = self.known_as or (url if urlsplit(url).path else f"{url}/")       # as it stands in the request
        headers = {"Content-Type": "application/x-www-form-urlencoded",
                   "X-Twilio-Signature": signature(self.auth_token, called, list(form.items()))}
        self.call(self.webhook_url if self.known_as else url, headers, urlencode(form).encode(), delay)

    def _sid(self) -> str:
        return f"SM{next(self._numbers):032x}"

    @staticmethod
    def _json(data: Any, status: int = 200) -> Response:
        return Response(json.dumps(data), status, content_type="application/json")
