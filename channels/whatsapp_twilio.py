"""WhatsApp, over Twilio: for firms that have their number there. Templates are Twilio's content templates.

https://www.twilio.com/docs/whatsapp/api
https://www.twilio.com/docs/content/content-and-approvals-resources
"""
from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from channels._payload import objects
from channels._twilio import API, WORDS, Twilio
from channels._whatsapp_templates import PLACE
from channels.base import Can, Outbound, SendError, Status, Template

CONTENT_API = "https://content.twilio.com"
PAGES = 20          # of a hundred


class TwilioWhatsApp(Twilio):
    name = "whatsapp_twilio"
    label = "WhatsApp (Twilio)"
    word = "WhatsApp"
    prefix = "whatsapp:"
    remarks = "the same as WhatsApp, for numbers at Twilio"
    can = Can(text_limit=1600, files=True, file_limit=16 * 2**20, reply_window=timedelta(hours=24), templates=True,
              per_second=80, receipts=frozenset({Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED}))

    def send(self, message: Outbound) -> str:
        if not message.within_window and not message.template:
            raise SendError(WORDS[63016], permanent=True)
        return super().send(message)

    def _said(self, part: Outbound) -> dict[str, str]:
        if not part.template:
            return super()._said(part)
        values = {key.rpartition(":")[2]: value for key, value in part.template.values.items()}
        return {"ContentSid": part.template.external_id, "ContentVariables": json.dumps(values)}

    def templates(self) -> list[Template]:
        """Content templates and what WhatsApp said of them."""
        base = self._base() if self._base() != API else CONTENT_API
        path, found = "/v1/ContentAndApprovals?PageSize=100", []
        for _ in range(PAGES):
            page = self._call("GET", path, base=base)
            found += [template for one in objects(page.get("contents")) for template in _templates(one)]
            following = (page.get("meta") or {}).get("next_page_url") or ""
            if not following:
                break
            path = "/" + following.split("/", 3)[3]
        return found


def _templates(content: dict) -> Iterator[Template]:
    types = content.get("types") or {}
    approval = content.get("approval_requests") or {}
    kind, said = next(iter(types.items()), ("", {}))
    body = str(said.get("body") or "")
    places = list(dict.fromkeys(PLACE.findall(body)))
    samples = content.get("variables") or {}
    plain = kind in ("twilio/text", "twilio/quick-reply", "twilio/call-to-action")
    yield Template(
        name=str(content.get("friendly_name") or content["sid"]), language=str(content.get("language") or ""),
        body=body, status=str(approval.get("status") or "unsubmitted"),
        category=str(approval.get("category") or "").lower(),
        buttons=tuple(str(one.get("title")) for one in objects(said.get("actions"))),
        examples={f"body:{place}": str(samples.get(place) or "") for place in places},
        external_id=str(content["sid"]), reason=str(approval.get("rejection_reason") or ""),
        unsendable="" if plain and body else f"It is of the kind {kind.removeprefix('twilio/') or 'unknown'}, which "
                                             "cannot be filled in here.")
