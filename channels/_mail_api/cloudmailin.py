"""CloudMailin. In: a mail as JSON, as a multipart form, or whole. Out: its message API.

Nothing is signed: the address that it posts to carries a password. account is the SMTP user name, api_key its API
token. https://docs.cloudmailin.com/receiving_email/
"""
from __future__ import annotations

import re
from collections.abc import Iterator

from channels._mail_api.form import Form, form_of
from channels._mail_api.letter import letter_of
from channels._mail_api.provider import Mail, Provider, header_pairs
from channels._mail_api.rebuild import Piece, rebuilt, unpacked, with_recipients
from channels._mail_compose import Composed
from channels._payload import load, objects
from channels.base import Receipt, Request, SendError

NAMED = re.compile(r"headers\[([^\]]{1,200})\](?:\[\d+\])?")
RECIPIENT = re.compile(r"envelope\[(?:to|recipients)\](?:\[\d+\])?")


class CloudMailin(Provider):
    name = "cloudmailin"
    label = "CloudMailin"
    needs = ("account",)
    base = "https://api.cloudmailin.com/api/v0.1"

    # In

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        yield _json(load(request.body)) if request.body.lstrip()[:1] == b"{" else _form(form_of(request))

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        if not self.setting("account"):
            raise SendError("CloudMailin: please enter the SMTP user name as account", permanent=True, broken=True)
        letter = letter_of(mail)
        headers = {"Message-ID": letter.message_id, **letter.headers}
        if letter.reply_to:
            headers["Reply-To"] = str(letter.reply_to)
        message = {"from": str(letter.sender), "to": str(letter.to), "subject": letter.subject, "plain": letter.text,
                   "headers": headers, **({"html": letter.html} if letter.html else {})}
        if letter.files:
            message["attachments"] = [{"file_name": f.name, "content": f.base64, "content_type": f.content_type,
                                       **({"content_id": f.cid} if f.cid else {})} for f in letter.files]
        reply = self.http.post(self.url(f"/{self.setting('account')}/messages"), token=self.setting("api_key"),
                               json=message)
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        if not reply.ok:
            self.answer(reply, answer.get("error") or answer.get("message") or f"HTTP {reply.status}")
        self.accepted(answer.get("id"))
        return mail.message_id

    def test(self) -> str:
        missing = [name for name in ("account", "api_key") if not self.setting(name)]
        if missing:
            raise SendError("CloudMailin: account and API key are needed for sending", permanent=True, broken=True)
        return "CloudMailin cannot be asked without sending; write to the address to see that mail comes in."


def _suspect(spf: str) -> str:
    return "the sending server may not write for this address (SPF)" if spf == "fail" else ""


def _json(message: dict) -> Mail:
    envelope = message.get("envelope") or {}
    headers = header_pairs(message["headers"])
    if not headers:
        raise ValueError("a mail without a header")
    files = [Piece(str(one.get("file_name") or ""), str(one.get("content_type") or ""), unpacked(one.get("content")),
                   str(one.get("content_id") or "").strip("<>")) for one in objects(message.get("attachments"))
             if one.get("content") is not None]
    reached = [*(envelope.get("recipients") or ()), envelope.get("to")]
    return Mail(rebuilt(headers, message.get("plain") or "", message.get("html") or "", files, reached),
                _suspect(str((envelope.get("spf") or {}).get("result"))))


def _form(form: Form) -> Mail:
    reached = [part.text for part in form.parts if RECIPIENT.fullmatch(part.name)]
    suspect = _suspect(form.get("envelope[spf][result]"))
    if whole := form.part("message"):
        return Mail(with_recipients(whole.content, reached), suspect)
    headers = [(found[1], part.text) for part in form.parts if (found := NAMED.fullmatch(part.name))]
    if not headers:
        raise ValueError("a mail without a header")
    files = [Piece(p.file_name, p.content_type, p.content, p.cid) for p in form.files]
    return Mail(rebuilt(headers, form.get("plain"), form.get("html"), files, reached), suspect)
