"""Postmark: /email and /server of its API, its inbound webhook and those of its message stream."""
from __future__ import annotations

import base64
import json
import uuid
from email.utils import format_datetime, parseaddr
from typing import Any

from werkzeug.wrappers import Request, Response

from channels.simulators._memory import StoredFile
from channels.simulators._provider import MailProvider, Written

CODES = {401: 10, 422: 300, 429: 429, 406: 406}
KINDS = {"delivered": "Delivery", "bounced": "Bounce", "delayed": "Bounce", "complained": "SpamComplaint",
         "unsubscribed": "SubscriptionChange"}


class PostmarkSimulator(MailProvider):
    """`webhook_password` is what the webhook's address would carry."""

    def __init__(self, api_key: str, webhook_password: str = "", **more: Any):
        super().__init__(api_key, **more)
        self.webhook_password = webhook_password

    def known(self, request: Request) -> bool:
        return request.headers.get("X-Postmark-Server-Token") == self.api_key

    def refusal(self, status: int, message: str) -> Response:
        return _json({"ErrorCode": CODES.get(status, 0), "Message": message}, status)

    def answered(self, request: Request) -> Response:
        if request.path == "/server":
            return _json({"ID": 1, "Name": "Simulated"})
        if request.path != "/email" or request.method != "POST":
            return Response("", 404)
        mail = request.get_json()
        address = parseaddr(mail["To"])[1]
        if "@" not in address or not (mail.get("TextBody") or mail.get("HtmlBody")):
            return self.refusal(422, "Invalid email request")
        headers = {one["Name"]: one["Value"] for one in mail.get("Headers", ())}
        number = str(uuid.uuid4())
        kept = headers.get("Message-ID") if headers.get("X-PM-KeepID") == "true" else f"<{number}@mtasv.net>"
        files = [StoredFile(one["Name"], one["ContentType"], base64.b64decode(one["Content"]))
                 for one in mail.get("Attachments", ())]
        self.take(address, kept, mail.get("TextBody", "").rstrip("\n"), files, uuid=number,
                  html=mail.get("HtmlBody", ""), subject=mail.get("Subject", ""), metadata=mail.get("Metadata", {}),
                  reply_to=parseaddr(mail.get("ReplyTo") or mail["From"])[1], headers=headers,
                  replies_to=headers.get("In-Reply-To", ""))
        return _json({"To": mail["To"], "SubmittedAt": self.clock().isoformat(), "MessageID": number, "ErrorCode": 0,
                      "Message": "OK"})

    def forwarded(self, mail: Written) -> tuple[dict[str, str], bytes]:
        headers = {"Message-ID": mail.id, **({"In-Reply-To": mail.replies_to, "References": mail.replies_to}
                                             if mail.replies_to else {})}
        payload = {
            "From": mail.address, "FromFull": {"Email": mail.address, "Name": mail.name, "MailboxHash": ""},
            "ToFull": [{"Email": mail.to, "Name": "", "MailboxHash": ""}], "OriginalRecipient": mail.to,
            "Subject": mail.subject, "MessageID": str(uuid.uuid4()), "Date": format_datetime(mail.at),
            "TextBody": mail.text, "HtmlBody": "", "Tag": "",
            "Headers": [{"Name": name, "Value": value} for name, value in headers.items()], "Attachments": []}
        if mail.file:
            name, content_type, content = mail.file
            payload["Attachments"] = [{"Name": name, "ContentType": content_type, "ContentLength": len(content),
                                       "Content": base64.b64encode(content).decode()}]
        return self._call(payload)

    def news(self, kind: str, entry: dict[str, Any], reason: str) -> tuple[dict[str, str], bytes]:
        at = self.clock().isoformat()
        payload = {"RecordType": KINDS[kind], "MessageID": entry["uuid"], "Metadata": entry["metadata"],
                   "Recipient": entry["address"], "Email": entry["address"], "Details": reason, "DeliveredAt": at,
                   "BouncedAt": at, "ChangedAt": at}
        payload |= {"bounced": {"Type": "HardBounce", "TypeCode": 1}, "delayed": {"Type": "Transient", "TypeCode": 2},
                    "unsubscribed": {"SuppressSending": True, "SuppressionReason": "ManualSuppression"}}.get(kind, {})
        return self._call(payload)

    def _call(self, payload: dict) -> tuple[dict[str, str], bytes]:
        login = base64.b64encode(f"helpdesk:{self.webhook_password}".encode()).decode()
        return {"Content-Type": "application/json", "Authorization": f"Basic {login}"}, json.dumps(payload).encode()


def _json(answer: dict, status: int = 200) -> Response:
    return Response(json.dumps(answer), status, content_type="application/json")
