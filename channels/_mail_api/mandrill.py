"""Mandrill (Mailchimp Transactional). In: inbound routes and webhooks, many events in one form. Out: send-raw.

Signature: base64 HMAC-SHA1(webhook key, address as Mandrill knows it + each field's name and value, by name). Each
webhook and route has its own key. A new address is asked by HEAD, then by an empty list under the key "test-webhook".
"""
from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from hashlib import sha1
from typing import Any

from channels._mail_api.form import Form, form_of
from channels._mail_api.provider import (
    SPAM_SCORE,
    SUPPRESSED,
    Mail,
    Provider,
    bounced,
    complained,
    deferred,
    delivered,
    header_pairs,
    number_in,
    sent,
    unsubscribed,
)
from channels._mail_api.rebuild import Piece, rebuilt, unpacked, with_recipients
from channels._mail_compose import Composed
from channels._payload import load, moment, objects
from channels.base import Receipt, Request, SendError

BROKEN = {"Invalid_Key", "PaymentRequired", "Unknown_Subaccount", "PaymentError"}
PASSING = {"GeneralError", "ServiceUnavailable"}
METADATA = "message_id"


class Mandrill(Provider):
    name = "mandrill"
    label = "Mandrill"
    proof = ("signing_key",)
    base = "https://mandrillapp.com/api/1.0"

    # In

    def verify(self, request: Request) -> None:
        if request.method == "HEAD":
            return                      # asks whether there is somebody, and is told no more than that
        given = request.header("X-Mandrill-Signature")
        try:
            form = form_of(request)
        except ValueError:
            raise self.forged() from None
        keys = [*self.keys(), *(["test-webhook"] if self.keys() and form.get("mandrill_events") == "[]" else [])]
        if not given or not any(hmac.compare_digest(_signature(key, request.url, form),
                                                    given.encode("utf-8", "replace")) for key in keys):
            raise self.forged()

    def handshake(self, request: Request) -> str | None:
        return "" if request.method == "HEAD" else None

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        body = request.body
        if body.lstrip()[:1] != b"[":
            part = form_of(request).part("mandrill_events")
            if part is None:
                raise ValueError("a form without mandrill_events")
            body = part.content
        for event in objects(load(b'{"events":' + body + b"}")["events"]):
            if event.get("event") == "inbound":
                yield _mail(event["msg"])
            else:
                yield from _event(event)

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        mark = f"X-MC-Metadata: {json.dumps({METADATA: mail.message_id})}\r\nX-MC-Track: none\r\n"
        answer = self._call("messages/send-raw", raw_message=mark + mail.data.decode("ascii", "surrogateescape"),
                            from_email=mail.sender, to=list(mail.recipients), **{"async": False})
        results = [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []
        first = next((one for one in results if str(one.get("email", "")).lower() == mail.recipients[0]),
                     results[0] if results else {})
        if first.get("status") in ("rejected", "invalid"):
            reason = first.get("reject_reason") or first["status"]
            raise SendError(f"Mandrill: {SUPPRESSED} ({reason})" if first["status"] == "rejected" else
                            "Mandrill: the address is not valid", permanent=True)
        return self.accepted(first.get("_id"))

    def test(self) -> str:
        who = self._call("users/info")
        return f"Mandrill knows this key as {who.get('username') if isinstance(who, dict) else ''}."

    def _call(self, path: str, **content: Any) -> Any:
        reply = self.http.post(self.url(f"/{path}.json"), json={"key": self.setting("api_key"), **content})
        answer = reply.json()
        if reply.ok and not (isinstance(answer, dict) and answer.get("status") == "error"):
            return answer
        answer = answer if isinstance(answer, dict) else {}
        name = answer.get("name")
        mistake = bool(name) and name not in PASSING        # Mandrill answers 500 to these, too
        return self.answer(reply, answer.get("message") or f"HTTP {reply.status}", broken=name in BROKEN, final=mistake,
                           passing=name in PASSING)


def _signature(key: str, url: str, form: Form) -> bytes:
    signed = url.encode() + b"".join(p.name.encode() + p.content for p in sorted(form.parts, key=lambda p: p.name))
    return base64.b64encode(hmac.new(key.encode(), signed, sha1).digest())


def _mail(message: dict) -> Mail:
    score = (message.get("spam_report") or {}).get("score")
    suspect = "marked as spam by Mandrill" if isinstance(score, int | float) and score >= SPAM_SCORE else ""
    reached = [message.get("email")]
    whole = message.get("raw_msg")
    if isinstance(whole, str) and whole:
        return Mail(with_recipients(whole.encode("utf-8", "replace"), reached), suspect)
    files = [Piece(str(one.get("name") or name), str(one.get("type") or ""),
                   unpacked(one.get("content")) if one.get("base64") else str(one.get("content") or "").encode(),
                   str(name) if kind == "images" else "")
             for kind in ("attachments", "images") for name, one in (message.get(kind) or {}).items()]
    text, html = str(message.get("text") or ""), str(message.get("html") or "")
    return Mail(rebuilt(header_pairs(message["headers"]), text, html, files, reached), suspect)


def _event(event: dict) -> Iterator[Receipt]:
    """https://mailchimp.com/developer/transactional/docs/webhooks/ . Other kinds say nothing of a mail."""
    message = event.get("msg") or {}
    number = (message.get("metadata") or {}) if isinstance(message.get("metadata"), dict) else {}
    number = number_in(number.get(METADATA) or message.get("_id") or event.get("_id"))
    kind, at, to = event.get("event"), moment(event.get("ts")), str(message.get("email") or "")
    words = message.get("diag"), message.get("bounce_description")
    if kind == "send":
        yield sent(number, at, to)
    elif kind == "delivered":
        yield delivered(number, at, to)
    elif kind == "deferral":
        yield deferred(number, at, to, *_tries(message))
    elif kind in ("hard_bounce", "soft_bounce"):
        yield bounced(number, at, to, *words)
    elif kind == "reject":
        yield bounced(number, at, to, SUPPRESSED, *words)
    elif kind == "spam":
        yield complained(number, at, to)
    elif kind == "unsub":
        yield unsubscribed(number, at, to)


def _tries(message: dict) -> list[Any]:
    tries = message.get("smtp_events")
    return [one.get("diag") for one in tries[-1:] if isinstance(one, dict)] if isinstance(tries, list) else []
