"""How the parser's child and its parent talk: length-prefixed JSON with the bytes of files behind it. No pickle, so
that a child that was taken over can only say what it could say anyway."""
from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from channels.base import File, Inbound, Receipt, Status

HEAD = struct.Struct(">IQ")
LARGEST = 1 << 30
INBOUND = [f.name for f in fields(Inbound) if f.name not in ("files", "sent_at", "raw", "reports")]


def write_frame(send: Callable[[bytes], Any], about: dict, blob: bytes = b"") -> None:
    """Send one frame by `send` (socket.sendall)."""
    head = json.dumps(about).encode()
    send(HEAD.pack(len(head), len(blob)) + head)
    if blob:
        send(blob)


def read_frame(receive: Callable[[int], bytes]) -> tuple[dict, bytes]:
    """Read one frame by `receive` (socket.recv). EOFError when the other side has gone."""
    head, size = HEAD.unpack(_exactly(receive, HEAD.size))
    if head + size > LARGEST:
        raise EOFError(f"a frame of {head + size} bytes")
    return json.loads(_exactly(receive, head)), _exactly(receive, size)


def _exactly(receive: Callable[[int], bytes], size: int) -> bytes:
    pieces = []
    while size:
        piece = receive(min(size, 1 << 20))
        if not piece:
            raise EOFError("the other side has gone")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def to_frame(items: Sequence[Inbound | Receipt]) -> tuple[dict, bytes]:
    """What a parse found, ready for write_frame."""
    blobs: list[bytes] = []
    return {"items": [_receipt(i) if isinstance(i, Receipt) else _inbound(i, blobs) for i in items]}, b"".join(blobs)


def from_frame(about: dict, blob: bytes) -> list[Inbound | Receipt]:
    """The other direction of to_frame."""
    view, at, items = memoryview(blob), 0, []
    for item in about["items"]:
        if item.pop("receipt", False):
            items.append(_as_receipt(item))
            continue
        files = []
        for file in item["files"]:
            files.append(File(**file, content=bytes(view[at:at + file["size"]])))
            at += file["size"]
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}
        items.append(Inbound(**values | {
            "files": tuple(files), "sent_at": datetime.fromisoformat(item["sent_at"]),
            "reports": tuple(map(_as_receipt, item["reports"]))}))
    return items


def _as_receipt(item: dict) -> Receipt:
    return Receipt(**item | {"status": Status(item["status"]), "at": datetime.fromisoformat(item["at"]),
                             "tokens": tuple(item["tokens"])})


def _inbound(item: Inbound, blobs: list[bytes]) -> dict:
    blobs += [f.content or b"" for f in item.files]
    return {**{name: getattr(item, name) for name in INBOUND}, "sent_at": item.sent_at.isoformat(),
            "reports": [_values(one) for one in item.reports], "files": [
        {"name": f.name, "content_type": f.content_type, "cid": f.cid, "size": len(f.content or b"")}
        for f in item.files]}


def _receipt(item: Receipt) -> dict:
    return {**_values(item), "receipt": True}


def _values(item: Receipt) -> dict:
    return {**asdict(item), "at": item.at.isoformat(), "watermark": None}
