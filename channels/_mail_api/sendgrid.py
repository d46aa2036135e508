"""SendGrid. In: Inbound Parse (fields, or the whole mail), the Event Webhook. Out: v3/mail/send.

Signature of the Event Webhook, and of Inbound Parse where it is switched on: ECDSA P-256 with SHA-256 over timestamp +
body, checked with the public key of the account. What comes unsigned must bring the password.
"""
from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels._charset import to_text
from channels._mail_api.form import Form, form_of
from channels._mail_api.letter import Address, letter_of
from channels._mail_api.provider import (
    SPAM_SCORE,
    Mail,
    Provider,
    bounced,
    bracketed,
    complained,
    deferred,
    delivered,
    number_in,
    sent,
    unsubscribed,
)
from channels._mail_api.rebuild import Piece, rebuilt, with_recipients
from channels._mail_compose import Composed
from channels._payload import load, moment, objects
from channels.base import Receipt, Request, SendError

OURS = "helpdesk_message_id"        # a custom argument, which comes back in every event
FOLDED = re.compile(r"\r?\n[ \t]+")
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


class SendGrid(Provider):
    name = "sendgrid"
    label = "SendGrid"
    proof = ("webhook_secret", "signing_key")
    base = "https://api.sendgrid.com"

    # In

    def verify(self, request: Request) -> None:
        signature = request.header(SIGNATURE)
        if not signature or not self.keys():
            return self.check_password(request)
        signed = request.header(TIMESTAMP).encode("utf-8", "replace") + request.body
        if not any(_fits(key, signature, signed) for key in self.keys()):
            raise self.forged()

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        if request.body.lstrip()[:1] in (b"[", b"{"):
            for event in objects(load(b'{"events":' + request.body + b"}")["events"]):
                yield from _event(event)
        else:
            yield _mail(form_of(request))

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        letter = letter_of(mail)
        body = {"personalizations": [{"to": [_person(letter.to)]}], "from": _person(letter.sender),
                "subject": letter.subject or "(no subject)",
                "content": [{"type": "text/plain", "value": letter.text or " "},
                            *([{"type": "text/html", "value": letter.html}] if letter.html else [])],
                "headers": {"Message-ID": letter.message_id, **letter.headers},
                "custom_args": {OURS: letter.message_id},
                "tracking_settings": {"click_tracking": {"enable": False}, "open_tracking": {"enable": False}}}
        if letter.reply_to:
            body["reply_to"] = _person(letter.reply_to)
        if letter.files:
            body["attachments"] = [{"content": f.base64, "type": f.content_type, "filename": f.name, **(
                {"disposition": "inline", "content_id": f.cid} if f.cid else {"disposition": "attachment"})}
                for f in letter.files]
        reply = self.http.post(self.url("/v3/mail/send"), json=body, token=self.setting("api_key"))
        self._answered(reply)
        return mail.message_id      # kept by SendGrid; its own number differs for each recipient

    def test(self) -> str:
        found = self._answered(self.http.get(self.url("/v3/scopes"), token=self.setting("api_key")))
        if "mail.send" not in (found.get("scopes") or []):
            raise SendError("SendGrid: this API key may not send mail", permanent=True, broken=True)
        return "SendGrid takes mail with this key."

    def _answered(self, reply) -> dict:
        if reply.ok:
            return reply.json() if isinstance(reply.json(), dict) else {}
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        words = "; ".join(str(one.get("message")) for one in answer.get("errors") or () if isinstance(one, dict))
        reset = reply.headers.get("x-ratelimit-reset", "")
        if reply.status == 429 and reply.retry_after is None and reset.isdigit():
            raise SendError(f"SendGrid: {words or 'too many requests'}",
                            retry_after=max(1, min(int(reset[:12]) - int(time.time()), 3600)), slow_down=True)
        return self.answer(reply, words or f"HTTP {reply.status}")


def _fits(key: str, signature: str, signed: bytes) -> bool:
    try:
        public = load_der_public_key(base64.b64decode(key))
        if not isinstance(public, EllipticCurvePublicKey):
            return False
        public.verify(base64.b64decode(signature), signed, ECDSA(SHA256()))
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def _person(who: Address) -> dict[str, str]:
    return {"email": who.email, **({"name": who.name} if who.name else {})}


def _mail(form: Form) -> Mail:
    reached = json.loads(form.get("envelope") or "{}").get("to") or [form.get("to")]
    suspect = "marked as spam by SendGrid" if _number(form.get("spam_score")) >= SPAM_SCORE else ""
    if whole := form.part("email"):
        return Mail(with_recipients(whole.content, reached), suspect)
    charsets = json.loads(form.get("charsets") or "{}")

    def words(name: str) -> str:
        part = form.part(name)
        return to_text(part.content, str(charsets.get(name) or "")) if part else ""

    headers = [tuple(line.split(":", 1)) for line in FOLDED.sub(" ", form.get("headers")).splitlines() if ":" in line]
    headers = [(name.strip(), value.strip()) for name, value in headers]
    there = {name.lower() for name, _ in headers}
    headers += [(name.capitalize(), words(name)) for name in ("from", "to", "cc", "subject")
                if name not in there and words(name)]
    if not headers:
        raise ValueError("neither a mail nor events")
    files, html = [], words("html")
    info = json.loads(form.get("attachment-info") or "{}")
    for part in form.files:
        about = info.get(part.name) or {}
        if about.get("type") == "text/html" and not about.get("filename"):     # a further piece of the mail's own words
            html += "\n" + to_text(part.content, str(about.get("charset") or ""))
        else:
            name, kind = about.get("filename") or part.file_name, about.get("type") or part.content_type
            files.append(Piece(str(name), str(kind), part.content, str(about.get("content-id") or "").strip("<>")))
    return Mail(rebuilt(headers, words("text"), html, files, reached), suspect)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _event(event: dict) -> Iterator[Receipt]:
    """https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event"""
    kind, at, to = event.get("event"), moment(event.get("timestamp")), str(event.get("email") or "")
    number = number_in(event.get(OURS) or bracketed(event.get("smtp-id"))
                       or str(event.get("sg_message_id") or "").partition(".filter")[0])
    words = event.get("reason") or event.get("response"), event.get("status")
    if kind == "delivered":
        yield delivered(number, at, to)
    elif kind == "processed":
        yield sent(number, at, to)
    elif kind == "deferred":
        yield deferred(number, at, to, *words)
    elif kind in ("bounce", "blocked", "dropped"):
        yield bounced(number, at, to, *words)
    elif kind == "spamreport":
        yield complained(number, at, to)
    elif kind in ("unsubscribe", "group_unsubscribe"):
        yield unsubscribed(number, at, to)
