"""Messenger and Instagram: the same events and the same Send API, under two names.

https://developers.facebook.com/docs/messenger-platform/reference/webhook-events
https://developers.facebook.com/docs/messenger-platform/reference/send-api
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from channels._meta import WINDOW_CLOSED, Meta
from channels._parts import fitting_buttons, one_at_a_time, single
from channels._payload import each, file_name, load, moment, objects, place, word
from channels.base import (
    Echo,
    Edited,
    Fact,
    File,
    Inbound,
    Outbound,
    Reaction,
    Receipt,
    Request,
    SendError,
    Status,
    Step,
    Unsent,
)

FILES = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mp4", "file": "application/octet-stream"}


HUMAN_AGENT_WINDOW = timedelta(days=7)      # https://developers.facebook.com/docs/features-reference/human-agent


class DirectMessages(Meta):
    """Shared base; not a channel of its own."""
    object_name: ClassVar[str]          # what Meta calls the subscription: page, instagram
    account_key: ClassVar[str]          # the setting that holds our account's id
    proves_sender = True
    echoes_metadata: ClassVar[bool] = False     # an echo carries the `metadata` that we sent

    @classmethod
    def window(cls, settings: Mapping[str, Any], by: str = "agent") -> timedelta | None:
        return HUMAN_AGENT_WINDOW if by == "agent" and _human_agent(settings) else cls.can.reply_window

    def scope(self, item: Any) -> str:
        return item.account

    # In

    def parse(self, request: Request) -> Iterator[Fact]:
        data = load(request.body)
        if data.get("object", self.object_name) != self.object_name:
            return iter(())
        return each(_events(data), lambda found: self._event(*found),
                    lambda found: self._inbound(*found, text="[a message that cannot be read]",
                                                external_id=word(found[0]["message"]["mid"])))

    def _event(self, event: dict, entry: dict, automatic: str = "") -> Iterator[Fact]:
        if "message" in event:
            yield from self._message(event, entry, automatic)
        elif "message_edit" in event:
            edit = event["message_edit"]
            yield Edited(word(edit["mid"]), _sender(event), self._at(event, entry), self._account(event, entry),
                         text=str(edit.get("text") or ""))
        elif "reaction" in event:
            reaction = event["reaction"]
            taken_back = reaction.get("action") == "unreact"
            yield Reaction(word(reaction["mid"]), _sender(event), self._at(event, entry), self._account(event, entry),
                           emoji="" if taken_back else str(reaction.get("emoji") or reaction.get("reaction") or "❤"))
        elif "postback" in event:
            press = event["postback"]
            yield self._inbound(event, entry, automatic, text=press.get("title") or "",
                                payload=press.get("payload") or "",
                                external_id=press.get("mid") or f"postback:{_sender(event)}:{word(event['timestamp'])}")
        elif "delivery" in event:
            yield from self._delivered(event)
        elif "read" in event:
            yield self._read(event)

    def _message(self, event: dict, entry: dict, automatic: str) -> Iterator[Fact]:
        message = event["message"]
        if message.get("is_deleted"):
            yield Unsent(word(message["mid"]), _sender(event), self._at(event, entry), self._account(event, entry))
            return
        if message.get("is_echo") or _sender(event) == str(entry.get("id")):
            yield from self._echo(event, entry)
            return
        text, files = _content(message)
        parent = message.get("reply_to") or {}
        story = parent.get("story") or {}
        if story.get("url"):
            files.append(File("story", FILES["file"], ref=word(story["url"])))
        yield self._inbound(event, entry, automatic, external_id=word(message["mid"]),
                            text=text or ("" if files else "[unsupported]"),
                            files=files, replies_to=[word(parent["mid"])] if parent.get("mid") else (),
                            payload=(message.get("quick_reply") or {}).get("payload") or "")

    def _echo(self, event: dict, entry: dict) -> Iterator[Echo]:
        """What our account said: through this app, through another one, or by hand in the page's own inbox. An echo
        carries our `metadata`, where we sent one."""
        message = event["message"]
        text, files = _content(message)
        if text or files:
            yield Echo(word(message["mid"]), word(event["recipient"]["id"]), self._at(event, entry), text=text,
                       files=files, delivery_id=str(message.get("metadata") or ""), account=_sender(event), raw=event)

    def _at(self, event: dict, entry: dict) -> datetime:
        return moment(event.get("timestamp", entry.get("time")))

    def _account(self, event: dict, entry: dict) -> str:
        return word((event.get("recipient") or {}).get("id") or entry["id"])

    def _inbound(self, event: dict, entry: dict, automatic: str = "", **what: Any) -> Inbound:
        return Inbound(address=_sender(event), sent_at=self._at(event, entry), account=self._account(event, entry),
                       automatic=automatic, raw=event, **what)

    def _delivered(self, event: dict) -> Iterator[Receipt]:
        news, address = event["delivery"], _sender(event)
        at = moment(event.get("timestamp", news.get("watermark")))
        for mid in news.get("mids") or ():
            yield Receipt(word(mid), Status.DELIVERED, at, address=address)
        if news.get("watermark"):
            yield Receipt("", Status.DELIVERED, at, address=address, watermark=moment(news["watermark"]))

    def _read(self, event: dict) -> Receipt:
        news, address = event["read"], _sender(event)
        at = moment(event.get("timestamp", news.get("watermark")))
        if news.get("mid"):
            return Receipt(word(news["mid"]), Status.READ, at, address=address)
        return Receipt("", Status.READ, at, address=address, watermark=moment(news["watermark"]))

    # Out

    def prepare(self, message: Outbound) -> list[Outbound]:
        # Quick replies: at most 13, titles of 20 characters, payloads of 1,000.
        fitted = fitting_buttons(message, self.can.buttons, label=20, payload=1000, text=self.can.text_limit)
        return one_at_a_time(super().prepare(fitted), lambda text, file: False)

    def send(self, message: Outbound) -> str:
        part = single(self.prepare(message))
        form = {"recipient": {"id": part.address}, **self._occasion(part)}
        if part.files:
            name, content_type, content = part.files[0]
            kind = self.attachment_type(content_type, len(content))
            form["message"] = {"attachment": {"type": kind, "payload": {"is_reusable": False}}}
            answer = self._post("me/messages", data={k: v if isinstance(v, str) else json.dumps(v)
                                                     for k, v in form.items()},
                                files={"filedata": (self.file_name(name), content, content_type)})
        else:
            form["message"] = {"text": part.text, **({"metadata": part.id} if self.echoes_metadata else {})}
            if part.buttons:
                form["message"]["quick_replies"] = [
                    {"content_type": "text", "title": b.label, "payload": b.payload} for b in part.buttons]
            answer = self._post("me/messages", json=form)
        if not answer.get("message_id"):
            raise SendError(f"{self.label} accepted the message without naming an id", uncertain=True)
        return str(answer["message_id"])

    def _occasion(self, message: Outbound) -> dict[str, str]:
        """Inside the window a RESPONSE. After it people (not machines) have seven days under HUMAN_AGENT, a
        permission that Meta must have granted to the app."""
        if message.within_window:
            return {"messaging_type": "RESPONSE"}
        if _human_agent(self.config) and not message.automatic:
            return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        raise SendError(WINDOW_CLOSED, permanent=True)

    def typing(self, address: str, replies_to: Sequence[str] = ()) -> None:
        self._post("me/messages", json={"recipient": {"id": address}, "sender_action": "typing_on"})

    def attachment_type(self, content_type: str, size: int) -> str:
        """image, video, audio or file. Raises SendError(permanent) for what the platform does not carry."""
        if size > self.can.file_limit:
            raise SendError(f"{self.label} carries files of up to {self.can.file_limit // 2**20} MB", permanent=True)
        kind = content_type.partition("/")[0]
        return kind if kind in ("image", "video", "audio") else "file"

    def file_name(self, name: str) -> str:
        return name

    def profile(self, address: str) -> str:
        """The person's name, as far as they let the account see it. Raises SendError."""
        found = self._get(f"{quote(address, safe='')}?fields=name")
        return str(found.get("name") or "")

    def test(self) -> str:
        account = self._get(f"{self.config[self.account_key]}?fields=name")
        return f"The account is {account.get('name') or account.get('id')}."

    def steps(self, webhook: str) -> list[Step]:
        return [*super().steps(webhook), self.subscribed(self.config[self.account_key])]


