"""A composed mail, taken apart for the providers whose API wants fields in place of the mail itself."""
from __future__ import annotations

import base64
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from channels._mail_compose import Composed

OF_THEIR_OWN = {"from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version", "sender",
                "return-path", "dkim-signature"}


@dataclass(frozen=True)
class Address:
    name: str
    email: str

    def __str__(self) -> str:
        quoted = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{self.email}>' if self.name else self.email


@dataclass(frozen=True)
class Enclosed:
    """One file, with its bytes in base64 as every such API takes them."""
    name: str
    content_type: str
    base64: str
    cid: str = ""


@dataclass(frozen=True)
class Letter:
    """`headers` are those beside the usual ones: In-Reply-To, References, Auto-Submitted, and the mark by which we
    know our own mail. `to` is the one who gets this copy: these APIs send to everybody whom they show, so the others,
    who get copies of their own, are not named."""
    sender: Address
    to: Address
    reply_to: Address | None
    subject: str
    text: str
    html: str
    message_id: str
    headers: dict[str, str] = field(default_factory=dict)
    files: list[Enclosed] = field(default_factory=list)


def letter_of(mail: Composed) -> Letter:
    """The fields of a composed mail."""
    message = message_from_bytes(mail.data, policy=SMTP)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    headers = {name: " ".join(str(value).split()) for name, value in message.items()
               if name.lower() not in OF_THEIR_OWN and not name.lower().startswith("content-")}
    shown = {a.addr_spec.lower(): Address(a.display_name, a.addr_spec)
             for name in ("To", "Cc") if message[name] for a in message[name].addresses}
    to = shown.get(mail.recipients[0].lower(), Address("", mail.recipients[0]))
    return Letter(_one(message, "From") or Address("", mail.sender), to, _one(message, "Reply-To"),
                  str(message["Subject"] or ""), _words(plain), _words(html), mail.message_id, headers,
                  [_enclosed(part) for part in _files(message)])


def _one(message: EmailMessage, name: str) -> Address | None:
    found = message[name].addresses if message[name] else ()
    return Address(found[0].display_name, found[0].addr_spec) if found else None


def _words(part: EmailMessage | None) -> str:
    return part.get_content().replace("\r\n", "\n") if part else ""


def _files(message: EmailMessage):
    bodies = {id(message.get_body((kind,))) for kind in ("plain", "html")}
    return [p for p in message.walk() if not p.is_multipart() and id(p) not in bodies]


def _enclosed(part: EmailMessage) -> Enclosed:
    content = part.get_payload(decode=True) or b""
    return Enclosed(part.get_filename() or "attachment", part.get_content_type(), base64.b64encode(content).decode(),
                    str(part.get("Content-ID", "")).strip().strip("<>"))
