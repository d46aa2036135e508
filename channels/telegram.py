"""Telegram, through a bot.

https://core.telegram.org/bots/api
"""
from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any
from urllib.parse import quote

from channels._http import Reply, redact
from channels._parts import fitting_buttons, one_at_a_time, single
from channels._payload import load, moment, secrets_of, sound, word
from channels._telegram_facts import facts
from channels.base import BadSignature, Can, Channel, Fact, File, Inbound, Outbound, Request, SendError, Setting, Step

API = "https://api.telegram.org"
CAPTION = 1024
LATELY = 3600       # seconds
PHOTO_BYTES = 10 * 2**20
PHOTOS = ("image/jpeg", "image/png", "image/webp")
UPDATES = ["message", "edited_message", "callback_query", "message_reaction", "business_message",
           "edited_business_message", "deleted_business_messages"]
log = logging.getLogger(__name__)


class Telegram(Channel):
    name = "telegram"
    label = "Telegram"
    remarks = "bots and business accounts; private chats only; files come in up to 20 MB"
    identity_kind = "telegram"
    person_first = True
    proves_sender = True
    # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    can = Can(text_limit=4096, files=True, file_limit=50 * 2**20, buttons=12, typing=True, per_second=30, pause=1,
              hears=frozenset({"edits", "unsends", "reactions", "echoes"}))
    settings = (
        Setting("bot_token", "Bot token", secret=True, help="From @BotFather."),
        Setting("webhook_secret", "Webhook secret", secret=True, help="1 to 256 letters, digits, _ or -."),
        Setting("api_base", "Bot API base", required=False, default=API, help="Only for testing."),
    )

    # In

    def verify(self, request: Request) -> None:
        """Telegram repeats the secret of setWebhook; the body itself is not signed."""
        secret = self.config.get("webhook_secret", "")
        given = request.header("X-Telegram-Bot-Api-Secret-Token")
        if not secret or not compare_digest(secret.encode(), given.encode("utf-8", "replace")):
            raise BadSignature("telegram: this request does not come from Telegram")

    def source_key(self, request: Request) -> str:
        try:
            return f"update:{word(load(request.body)['update_id'])}"
        except (LookupError, TypeError, ValueError, RecursionError):
            return super().source_key(request)

    def parse(self, request: Request) -> Iterator[Fact]:
        return map(sound, facts(load(request.body)))

    def acknowledge(self, item: Inbound) -> None:
        query = item.raw.get("id") if item.external_id.startswith("callback:") else None
        if query:
            try:
                self._call("answerCallbackQuery", json={"callback_query_id": query})
            except SendError as error:
                log.info("telegram: the pressed button keeps its spinner: %s", error)

    def download(self, file: File) -> bytes:
        path = str(self._call("getFile", json={"file_id": file.ref}).get("file_path") or "")
        if not path:
            raise SendError("Telegram names no path for this file", permanent=True)
        reply = self.http.get(f"{self._base()}/file/bot{self.config['bot_token']}/{quote(path)}")
        if not reply.ok:
            raise self._error(reply)
        return reply.body

    # Out

    def prepare(self, message: Outbound) -> list[Outbound]:
        # The value of an inline button has 64 bytes.
        fitted = fitting_buttons(message, self.can.buttons, payload=64, text=self.can.text_limit)
        return one_at_a_time(super().prepare(fitted), lambda text, file: len(text) <= CAPTION)

    def send(self, message: Outbound) -> str:
        part = single(self.prepare(message))
        return self._hand_over(part, part.address, again=True)

    def _hand_over(self, part: Outbound, chat: str, again: bool) -> str:
        try:
            sent = self._call(*_request(part, chat)) if not part.files else self._upload(part, chat)
        except _Moved as moved:
            if not again:
                raise
            return self._hand_over(part, moved.chat, again=False)
        try:
            connection, at, _ = part.address.rpartition("@")
            return f"{connection}{at}{sent['chat']['id']}:{sent['message_id']}"
        except (LookupError, TypeError):
            raise SendError("Telegram accepted the message without naming an id", uncertain=True) from None

    def _upload(self, part: Outbound, chat: str) -> dict:
        name, content_type, data = part.files[0]
        if len(data) > self.can.file_limit:
            raise SendError("Telegram carries files of up to 50 MB", permanent=True)
        photo = content_type in PHOTOS and len(data) <= PHOTO_BYTES
        method, fields = _request(part, chat)
        form = {key: value if isinstance(value, str) else json.dumps(value) for key, value in fields.items()}
        return self._call("sendPhoto" if photo else "sendDocument", data=form,
                          files={"photo" if photo else "document": (name, data, content_type)})

    def _call(self, method: str, json: Any = None, **content: Any) -> dict:
        reply = self.http.post(f"{self._base()}/bot{self.config['bot_token']}/{method}", json=json, **content)
        answer = reply.json()
        if not (reply.ok and isinstance(answer, dict) and answer.get("ok")):
            raise self._error(reply)
        return answer["result"] if isinstance(answer.get("result"), dict) else {}

    def _base(self) -> str:
        return (self.config.get("api_base") or API).rstrip("/")

    def _error(self, reply: Reply) -> SendError:
        """429 and 5xx pass; 401 and 404 refuse the token; the rest is about this message or this person."""
        answer = reply.json()
        answer = answer if isinstance(answer, dict) else {}
        hints = answer.get("parameters") if isinstance(answer.get("parameters"), dict) else {}
        words = redact(str(answer.get("description") or f"HTTP {reply.status}"), *secrets_of(self))
        if hints.get("migrate_to_chat_id"):
            return _Moved(words, str(hints["migrate_to_chat_id"]))
        wait = hints.get("retry_after")
        wait = wait if isinstance(wait, int) and 0 <= wait <= 86_400 else reply.retry_after
        if reply.ok:
            return SendError("Telegram answered what cannot be read", uncertain=True)
        if reply.status in (408, 409, 429) or reply.status >= 500:
            return SendError(words, retry_after=wait, uncertain=reply.status == 504, slow_down=reply.status == 429)
        return SendError(words, permanent=True, broken=reply.status in (401, 404))

    def typing(self, address: str, replies_to: Sequence[str] = ()) -> None:
        self._call("sendChatAction", json={**_to(address), "action": "typing"})

    # The account

    def connect(self, url: str) -> None:
        """Have Telegram deliver to `url` (HTTPS), with our secret. Raises SendError."""
        self._call("setWebhook", json={"url": url, "secret_token": self.config["webhook_secret"],
                                       "allowed_updates": UPDATES})

    def test(self) -> str:
        return f"The bot is @{self._call('getMe').get('username')}."

    def steps(self, webhook: str) -> list[Step]:
        return [Step("Account", self.test, "Copy the bot token again from @BotFather."),
                Step("Webhook", lambda: self._hooked(webhook), "Press “Connect the webhook” on the inbox's page.")]

    def _hooked(self, webhook: str) -> str:
        """Whether Telegram calls us, and what it had to complain of within the last hour."""
        info = self._call("getWebhookInfo")
        if info.get("url") != webhook:
            raise SendError(f"Telegram delivers to {info.get('url') or 'nobody'}", permanent=True)
        since = (datetime.now(UTC) - moment(info.get("last_error_date") or 1)).total_seconds()
        if since < LATELY:
            raise SendError(f"Telegram could not deliver {int(since // 60)} minutes ago: "
                            f"{info.get('last_error_message')}", permanent=True)
        return f"Telegram delivers here; {info.get('pending_update_count', 0)} messages wait there."


class _Moved(SendError):
    """The chat lives under another id now."""

    def __init__(self, words: str, chat: str):
        super().__init__(words, permanent=True)
        self.chat = chat


def _to(address: str) -> dict[str, str]:
    """The chat; one of a business account is reached through its connection (see channels._telegram_facts)."""
    connection, _, chat = address.rpartition("@")
    return {"business_connection_id": connection, "chat_id": chat} if connection else {"chat_id": chat}


def _request(part: Outbound, chat: str) -> tuple[str, dict]:
    fields: dict[str, Any] = _to(chat)
    if part.text:
        fields["caption" if part.files else "text"] = part.text
    parent = re.fullmatch(r"(?:\S+@)?-?\d+:(\d+)(?::edit:\d+)?", part.replies_to[0]) if part.replies_to else None
    if parent:
        fields["reply_parameters"] = {"message_id": int(parent[1]), "allow_sending_without_reply": True}
    if part.buttons:
        fields["reply_markup"] = {"inline_keyboard": [[{"text": b.label, "callback_data": b.payload}]
                                                      for b in part.buttons]}
    return "sendMessage", fields
