"""What one event of X's Account Activity API says.

https://developer.x.com/en/docs/x-api/enterprise/account-activity-api/guides/account-activity-data-objects
"""
from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator
from mimetypes import guess_type
from posixpath import basename
from typing import Any
from urllib.parse import unquote, urlsplit

from channels._payload import file_name, moment, place, word
from channels.base import Echo, Fact, File, Inbound, Receipt, Status, Typing

Event = tuple[str, dict[str, Any], dict[str, Any]]      # (its list's name, the event, the whole payload)


def events_of(payload: dict[str, Any]) -> Iterator[Event]:
    """Every event of a delivery that is about direct messages; posts, likes and follows are left out."""
    word(payload["for_user_id"])        # what has none is no delivery
    for kind in READERS:
        listed = payload.get(kind) or []
        if not isinstance(listed, list):
            raise TypeError(f"{kind} are a list")
        yield from ((kind, event, payload) for event in listed)


def facts(found: Event) -> Iterable[Fact]:
    """The facts of one event."""
    kind, event, payload = found
    return READERS[kind](event, payload)


def stand_in(found: Event) -> Inbound:
    """For a message that cannot be read: that there was one. Ours are not shown so."""
    kind, event, payload = found
    said = event["message_create"]
    if said["sender_id"] == payload["for_user_id"]:
        raise ValueError("an own message")
    return Inbound(word(event["id"]), word(said["sender_id"]), moment(event.get("created_timestamp")),
                   text="[unreadable]", account=word(payload["for_user_id"]), raw=event)


def _said(event: dict, payload: dict) -> list[Fact]:
    """A message: of the person, or our own account's, written by us or in X's own app."""
    if event.get("type") != "message_create":
        return []
    said, us = event["message_create"], word(payload["for_user_id"])
    sender, recipient = word(said["sender_id"]), word(said["target"]["recipient_id"])
    text, files = _content(said["message_data"])
    common = {"external_id": word(event["id"]), "sent_at": moment(event.get("created_timestamp")), "files": files,
              "account": us, "raw": event}
    if sender == us:
        return [Echo(address=recipient, text=text, **common)]
    pressed = said["message_data"].get("quick_reply_response") or {}
    person = (payload.get("users") or {}).get(sender) or {}
    return [Inbound(address=sender, text=text, name=person.get("name") or person.get("screen_name") or "",
                    payload=str(pressed.get("metadata") or ""), **common)]


def _types(event: dict, payload: dict) -> list[Fact]:
    sender, us = word(event["sender_id"]), word(payload["for_user_id"])
    return [] if sender == us else [Typing(sender, moment(event.get("created_timestamp")), account=us)]


def _reads(event: dict, payload: dict) -> list[Fact]:
    """They have read everything up to now; what we read ourselves is no news."""
    sender, at = word(event["sender_id"]), moment(event.get("created_timestamp"))
    return [] if sender == word(payload["for_user_id"]) else [
        Receipt(word(event["last_read_event_id"]), Status.READ, at, address=sender, watermark=at)]


READERS: dict[str, Callable[[dict, dict], list[Fact]]] = {
    "direct_message_events": _said, "direct_message_indicate_typing_events": _types,
    "direct_message_mark_read_events": _reads}


def _content(data: dict) -> tuple[str, list[File]]:
    """(text, files). X escapes three characters as HTML does, and puts the link of a picture behind the words."""
    text, attachment = html.unescape(data.get("text") or ""), data.get("attachment") or {}
    kind = attachment.get("type", "media" if "media" in attachment else "")
    if kind == "media":
        media = attachment["media"]
        return text.removesuffix(str(media.get("url") or "\0")).rstrip(), [_file(media)]
    if kind == "location":
        return "\n".join(part for part in (text, _place(attachment["location"])) if part), []
    return (text or f"[{kind or 'message'}]"), []


def _place(location: dict) -> str:
    found = location.get(str(location.get("type"))) or {}
    spot = (found.get("coordinates") or found.get("place") or {})
    latitude, longitude = reversed(spot.get("coordinates") or (spot.get("centroid") or [None, None]))
    if latitude is None:
        return f"[location] {spot.get('full_name') or spot.get('name') or ''}".rstrip()
    return place(latitude, longitude, [spot.get("full_name")])


def _file(media: dict) -> File:
    """A picture, or the best copy of a video or moving picture."""
    kind = str(media.get("type") or "photo")
    films = [one for one in (media.get("video_info") or {}).get("variants") or []
             if one.get("content_type") == "video/mp4"]
    if films:
        url, content_type = max(films, key=lambda one: one.get("bitrate") or 0)["url"], "video/mp4"
    else:
        url = media.get("media_url_https") or media["media_url"]
        content_type = guess_type(urlsplit(word(url)).path)[0] or "image/jpeg"
    name = unquote(basename(urlsplit(word(url)).path))
    return File(file_name(name, kind, content_type), content_type, ref=word(url))
