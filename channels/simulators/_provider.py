"""What simulated mail providers have in common: customers with mailboxes, and news of what became of a mail."""
from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import make_msgid
from typing import Any

from werkzeug.wrappers import Request, Response

from channels.simulators._courier import Courier
from channels.simulators._graph import utc_now
from channels.simulators._memory import Chats, StoredFile
from channels.simulators._trouble import Trouble


@dataclass(frozen=True)
class Fault:
    """How a call is refused."""
    status: int
    message: str
    retry_after: int | None = None


@dataclass(frozen=True)
class Written:
    """A mail of a customer, on its way to the helpdesk."""
    id: str
    address: str
    name: str
    to: str
    subject: str
    text: str
    replies_to: str
    file: tuple[str, str, bytes] | None
    at: datetime


class MailProvider(Trouble):
    """One account of a provider, and the people who mail with it. `to`: the address they write to unless they answer.
    `webhook_url` is called with what comes in and with what became of what was sent; `event_delay` in seconds.
    `bouncing` maps an address to the reason for which its server sends everything back."""
    refusals = {"for_now": {"code": 503, "message": "Service unavailable"},
                "for_good": {"code": 422, "message": "Invalid email request"},
                "slow_down": {"code": 429, "message": "Too many requests", "retry_after": 30}}

    def __init__(self, api_key: str, *, to: str = "support@example.org", webhook_url: str = "",
                 courier: Courier | None = None, clock: Callable[[], datetime] = utc_now):
        self.api_key, self.to, self.webhook_url, self.clock = api_key, to, webhook_url, clock
        self.courier, self.chats = courier or Courier(), Chats()
        self.bouncing: dict[str, str] = {}
        self.faults: deque[Fault] = deque()
        self.event_delay = 0.0
        self.blocked_by: set[str] = set()

    # The customer

    def customer_writes(self, address: str, text: str = "", file: tuple[str, str, bytes] | None = None, name: str = "",
                        replies_to: str = "", subject: str = "") -> str:
        """Somebody writes a mail; returns its Message-ID. `replies_to`: the id of one in their mailbox: then it goes
        to that mail's Reply-To."""
        answered = self._find(address, replies_to) if replies_to else {}
        number = make_msgid(domain=address.rpartition("@")[2])
        files = [StoredFile(*file)] if file else []
        entry = self.chats.add(address, number, text=text, files=files, replies_to=replies_to, at=self.clock())
        subject = subject or (f"Re: {answered.get('subject', '')}" if answered else "Hello")
        entry |= {"subject": subject}
        written = Written(number, address, name, answered.get("reply_to") or self.to, subject, text, replies_to, file,
                          entry["at"])
        headers, body = self.forwarded(written)
        self.call(self.webhook_url, headers, body)
        return number

    def customer_complains(self, address: str, number: str) -> None:
        """Somebody presses "this is spam" on a mail of ours."""
        self.tell("complained", self._find(address, number))

    def customer_unsubscribes(self, address: str, number: str) -> None:
        """Somebody unsubscribes from our mail."""
        self.tell("unsubscribed", self._find(address, number))

    def delays(self, address: str, number: str, reason: str) -> None:
        """The customer's server asks to wait."""
        self.tell("delayed", self._find(address, number), reason)

    def conversation(self, address: str) -> list[dict[str, Any]]:
        """What lies in this customer's mailbox, oldest first: id, from_business, subject, text, html, files (name,
        type, content), reply_to, replies_to, buttons (none), at, status."""
        return self.chats.of(address)

    def fail_next(self, code: int, message: str = "simulated", *, times: int = 1,
                  retry_after: int | None = None) -> None:
        """Refuse the next mails of the helpdesk with this HTTP status."""
        self.faults.extend([Fault(code, message, retry_after)] * times)

    def _find(self, address: str, number: str) -> dict[str, Any]:
        for entry in self.chats.of(address):
            if entry["id"] == number:
                return entry
        raise LookupError(f"no mail {number} in the mailbox of {address}")

    # The provider; what differs is in the subclasses

    def forwarded(self, mail: Written) -> tuple[dict[str, str], bytes]:
        """The call that brings a customer's mail: its headers and its body."""
        raise NotImplementedError

    def news(self, kind: str, entry: dict[str, Any], reason: str) -> tuple[dict[str, str], bytes]:
        """The call that tells what became of a mail: delivered, bounced, delayed, complained or unsubscribed."""
        raise NotImplementedError

    def answered(self, request: Request) -> Response:
        """The answer to a call of the API by somebody who knows the key."""
        raise NotImplementedError

    def refusal(self, status: int, message: str) -> Response:
        """An error as this provider words it."""
        raise NotImplementedError

    def known(self, request: Request) -> bool:
        """Whether a call brings the key."""
        raise NotImplementedError

    def __call__(self, environ: dict, start_response: Callable) -> Any:
        request = Request(environ)
        if self.revoked or not self.known(request):
            response = self.refusal(401, "This key is not known here")
        elif request.method == "POST" and self.faults:
            fault = self.faults.popleft()
            response = self.refusal(fault.status, fault.message)
            if fault.retry_after is not None:
                response.headers["Retry-After"] = str(fault.retry_after)
        else:
            response = self.answered(request)
        return response(environ, start_response)

    def take(self, address: str, number: str, text: str, files: list[StoredFile], **more: Any) -> None:
        """Lay a mail of the helpdesk into a customer's mailbox, or send it back, and tell so."""
        bounces = self.bouncing.get(address, "blocked by the reader" if address in self.blocked_by else "")
        entry = {"address": address, "id": number, **more}
        if not bounces:
            entry = self.chats.add(address, number, text=text, files=files, from_business=True, at=self.clock())
            entry |= {"address": address, **more}
        self.tell("bounced" if bounces else "delivered", entry, bounces)

    def tell(self, kind: str, entry: dict[str, Any], reason: str = "") -> None:
        if kind == "delivered" and not self.receipts:
            return
        headers, body = self.news(kind, entry, reason)
        self.call(self.webhook_url, headers, body, self.event_delay)
