"""Viber, through a bot.

https://developers.viber.com/docs/api/rest-bot-api/
"""
from __future__ import annotations

import html
import json
from collections.abc import Iterator
from mimetypes import guess_type
from typing import Any

from channels._http import Reply, redact
from channels._parts import fitting_buttons, one_at_a_time, single
from channels._payload import card, file_name, load, moment, place, secrets_of, sound, word
from channels._published import address_of
from channels.base import (
    BadSignature,
    Can,
    Channel,
    Fact,
    File,
    Inbound,
    Outbound,
    Receipt,
    Request,
    SendError,
    Setting,
    Status,
    Step,
    same_hmac,
)

API = "https://chatapi.viber.com"
EVENTS = ["delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started", "message"]
RECEIPTS = {"delivered": Status.DELIVERED, "seen": Status.READ, "failed": Status.FAILED}
PICTURES, PICTURE_BYTES, CAPTION = ("image/jpeg", "image/png"), 2**20, 120
VIDEO_BYTES, FILE_BYTES = 26 * 2**20, 50 * 2**20
SENDER, ACTION = 28, 250        # characters of the name above a message, and of what a button sends
SILENT_API = 6                  # the version of the app that does not show what a button sends
WITH_BUTTONS = 4000             # characters of a text with a keyboard: the whole message has 30 kB

# https://developers.viber.com/docs/api/rest-bot-api/#error-codes
WORDS = {2: "Viber refuses the token", 5: "This person has no Viber any more", 7: "Viber has blocked this bot",
         6: "This person has left the bot; they must write first", 8: "Viber does not know this bot",
         9: "Viber has suspended this bot", 10: "Viber has no webhook for this bot: press “Connect the webhook”",
         11: "No device of this person can show this", 13: "This person's Viber is too old for this",
         21: "Viber's bots are not allowed in this person's country", 23: "The bot's free messages are used up",
         24: "The bot's balance is used up"}
BROKEN = {2, 7, 8, 9, 10, 15, 23, 24}
FINAL = BROKEN | {1, 3, 4, 5, 6, 11, 13, 14, 16, 17, 18, 19, 20, 21, 22}


class Viber(Channel):
    name = "viber"
    label = "Viber"
    remarks = "bots; private chats only; 100 messages until they answer"
    identity_kind = "viber"
    proves_sender = True
    person_first = True
    can = Can(text_limit=7000, files=True, file_limit=FILE_BYTES, buttons=24,
              receipts=frozenset({Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED}))
    settings = (
        Setting("auth_token", "Token", secret=True, help="“Your app key”, in the bot's settings under Edit info."),
        Setting("api_base", "API base", required=False, default=API, help="Only for testing."),
    )

    # In

    def verify(self, request: Request) -> None:
        token = self.config.get("auth_token", "")
        if not token or not same_hmac(token, request.body, request.header("X-Viber-Content-Signature")):
            raise BadSignature("viber: this request does not come from Viber")

    def source_key(self, request: Request) -> str:
        try:
            event = load(request.body)
            return f"{word(event['event'])}:{word(event['message_token'])}:{event.get('user_id') or ''}"
        except (LookupError, TypeError, ValueError, RecursionError):
            return super().source_key(request)

    def parse(self, request: Request) -> Iterator[Fact]:
        return map(sound, self._facts(load(request.body)))

    def _facts(self, event: dict) -> Iterator[Fact]:
        """One event a delivery. Setting the webhook, and people who leave, say nothing to us."""
        kind = word(event["event"])
        if kind == "message":
            yield _said(event)
        elif kind in RECEIPTS:
            yield Receipt(word(event["message_token"]), RECEIPTS[kind], moment(event.get("timestamp")),
                          error=str(event.get("desc") or ""), address=word(event["user_id"]))
        elif kind in ("conversation_started", "subscribed"):
            yield _opened(kind, event)

    def download(self, file: File) -> bytes:
        """Media lie on the open web for a while, under addresses that nobody can guess; no token goes along."""
        reply = self.http.get(file.ref)
        if not reply.ok:
            gone = reply.status in (400, 403, 404, 410)
            raise SendError(f"Viber does not have this file {'any more' if gone else 'now'} (HTTP {reply.status})",
                            permanent=gone, retry_after=reply.retry_after)
        return reply.body

    # Out

    def prepare(self, message: Outbound) -> list[Outbound]:
        fitted = fitting_buttons(message, self.can.buttons, label=60, payload=ACTION - 61, text=WITH_BUTTONS)
        return one_at_a_time(super().prepare(fitted), lambda text, file: len(text) <= CAPTION and _is_picture(file))

    def send(self, message: Outbound) -> str:
        part = single(self.prepare(message))
        body: dict[str, Any] = {"receiver": part.address, "min_api_version": 1, **self._said(part),
                                "sender": {"name": _sender(part.sender_name)}}
        if part.buttons:
            body |= {"min_api_version": SILENT_API, "keyboard": _keyboard(part)}
        answer = self._call("send_message", body)
        if not answer.get("message_token"):
            raise SendError("Viber accepted the message without naming an id", uncertain=True)
        return str(answer["message_token"])

    def _said(self, part: Outbound) -> dict[str, Any]:
        if not part.files:
            return {"type": "text", "text": part.text}
        name, content_type, content = part.files[0]
        if len(content) > FILE_BYTES:
            raise SendError("Viber carries files of up to 50 MB", permanent=True)
        url = address_of(self, API, name, content_type, content)
        if _is_picture(part.files[0]):
            return {"type": "picture", "text": part.text, "media": url}
        if content_type == "video/mp4" and len(content) <= VIDEO_BYTES:
            return {"type": "video", "media": url, "size": len(content)}
        return {"type": "file", "media": url, "size": len(content), "file_name": name}

    # The account

    def connect(self, url: str) -> None:
        """Have Viber deliver to `url` (HTTPS), which it tries at once. Raises SendError."""
        self._call("set_webhook", {"url": url, "event_types": EVENTS, "send_name": True, "send_photo": False})

    def test(self) -> str:
        info = self._call("get_account_info", {})
        return f"The bot is {info.get('name')}, with {info.get('subscribers_count', 0)} subscribers."

    def steps(self, webhook: str) -> list[Step]:
        return [Step("Account", self.test, "Copy the bot's token again, from its settings under Edit info."),
                Step("Webhook", lambda: self._delivers(webhook), "Press “Connect the webhook” on the inbox's page.")]

    def _delivers(self, webhook: str) -> str:
        url = self._call("get_account_info", {}).get("webhook")
        if url != webhook:
            raise SendError(f"Viber delivers to {url or 'nobody'}", permanent=True)
        return "Viber delivers here."

    def _call(self, method: str, body: dict) -> dict:
        """As UTF-8 and not escaped, since Viber counts the bytes."""
        base = (self.config.get("api_base") or API).rstrip("/")
        reply = self.http.post(f"{base}/pa/{method}", data=json.dumps(body, ensure_ascii=False).encode(), headers={
            "X-Viber-Auth-Token": self.config["auth_token"], "Content-Type": "application/json"})
        answer = reply.json()
        if reply.ok and isinstance(answer, dict) and answer.get("status") == 0:
            return answer
        raise self._error(reply, answer if isinstance(answer, dict) else {})

    def _error(self, reply: Reply, answer: dict) -> SendError:
        """Viber answers 200 and says in `status` what is wrong."""
        status, theirs = answer.get("status"), redact(str(answer.get("status_message") or ""), *secrets_of(self))
        ours = WORDS.get(status) if isinstance(status, int) else None
        words = f"{ours} ({theirs})" if ours and theirs else ours or theirs or f"HTTP {reply.status}"
        if reply.ok and not isinstance(status, int):
            return SendError("Viber answered what cannot be read", uncertain=True)
        if status in FINAL:
            return SendError(words, permanent=True, broken=status in BROKEN)
        if reply.ok or reply.status in (408, 429) or reply.status >= 500:
            return SendError(words, retry_after=reply.retry_after, uncertain=reply.status == 504,
                             slow_down=reply.status == 429)
        return SendError(words, permanent=True, broken=reply.status in (401, 403))


