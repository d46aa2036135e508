"""The tree of a mail's parts → its text, its HTML and its files."""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.policy import Compat32
from html import escape

from channels._charset import to_text
from channels._mail_files import (
    ENDINGS,
    NAMELESS,
    as_bytes,
    children,
    default_name,
    part_name,
    payload,
    safe_name,
    source,
    uuencoded,
)
from channels._mail_headers import Headers, decoded
from channels._mail_text import html_to_text
from channels.base import File

FILE_ENDING = re.compile(r"\.\w{2,5}$")
PLAIN_CID = re.compile(r"[\w.-]{1,80}")
NAMED_CID = re.compile(r"[\w.-]{1,80}\.\w{2,5}@")
LARGEST_TEXT = 2_000_000
READABLE = {"text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown"}


class RawFields(Compat32):
    """Header values as they came, 8-bit characters as surrogates; written back as they came, too."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}{self.linesep}".encode("utf-8", "surrogateescape")


RAW = RawFields()


@dataclass
class Body:
    """`plain` and `html` hold the pieces in reading order, None where a piece has no such form."""
    pieces: list[tuple[str | None, str | None]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Everything written, as text."""
        texts = (html_to_text(html or "") if plain is None or (html and not plain.strip()) else plain
                 for plain, html in self.pieces)
        return "\n".join(texts)

    @property
    def html(self) -> str:
        """Everything written, as raw HTML (to be cleaned); '' when no piece has any."""
        if not any(html for _, html in self.pieces):
            return ""
        return "\n".join(html if html else f"<p>{escape(plain or '').replace(chr(10), '<br>')}</p>"
                         for plain, html in self.pieces)


def body_of(message: Message, hint: str = "") -> Body:
    """Collect the parts of `message`. `hint`: the charset to try for what names none."""
    body = Body()
    _collect(message, body, hint)
    return body


def leaves(message: Message) -> Iterator[Message]:
    """Every part, the outer ones first, without a recursion that a mail could make deep."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(reversed(children(part) or []))


def content_type(part: Message) -> str:
    return part.get_content_type() if "content-type" in part else part.get_default_type()


def charset(part: Message) -> str:
    """The charset a part claims, '' if none can be read."""
    try:
        value = part.get_param("charset") or ""
    except (LookupError, ValueError, TypeError, AttributeError):
        return ""
    return value[2] if isinstance(value, tuple) else str(value)


def _collect(part: Message, body: Body, hint: str) -> None:
    kind = content_type(part)
    inner = children(part)
    if kind.startswith("multipart/") and inner is not None:
        if kind == "multipart/alternative":
            return _choose(inner, body, hint)
        for n, child in enumerate(inner):
            if n and kind == "multipart/related" and content_type(child) in READABLE:
                _attach(child, content_type(child), payload(child), body, hint)     # a resource of the root: RFC 2387
            else:
                _collect(child, body, hint)
        return None
    if kind.startswith("message/") and inner is not None:
        if kind == "message/rfc822":
            return _attach_mail(part, body, hint)
        return _attach(part, kind, b"\n".join(map(as_bytes, inner)), body, hint)
    data = payload(part)
    if kind in READABLE and not _is_file(part):
        return _read(part, kind, data, body, hint)
    if kind.startswith("multipart/"):       # says multipart, but holds no parts
        return _read(part, "text/plain", data, body, hint)
    return _attach(part, kind, data, body, hint)


def _choose(forms: list[Message], body: Body, hint: str) -> None:
    """multipart/alternative: one piece with up to two forms; files inside are kept."""
    plain = html = None
    for child in forms:
        found = Body()
        _collect(child, found, hint)
        for text, markup in found.pieces:
            if markup is not None:
                html = f"{html}\n{markup}" if html else markup
            elif text is not None:
                plain = f"{plain}\n{text}" if plain else text
        body.files += found.files
    if plain is not None or html is not None:
        body.pieces.append((plain, html))


def _is_file(part: Message) -> bool:
    disposition = str(part.get("Content-Disposition", "")).strip().lower()
    if disposition.startswith("attachment"):
        return True
    return bool(disposition or "name" in str(part.get("Content-Type", "")).lower()) and bool(part_name(part))


def _read(part: Message, kind: str, data: bytes, body: Body, hint: str) -> None:
    if kind == "text/plain":
        data, files = uuencoded(data)
        body.files += files
    text = to_text(data[:LARGEST_TEXT], charset(part), hint).replace("\r\n", "\n").replace("\r", "\n")
    if kind == "text/html":
        body.pieces.append((None, text))
        return
    if kind in ("text/enriched", "text/richtext"):
        text = re.sub(r"<[^<>\n]{0,60}>", "", text)
    elif "flowed" in str(part.get("Content-Type", "")).lower():
        text = _unflowed(text)
    body.pieces.append((text, None))


def _unflowed(text: str) -> str:
    """format=flowed (RFC 3676): a line that ends in a space goes on in the next one, `-- ` excepted."""
    text = re.sub(r"(?m)^ (?=>|From |  )", "", text)
    return re.sub(r"(?m)^(?!>|-- $)(.*) \n(?=[^>\s])(?!-- $)", r"\1 ", text)


def _attach(part: Message, kind: str, data: bytes, body: Body, hint: str) -> None:
    cid = str(part.get("Content-ID", "")).strip().strip("<>")
    name = part_name(part, hint) or _described(part, kind, cid, hint)
    if name.strip(". "):
        name = safe_name(name, kind)
    elif "content-disposition" in part:
        name = f"attachment{ENDINGS.get(kind, '')}"
    else:
        name = default_name(kind, (file.name for file in body.files))
    body.files.append(File(name, kind, content=data, cid=decoded(cid)[:250], size=len(data)))


def _described(part: Message, kind: str, cid: str, hint: str) -> str:
    """A name for a part without one: its Content-ID where that begins like a file's name, then its description."""
    left = cid.partition("@")[0]
    if NAMED_CID.match(cid):
        return left
    title = Headers(part, hint).get("content-description")[:80].replace("/", "-").replace("\\", "-")
    if title:
        ending = ENDINGS.get(kind, "")
        return title if FILE_ENDING.search(title) or title.lower().endswith(ending) else f"{title}{ending}"
    return "" if kind in ENDINGS or kind.partition("/")[0] in NAMELESS or not PLAIN_CID.fullmatch(left) else left


def _attach_mail(part: Message, body: Body, hint: str) -> None:
    inner = children(part)
    name = part_name(part, hint) or (Headers(inner[0]).get("subject")[:80] if inner else "")
    name = name or Headers(part, hint).get("content-description")[:80]
    name = safe_name(name.replace("/", "-").replace("\\", "-") or "message", "message/rfc822")
    data = source(part)
    name = name if "." in name[-6:] else f"{name}.eml"
    body.files.append(File(name, "message/rfc822", content=data, size=len(data)))
