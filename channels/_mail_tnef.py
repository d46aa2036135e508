"""Outlook's winmail.dat (TNEF): the text and the files in it. Formats: Microsoft's [MS-OXTNEF] and [MS-OXRTFCP].

One pass over the bytes; what is cut short or makes no sense ends the reading, and what came before it is kept.
"""
from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from channels._charset import to_text
from channels._mail_rtf import decompressed, unwrapped

CHARSET = re.compile(rb"charset\s{0,3}=\s{0,3}[\"']?([\w-]{2,30})", re.I)
SIGNATURE = 0x223E9F78
ATTRIBUTES, PROPERTIES, FILES, DEEPEST = 5_000, 5_000, 500, 3
SUBJECT, BODY, TITLE, DATA, BEGINS, MESSAGE, ATTACHMENT, CODEPAGE = (
    0x8004, 0x800C, 0x8010, 0x800F, 0x9002, 0x9003, 0x9005, 0x9007)
PR_SUBJECT, PR_BODY, PR_HTML, PR_RTF, PR_NAME, PR_LONG_NAME, PR_SHORT_NAME, PR_KIND, PR_CID, PR_DATA = (
    0x0037, 0x1000, 0x1013, 0x1009, 0x3001, 0x3707, 0x3704, 0x370E, 0x3712, 0x3701)
FIXED = {0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4, 0x0014: 8, 0x0040: 8,
         0x0048: 16}
STRING, UNICODE, BINARY, OBJECT, MANY = 0x001E, 0x001F, 0x0102, 0x000D, 0x1000


@dataclass
class TnefFile:
    """One file as it lay in there."""
    name: str = ""
    content_type: str = ""
    cid: str = ""
    content: bytes = b""


@dataclass
class Tnef:
    """A message: at most one of `text` and `html` may be empty where it has a body."""
    subject: str = ""
    text: str = ""
    html: str = ""
    files: list[TnefFile] = field(default_factory=list)


def read_tnef(data: bytes, depth: int = 0) -> Tnef | None:
    """What is inside; None when this is no TNEF."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != SIGNATURE:
        return None
    found = Tnef()
    codepage, current = "cp1252", None
    for name, value in _attributes(data):
        if name == CODEPAGE and len(value) >= 4:
            codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == SUBJECT:
            found.subject = _string(value, codepage)
        elif name == BODY:
            found.text = _string(value, codepage)
        elif name == MESSAGE:
            _message(found, dict(_properties(value)), codepage)
        elif name == BEGINS:
            current = TnefFile()
            if len(found.files) < FILES:
                found.files.append(current)
        elif current is None:
            continue
        elif name == TITLE:
            current.name = current.name or _string(value, codepage)
        elif name == DATA:
            current.content = value
        elif name == ATTACHMENT:
            _attachment(found, current, dict(_properties(value)), codepage, depth)
    found.files = [file for file in found.files if file.content or file.name]
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    for _ in range(ATTRIBUTES):
        if at + 9 > len(data):
            return
        name, size = struct.unpack_from("<xII", data, at)
        at += 9
        if at + size > len(data):
            return
        yield name & 0xFFFF, data[at:at + size]
        at += size + 2          # and a checksum that nobody checks


def _properties(data: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Each property's id with its type and the bytes of its (first) value."""
    try:
        count, at = struct.unpack_from("<I", data)[0], 4
        for _ in range(min(count, PROPERTIES)):
            kind, name = struct.unpack_from("<HH", data, at)
            at += 4
            if name >= 0x8000:
                at += 16
                named, size = struct.unpack_from("<II", data, at)
                at += 8 + (_padded(size) if named else 0)
            base, many = kind & ~MANY, kind & MANY
            if base in FIXED:
                values = struct.unpack_from("<I", data, at)[0] if many else 1
                at += 4 if many else 0
                yield name, (base, data[at:at + FIXED[base]])
                at += FIXED[base] * values
                continue
            if base not in (STRING, UNICODE, BINARY, OBJECT):
                return
            values = struct.unpack_from("<I", data, at)[0]
            at += 4
            for n in range(min(values, PROPERTIES)):
                size = struct.unpack_from("<I", data, at)[0]
                at += 4
                if at + size > len(data):
                    return
                if n == 0:
                    yield name, (base, data[at:at + size])
                at += _padded(size)
    except struct.error:
        return


def _padded(size: int) -> int:
    return size + -size % 4


def _message(found: Tnef, about: dict[int, tuple[int, bytes]], codepage: str) -> None:
    if PR_SUBJECT in about and not found.subject:
        found.subject = _value(about[PR_SUBJECT], codepage)
    if PR_BODY in about:
        found.text = _value(about[PR_BODY], codepage)
    if PR_HTML in about:
        kind, data = about[PR_HTML]
        said = CHARSET.search(data[:2_000])
        found.html = _value(about[PR_HTML], codepage) if kind == UNICODE else to_text(
            data.rstrip(b"\0"), said[1].decode() if said else "utf-8", codepage)
    if PR_RTF in about and not (found.html or found.text):
        found.html, found.text = unwrapped(decompressed(about[PR_RTF][1]))


def _attachment(found: Tnef, file: TnefFile, about: dict[int, tuple[int, bytes]], codepage: str, depth: int) -> None:
    for name in (PR_LONG_NAME, PR_SHORT_NAME, PR_NAME):
        if name in about and (said := _value(about[name], codepage)):
            file.name = said
            break
    file.content_type = _value(about[PR_KIND], codepage) if PR_KIND in about else file.content_type
    file.cid = _value(about[PR_CID], codepage) if PR_CID in about else file.cid
    kind, data = about.get(PR_DATA, (0, b""))
    if kind == BINARY:
        file.content = data
    elif kind == OBJECT and data:
        file.content = data[16:]                # after the interface's id
        inner = read_tnef(file.content, depth + 1) if depth < DEEPEST else None
        if inner:                               # a message in the message
            body = inner.html or inner.text
            file.name = f"{inner.subject or file.name or 'message'}{'.html' if inner.html else '.txt'}"
            file.content_type = "text/html" if inner.html else "text/plain"
            file.content = body.encode()
            found.files += inner.files[:FILES - len(found.files)]


def _value(value: tuple[int, bytes], codepage: str) -> str:
    kind, data = value
    if kind == UNICODE:
        return data.decode("utf-16-le", "replace").rstrip("\0")
    return _string(data, codepage)


def _string(data: bytes, codepage: str) -> str:
    return to_text(data.rstrip(b"\0"), codepage)
