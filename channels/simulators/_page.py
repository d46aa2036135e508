"""A page on the simulated Messenger, or an Instagram account: the same Send API."""
from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from channels.simulators._graph import Account, Refused, answer, body_of, need


class Page(Account):
    """Addresses are page-scoped ids."""
    object_name = "page"
    refusals = {"for_now": {"code": 2, "message": "Service temporarily unavailable", "status": 500},
                "for_good": {"code": 551, "message": "This person isn't available right now."},
                "slow_down": {"code": 613, "message": "Calls to this API have exceeded the rate limit.", "status": 429,
                              "retry_after": 20}}

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.human_agent = False        # whether the app may answer for seven days

    # The person

    def customer_writes(self, address: str, text: str = "", file: tuple[str, str, bytes] | None = None,
                        button: str | None = None, name: str = "", replies_to: str = "") -> str:
        """Somebody writes, sends a file, or presses the quick reply with that payload; returns the message's id."""
        self.names[address] = name or self.names.get(address, "")
        message: dict[str, Any] = {"mid": self._mid()}
        files = []
        if button is not None:
            text = self._label(address, button)
            message["quick_reply"] = {"payload": button}
        if text:
            message["text"] = text
        if file:
            key = self.files.put(*file)
            files = [self.files.get(key)]
            url = f"{self.base_url()}/_cdn/{key}/{quote(file[0])}"
            message["attachments"] = [{"type": self._kind(file[1]), "payload": {"url": url}}]
        if replies_to:
            message["reply_to"] = {"mid": replies_to}
        self.chats.add(address, message["mid"], text=text, files=files, replies_to=replies_to, at=self.clock())
        self._tell(address, {"message": message})
        return message["mid"]

    def customer_presses(self, address: str, title: str, payload: str, name: str = "") -> str:
        """Somebody presses a button of the page itself (Get started, the menu): a postback."""
        self.names[address] = name or self.names.get(address, "")
        mid = self._mid()
        self.chats.add(address, mid, text=title, at=self.clock())
        self._tell(address, {"postback": {"mid": mid, "title": title, "payload": payload}})
        return mid

    def customer_edits(self, address: str, number: str, text: str) -> None:
        """Somebody corrects a message of theirs."""
        self.chats.change(address, number, text=text, edited=True)
        self._tell(address, {"message_edit": {"mid": number, "text": text, "num_edit": 1}})

    def customer_unsends(self, address: str, number: str) -> None:
        """Somebody takes a message back. Only Instagram tells."""
        self.chats.change(address, number, text="", files=[], unsent=True)
        if self.object_name == "instagram":
            self._tell(address, {"message": {"mid": number, "is_deleted": True}})

    def customer_reacts(self, address: str, number: str, emoji: str) -> None:
        """Somebody puts a sign on a message; '' takes it off."""
        self.chats.change(address, number, reaction=emoji)
        put = {"action": "react", "emoji": emoji, "reaction": "other"} if emoji else {"action": "unreact"}
        self._tell(address, {"reaction": {"mid": number, **put}})

    def business_writes(self, address: str, text: str) -> str:
        """Somebody of the business answers in the page's own inbox."""
        entry = self.chats.add(address, self._mid(), text=text, from_business=True, status="sent", at=self.clock())
        self._tell(address, {"message": {"mid": entry["id"], "is_echo": True, "app_id": 2, "text": text}}, echo=True)
        return entry["id"]

    def customer_reads(self, address: str) -> None:
        """Somebody opens the chat."""
        for entry in self.chats.sent(address):
            entry["status"] = "read"
        self._tell(address, {"read": self._read_news(address)})

    def _read_news(self, address: str) -> dict[str, Any]:
        return {"watermark": self._now()}

    def _label(self, address: str, payload: str) -> str:
        for entry in reversed(list(self.chats.sent(address))):
            for button in entry["buttons"]:
                if button["payload"] == payload:
                    return button["label"]
        raise LookupError(f"{address} was never shown a quick reply with the payload {payload!r}")

    # The business

    def send(self, request: Request) -> Response:
        """POST /me/messages, as JSON or, with a file, as a multipart form."""
        data = body_of(request) if request.is_json else {
            key: json.loads(value) if value[:1] in "{[" else value for key, value in request.form.items()}
        address = str((data.get("recipient") or {}).get("id") or "")
        if data.get("sender_action"):
            return self._acts(address, data["sender_action"])
        said = self._said(data.get("message") or {}, request)
        if self.faults:
            raise self.faults.popleft()
        self._admit(address, data)
        entry = self.chats.add(address, self._mid(), from_business=True, status="sent", at=self.clock(), **said)
        self._tell(address, {"message": {"mid": entry["id"], "is_echo": True, "app_id": 1, "text": entry["text"],
                                         **self._metadata(data["message"])}}, echo=True)
        self._report_delivery(address, entry)
        return answer({"recipient_id": address, "message_id": entry["id"]})

    def _acts(self, address: str, action: str) -> Response:
        """The business is seen writing."""
        need(action in ("typing_on", "typing_off", "mark_seen") and self.chats.knows(address), "sender_action")
        if action == "typing_on":
            self.typing[address] = self.clock()
        return answer({"recipient_id": address})

    def _metadata(self, message: dict) -> dict[str, str]:
        return {"metadata": message["metadata"]} if message.get("metadata") else {}

    def _admit(self, address: str, data: dict) -> None:
        if not self.chats.knows(address):
            raise Refused(400, 100, "No matching user found", subcode=2018001)
        if address in self.blocked_by:
            raise Refused(400, 551, "This person isn't available right now.", subcode=1545041)
        kind, tag = data.get("messaging_type"), data.get("tag")
        need(kind in ("RESPONSE", "UPDATE", "MESSAGE_TAG"), "messaging_type")
        tagged = kind == "MESSAGE_TAG" and tag == "HUMAN_AGENT" and self.human_agent
        if not self.window_is_open(address) and not tagged:
            raise Refused(403, 10, "This message is sent outside of allowed window.", subcode=2018278)

    def _said(self, message: dict, request: Request) -> dict[str, Any]:
        if "attachment" in message:
            file = request.files.get("filedata")
            need(file is not None and message["attachment"].get("type") in ("image", "video", "audio", "file"),
                 "attachment")
            stored = self.files.get(self.files.put(file.filename, file.content_type, file.read()))
            self._check_file(stored)
            return {"files": [stored]}
        text, replies = message.get("text"), message.get("quick_replies") or []
        need(isinstance(text, str) and text and self._fits(text), "message.text is empty or too long")
        need(len(replies) <= 13 and all(0 < len(r.get("title", "")) <= 20 and r.get("payload") for r in replies),
             "quick_replies")
        return {"text": text, "buttons": [{"label": r["title"], "payload": r["payload"]} for r in replies]}

    def _fits(self, text: str) -> bool:
        return len(text) <= 2000

    def _check_file(self, file: Any) -> None:
        need(len(file.content) <= 25 * 2**20, "attachment size")

    def _report_delivery(self, address: str, entry: dict) -> None:
        if self.receipts:
            entry["status"] = "delivered"
            self._tell(address, {"delivery": {"mids": [entry["id"]], "watermark": self._now()}})

    def about(self) -> dict[str, str]:
        return {"id": self.account, "name": "Simulated Shop"}

    # Webhooks

    def _tell(self, address: str, what: dict[str, Any], echo: bool = False) -> None:
        late = self.status_delay if echo or "delivery" in what else 0
        person, account = {"id": address}, {"id": self.account}
        sender, recipient = (account, person) if echo else (person, account)
        event = {"sender": sender, "recipient": recipient, "timestamp": self._now(), **what}
        self.sign_and_deliver({"id": self.account, "time": self._now(), "messaging": [event]}, late)

    def _now(self) -> int:
        return int(self.clock().timestamp() * 1000)

    def _mid(self) -> str:
        return f"m_{self.account}_{self.next_number()}"

    @staticmethod
    def _kind(content_type: str) -> str:
        kind = content_type.partition("/")[0]
        return kind if kind in ("image", "video", "audio") else "file"


class InstagramAccount(Page):
    """Counts bytes, carries fewer kinds of files, and reports what was read by message, never what was delivered."""
    object_name = "instagram"

    def _fits(self, text: str) -> bool:
        return len(text.encode()) <= 1000

    def _check_file(self, file: Any) -> None:
        super()._check_file(file)
        need(self._kind(file.content_type) != "file" or file.content_type == "application/pdf", "attachment type")
        need(file.name.isascii(), "attachment name")

    def _report_delivery(self, address: str, entry: dict) -> None:
        pass

    def _metadata(self, message: dict) -> dict[str, str]:
        return {}

    def _read_news(self, address: str) -> dict[str, Any]:
        return {"mid": [entry["id"] for entry in self.chats.sent(address)][-1]}
