"""The Bot API of Telegram, with its webhook."""
from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import count
from typing import Any

from werkzeug.wrappers import Request, Response

from channels.simulators._courier import Courier
from channels.simulators._graph import utc_now
from channels.simulators._memory import Chats, Files, StoredFile, map_link
from channels.simulators._trouble import Trouble

METHODS = {"getMe", "setWebhook", "deleteWebhook", "getWebhookInfo", "sendMessage", "sendDocument", "sendPhoto",
           "getFile", "answerCallbackQuery", "sendChatAction"}


class Wrong(Exception):
    """An answer with ok: false."""

    def __init__(self, code: int, description: str, **parameters: Any):
        super().__init__(description)
        self.code, self.parameters = code, parameters


class TelegramSimulator(Trouble):
    """One bot and the people who talk to it. Addresses are chat ids, as text. Until the helpdesk calls setWebhook (or
    `webhook_url` and `secret_token` are given) nothing is delivered."""
    refusals = {"for_now": {"code": 500, "description": "Internal Server Error"},
                "for_good": {"code": 400, "description": "Bad Request: message can't be sent"},
                "slow_down": {"code": 429, "description": "Too Many Requests: retry after 20", "retry_after": 20}}

    def __init__(self, token: str, *, username: str = "simulated_bot", webhook_url: str = "", secret_token: str = "",
                 courier: Courier | None = None, clock: Callable[[], datetime] = utc_now, public_url: str = ""):
        self.token, self.username, self.public_url, self.clock = token, username, public_url, clock
        self.webhook_url, self.secret_token = webhook_url, secret_token
        self.courier, self.files, self.chats = courier or Courier(), Files(), Chats()
        self.names: dict[str, str] = {}
        self.blocked_by: set[str] = set()
        self.moved: dict[str, str] = {}         # chat id -> the id it was migrated to
        self.typing: dict[str, datetime] = {}   # chat id -> when the bot was last seen writing
        self.answered_buttons: deque[str] = deque(maxlen=500)
        self.faults: deque[Wrong] = deque()
        self._updates, self._messages = count(700_000_001), count(1)   # next() is atomic

    # The person

    def customer_starts(self, address: str, payload: str = "", name: str = "") -> str:
        """Somebody opens the bot, perhaps through a link t.me/bot?start=payload."""
        return self.customer_writes(address, f"/start {payload}".strip(), name=name)

    def customer_writes(self, address: str, text: str = "", file: tuple[str, str, bytes] | None = None,
                        button: str | None = None, name: str = "", replies_to: str = "") -> str:
        """Somebody writes, sends a file (with `text` as its caption) or presses the inline button with that payload;
        returns the message's id, "chat:number" as the channel writes it."""
        self.names[address] = name or self.names.get(address, "Somebody")
        if button is not None:
            return self._presses(address, button)
        message = self._new_message(address)
        files = []
        if file:
            message |= self._attach(file, text)
            files = [StoredFile(*file)]
        else:
            message["text"] = text
        if replies_to:
            message["reply_to_message"] = {"message_id": int(replies_to.rpartition(":")[2]),
                                           "chat": message["chat"], "date": message["date"]}
        number = f"{address}:{message['message_id']}"
        self.chats.add(address, number, text=text, files=files, replies_to=replies_to, at=self.clock())
        self._deliver({"message": message})
        return number

    def customer_sends_place(self, address: str, latitude: float, longitude: float, title: str = "") -> str:
        """Somebody shares where they are; returns the message's id."""
        where = {"latitude": latitude, "longitude": longitude}
        told = {"venue": {"location": where, "title": title, "address": ""}} if title else {}
        return self._shares(address, {"location": where, **told}, kind="place",
                            text=f"{title}\n{map_link(latitude, longitude)}".strip())

    def customer_sends_card(self, address: str, who: str, phone: str) -> str:
        """Somebody hands on the number of somebody they know; returns the message's id."""
        return self._shares(address, {"contact": {"phone_number": phone, "first_name": who}}, kind="card",
                            text=f"{who}\n{phone}")

    def customer_sends_sticker(self, address: str, file: tuple[str, str, bytes], emoji: str = "☕") -> str:
        """Somebody sends a sticker; returns the message's id."""
        sticker = {"file_id": self.files.put(*file), "file_unique_id": "u", "type": "regular", "width": 512,
                   "height": 512, "is_animated": False, "is_video": False, "emoji": emoji}
        return self._shares(address, {"sticker": sticker}, kind="sticker", files=[StoredFile(*file)])

    def _shares(self, address: str, what: dict[str, Any], **shown: Any) -> str:
        message = self._new_message(address)
        number = f"{address}:{message['message_id']}"
        self.chats.add(address, number, at=self.clock(), **shown)
        self._deliver({"message": message | what})
        return number

    def customer_edits(self, address: str, number: str, text: str) -> None:
        """Somebody corrects a message of theirs."""
        self.chats.change(address, number, text=text, edited=True)
        message = self._new_message(address) | {"message_id": int(number.rpartition(":")[2]), "text": text}
        self._deliver({"edited_message": message | {"edit_date": message["date"]}})

    def customer_reacts(self, address: str, number: str, emoji: str) -> None:
        """Somebody puts a sign on a message; '' takes it off."""
        self.chats.change(address, number, reaction=emoji)
        self._deliver({"message_reaction": {
            "chat": self._chat(address), "user": self._person(address), "message_id": int(number.rpartition(":")[2]),
            "date": int(self.clock().timestamp()), "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}] if emoji else []}})

    def conversation(self, address: str) -> list[dict[str, Any]]:
        """What the person sees: id, text, files (name, type, content), buttons, at, from_business, status,
        replies_to; oldest first."""
        return self.chats.of(address)

    def number_from(self, first: int) -> None:
        """Let the ids of updates and messages go on from here: after a restart none may come twice."""
        self._updates, self._messages = count(first), count(first)

    def fail_next(self, code: int, description: str = "simulated", *, times: int = 1, **parameters: Any) -> None:
        """Refuse the next calls to send with this error."""
        self.faults.extend([Wrong(code, description, **parameters)] * times)

    def _presses(self, address: str, payload: str) -> str:
        for entry in reversed(list(self.chats.sent(address))):
            for button in entry["buttons"]:
                if button["payload"] == payload:
                    return self._pressed(address, entry, button)
        raise LookupError(f"{address} was never shown a button with the payload {payload!r}")

    def _pressed(self, address: str, entry: dict, button: dict) -> str:
        query = str(4_000_000_000 + next(self._messages))
        keyboard = [[{"text": b["label"], "callback_data": b["payload"]}] for b in entry["buttons"]]
        shown = {"message_id": int(entry["id"].rpartition(":")[2]), "date": int(entry["at"].timestamp()),
                 "chat": self._chat(address), "text": entry["text"], "reply_markup": {"inline_keyboard": keyboard}}
        self._deliver({"callback_query": {"id": query, "from": self._person(address), "message": shown,
                                          "chat_instance": "1", "data": button["payload"]}})
        return f"callback:{query}"

    def _attach(self, file: tuple[str, str, bytes], caption: str) -> dict[str, Any]:
        name, content_type, content = file
        found = {"file_id": self.files.put(*file), "file_unique_id": "u", "file_size": len(content)}
        caption_field = {"caption": caption} if caption else {}
        if content_type == "image/jpeg":
            small = {"file_id": self.files.put(name, content_type, b"thumbnail"), "file_unique_id": "s",
                     "file_size": 9, "width": 90, "height": 67}
            return {"photo": [small, found | {"width": 1280, "height": 960}], **caption_field}
        kind = {"audio/ogg": "voice", "audio/wav": "audio", "audio/mpeg": "audio", "video/mp4": "video"}.get(
            content_type, "document")
        return {kind: found | {"mime_type": content_type, "file_name": name}, **caption_field}

    # The bot

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        except Wrong as wrong:
            answer = {"ok": False, "error_code": wrong.code, "description": str(wrong)}
            if wrong.parameters:
                answer["parameters"] = wrong.parameters
            response = Response(json.dumps(answer), wrong.code, content_type="application/json")
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        found = re.fullmatch(r"/(file/)?bot([^/]+)/(.+)", request.path)
        if not found:
            raise Wrong(404, "Not Found")
        if found[2] != self.token or self.revoked:
            raise Wrong(401, "Unauthorized")
        if found[1]:
            return self._download(found[3])
        if found[3] not in METHODS:
            raise Wrong(404, "Not Found: method not found")
        given = request.get_json() if request.is_json else {
            key: json.loads(value) if value[:1] in "{[" else value for key, value in request.form.items()}
        result = getattr(self, f"_{found[3]}")(given, request)
        return Response(json.dumps({"ok": True, "result": result}), content_type="application/json")

    def _getMe(self, given: dict, request: Request) -> dict:
        return {"id": 1, "is_bot": True, "first_name": "Simulated", "username": self.username}

    def _setWebhook(self, given: dict, request: Request) -> bool:
        secret = given.get("secret_token", "")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise Wrong(400, "Bad Request: secret token contains unallowed characters")
        self.webhook_url, self.secret_token = given.get("url", ""), secret
        return True

    def _deleteWebhook(self, given: dict, request: Request) -> bool:
        self.webhook_url = ""
        return True

    def _getWebhookInfo(self, given: dict, request: Request) -> dict:
        return {"url": self.webhook_url, "has_custom_certificate": False,
                "pending_update_count": len(self.courier.undelivered)}

    def _sendMessage(self, given: dict, request: Request) -> dict:
        text = given.get("text") or ""
        if not text:
            raise Wrong(400, "Bad Request: message text is empty")
        if len(text) > 4096:
            raise Wrong(400, "Bad Request: message is too long")
        return self._sent(given, text, [])

    def _sendDocument(self, given: dict, request: Request, field: str = "document", most: int = 50) -> dict:
        file = request.files.get(field)
        if file is None:
            raise Wrong(400, f"Bad Request: there is no {field} in the request")
        content = file.read()
        if len(content) > most * 2**20:
            raise Wrong(413, "Request Entity Too Large")
        if len(given.get("caption") or "") > 1024:
            raise Wrong(400, "Bad Request: message caption is too long")
        return self._sent(given, given.get("caption") or "", [StoredFile(file.filename, file.content_type, content)])

    def _sendPhoto(self, given: dict, request: Request) -> dict:
        return self._sendDocument(given, request, "photo", 10)

    def _getFile(self, given: dict, request: Request) -> dict:
        found = self.files.get(str(given.get("file_id")))
        if not found:
            raise Wrong(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(found.content) > 20 * 2**20:
            raise Wrong(400, "Bad Request: file is too big")
        return {"file_id": given["file_id"], "file_unique_id": "u", "file_path": f"documents/{given['file_id']}"}

    def _answerCallbackQuery(self, given: dict, request: Request) -> bool:
        self.answered_buttons.append(str(given.get("callback_query_id")))
        return True

    def _sendChatAction(self, given: dict, request: Request) -> bool:
        chat = str(given.get("chat_id", ""))
        if not self.chats.knows(chat):
            raise Wrong(400, "Bad Request: chat not found")
        self.typing[chat] = self.clock()
        return True

    def _sent(self, given: dict, text: str, files: list[StoredFile]) -> dict:
        chat = str(given.get("chat_id", ""))
        if self.faults:
            raise self.faults.popleft()
        if chat in self.moved:
            raise Wrong(400, "Bad Request: group chat was upgraded to a supergroup chat",
                        migrate_to_chat_id=int(self.moved[chat]))
        if not self.chats.knows(chat):
            raise Wrong(400, "Bad Request: chat not found")
        if chat in self.blocked_by:
            raise Wrong(403, "Forbidden: bot was blocked by the user")
        rows = (given.get("reply_markup") or {}).get("inline_keyboard") or []
        buttons = [{"label": b["text"], "payload": b["callback_data"]} for row in rows for b in row]
        if any(not 0 < len(b["payload"].encode()) <= 64 for b in buttons):
            raise Wrong(400, "Bad Request: BUTTON_DATA_INVALID")
        message = self._new_message(chat) | {"from": self._getMe({}, None)}
        parent = (given.get("reply_parameters") or {}).get("message_id")
        self.chats.add(chat, f"{chat}:{message['message_id']}", text=text, files=files, buttons=buttons,
                       from_business=True, status="sent", at=self.clock(),
                       replies_to=f"{chat}:{parent}" if parent else "")
        return message | ({"text": text} if not files else {})

    def _download(self, path: str) -> Response:
        found = self.files.get(path.rpartition("/")[2])
        if not found:
            raise Wrong(404, "Not Found")
        return Response(found.content, content_type="application/octet-stream")

    # Updates

    def _deliver(self, update: dict[str, Any]) -> None:
        headers = {"Content-Type": "application/json"}
        if self.secret_token:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.secret_token
        body = json.dumps({"update_id": next(self._updates), **update}).encode()
        self.call(self.webhook_url, headers, body)

    def _new_message(self, address: str) -> dict[str, Any]:
        return {"message_id": next(self._messages), "from": self._person(address), "chat": self._chat(address),
                "date": int(self.clock().timestamp())}

    def _person(self, address: str) -> dict[str, Any]:
        first, _, last = self.names.get(address, "Somebody").partition(" ")
        person = {"id": int(address), "is_bot": False, "first_name": first, "language_code": "en"}
        return person | ({"last_name": last} if last else {})

    def _chat(self, address: str) -> dict[str, Any]:
        return {"id": int(address), "type": "private", "first_name": self._person(address)["first_name"]}
