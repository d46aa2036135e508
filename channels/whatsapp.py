"""WhatsApp Cloud API.

https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components
https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from channels._meta import WINDOW_CLOSED, Meta, settings_of
from channels._parts import fitting_buttons, one_at_a_time, single
from channels._payload import load, objects
from channels._whatsapp_facts import facts
from channels._whatsapp_templates import components, template
from channels.base import (
    Can,
    Fact,
    File,
    Outbound,
    Request,
    SendError,
    Setting,
    Status,
    Step,
    Template,
)

CAPTION = 1024
TEMPLATE_PAGES = 50         # of a hundred; an account has at most 6,000
MB = 2**20
SHOWN = {"image/jpeg": ("image", 5 * MB), "image/png": ("image", 5 * MB),
         "video/mp4": ("video", 16 * MB), "video/3gpp": ("video", 16 * MB),
         "audio/aac": ("audio", 16 * MB), "audio/amr": ("audio", 16 * MB), "audio/mpeg": ("audio", 16 * MB),
         "audio/mp4": ("audio", 16 * MB), "audio/ogg": ("audio", 16 * MB)}


class WhatsApp(Meta):
    name = "whatsapp"
    label = "WhatsApp"
    remarks = "Cloud API; business numbers only"
    identity_kind = "phone"
    proves_sender = True
    can = Can(text_limit=4096, files=True, file_limit=100 * MB, buttons=3, reply_window=timedelta(hours=24),
              templates=True, typing=True, per_second=80,
              hears=frozenset({"edits", "unsends", "reactions", "echoes"}),
              receipts=frozenset({Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED}))
    settings = settings_of(
        Setting("phone_number_id", "Phone number ID"),
        Setting("business_account_id", "Business account ID", required=False,
                help="Of the WhatsApp Business account. With it, approved templates can be sent when the 24 hours for "
                     "a free reply are over."))

    # In

    def parse(self, request: Request) -> Iterator[Fact]:
        return facts(load(request.body))

    # Out

    def prepare(self, message: Outbound) -> list[Outbound]:
        if message.template:
            return [message]
        # Reply buttons: three, titles of 20 characters, ids of 256, beside a text of 1,024.
        fitted = fitting_buttons(message, self.can.buttons, label=20, payload=256, text=1024)
        return one_at_a_time(super().prepare(fitted), _captioned)

    def send(self, message: Outbound) -> str:
        if not message.within_window and not message.template:
            raise SendError(WINDOW_CLOSED, permanent=True)
        part = single(self.prepare(message))
        # People who hide their number are known by a business-scoped id, which goes into a field of its own.
        to = {"to": part.address.lstrip("+")} if part.address.startswith("+") else {"recipient": part.address}
        body: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "individual", **to}
        if part.replies_to:
            body["context"] = {"message_id": part.replies_to[0]}
        body.update(self._said(part))
        answer = self._post(f"{self.config['phone_number_id']}/messages", json=body)
        try:
            return str(answer["messages"][0]["id"])
        except (LookupError, TypeError):
            raise SendError("WhatsApp accepted the message without naming an id", uncertain=True) from None

    def _said(self, part: Outbound) -> dict[str, Any]:
        if part.template:
            media = self._upload(part.files[0]) if part.files else None
            return {"type": "template", "template": {
                "name": part.template.name, "language": {"code": part.template.language},
                "components": components(part.template, media)}}
        if part.files:
            kind, media = _kind(part.files[0]), self._upload(part.files[0])
            return {"type": kind, kind: {**media, **({"caption": part.text} if part.text else {})}}
        if not part.buttons:
            return {"type": "text", "text": {"body": part.text, "preview_url": False}}
        buttons = [{"type": "reply", "reply": {"id": b.payload, "title": b.label}} for b in part.buttons]
        return {"type": "interactive", "interactive": {"type": "button", "body": {"text": part.text},
                                                       "action": {"buttons": buttons}}}

    def _upload(self, file: tuple[str, str, bytes]) -> dict[str, Any]:
        """The file as a message names it, once WhatsApp has its bytes."""
        name, content_type, data = file
        if len(data) > self.can.file_limit:
            raise SendError("WhatsApp carries files of up to 100 MB", permanent=True)
        try:
            answer = self._post(f"{self.config['phone_number_id']}/media",
                                data={"messaging_product": "whatsapp", "type": content_type},
                                files={"file": (name, data, content_type)})
        except SendError as error:      # an upload shows nothing to anybody, so it may always be repeated
            error.uncertain = False
            raise
        return {"id": str(answer.get("id", "")), **({"filename": name} if _kind(file) == "document" else {})}

    def download(self, file: File) -> bytes:
        """A media id leads to an address that lives for minutes and wants the token, too."""
        if not re.fullmatch(r"[\w.-]+", file.ref):
            raise SendError("this is no media id of WhatsApp", permanent=True)
        found = self._get(f"{file.ref}?phone_number_id={self.config['phone_number_id']}")
        if not found.get("url"):
            raise SendError("WhatsApp names no address for this file", permanent=True)
        return self._bytes(str(found["url"]), token=self.config["access_token"])

    def typing(self, address: str, replies_to: Sequence[str] = ()) -> None:
        """Shown below the message that is answered, which is marked as read with it."""
        if replies_to:
            self._post(f"{self.config['phone_number_id']}/messages", json={
                "messaging_product": "whatsapp", "status": "read", "message_id": replies_to[0],
                "typing_indicator": {"type": "text"}})

    def templates(self) -> list[Template]:
        account, path, found = self.config.get("business_account_id", ""), "", []
        if not account:
            return []
        fields = "name,language,status,category,components,rejected_reason"
        for _ in range(TEMPLATE_PAGES):
            page = self._get(f"{account}/message_templates?fields={fields}&limit=100{path}")
            found += [template(one) for one in objects(page.get("data"))]
            after = ((page.get("paging") or {}).get("cursors") or {}).get("after")
            if not after or not (page.get("paging") or {}).get("next"):
                break
            path = f"&after={quote(str(after), safe='')}"
        return found

    def steps(self, webhook: str) -> list[Step]:
        business = self.config.get("business_account_id", "")
        return [*super().steps(webhook), *([self.subscribed(business)] if business else [])]

    def test(self) -> str:
        number = self._get(f"{self.config['phone_number_id']}?fields=display_phone_number,verified_name")
        return f"The number is {number.get('display_phone_number')} ({number.get('verified_name')})."


def _captioned(text: str, file: tuple[str, str, bytes]) -> bool:
    return len(text) <= CAPTION and _kind(file) != "audio"


def _kind(file: tuple[str, str, bytes]) -> str:
    kind, most = SHOWN.get(file[1].partition(";")[0].strip().lower(), ("document", 0))
    return kind if len(file[2]) <= most else "document"
