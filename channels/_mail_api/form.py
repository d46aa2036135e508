"""Forms as providers post them: URL-encoded, or multipart/form-data (RFC 7578) with files.

Split by the boundary on the raw bytes: a file of 25 MB of line breaks costs no more than any other, which line-wise
parsers cannot say.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from urllib.parse import unquote_to_bytes

from channels._charset import to_text
from channels._mail_body import RAW
from channels._mail_files import part_name
from channels.base import Request

FIELDS = 2000
HEAD = 10_000           # bytes of one part's header
BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.I)


@dataclass(frozen=True)
class Part:
    """One field; a file when it has a name of its own."""
    name: str
    content: bytes
    file_name: str = ""
    content_type: str = ""
    cid: str = ""

    @property
    def text(self) -> str:
        return to_text(self.content)


class Form:
    """The fields of a form, in their order. Where a name comes twice, get() gives the last: providers put their own
    fields behind the sender's."""

    def __init__(self, parts: list[Part]):
        self.parts = parts

    def get(self, name: str) -> str:
        part = self.part(name)
        return part.text if part else ""

    def part(self, name: str) -> Part | None:
        return next((p for p in reversed(self.parts) if p.name == name and not p.file_name), None)

    @property
    def files(self) -> list[Part]:
        return [part for part in self.parts if part.file_name]


def form_of(request: Request) -> Form:
    """The form in a request. Raises ValueError when it holds none, or more than 2,000 fields."""
    content_type = request.header("Content-Type")
    if content_type.lower().startswith("multipart/form-data"):
        return Form(_multipart(request.body, content_type))
    return Form(_urlencoded(request.body))


def _urlencoded(body: bytes) -> list[Part]:
    """The library's parse_qsl answers bytes only where all of them are ASCII."""
    if b"=" not in body or body.count(b"&") > FIELDS:
        raise ValueError(f"this is no form, or one of more than {FIELDS} fields")
    pairs = [field.replace(b"+", b" ").partition(b"=") for field in body.split(b"&") if field]
    return [Part(to_text(unquote_to_bytes(name)), unquote_to_bytes(value)) for name, _, value in pairs]


def _multipart(body: bytes, content_type: str) -> list[Part]:
    found = BOUNDARY.search(content_type)
    if not found:
        raise ValueError("a multipart form without a boundary")
    mark = b"--" + (found[1] or found[2]).encode()
    if body.count(mark) > FIELDS:
        raise ValueError(f"a form of more than {FIELDS} fields")
    # Only at the start of a line is it a boundary; the line break before it belongs to it.
    pieces = re.split(rb"(?:\A|\r?\n)" + re.escape(mark) + rb"(--)?[ \t]*(?=\r?\n|\Z)", body)
    parts, closed = [], False
    for piece, end in zip(pieces[2::2], [*pieces[3::2], None], strict=True):
        parts.append(_part(piece))
        closed = closed or bool(end)
        if end:
            break
    if not closed:
        raise ValueError("this form breaks off")
    return parts


def _part(piece: bytes) -> Part:
    piece = piece.removeprefix(b"\r\n").removeprefix(b"\n") if piece[:1] != b"\r" else piece[2:]
    end = re.compile(rb"\r?\n\r?\n").search(piece, 0, HEAD)
    if not end:
        raise ValueError("a part of this form has no header")
    head = message_from_bytes(piece[:end.start()] + b"\r\n\r\n", policy=RAW)
    name = head.get_param("name", "", header="content-disposition")
    return Part(to_text(_bytes(name)), piece[end.end():], part_name(head), head.get_content_type(),
                str(head.get("Content-ID", "")).strip().strip("<>"))


def _bytes(value: str | tuple) -> bytes:
    text = value[2] if isinstance(value, tuple) else value
    return (text or "").encode("utf-8", "surrogateescape")