def _human_agent(settings: Mapping[str, Any]) -> bool:
    return settings.get("human_agent") in ("1", "true", "on", "yes")


def _events(data: dict) -> Iterator[tuple[dict, dict, str]]:
    """(event, entry, why no machine may answer) of one delivery. Services that pass it on may take the envelope off:
    then it is the list of entries, one event in it, or the event alone."""
    if "entry" not in data and isinstance(data.get("messaging"), dict) or "sender" in data:
        yield data.get("messaging") or data, {}, ""
        return
    for entry in objects(data["entry"] if "entry" in data else data["messaging"]):
        for event in objects(entry.get("messaging")):
            yield event, entry, ""
        for event in objects(entry.get("standby")):     # another app leads this thread (handover protocol)
            yield event, entry, "standby"
        for change in objects(entry.get("changes")):    # how the dashboard sends its test message
            if change.get("field") == "messages":
                yield change["value"], entry, ""


def _content(message: dict) -> tuple[str, list[File]]:
    """What a message says, in words and files."""
    texts = [message["text"]] if message.get("text") else []
    files = []
    for attachment in objects(message.get("attachments")):
        text, file = _attachment(attachment)
        texts += [text] if text else []
        files += [file] if file else []
    return "\n".join(texts), files


def _sender(event: dict) -> str:
    return word(event["sender"]["id"])


def _attachment(attachment: dict) -> tuple[str, File | None]:
    """An attachment as text, as a file, or as both."""
    kind, payload = str(attachment.get("type", "attachment")), attachment.get("payload") or {}
    url = payload.get("url") or payload.get("story_media_url") or attachment.get("url") or ""
    title = payload.get("title") or attachment.get("title") or ""
    if kind in FILES and url:
        return "", File(file_name(payload.get("name"), kind, FILES[kind] if kind != "file" else ""), FILES[kind],
                        ref=word(url))
    if kind == "story_mention" and url:
        return "[story mention]", File("story", FILES["file"], ref=word(url))
    if kind == "location":
        where = payload.get("coordinates") or {}
        return place(where.get("lat"), where.get("long"), [title]), None
    return " ".join(_words([f"[{kind}]", title, url])), None


def _words(parts: Iterable[Any]) -> list[str]:
    return [str(part) for part in parts if part]
