"""What we say, as LINE's message objects. LINE takes no uploads: it is told where each file can be fetched.

https://developers.line.biz/en/reference/messaging-api/#message-objects
"""
from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

from channels.base import Outbound

PICTURES, PICTURE_BYTES, PREVIEW_BYTES = ("image/jpeg", "image/png"), 10 * 2**20, 2**20
SOUNDS = ("audio/mp4", "audio/m4a", "audio/x-m4a")
VIDEO_BYTES = SOUND_BYTES = 200 * 2**20
NAME = 100          # characters of a file's name on its card

Published = Callable[[str, str, bytes], str]


def message_object(part: Outbound, publish: Published) -> dict[str, Any]:
    """One part as one message."""
    if part.files:
        return _file(*part.files[0], publish)
    message: dict[str, Any] = {"type": "text", "text": part.text}
    if part.buttons:
        message["quickReply"] = {"items": [{"type": "action", "action": {
            "type": "postback", "label": b.label, "data": f"{b.payload}\n{b.label}", "displayText": b.label}}
            for b in part.buttons]}
    return message


def _file(name: str, content_type: str, content: bytes, publish: Published) -> dict[str, Any]:
    """A picture, video or voice note as such; everything else as a card that opens it."""
    url, kind = publish(name, content_type, content), content_type.partition(";")[0].strip().lower()
    if kind in PICTURES and len(content) <= PICTURE_BYTES:
        preview = url if len(content) <= PREVIEW_BYTES else publish("preview.png", "image/png", picture())
        return {"type": "image", "originalContentUrl": url, "previewImageUrl": preview}
    if kind == "video/mp4" and len(content) <= VIDEO_BYTES:
        return {"type": "video", "originalContentUrl": url,
                "previewImageUrl": publish("preview.png", "image/png", picture())}
    if kind in SOUNDS and len(content) <= SOUND_BYTES and (milliseconds := length(content)):
        return {"type": "audio", "originalContentUrl": url, "duration": milliseconds}
    return _card(name, len(content), url)


def _card(name: str, size: int, url: str) -> dict[str, Any]:
    """Wordless, since nobody knows the customer's language: the name, the size and an arrow."""
    shown = name if len(name) <= NAME else f"{name[:NAME - 1]}…"
    about = f"{max(size, 1000) // 1000} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
    action = {"type": "uri", "label": "⬇", "uri": url}
    return {"type": "flex", "altText": shown, "contents": {
        "type": "bubble", "size": "kilo", "body": {
            "type": "box", "layout": "vertical", "spacing": "sm", "action": action, "contents": [
                {"type": "text", "text": shown, "wrap": True, "weight": "bold"},
                {"type": "text", "text": f"⬇ {about}", "size": "sm", "color": "#06835a"}]}}}


def length(content: bytes) -> int:
    """How many milliseconds an MPEG-4 sound lasts, from its movie header (ISO/IEC 14496-12, 8.2.2); 0 when it has
    none."""
    at = content.find(b"mvhd")
    try:
        if content[at + 4] == 1:
            scale, units = struct.unpack_from(">IQ", content, at + 24)
        else:
            scale, units = struct.unpack_from(">II", content, at + 16)
    except (struct.error, IndexError):
        return 0
    return int(units * 1000 / scale) if at >= 0 and scale else 0


@cache
def picture(side: int = 240) -> bytes:
    """A grey square with a triangle, as a PNG: what stands for a video, or for a picture too large to be its own
    preview, until it is opened."""
    def row(y: int) -> bytes:
        reach = (side // 4 - abs(y - side // 2)) * 3 // 2
        return b"\0" + bytes(245 if reach > 0 and side * 3 // 8 <= x < side * 3 // 8 + reach else 120
                             for x in range(side))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(b"".join(map(row, range(side))))) + chunk(b"IEND", b""))
