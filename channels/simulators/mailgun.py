"""Mailgun: messages.mime and the domain of its API, its routes and its webhooks, with real signatures."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any

from werkzeug.wrappers import Request, Response

from channels.simulators._memory import StoredFile
from channels.simulators._provider import MailProvider, Written

KINDS = {"delivered": ("delivered", ""), "bounced": ("failed", "permanent"), "delayed": ("failed", "temporary"),
         "complained": ("complained", ""), "unsubscribed": ("unsubscribed", "")}


class MailgunSimulator(MailProvider):
    """`signing_key` is the account's HTTP webhook signing key. `whole`: routes forward the whole mail, not fields."""
    refusals = {**MailProvider.refusals, "for_good": {"code": 400, "message": "to parameter is not a valid address"}}

    def __init__(self, api_key: str, signing_key: str = "", whole: bool = False, **more: Any):
        super().__init__(api_key, **more)
        self.signing_key, self.whole = signing_key, whole

    def known(self, request: Request) -> bool:
        return bool(request.authorization) and request.authorization.password == self.api_key

    def refusal(self, status: int, message: str) -> Response:
        return _json({"message": message}, status)

    def answered(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        if parts[:2] == ["v3", "domains"]:
            return _json({"domain": {"name": f"{parts[2]} (simulated)", "state": "active"}})
        if request.method != "POST" or parts[-1] != "messages.mime":
            return Response("", 404)
        upload = request.files.get("message")
        recipients = request.form.getlist("to")
        if upload is None or not recipients:
            return self.refusal(400, "to and message are needed")
        mail = message_from_bytes(upload.read(), policy=policy.default)
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        number = str(mail["Message-ID"]).strip()
        files = [StoredFile(part.get_filename() or "", part.get_content_type(), part.get_payload(decode=True) or b"")
                 for part in mail.iter_attachments()]
        for address in recipients:
            self.take(address, number, plain.get_content().replace("\r\n", "\n").rstrip("\n") if plain else "", files,
                      html=html.get_content() if html else "", subject=str(mail["Subject"] or ""),
                      reply_to=(mail["Reply-To"] or mail["From"]).addresses[0].addr_spec,
                      replies_to=str(mail["In-Reply-To"] or "").strip(), headers=dict(mail.items()))
        return _json({"id": number, "message": "Queued. Thank you."})

    def forwarded(self, mail: Written) -> tuple[dict[str, str], bytes]:
        message = _mail(mail)
        fields = {"recipient": mail.to, "sender": mail.address, "from": str(message["From"]), "subject": mail.subject}
        if self.whole:
            return _form(fields | {"body-mime": message.as_bytes().decode(), **self.signature()})
        fields |= {"message-headers": json.dumps(list(map(list, message.items()))), "body-plain": mail.text}
        return _form(fields | self.signature(), [("attachment-1", *mail.file)] if mail.file else [])

    def news(self, kind: str, entry: dict[str, Any], reason: str) -> tuple[dict[str, str], bytes]:
        event, severity = KINDS[kind]
        payload = {"signature": self.signature(), "event-data": {
            "event": event, "severity": severity, "timestamp": self.clock().timestamp(), "recipient": entry["address"],
            "message": {"headers": {"message-id": entry["id"].strip("<>")}},
            "delivery-status": {"message": reason, "description": ""}}}
        return {"Content-Type": "application/json"}, json.dumps(payload).encode()

    def signature(self) -> dict[str, str]:
        """timestamp, token and signature, as every call of Mailgun brings them."""
        timestamp, token = str(int(time.time())), secrets.token_hex(25)
        digest = hmac.new(self.signing_key.encode(), (timestamp + token).encode(), hashlib.sha256).hexdigest()
        return {"timestamp": timestamp, "token": token, "signature": digest}


def _mail(mail: Written) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = formataddr((mail.name, mail.address)), mail.to, mail.subject
    message["Date"], message["Message-ID"] = format_datetime(mail.at), mail.id
    if mail.replies_to:
        message["In-Reply-To"] = message["References"] = mail.replies_to
    message.set_content(mail.text)
    if mail.file:
        main, _, sub = mail.file[1].partition("/")
        message.add_attachment(mail.file[2], maintype=main, subtype=sub, filename=mail.file[0])
    return message


def _form(fields: dict[str, str], files: list[tuple[str, str, str, bytes]] = ()) -> tuple[dict[str, str], bytes]:
    mark = f"sim-{base64.b16encode(secrets.token_bytes(12)).decode()}"
    body = b"".join(f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                    for name, value in fields.items())
    for field, name, content_type, content in files:
        body += (f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                 f"Content-Type: {content_type}\r\n\r\n").encode() + content + b"\r\n"
    return {"Content-Type": f"multipart/form-data; boundary={mark}"}, body + f"--{mark}--\r\n".encode()


def _json(answer: dict, status: int = 200) -> Response:
    return Response(json.dumps(answer), status, content_type="application/json")
