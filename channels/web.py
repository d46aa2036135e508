"""The chat on the company's own site.

Nothing here goes over a network: the visitor's browser talks to the helpdesk itself, which stores what was written as
a raw delivery like any other medium's, and the visitor's page fetches what was answered. A raw delivery is the JSON
object {"visitor", "client_id", "text", "payload", "fresh", "page", "locale", "name", "sent_at"}; one with a file
carries the file's bytes as its body and that object, with "file": {"name", "content_type"}, in the query as "message".
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime

from channels.base import Can, Channel, File, Inbound, Outbound, Receipt, Request, Setting, Status

# What visitors may send: by the ending, since the type a browser names is a guess from it too.
FILE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".heic", ".pdf", ".txt", ".csv", ".log", ".json", ".eml",
                ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods", ".odp", ".rtf", ".zip",
                ".mp3", ".m4a", ".ogg", ".wav", ".mp4", ".mov", ".webm")
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Web(Channel):
    """Messages from the widget. The visitor's token proves which browser writes, so the sender is certain."""
    name, label, word = "web", "Web chat", "chat"
    remarks = "on your own site; typing is shown both ways"
    identity_kind = "visitor"
    proves_sender = True
    instant = True
    can = Can(text_limit=10_000, files=True, file_limit=10_000_000, buttons=8, idempotent=True,
              receipts=frozenset({Status.SENT, Status.DELIVERED, Status.READ}))
    settings = (
        Setting("title", "Title", required=False, help="Stands at the top of the chat; otherwise the company's name."),
        Setting("greeting", "Greeting", required=False, help="Otherwise a greeting in the visitor's language."),
        Setting("color", "Accent colour", required=False, default="#2557d6", help="As #rrggbb."),
        Setting("origins", "Sites", required=False,
                help="Where the chat may be embedded, as https://shop.example, separated by spaces. "
                     "Empty: anywhere, which is meant for setting up."),
        Setting("identity_secret", "Identity secret", secret=True, required=False,
                help="With it your site signs who is signed in (JWT, HS256), 32 characters or more. "
                     "While you change it, both separated by a space."),
    )

    def parse(self, request: Request) -> Iterable[Inbound | Receipt]:
        """The one message of a raw delivery."""
        given = json.loads(request.query.get("message") or request.body)
        visitor, client_id = given["visitor"], given["client_id"]
        if not visitor or not CLIENT_ID.fullmatch(client_id):
            raise ValueError("no visitor or no usable client_id")
        files = ()
        if file := given.get("file"):
            files = (File(file["name"], file["content_type"], content=request.body, size=len(request.body)),)
        yield Inbound(
            external_id=f"{visitor}:{client_id}", address=visitor, sent_at=datetime.fromisoformat(given["sent_at"]),
            text=str(given.get("text") or ""), payload=str(given.get("payload") or ""), name=given.get("name") or "",
            locale=given.get("locale") or "", fresh=bool(given.get("fresh")), files=files, raw=given)

    def send(self, message: Outbound) -> str:
        """The visitor's page was told when the answer was written; there is nothing left to hand over."""
        return message.id

    def test(self) -> str:
        return "The chat needs no account. Put the snippet into your site and open it."
