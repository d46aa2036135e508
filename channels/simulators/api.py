"""Somebody's own app, connected to the helpdesk by its API channel."""
from __future__ import annotations

import base64
import json
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from channels import _standard_webhooks as signatures
from channels.base import SendError
from channels.simulators._courier import Courier
from channels.simulators._fetched import fetched
from channels.simulators._graph import utc_now
from channels.simulators._memory import Chats, Files, StoredFile
from channels.simulators._trouble import Trouble

MOST_CALLS = 10_000         # whose answers are remembered


class Refused(Exception):
    """An answer with another status than 200."""

    def __init__(self, status: int, error: str = "", headers: dict[str, str] | None = None):
        super().__init__(error)
        self.status, self.headers = status, headers or {}


class AppSimulator(Trouble):
    """One app and the people in it; addresses are their ids there. It takes a call twice without doing it twice."""
    refusals = {"for_now": {"code": 503}, "for_good": {"code": 422, "message": "this cannot be shown"},
                "slow_down": {"code": 429, "retry_after": 5}}

    def __init__(self, secret: str, *, webhook_url: str = "", courier: Courier | None = None,
                 clock: Callable[[], datetime] = utc_now, public_url: str = ""):
        self.secret, self.webhook_url, self.clock, self.public_url = secret, webhook_url, clock, public_url
        self.courier, self.files, self.chats = courier or Courier(), Files(), Chats()
        self.names: dict[str, str] = {}
        self.typing: dict[str, datetime] = {}       # who was last shown that somebody writes, and when
        self.blocked_by: set[str] = set()
        self.faults: deque[Refused] = deque()
        self.status_delay = 0.0                     # seconds before that is reported
        self.inline = False                         # files go with the call, not by their address
        self._done: OrderedDict[str, dict[str, Any]] = OrderedDict()    # answers by webhook-id
        self._numbers, self._calls = count(1), count(1)

    # The person

    def customer_writes(self, address: str, text: str = "", file: tuple[str, str, bytes] | None = None,
                        button: str | None = None, name: str = "", replies_to: str = "") -> str:
        """Somebody writes, sends a file (with `text` beside it), or presses the button with that payload; returns the
        message's id."""
        self.names[address] = name or self.names.get(address, "Somebody")
        text = self._label(address, button) if button is not None else text
        number, files = self._number(), [StoredFile(*file)] if file else []
        self.chats.add(address, number, text=text, files=files, replies_to=replies_to, at=self.clock())
        said = {"text": text, "button": button, "reply_to": replies_to, "files": [self._offered(one) for one in files]}
        self._tell("message", address, id=number, **{key: value for key, value in said.items() if value})
        return number

    def customer_edits(self, address: str, number: str, text: str) -> None:
        """Somebody corrects their message."""
        self.chats.change(address, number, text=text, edited=True)
        self._tell("edited", address, id=number, text=text)

    def customer_unsends(self, address: str, number: str) -> None:
        """Somebody takes their message back."""
        self.chats.change(address, number, text="", files=[], unsent=True)
        self._tell("unsent", address, id=number)

    def customer_reacts(self, address: str, number: str, emoji: str) -> None:
        """Somebody puts a sign on a message; '' takes it back."""
        self.chats.change(address, number, reaction=emoji)
        self._tell("reaction", address, id=number, emoji=emoji)

    def customer_types(self, address: str) -> None:
        """Somebody is writing."""
        self._tell("typing", address)

    def customer_reads(self, address: str) -> None:
        """Somebody opens the chat."""
        for entry in self.chats.sent(address):
            if entry["status"] not in ("read", "failed"):
                entry["status"] = "read"
                self._tell("receipt", address, id=entry["id"], status="read")

    def conversation(self, address: str) -> list[dict[str, Any]]:
        """What the person sees: id, text, files (name, type, content), buttons, at, from_business, status,
        replies_to; oldest first."""
        return self.chats.of(address)

    # The firm, and being told

    def business_writes(self, address: str, text: str) -> str:
        """Somebody of the firm answers in the app itself."""
        number = self._number()
        self.chats.add(address, number, text=text, from_business=True, status="sent", at=self.clock())
        self._tell("echo", address, id=number, text=text)
        return number

    def number_from(self, first: int) -> None:
        """Let the ids of messages go on from here: after a restart none may come twice."""
        self._numbers, self._calls = count(first), count(first)

    def fail_next(self, code: int, message: str = "simulated", *, times: int = 1,
                  retry_after: int | None = None) -> None:
        """Answer the next messages with this HTTP status."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.faults.extend([Refused(code, message, headers)] * times)

    def fails_later(self, address: str, number: str, why: str) -> None:
        """Report of a message that it did not arrive."""
        self.chats.change(address, number, status="failed")
        self._tell("receipt", address, id=number, status="failed", error=why)

    # Calls to the helpdesk

    def _tell(self, kind: str, address: str, delay: float = 0, **said: Any) -> None:
        event = {"type": kind, "user": {"id": address, "name": self.names.get(address, "Somebody"), "locale": "en"},
                 "at": self.clock().isoformat(), **said}
        body, number = json.dumps(event, ensure_ascii=False).encode(), f"call-{next(self._calls)}"
        self.call(self.webhook_url, partial(self._signed, number, body), body, delay)

    def _signed(self, number: str, body: bytes) -> dict[str, str]:
        return {"Content-Type": "application/json", **signatures.headers(self.secret.split(), number, body)}

    def _offered(self, file: StoredFile) -> dict[str, Any]:
        if self.inline:
            return {"name": file.name, "type": file.content_type, "content": base64.b64encode(file.content).decode()}
        key = self.files.put(file.name, file.content_type, file.content)
        return {"name": file.name, "type": file.content_type, "size": len(file.content),
                "url": f"{self.public_url}/files/{key}/{quote(file.name, safe='')}"}

    def _label(self, address: str, payload: str) -> str:
        for entry in reversed(list(self.chats.sent(address))):
            for button in entry["buttons"]:
                if button["payload"] == payload:
                    return button["label"]
        raise LookupError(f"{address} was never shown a button with the payload {payload!r}")

    def _number(self) -> str:
        return f"m-{next(self._numbers)}"

    # Calls of the helpdesk

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        except Refused as refused:
            response = Response(json.dumps({"error": str(refused)} if str(refused) else {}), refused.status,
                                refused.headers, content_type="application/json")
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/files/"):
            found = self.files.get(request.path.split("/")[2])
            return Response(found.content, content_type=found.content_type) if found else Response("gone", 404)
        body, number = request.get_data(), request.headers.get("webhook-id", "")
        at, given = request.headers.get("webhook-timestamp", ""), request.headers.get("webhook-signature", "")
        if self.revoked or not signatures.fits(self.secret.split(), number, at, given, body):
            raise Refused(401, "the signature does not fit")
        if number not in self._done:
            said = json.loads(body)
            kinds = {"send": self._send, "show_typing": self._shows_typing, "test": self._tested}
            self._done[number] = kinds[said["type"]](said) if said["type"] in kinds else {}
            if len(self._done) > MOST_CALLS:
                self._done.popitem(last=False)
        return Response(json.dumps(self._done[number]), content_type="application/json")

    def _tested(self, said: dict) -> dict[str, Any]:
        return {"name": "Simulated app"}

    def _shows_typing(self, said: dict) -> dict[str, Any]:
        self.typing[said["user"]["id"]] = self.clock()
        return {}

    def _send(self, said: dict) -> dict[str, Any]:
        if self.faults:
            raise self.faults.popleft()
        address = said["user"]["id"]
        if address in self.blocked_by:
            raise Refused(422, "this person wants no messages any more")
        try:
            files = [fetched(one["url"], one["name"]) for one in said.get("files", ())]
        except SendError as error:
            raise Refused(422, f"the file cannot be fetched: {error}") from error
        number = self._number()
        buttons = [{"label": one["label"], "payload": one["value"]} for one in said.get("buttons", ())]
        self.chats.add(address, number, text=said.get("text", ""), files=files, buttons=buttons, from_business=True,
                       status="sent", replies_to=said.get("reply_to", ""), at=self.clock())
        if self.receipts:
            self.chats.change(address, number, status="delivered")
            self._tell("receipt", address, self.status_delay, id=number, status="delivered")
        return {"id": number}