def _said(event: dict) -> Inbound:
    message, payload = event["message"], ""
    text, files = _content(message)
    if event.get("silent") is True and "\n" in text:        # a button of ours, see _keyboard()
        payload, _, text = text.partition("\n")
    return Inbound(word(event["message_token"]), **_person(event["sender"]), sent_at=moment(event.get("timestamp")),
                   text=text, files=files, payload=payload, raw=event)


def _opened(kind: str, event: dict) -> Inbound:
    number = word(event.get("message_token") or f"{word(event['user']['id'])}:{word(event['timestamp'])}")
    return Inbound(number, **_person(event["user"]), sent_at=moment(event.get("timestamp")), text=f"[{kind}]",
                   payload=str(event.get("context") or ""), start=True, raw=event)


def _person(sender: dict) -> dict[str, str]:
    return {"address": word(sender["id"]), "name": sender.get("name") or "", "locale": sender.get("language") or ""}


def _content(message: dict) -> tuple[str, list[File]]:
    """(text, files). What cannot be shown becomes "[kind]"."""
    kind, text = word(message["type"]), message.get("text") or ""
    if kind == "location":
        return place(message["location"]["lat"], message["location"]["lon"], [message["location"].get("address")]), []
    if kind == "contact":
        return card(message["contact"].get("name"), [message["contact"].get("phone_number")]), []
    if kind == "url":
        return "\n".join(part for part in (text, str(message["media"])) if part), []
    if kind in ("picture", "video", "file", "sticker") and message.get("media"):
        return text or ("[sticker]" if kind == "sticker" else ""), [_file(kind, message)]
    return text or f"[{kind}]", []


def _file(kind: str, message: dict) -> File:
    given, size = message.get("file_name"), message.get("size", message.get("file_size"))
    content_type = {"picture": "image/jpeg", "video": "video/mp4", "sticker": "image/png"}.get(
        kind) or guess_type(str(given or ""))[0] or "application/octet-stream"
    return File(file_name(given, kind, content_type), content_type, ref=word(message["media"]),
                size=size if isinstance(size, int) else None)


def _is_picture(file: tuple[str, str, bytes]) -> bool:
    return file[1] in PICTURES and len(file[2]) <= PICTURE_BYTES


def _sender(name: str) -> str:
    """Viber wants a name above each message, and a short one: without the company if need be."""
    short = name if len(name) <= SENDER else name.partition(" (")[0]
    return short[:SENDER].strip() or "Support"


def _keyboard(part: Outbound) -> dict[str, Any]:
    """A button sends its value and its label. It does so silently: only we see them. Labels may hold HTML."""
    return {"Type": "keyboard", "DefaultHeight": False, "Buttons": [
        {"Columns": 6 if len(b.label) > 12 else 3, "Rows": 1, "ActionType": "reply", "Silent": True,
         "ActionBody": f"{b.payload}\n{b.label}", "Text": html.escape(b.label, quote=False), "TextSize": "regular"}
        for b in part.buttons]}
