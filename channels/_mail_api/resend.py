"""Resend. In and out by JSON; a mail that comes in is announced, and fetched by its id.

Signature: Svix, which became Standard Webhooks; several secrets allowed.
"""
from __future__ import annotations

from collections.abc import Iterator

from channels._mail_api.letter import letter_of
from channels._mail_api.provider import (
    Mail,
    Provider,
    bounced,
    bracketed,
    complained,
    deferred,
    delivered,
    header_pairs,
    sent,
)
from channels._mail_api.rebuild import Piece, rebuilt, with_recipients
from channels._mail_compose import Composed
from channels._mail_headers import addresses
from channels._payload import load, moment, objects, word
from channels._standard_webhooks import fits
from channels.base import Receipt, Request, SendError


class Resend(Provider):
    name = "resend"
    label = "Resend"
    proof = ("signing_key",)
    base = "https://api.resend.com"

    # In

    def verify(self, request: Request) -> None:
        number, at, given = (request.header(f"svix-{one}") or request.header(f"webhook-{one}")
                             for one in ("id", "timestamp", "signature"))
        if not fits(self.keys(), number, at, given, request.body):
            raise self.forged()

    def source_key(self, request: Request) -> str:
        number = request.header("svix-id") or request.header("webhook-id")
        return f"svix:{number}" if number else ""

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        event = load(request.body)
        kind, about = event["type"], event.get("data") or {}
        if kind == "email.received":
            yield self._fetched(word(about["email_id"]))
        elif kind.startswith("email."):
            yield from _event(kind, event, about)

    def _fetched(self, number: str) -> Mail:
        found = self._get(self.url(f"/emails/receiving/{number}"), self.setting("api_key")).json() or {}
        to = [one for one in found.get("to") or () if isinstance(one, str)]
        if whole := (found.get("raw") or {}).get("download_url"):
            return Mail(with_recipients(self._get(whole).body, to))
        headers = header_pairs(found.get("headers"))
        there = {name.lower() for name, _ in headers}
        for name, value in (("From", found.get("from")), ("To", ", ".join(to)), ("Subject", found.get("subject")),
                            ("Cc", ", ".join(found.get("cc") or ())), ("Message-ID", found.get("message_id")),
                            ("Date", found.get("created_at"))):
            if value and name.lower() not in there:
                headers.append((name, str(value)))
        files = [Piece(str(one.get("filename") or ""), str(one.get("content_type") or ""),
                       self._get(one["download_url"]).body, str(one.get("content_id") or "").strip("<>"))
                 for one in objects(found.get("attachments")) if one.get("download_url")]
        return Mail(rebuilt(headers, found.get("text") or "", found.get("html") or "", files, to))

    def _get(self, url: str, token: str = ""):
        reply = self.http.get(url, token=token)
        if not reply.ok:
            raise SendError(f"Resend: the mail cannot be fetched (HTTP {reply.status})",
                            permanent=reply.status in (400, 401, 403, 404, 410), retry_after=reply.retry_after)
        return reply

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        letter = letter_of(mail)
        body = {"from": str(letter.sender), "to": [letter.to.email], "subject": letter.subject, "text": letter.text,
                "headers": {"Message-ID": letter.message_id, **letter.headers}}
        if letter.reply_to:
            body["reply_to"] = [str(letter.reply_to)]
        if letter.html:
            body["html"] = letter.html
        if letter.files:
            body["attachments"] = [{"filename": f.name, "content": f.base64, "content_type": f.content_type,
                                    **({"content_id": f.cid} if f.cid else {})} for f in letter.files]
        # The same key within a day gives the same answer and no second mail.
        reply = self.http.post(self.url("/emails"), json=body, token=self.setting("api_key"),
                               headers={"Idempotency-Key": key[:256]})
        return self.accepted(self._answered(reply).get("id"))

    def test(self) -> str:
        found = self._answered(self.http.get(self.url("/domains"), token=self.setting("api_key")))
        names = [one.get("name") for one in objects(found.get("data")) if one.get("status") == "verified"]
        return f"Resend sends for {', '.join(map(str, names)) or 'no verified domain yet'}."

    def _answered(self, reply) -> dict:
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        if reply.ok:
            return answer
        return self.answer(reply, answer.get("message") or f"HTTP {reply.status}",
                           passing=answer.get("name") == "concurrent_idempotent_requests")


def _event(kind: str, event: dict, about: dict) -> Iterator[Receipt]:
    """https://resend.com/docs/dashboard/webhooks/event-types . With several recipients it is not said whose news this
    is; the first one's, then: we put one address into To."""
    number = next((bracketed(value) for name, value in header_pairs(about.get("headers"))
                   if name.lower() == "message-id"), "") or word(about["email_id"])
    to = about.get("to")
    to = next((a for _, a in addresses(to[0])), "") if isinstance(to, list) and to and isinstance(to[0], str) else ""
    at, bounce = moment(event.get("created_at")), about.get("bounce") or {}
    if kind == "email.delivered":
        yield delivered(number, at, to)
    elif kind == "email.sent":
        yield sent(number, at, to)
    elif kind == "email.delivery_delayed":
        yield deferred(number, at, to)
    elif kind in ("email.bounced", "email.failed", "email.suppressed"):
        failed = about.get("failed") or about.get("suppressed") or {}
        yield bounced(number, at, to, bounce.get("subType"), bounce.get("message"), failed.get("reason"))
    elif kind == "email.complained":
        yield complained(number, at, to)
