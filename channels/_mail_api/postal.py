"""Postal, which people run themselves. In: HTTP endpoints of routes (the whole mail or fields), webhooks. Out:
send/raw. api_base is where it runs; signing_key its public key, as PEM or the p= of its DKIM record.

Signature: base64 RSA over the body, by SHA-1, and by SHA-256 in X-Postal-Signature-256. https://docs.postalserver.io
"""
from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels._mail_api.provider import Mail, Provider, bounced, bracketed, deferred, delivered
from channels._mail_api.rebuild import Piece, rebuilt, unpacked, with_recipients
from channels._mail_compose import Composed
from channels._payload import load, moment, objects
from channels.base import Receipt, Request, SendError

BROKEN = {"AccessDenied", "InvalidServerAPIKey", "ServerSuspended", "UnauthenticatedFromAddress"}
PEM = re.compile(r"-----[^-]+-----|[\s;]|^\s*p=")
STATUS = {"MessageSent": "Sent", "MessageDelayed": "SoftFail", "MessageDeliveryFailed": "HardFail",
          "MessageHeld": "Held"}


class Postal(Provider):
    name = "postal"
    label = "Postal"
    proof = ("signing_key",)
    needs = ("api_base",)

    # In

    def verify(self, request: Request) -> None:
        for header, hash_of in (("X-Postal-Signature-256", SHA256), ("X-Postal-Signature", SHA1)):
            if given := request.header(header):
                if _fits(self.setting("signing_key"), given, request.body, hash_of):
                    return
                break
        raise self.forged()

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        message = load(request.body)
        if "event" in message and "payload" in message:
            yield from _event(message["event"], message, message["payload"])
        elif isinstance(message.get("message"), str):
            whole = message["message"]
            raw = unpacked(whole) if message.get("base64") else whole.encode("utf-8", "replace")
            yield Mail(with_recipients(raw, [message.get("rcpt_to")]), _suspect(message))
        else:
            yield _fields(message)

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        found = self._call("send/raw", mail_from=mail.sender, rcpt_to=list(mail.recipients),
                           data=base64.b64encode(mail.data).decode())
        return bracketed(self.accepted(found.get("message_id")))

    def test(self) -> str:
        try:
            self._call("messages/message", id=0)
        except SendError as error:
            if error.broken or not error.permanent:
                raise
        return f"Postal at {self.setting('api_base')} takes this key."

    def _call(self, path: str, **content) -> dict:
        if not self.setting("api_base"):
            raise SendError("Postal: please enter the address of your Postal server as API address", permanent=True,
                            broken=True)
        reply = self.http.post(self.url(f"/api/v1/{path}"), json=content,
                               headers={"X-Server-API-Key": self.setting("api_key")})
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        data = answer.get("data") if isinstance(answer.get("data"), dict) else {}
        if reply.ok and answer.get("status") == "success":
            return data
        words = data.get("message") or data.get("code") or answer.get("status") or f"HTTP {reply.status}"
        return self.answer(reply, words, broken=data.get("code") in BROKEN,
                           final=answer.get("status") in ("error", "parameter-error"))


def _fits(key: str, signature: str, body: bytes, hash_of) -> bool:
    try:
        public = load_der_public_key(base64.b64decode(PEM.sub("", key)))
        if not isinstance(public, RSAPublicKey):
            return False
        public.verify(base64.b64decode(signature), body, PKCS1v15(), hash_of())
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _suspect(message: dict) -> str:
    return "marked as spam by Postal" if message.get("spam_status") == "Spam" else ""


def _fields(message: dict) -> Mail:
    headers = [(name, str(message[field])) for name, field in (
        ("From", "from"), ("To", "to"), ("Cc", "cc"), ("Subject", "subject"), ("Date", "date"),
        ("In-Reply-To", "in_reply_to"), ("References", "references"), ("Reply-To", "reply_to"),
        ("Auto-Submitted", "auto_submitted")) if message.get(field)]
    if not headers:
        raise ValueError("neither a mail nor an event")
    headers.append(("Message-ID", bracketed(message.get("message_id"))))
    files = [Piece(str(one.get("filename") or ""), str(one.get("content_type") or ""), unpacked(one.get("data")))
             for one in objects(message.get("attachments"))]
    return Mail(rebuilt(headers, message.get("plain_body") or "", message.get("html_body") or "", files,
                        [message.get("rcpt_to")]), _suspect(message))


def _event(kind: str, event: dict, payload: dict) -> Iterator[Receipt]:
    message = payload.get("message") or payload.get("original_message") or {}
    number = bracketed(message.get("message_id"))
    if not number or message.get("direction") == "incoming":
        return
    at, to = moment(payload.get("timestamp") or event.get("timestamp")), str(message.get("to") or "")
    words = payload.get("details"), payload.get("output")
    status = "Bounced" if payload.get("bounce") else payload.get("status") or STATUS.get(kind)
    if status == "Sent":
        yield delivered(number, at, to)
    elif status == "SoftFail":
        yield deferred(number, at, to, *words)
    elif status in ("HardFail", "Bounced"):
        yield bounced(number, at, to, *words)
    elif status == "Held":
        yield deferred(number, at, to, "Postal holds this mail for its administrator", *words)
