"""What an app of one's own tells, event by event. docs/channels.md, "API", is written for who sends these."""
from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from mimetypes import guess_type
from typing import Any

from channels import _orders
from channels._payload import file_name, moment, objects, word
from channels.base import Echo, Edited, Fact, File, Inbound, Order, Reaction, Receipt, Status, Typing, Unsent

STATUSES = {"delivered": Status.DELIVERED, "read": Status.READ, "failed": Status.FAILED}
MOST_FILES = 50


def facts(event: dict) -> Iterable[Fact]:
    """What one event says; nothing for kinds that are not known here."""
    read = KINDS.get(word(event["type"]))
    return read(event) if read else ()


def message(event: dict) -> Iterator[Inbound]:
    """Somebody wrote, or pressed a button."""
    yield Inbound(external_id=word(event["id"]), **_user(event), sent_at=moment(event.get("at")),
                  text=event.get("text") or "", files=_files(event), payload=event.get("button") or "",
                  replies_to=[word(event["reply_to"])] if event.get("reply_to") else (),
                  fresh=event.get("new_conversation") is True, raw=event)


def edited(event: dict) -> Iterator[Edited]:
    yield Edited(**_about(event), text=event["text"])


def unsent(event: dict) -> Iterator[Unsent]:
    yield Unsent(**_about(event))


def reaction(event: dict) -> Iterator[Reaction]:
    """Without an emoji the earlier one is taken back."""
    yield Reaction(**_about(event), emoji=event.get("emoji") or "")


def typing(event: dict) -> Iterator[Typing]:
    yield Typing(_address(event), moment(event.get("at")))


def receipt(event: dict) -> Iterator[Receipt]:
    """Of one message by its id, or of all that a person got up to a time."""
    status, at, error = STATUSES[word(event["status"])], moment(event.get("at")), event.get("error") or ""
    if event.get("up_to") and status is not Status.FAILED:
        yield Receipt("", status, at, address=_address(event), watermark=moment(event["up_to"]))
    else:
        yield Receipt(word(event["id"]), status, at, error=error)


def echo(event: dict) -> Iterator[Echo]:
    """Somebody of ours answered in the app itself; or what we sent is shown there, and its delivery_id comes back."""
    yield Echo(external_id=word(event["id"]), address=_address(event), sent_at=moment(event.get("at")),
               text=event.get("text") or "", files=_files(event), raw=event,
               delivery_id=word(event["delivery_id"]) if event.get("delivery_id") else "")


def order(event: dict) -> Iterator[Order]:
    """Somebody ordered, or an order changed."""
    yield _orders.order(event["order"])


KINDS: dict[str, Callable[[dict], Iterable[Fact]]] = {
    "message": message, "edited": edited, "unsent": unsent, "reaction": reaction, "typing": typing,
    "receipt": receipt, "echo": echo, "order": order}


def stand_in(event: Any) -> Inbound:
    """In place of a message that cannot be read, where it still tells who wrote it."""
    if event["type"] != "message":
        raise ValueError("only a message is missed")
    return Inbound(external_id=word(event["id"]), address=_address(event), sent_at=moment(None), text="[unreadable]",
                   raw=event)


def _address(event: dict) -> str:
    return word(event["user"]["id"])


def _user(event: dict) -> dict[str, str]:
    user = event["user"]
    return {"address": word(user["id"]), "name": user.get("name") or "", "locale": user.get("locale") or ""}


def _about(event: dict) -> dict[str, Any]:
    return {"external_id": word(event["id"]), "address": _address(event), "at": moment(event.get("at"))}


def _files(event: dict) -> list[File]:
    given = objects(event.get("files"))
    if len(given) > MOST_FILES:
        raise ValueError(f"more than {MOST_FILES} files in one message")
    return [_file(one) for one in given]


def _file(given: dict) -> File:
    """By `url`, from which it is fetched, or with its bytes in base64 as `content`."""
    name = word(given["name"]) if given.get("name") else ""
    content_type = word(given.get("type") or guess_type(name)[0] or "application/octet-stream")
    name = file_name(name, "file", content_type)
    if "content" in given:
        content = base64.b64decode("".join(given["content"].split()), validate=True)
        return File(name, content_type, content=content, size=len(content))
    size = given.get("size")
    return File(name, content_type, ref=word(given["url"]), size=size if isinstance(size, int) else None)
