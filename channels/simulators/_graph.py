"""How the Graph API says no, and what its simulated accounts share."""
from __future__ import annotations

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from werkzeug.wrappers import Request, Response

from channels.simulators._courier import Courier
from channels.simulators._memory import Chats, Files
from channels.simulators._trouble import Trouble

WINDOW = timedelta(hours=24)


class Refused(Exception):
    """An answer of the Graph API that is an error."""

    def __init__(self, status: int, code: int, message: str, *, subcode: int | None = None, details: str = "",
                 retry_after: int | None = None):
        super().__init__(message)
        self.status, self.code, self.subcode = status, code, subcode
        self.details, self.retry_after = details, retry_after

    def response(self) -> Response:
        error: dict[str, Any] = {"message": f"(#{self.code}) {self}", "type": "OAuthException", "code": self.code,
                                 "fbtrace_id": "Simulated"}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        answer = Response(json.dumps({"error": error}), self.status, content_type="application/json")
        if self.retry_after is not None:
            answer.headers["Retry-After"] = str(self.retry_after)
        return answer


class Account(Trouble):
    """One business account and the people who write to it."""
    object_name = ""

    def __init__(self, app_secret: str, account: str, token: str, webhook_url: str, courier: Courier, files: Files,
                 clock: Callable[[], datetime]):
        self.app_secret, self.account, self.token, self.webhook_url = app_secret, account, token, webhook_url
        self.courier, self.files, self.clock = courier, files, clock
        self.chats, self.names = Chats(), {}
        self.faults: deque[Refused] = deque()
        self.typing: dict[str, datetime] = {}       # address -> when the business was last seen writing
        self.blocked_by: set[str] = set()
        self.base_url: Callable[[], str] = lambda: ""
        self.status_delay = 0.2         # seconds: the answer to the call usually comes first
        self._numbers = count(1)        # next() is atomic, and the server has threads

    def fail_next(self, code: int, message: str = "simulated", *, status: int = 400, subcode: int | None = None,
                  retry_after: int | None = None, times: int = 1) -> None:
        """Refuse the next calls to send with this error."""
        self.faults.extend([Refused(status, code, message, subcode=subcode, retry_after=retry_after)] * times)

    def conversation(self, address: str) -> list[dict[str, Any]]:
        """What the person at `address` sees: id, text, files (name, type, content), buttons, at, from_business,
        status, replies_to; oldest first."""
        return self.chats.of(address)

    def number_from(self, first: int) -> None:
        """Let the ids of messages go on from here: after a restart none may come twice."""
        self._numbers = count(first)

    def next_number(self) -> int:
        return next(self._numbers)

    def authorise(self, request: Request) -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.args.get("access_token", "")
        if not given or not hmac.compare_digest(given.encode(), self.token.encode()):
            raise Refused(401, 190, "Invalid OAuth access token - Cannot parse access token")
        if self.revoked:
            raise Refused(401, 190, "Error validating access token: The session has been invalidated", subcode=460)

    def window_is_open(self, address: str) -> bool:
        last = self.chats.last_from_person(address)
        return last is not None and self.clock() - last < WINDOW

    def sign_and_deliver(self, entry: Mapping[str, Any], delay: float = 0) -> None:
        """Post one webhook with its signature. As Meta does, everything outside ASCII is escaped before signing."""
        body = json.dumps({"object": self.object_name, "entry": [entry]}).encode()
        mac = hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={mac}"}
        self.call(self.webhook_url, headers, body, delay)


def utc_now() -> datetime:
    return datetime.now(UTC)


def answer(data: Any) -> Response:
    return Response(json.dumps(data), content_type="application/json")


def body_of(request: Request) -> dict:
    """The JSON object that was posted."""
    try:
        data = json.loads(request.get_data())
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise Refused(400, 100, "Invalid parameter")
    return data


def need(condition: Any, what: str, code: int = 100, subcode: int | None = None) -> None:
    if not condition:
        raise Refused(400, code, f"Invalid parameter: {what}", subcode=subcode)
