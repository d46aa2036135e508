"""Bring your own: an app, a kiosk or a forum of yours, connected by signed JSON over HTTPS in both directions.

What calls look like is told in docs/channels.md, "API"; how they are signed in channels/_standard_webhooks.py.
"""
from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from channels import _standard_webhooks as signatures
from channels._api_events import facts, stand_in
from channels._http import Reply, redact
from channels._parts import fitting_buttons, one_at_a_time, single
from channels._payload import each, load, secrets_of
from channels._published import fetchable
from channels.base import (
    BadSignature,
    Can,
    Channel,
    Fact,
    File,
    Outbound,
    Request,
    SendError,
    Setting,
    Status,
    Step,
)

HERE = ("localhost", "127.0.0.1", "::1")
FIX = ("Check the address, that your app answers POST with a status from 200 to 299, and that it has the same secret; "
       "docs/channels.md says what it is sent.")


class Api(Channel):
    name = "api"
    label = "API"
    word = "your app"
    remarks = "your own app, kiosk or forum, by signed calls both ways; a reply window if you set one"
    identity_kind = "api"
    can = Can(text_limit=8000, files=True, file_limit=25 * 2**20, html=True, buttons=10, typing=True,
              receipts=frozenset({Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED}),
              hears=frozenset({"edits", "unsends", "reactions", "typing", "echoes"}), idempotent=True)
    body_limit = 15_000_000         # 10 MB of files in base64, and some words
    settings = (
        Setting("account_id", "Short name", help="Of what you connect, for example kiosk. The ids of its people count "
                                                 "below this name, so keep it once people have written."),
        Setting("url", "Address of your app", help="Answers are posted there. https, and reachable from the internet."),
        Setting("webhook_secret", "Secret", secret=True, fresh=signatures.new_secret,
                help="Signs the calls in both directions (Standard Webhooks). To change it, enter the new and the old "
                     "one with a space between, move your app to the new one, and then enter that alone."),
        Setting("vouched", "Your app knows who writes", required=False, kind="bool",
                help="Tick this only if people sign in there: then somebody's open matter on another channel goes on "
                     "here without asking."),
        Setting("reply_hours", "Reply window in hours", required=False, kind="number",
                help="How long after their last message people may be answered. Empty: always."),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.proves_sender = self.config.get("vouched", "").lower() in ("yes", "1", "true", "on")

    @classmethod
    def problems(cls, values: Mapping[str, str]) -> dict[str, str]:
        found = {}
        if values.get("url") and not _callable(values["url"]):
            found["url"] = "An address with https. (http only for this very machine.)"
        wrong = [said for said in map(signatures.problem, values.get("webhook_secret", "").split()) if said]
        if wrong or len(values.get("webhook_secret", "").split()) > 2:
            found["webhook_secret"] = wrong[0] if wrong else "At most two secrets."
        return found

    @classmethod
    def window(cls, settings: Mapping[str, Any], by: str = "agent") -> timedelta | None:
        hours = str(settings.get("reply_hours") or "")
        return timedelta(hours=int(hours)) if hours.isascii() and hours.isdigit() and int(hours) else None

    def scope(self, item: Any) -> str:
        return self.config.get("account_id", "")

    # In

    def verify(self, request: Request) -> None:
        number, at, given = (request.header(f"webhook-{part}") for part in ("id", "timestamp", "signature"))
        if not signatures.fits(self._secrets(), number, at, given, request.body):
            raise BadSignature("api: this call is not signed with this inbox's secret, or its time is not now")

    def source_key(self, request: Request) -> str:
        """The call's id, and its bytes as well: an app that counts wrongly must not lose a message."""
        return f"{request.header('webhook-id')[:150]}:{super().source_key(request)}"

    def parse(self, request: Request) -> Iterator[Fact]:
        call = load(request.body)
        events = call["events"] if "events" in call else [call]
        if not isinstance(events, list):
            raise TypeError("“events” is no list")
        return each(events, facts, stand_in)

    def download(self, file: File) -> bytes:
        reply = self.http.get(file.ref)
        if not reply.ok:
            gone = reply.status in (400, 401, 403, 404, 410)
            raise SendError(f"the app does not give this file {'any more' if gone else 'now'} (HTTP {reply.status})",
                            permanent=gone, retry_after=reply.retry_after)
        return reply.body

    # Out

    def prepare(self, message: Outbound) -> list[Outbound]:
        fitted = fitting_buttons(message, self.can.buttons, label=80, payload=500, text=self.can.text_limit)
        return one_at_a_time(super().prepare(fitted), lambda text, file: True)

    def send(self, message: Outbound) -> str:
        """The app's own id of the message; where it names none, that of our call."""
        part = single(self.prepare(message))
        number = _call_id(part)
        said = {"text": part.text, "html": part.html, "reply_to": (part.replies_to or [""])[0],
                "sender": {"name": part.sender_name} if part.sender_name else None,
                "buttons": [{"label": button.label, "value": button.payload} for button in part.buttons],
                "files": [self._offered(*file) for file in part.files]}
        answer = self._call(number, {"type": "send", "delivery_id": part.id, "user": {"id": part.address},
                                     **{key: value for key, value in said.items() if value}})
        named = answer.get("id")
        return str(named) if named and isinstance(named, str | int) else number

    def typing(self, address: str, replies_to: Sequence[str] = ()) -> None:
        self._call(f"typing-{secrets.token_hex(8)}", {"type": "show_typing", "user": {"id": address}})

    def test(self) -> str:
        answer = self._call(f"test-{secrets.token_hex(8)}", {"type": "test"})
        return f"{answer.get('name') or 'Your app'} answers, and takes our signature."

    def steps(self, webhook: str) -> list[Step]:
        return [Step("Your app", self.test, FIX)]

    def _offered(self, name: str, content_type: str, content: bytes) -> dict[str, Any]:
        address = fetchable(self, name, content_type, content, https=self.config["url"].startswith("https:"))
        return {"name": name, "type": content_type, "size": len(content), "url": address}

    def _call(self, number: str, said: dict[str, Any]) -> dict[str, Any]:
        """One signed call. The app knows a repeated one by its id, so a line that broke is no uncertainty."""
        url = self.config["url"]
        if not _callable(url):
            raise SendError("The address of the app must begin with https://", permanent=True, broken=True)
        body = json.dumps(said, ensure_ascii=False).encode()
        try:
            signed = signatures.headers(self._secrets(), number, body)
        except ValueError as error:
            raise SendError("The secret of this inbox is not one", permanent=True, broken=True) from error
        try:
            reply = self.http.post(url, data=body, headers={"Content-Type": "application/json", **signed})
        except SendError as error:
            error.uncertain = False
            raise
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        if reply.ok:
            return answer
        raise self._error(reply, answer.get("error"))

    def _error(self, reply: Reply, theirs: Any) -> SendError:
        """A 404 without words of the app is some proxy's, while the app is being renewed."""
        words = redact(theirs[:500], *secrets_of(self)) if isinstance(theirs, str) else ""
        status, said = reply.status, words or f"the app answered HTTP {reply.status}"
        if status == 410:
            return SendError(f"The app wants no calls any more (HTTP 410) {words}".strip(), permanent=True, broken=True)
        if status in (401, 403):
            return SendError(f"The app refuses our calls (HTTP {status}) {words}".strip(), permanent=True, broken=True)
        if status < 400:
            return SendError(f"The app sends us elsewhere (HTTP {status}): enter the final address", permanent=True,
                             broken=True)
        if status in (408, 425, 429) or status >= 500 or status == 404 and not words:
            return SendError(said, retry_after=reply.retry_after, slow_down=status == 429)
        return SendError(said, permanent=True)

    def _secrets(self) -> list[str]:
        return self.config.get("webhook_secret", "").split()


def _callable(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or parts.scheme == "http" and parts.hostname in HERE)


def _call_id(part: Outbound) -> str:
    """Our delivery's id, the same in every try. Made of the words too: after a restore, or from another helpdesk, the
    same number may stand for another message."""
    files = (hashlib.sha256(content).hexdigest() for _, _, content in part.files)
    said = "\0".join([part.id, part.address, part.text, *files])
    return f"{part.id}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"
