"""A WhatsApp Business number of the simulated Cloud API."""
from __future__ import annotations

import base64
import hashlib
import re
from collections import deque
from typing import Any

from werkzeug.wrappers import Request, Response

from channels.simulators._graph import Account, Refused, answer, body_of, need
from channels.simulators._memory import map_link

PLACE = re.compile(r"\{\{(\w+)\}\}")
MEDIA = ("image", "document", "audio", "video", "sticker")


class WhatsAppNumber(Account):
    """Addresses are E.164 with the plus sign. Numbers in `strangers` are not on WhatsApp. With `late_errors` a closed
    window is reported as the Cloud API mostly does: accepted first, then a failed status."""
    object_name = "whatsapp_business_account"
    refusals = {"for_now": {"code": 131000, "message": "Something went wrong", "status": 500},
                "for_good": {"code": 131026, "message": "Message undeliverable"},
                "slow_down": {"code": 130429, "message": "Rate limit hit", "status": 429, "retry_after": 20}}

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.strangers: set[str] = set()
        self.templates: list[dict[str, Any]] = []       # as the Graph API lists them
        self.sent_templates: deque[dict[str, Any]] = deque(maxlen=20)      # as they came in
        self.business_account = f"waba-{self.account}"
        self.late_errors = False

    # The person

    def customer_writes(self, address: str, text: str = "", file: tuple[str, str, bytes] | None = None,
                        button: str | None = None, name: str = "", replies_to: str = "") -> str:
        """Somebody writes, sends a file (with `text` as its caption) or presses the button with that payload; returns
        the message's id."""
        self.names[address] = name or self.names.get(address, "")
        message: dict[str, Any] = {"from": address.lstrip("+"), "id": self._wamid(address),
                                   "timestamp": str(int(self.clock().timestamp()))}
        if replies_to:
            message["context"] = {"from": self.account, "id": replies_to}
        files = []
        if button is not None:
            sent, label = self._button(address, button)
            text = label
            message |= {"type": "interactive", "context": {"from": self.account, "id": sent},
                        "interactive": {"type": "button_reply", "button_reply": {"id": button, "title": label}}}
        elif file:
            message |= self._media(file, text)
            files = [self.files.get(message[message["type"]]["id"])]
        else:
            message |= {"type": "text", "text": {"body": text}}
        self.chats.add(address, message["id"], text=text, files=files, replies_to=replies_to, at=self.clock())
        self._tell({"contacts": [{"profile": {"name": self.names[address]}, "wa_id": address.lstrip("+")}],
                    "messages": [message]})
        return message["id"]

    def customer_sends_place(self, address: str, latitude: float, longitude: float, title: str = "") -> str:
        """Somebody shares where they are; returns the message's id."""
        return self._shares(address, "location", {"latitude": latitude, "longitude": longitude, "name": title},
                            kind="place", text=f"{title}\n{map_link(latitude, longitude)}".strip())

    def customer_sends_card(self, address: str, who: str, phone: str) -> str:
        """Somebody hands on the number of somebody they know; returns the message's id."""
        return self._shares(address, "contacts", [{"name": {"formatted_name": who, "first_name": who},
                                                   "phones": [{"phone": phone, "type": "CELL"}]}],
                            kind="card", text=f"{who}\n{phone}")

    def customer_sends_sticker(self, address: str, file: tuple[str, str, bytes]) -> str:
        """Somebody sends a sticker; returns the message's id."""
        key = self.files.put(*file)
        return self._shares(address, "sticker", {"id": key, "mime_type": file[1], "animated": False}, kind="sticker",
                            files=[self.files.get(key)])

    def _shares(self, address: str, what: str, said: Any, **shown: Any) -> str:
        number = self._wamid(address)
        self.chats.add(address, number, at=self.clock(), **shown)
        self._tell({"contacts": [{"profile": {"name": self.names.get(address, "")}, "wa_id": address.lstrip("+")}],
                    "messages": [{"from": address.lstrip("+"), "id": number, "type": what, what: said,
                                  "timestamp": str(int(self.clock().timestamp()))}]})
        return number

    def customer_reads(self, address: str) -> None:
        """Somebody opens the chat: everything that was delivered becomes read."""
        for entry in self.chats.sent(address):
            if entry["status"] in ("sent", "delivered"):
                self._status(address, entry, "read")

    def customer_edits(self, address: str, number: str, text: str) -> None:
        """Somebody corrects a message of theirs."""
        self.chats.change(address, number, text=text, edited=True)
        self._changes(address, "edit", {"original_message_id": number,
                                        "message": {"type": "text", "text": {"body": text}}})

    def customer_unsends(self, address: str, number: str) -> None:
        """Somebody takes a message back."""
        self.chats.change(address, number, text="", files=[], unsent=True)
        self._changes(address, "revoke", {"original_message_id": number})

    def customer_reacts(self, address: str, number: str, emoji: str) -> None:
        """Somebody puts a sign on a message; '' takes it off."""
        self.chats.change(address, number, reaction=emoji)
        self._changes(address, "reaction", {"message_id": number, **({"emoji": emoji} if emoji else {})})

    def business_writes(self, address: str, text: str) -> str:
        """Somebody of the business answers in the WhatsApp Business app, beside the API."""
        entry = self.chats.add(address, self._wamid(address), text=text, from_business=True, status="sent",
                               at=self.clock())
        self._tell({"message_echoes": [{"from": "15550100", "to": address.lstrip("+"), "id": entry["id"],
                                        "timestamp": str(int(self.clock().timestamp())), "type": "text",
                                        "text": {"body": text}}]}, field="smb_message_echoes")
        return entry["id"]

    def _changes(self, address: str, kind: str, change: dict[str, Any]) -> None:
        self._tell({"contacts": [{"profile": {"name": self.names.get(address, "")}, "wa_id": address.lstrip("+")}],
                    "messages": [{"from": address.lstrip("+"), "id": self._wamid(address), "type": kind, kind: change,
                                  "timestamp": str(int(self.clock().timestamp()))}]})

    def _button(self, address: str, payload: str) -> tuple[str, str]:
        for entry in reversed(list(self.chats.sent(address))):
            for button in entry["buttons"]:
                if button["payload"] == payload:
                    return entry["id"], button["label"]
        raise LookupError(f"{address} was never shown a button with the payload {payload!r}")

    def _media(self, file: tuple[str, str, bytes], caption: str) -> dict[str, Any]:
        name, content_type, content = file
        kind = content_type.partition("/")[0]
        kind = kind if kind in ("image", "audio", "video") else "document"
        media = {"id": self.files.put(name, content_type, content), "mime_type": content_type,
                 "sha256": base64.b64encode(hashlib.sha256(content).digest()).decode()}
        if caption:
            media["caption"] = caption
        if kind == "document":
            media["filename"] = name
        return {"type": kind, kind: media}

    # The business

    def send(self, request: Request) -> Response:
        """POST /{phone_number_id}/messages"""
        data = body_of(request)
        need(data.get("messaging_product") == "whatsapp", "messaging_product", 100)
        if data.get("status") == "read":
            return self._seen(data)
        to = str(data.get("to") or data.get("recipient") or "").lstrip("+")
        need(to.isdigit(), "to", 131009)
        address = f"+{to}"
        said = self._said(data)
        if self.faults:
            raise self.faults.popleft()
        if address in self.strangers:
            raise Refused(400, 131026, "Message undeliverable")
        closed = not self.window_is_open(address) and data.get("type") != "template"
        if closed and not self.late_errors:
            raise Refused(400, 131047, "Re-engagement message",
                          details="More than 24 hours have passed since the customer last replied to this number.")
        if address in self.blocked_by:      # accepted, and never delivered: nobody is told of it
            return self._accepted(to, self._wamid(address))
        entry = self.chats.add(address, self._wamid(address), from_business=True, status="accepted", at=self.clock(),
                               replies_to=(data.get("context") or {}).get("message_id", ""), **said)
        if closed:
            self._status(address, entry, "failed", errors=[{
                "code": 131047, "title": "Re-engagement message", "message": "Re-engagement message",
                "error_data": {"details": "More than 24 hours have passed since the customer last replied."}}])
        elif self.receipts:
            self._status(address, entry, "sent")
            self._status(address, entry, "delivered")
        return self._accepted(to, entry["id"])

    @staticmethod
    def _accepted(to: str, number: str) -> Response:
        return answer({"messaging_product": "whatsapp", "contacts": [{"input": to, "wa_id": to}],
                       "messages": [{"id": number}]})

    def _seen(self, data: dict) -> Response:
        """The business has read a message, and perhaps writes an answer."""
        number = str(data.get("message_id", ""))
        address = next((one for one in self.chats.addresses() for entry in self.chats.of(one)
                        if entry["id"] == number and not entry["from_business"]), "")
        need(address, "message_id", 131009)
        self.chats.seen(address, number)
        if data.get("typing_indicator"):
            self.typing[address] = self.clock()
        return answer({"success": True})

    def _said(self, data: dict) -> dict[str, Any]:
        kind = data.get("type")
        if kind == "text":
            body = (data.get("text") or {}).get("body")
            need(isinstance(body, str) and 0 < len(body) <= 4096, "text.body", 131009)
            return {"text": body}
        if kind == "interactive":
            return self._interactive(data.get("interactive") or {})
        if kind == "template":
            return self._template(data.get("template") or {})
        need(kind in MEDIA, "type", 131051)
        media = data.get(kind) or {}
        stored = self.files.get(str(media.get("id")))
        need(stored, f"{kind}.id", 131009)
        need(len(media.get("caption", "")) <= 1024 and (kind != "audio" or "caption" not in media), "caption", 131009)
        return {"text": media.get("caption", ""), "files": [stored]}

    def _interactive(self, said: dict) -> dict[str, Any]:
        text = (said.get("body") or {}).get("text", "")
        replies = [b.get("reply") or {} for b in (said.get("action") or {}).get("buttons") or ()]
        need(said.get("type") == "button" and 0 < len(text) <= 1024, "interactive", 131009)
        need(0 < len(replies) <= 3, "buttons", 131009)
        need(all(0 < len(r.get("title", "")) <= 20 for r in replies), "reply.title", 131009)
        need(all(0 < len(r.get("id", "")) <= 256 for r in replies), "reply.id", 131009)
        need(len({r["id"] for r in replies}) == len(replies), "reply ids must differ", 131009)
        return {"text": text, "buttons": [{"label": r["title"], "payload": r["id"]} for r in replies]}

    def _template(self, said: dict) -> dict[str, Any]:
        """The template's words with the values in their places, checked as the Cloud API checks them."""
        language = (said.get("language") or {}).get("code")
        found = next((t for t in self.templates if t["name"] == said.get("name") and t["language"] == language), None)
        if found is None:
            raise Refused(404, 132001, "Template name does not exist in the translation",
                          details=f"template name ({said.get('name')}) does not exist in {language}")
        if found["status"] != "APPROVED":
            raise Refused(400, 132015, "Template is paused")
        given = {c.get("type"): c.get("parameters") or [] for c in said.get("components") or ()}
        lines, files = [], []
        for part in found["components"]:
            text, values = part.get("text", ""), given.get(part["type"].lower(), [])
            kind = part.get("format", "TEXT").lower()
            if kind in MEDIA:
                need(len(values) == 1 and values[0].get("type") == kind, f"header of the type {kind}", 132012)
                media = values[0].get(kind) or {}
                need(self.files.get(str(media.get("id"))), f"{kind}.id", 131009)
                need(kind == "document" or "filename" not in media, "filename", 131009)
                files.append(self.files.get(media["id"]))
                continue
            if kind == "location":
                place = values[0].get("location") if len(values) == 1 else None
                need(place and all(place.get(key) for key in ("latitude", "longitude", "name", "address")),
                     "header of the type location", 132012)
                lines.append(f"{place['name']}, {place['address']}")
                continue
            places = list(dict.fromkeys(PLACE.findall(text)))
            if len(values) != len(places):
                raise Refused(400, 132000, "Number of parameters does not match the expected number of params")
            for place, value in zip(places, values, strict=True):
                need(place.isdecimal() or value.get("parameter_name") == place, "parameter_name", 132012)
                need(value.get("text") and not re.search(r"[\n\t]|    ", value["text"]), "parameter format", 132018)
                text = text.replace(f"{{{{{place}}}}}", value["text"])
            lines += [text] if text else []
        self.sent_templates.append(said)
        return {"text": "\n\n".join(lines), "template": said["name"], **({"files": files} if files else {})}

    def list_templates(self) -> Response:
        """GET /{business_account_id}/message_templates"""
        return answer({"data": self.templates, "paging": {"cursors": {"before": "B", "after": "A"}}})

    def upload(self, request: Request) -> Response:
        """POST /{phone_number_id}/media"""
        file = request.files.get("file")
        need(request.form.get("messaging_product") == "whatsapp" and file is not None, "file")
        return answer({"id": self.files.put(file.filename, file.content_type, file.read())})

    def media(self, key: str) -> Response:
        """GET /{media_id}"""
        found = self.files.get(key)
        if not found:
            raise Refused(400, 100, f"Object with ID '{key}' does not exist", subcode=33)
        return answer({"messaging_product": "whatsapp", "id": key, "url": f"{self.base_url()}/_media/{key}",
                       "mime_type": found.content_type, "file_size": len(found.content),
                       "sha256": hashlib.sha256(found.content).hexdigest()})

    def about(self) -> dict[str, str]:
        return {"id": self.account, "display_phone_number": "+1 555 0100", "verified_name": "Simulated Shop"}

    # Webhooks

    def _status(self, address: str, entry: dict, status: str, **more: Any) -> None:
        entry["status"] = status
        self._tell({"statuses": [{"id": entry["id"], "status": status, "recipient_id": address.lstrip("+"),
                                  "timestamp": str(int(self.clock().timestamp())), **more}]}, self.status_delay)

    def _tell(self, what: dict[str, Any], delay: float = 0, field: str = "messages") -> None:
        value = {"messaging_product": "whatsapp", "metadata": {"display_phone_number": "15550100",
                                                               "phone_number_id": self.account}, **what}
        self.sign_and_deliver({"id": "100000000000001", "changes": [{"field": field, "value": value}]}, delay)

    def _wamid(self, address: str) -> str:
        return "wamid." + base64.b64encode(f"{self.account}:{address}:{self.next_number()}".encode()).decode()
