"""Mailgun. In: routes that forward (as a whole mail or in fields), webhooks. Out: messages.mime.

Signature: hex HMAC-SHA256(webhook signing key, timestamp + token); the body itself is not signed, so a token counts
once and for half a day (Mailgun tries again for eight hours).
"""
from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from channels._mail_api.form import Form, form_of
from channels._mail_api.provider import (
    Mail,
    Provider,
    basic,
    bounced,
    bracketed,
    complained,
    deferred,
    delivered,
    header_pairs,
    sentence,
    unsubscribed,
)
from channels._mail_api.provider import sent as accepted
from channels._mail_api.rebuild import Piece, rebuilt, with_recipients
from channels._mail_compose import Composed
from channels._payload import load, moment
from channels.base import Receipt, Request

WINDOW = 12 * 3600      # seconds
HOSTS = {"": "https://api.mailgun.net", "us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}


class Mailgun(Provider):
    name = "mailgun"
    label = "Mailgun"
    proof = ("signing_key",)

    # In

    def verify(self, request: Request) -> None:
        timestamp, token, given = self._signed(request)
        try:
            fresh = abs(time.time() - int(timestamp)) < WINDOW
        except ValueError:
            fresh = False
        fits = [hmac.compare_digest(hmac.new(key.encode(), f"{timestamp}{token}".encode(), sha256).hexdigest().encode(),
                                    given.strip().lower().encode("utf-8", "replace")) for key in self.keys()]
        if not token or not fresh or not any(fits):
            raise self.forged()

    def source_key(self, request: Request) -> str:
        token = self._signed(request)[1]
        return f"mailgun:{token}" if token else ""

    def _signed(self, request: Request) -> tuple[str, str, str]:
        """timestamp, token and signature; empty where they are missing."""
        try:
            if _is_json(request):
                found = load(request.body)["signature"]
                return str(found["timestamp"]), str(found["token"]), str(found["signature"])
            form = form_of(request)
            return form.get("timestamp"), form.get("token"), form.get("signature")
        except (LookupError, TypeError, ValueError, RecursionError):
            return "", "", ""

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        if _is_json(request):
            yield from _event(load(request.body)["event-data"])
            return
        form = form_of(request)
        if form.get("event"):
            yield from _old_event(form)
        else:
            yield _mail(form)

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        reply = self.http.post(
            self.url(f"/v3/{self._domain()}/messages.mime"), headers=self._login(),
            data=[("to", one) for one in mail.recipients], files={"message": ("message.eml", mail.data)})
        answer = self.answer(reply, "" if reply.ok else _complaint(reply.json()))
        return bracketed(self.accepted(answer.get("id")))

    def test(self) -> str:
        reply = self.http.get(self.url(f"/v3/domains/{self._domain()}"), headers=self._login())
        domain = self.answer(reply, "" if reply.ok else _complaint(reply.json())).get("domain") or {}
        if domain.get("state", "active") != "active":
            self.answer(reply, f"the domain {domain.get('name')} is {domain['state']}", broken=True)
        return f"Mailgun sends for {domain.get('name') or self._domain()}."

    def url(self, path: str) -> str:
        return (self.setting("api_base").rstrip("/") or HOSTS.get(self.setting("region").lower(), HOSTS[""])) + path

    def _domain(self) -> str:
        return self.setting("account") or self.setting("address").rpartition("@")[2]

    def _login(self) -> dict[str, str]:
        return basic("api", self.setting("api_key"))


def _is_json(request: Request) -> bool:
    return "json" in request.header("Content-Type") or request.body[:1] == b"{"


def _complaint(answer: Any) -> str:
    return str(answer.get("message") or "") if isinstance(answer, dict) else ""


def _mail(form: Form) -> Mail:
    suspect = "marked as spam by Mailgun" if form.get("X-Mailgun-Sflag").lower() == "yes" else ""
    reached = [form.get("recipient")]
    if whole := form.part("body-mime"):
        return Mail(with_recipients(whole.content, reached), suspect)
    headers = header_pairs(json.loads(form.get("message-headers") or "[]"))
    if not headers:
        headers = [(name, form.get(field)) for name, field in (
            ("From", "from"), ("To", "recipient"), ("Subject", "subject"), ("Date", "Date"),
            ("Message-Id", "Message-Id")) if form.get(field)]
    if not any(value for _, value in headers):
        raise ValueError("neither a mail nor an event")
    cids = {str(field): str(cid).strip("<>") for cid, field in json.loads(form.get("content-id-map") or "{}").items()}
    files = [Piece(p.file_name, p.content_type, p.content, cids.get(p.name, "")) for p in form.files]
    return Mail(rebuilt(headers, form.get("body-plain"), form.get("body-html") or (
        "" if form.get("body-plain") else form.get("stripped-html")), files, reached), suspect)


def _event(event: dict) -> Iterator[Receipt]:
    """https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhook-payloads"""
    kind, at = event["event"], moment(event.get("timestamp"))
    headers = (event.get("message") or {}).get("headers") or {}
    number = bracketed(headers.get("message-id"))
    to = str(event.get("recipient") or headers.get("to") or "")
    status = event.get("delivery-status") or {}
    words = status.get("message"), status.get("description") or (event.get("reject") or {}).get("reason")
    if kind == "delivered":
        yield delivered(number, at, to)
    elif kind == "accepted":
        yield accepted(number, at, to)
    elif kind == "failed":
        yield (deferred if event.get("severity") == "temporary" else bounced)(number, at, to, *words)
    elif kind == "rejected":
        yield bounced(number, at, to, *words)
    elif kind == "complained":
        yield complained(number, at, to)
    elif kind == "unsubscribed":
        yield unsubscribed(number, at, to)


def _old_event(form: Form) -> Iterator[Receipt]:
    """What accounts from before 2018 may still get: a form, to be read by the same rules."""
    number = bracketed(form.get("Message-Id") or form.get("message-id"))
    kind = {"dropped": "rejected", "bounced": "failed"}.get(form.get("event"), form.get("event"))
    words = sentence(form.get("code"), form.get("error") or form.get("notification"), form.get("description"))
    yield from _event({"event": kind, "timestamp": form.get("timestamp"), "recipient": form.get("recipient"),
                       "message": {"headers": {"message-id": number}}, "delivery-status": {"message": words}})
