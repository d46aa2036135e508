"""Unisender Go. Out: email/send.json; back: webhooks. It takes no mail in: that needs another inbox.

Signature: `auth` in the body is the MD5 of the body in which the API key stands in its place.
https://godocs.unisender.ru/web-api-ref
"""
from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import md5

from channels._mail_api.letter import letter_of
from channels._mail_api.provider import (
    SUPPRESSED,
    Mail,
    Provider,
    bounced,
    complained,
    delivered,
    number_in,
    sent,
    unsubscribed,
)
from channels._mail_compose import Composed
from channels._payload import load, moment, objects
from channels.base import Receipt, Request

AUTH = re.compile(rb'"auth"\s*:\s*"([0-9a-fA-F]{32})"')
METADATA = "message_id"
HOSTS = {"": "https://go1.unisender.ru/ru/transactional/api/v1", "go1": "https://go1.unisender.ru/ru/transactional/api/v1",
         "go2": "https://go2.unisender.ru/ru/transactional/api/v1"}


class UnisenderGo(Provider):
    name = "unisender_go"
    label = "Unisender Go"
    proof = ("api_key",)

    # In

    def verify(self, request: Request) -> None:
        key = self.setting("api_key").encode()
        if request.method == "GET" and key:
            return                      # it asks whether there is somebody
        found = AUTH.search(request.body)
        if not key or not found:
            raise self.forged()
        signed = request.body[:found.start(1)] + key + request.body[found.end(1):]
        if not hmac.compare_digest(md5(signed, usedforsecurity=False).hexdigest().encode(), found[1].lower()):
            raise self.forged()

    def handshake(self, request: Request) -> str | None:
        return "ok" if request.method == "GET" else None

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        message = load(request.body)
        if "events_by_user" not in message:         # the data of one event by itself
            yield from _event(message)
            return
        for user in objects(message["events_by_user"]):
            for event in objects(user.get("events")):
                if event.get("event_name") == "transactional_email_status":
                    yield from _event(event["event_data"])

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        letter = letter_of(mail)
        headers = {name: value for name, value in letter.headers.items()
                   if name.lower().startswith("x-") or name in ("In-Reply-To", "References", "List-Unsubscribe")}
        message = {"recipients": [{"email": letter.to.email}], "subject": letter.subject,
                   "from_email": letter.sender.email, "from_name": letter.sender.name, "headers": headers,
                   "body": {"plaintext": letter.text or " ", **({"html": letter.html} if letter.html else {})},
                   "track_links": 0, "track_read": 0, "global_metadata": {METADATA: letter.message_id}}
        if letter.reply_to:
            message |= {"reply_to": letter.reply_to.email, "reply_to_name": letter.reply_to.name}
        for kind, files in (("attachments", [f for f in letter.files if not f.cid]),
                            ("inline_attachments", [f for f in letter.files if f.cid])):
            if files:
                message[kind] = [{"type": f.content_type, "name": f.cid or f.name, "content": f.base64} for f in files]
        answer = self._call("/email/send.json", {"message": message, "idempotence_key": key[:64]})
        failed = (answer.get("failed_emails") or {}) if isinstance(answer.get("failed_emails"), dict) else {}
        if (reason := failed.get(letter.to.email)) and reason != "duplicate":
            self.answer(self._last, f"{SUPPRESSED} ({reason})", final=reason != "temporary_unavailable",
                        passing=reason == "temporary_unavailable")
        return self.accepted(answer.get("job_id"))

    def test(self) -> str:
        found = self._call("/system/info.json", {})
        return f"Unisender Go knows this key as {found.get('email')}."

    def url(self, path: str) -> str:
        return (self.setting("api_base").rstrip("/") or HOSTS.get(self.setting("region").lower(), HOSTS[""])) + path

    def _call(self, path: str, content: dict) -> dict:
        login = {"X-API-KEY": self.setting("api_key"), "Accept": "application/json"}
        reply = self._last = self.http.post(self.url(path), json=content, headers=login)
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        if reply.ok and answer.get("status") != "error":
            return answer
        failed = answer.get("failed_emails")
        words = answer.get("message") or (f"{SUPPRESSED} ({', '.join(map(str, failed.values()))})"
                                          if isinstance(failed, dict) else "")
        return self.answer(reply, words or f"HTTP {reply.status}")


def _event(event: dict) -> Iterator[Receipt]:
    metadata = event.get("metadata") if isinstance(event.get("metadata"), dict) else {}
    number = number_in(metadata.get(METADATA) or event.get("job_id"))
    kind, to, info = event["status"], str(event.get("email") or ""), event.get("delivery_info") or {}
    at = moment(event.get("event_time")) if event.get("event_time") else datetime.now(UTC)
    words = info.get("delivery_status"), info.get("destination_response")
    if kind == "delivered":
        yield delivered(number, at, to)
    elif kind == "sent":
        yield sent(number, at, to)
    elif kind in ("hard_bounced", "soft_bounced"):
        yield bounced(number, at, to, *words)
    elif kind == "spam":
        yield complained(number, at, to)
    elif kind == "unsubscribed":
        yield unsubscribed(number, at, to)
