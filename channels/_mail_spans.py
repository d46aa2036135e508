"""Parts of a mail as the very bytes that came, which is what signatures are over. The library's parser forgets line
ends and white space; this finds the parts again in the raw mail."""
from __future__ import annotations

import re
from email.message import Message

from channels._mail_caps import END_OF_HEADERS
from channels._mail_files import children

LEVELS = 12             # deeper ones are given as the library writes them


def raw_parts(message: Message, raw: bytes) -> dict[int, bytes]:
    """The bytes of each part by id() of its Message: header, empty line, body. Parts that cannot be found with
    certainty are left out."""
    found: dict[int, bytes] = {}
    waiting = [(message, raw, 0)]
    while waiting:
        part, data, level = waiting.pop()
        found[id(part)] = data
        inner = children(part)
        end = END_OF_HEADERS.search(data)
        if not inner or not end or level >= LEVELS:
            continue
        body = data[end.end():]
        if part.get_content_type() == "message/rfc822" and len(inner) == 1:
            waiting.append((inner[0], body, level + 1))
            continue
        pieces = _split(body, part)
        if len(pieces) == len(inner):
            waiting += [(child, piece, level + 1) for child, piece in zip(inner, pieces, strict=True)]
    return found


def _split(body: bytes, part: Message) -> list[bytes]:
    """The pieces between a multipart's boundary lines. The line break before a boundary belongs to it (RFC 2046)."""
    try:
        boundary = part.get_boundary() or ""
    except (LookupError, ValueError, TypeError, AttributeError):
        return []
    if not boundary:
        return []
    line = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary.encode("utf-8", "surrogateescape"))
                      + rb"(--)?[ \t]*(?:\r?\n|$)")
    pieces, begin, at = [], None, 0
    while mark := line.search(body, at):
        if begin is not None:
            pieces.append(body[begin:mark.start()])
        if mark[1]:
            return pieces
        begin = mark.end()
        # The line break that ends this boundary may also begin the next one.
        at = begin - 1 if body[begin - 1:begin] == b"\n" else begin
    return pieces + ([body[begin:]] if begin is not None else [])
