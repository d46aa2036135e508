"""The tree of a mail's parts → its text, its HTML and its files."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from html import escape

from channels import _mail_caps
from channels._charset import to_text
from channels._mail_calendar import invitation
from channels._mail_cms import is_encrypted, signed_content
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
from channels._mail_headers import Headers, decoded, normal_address
from channels._mail_spans import raw_parts
from channels._mail_text import html_to_text
from channels._mail_tnef import read_tnef
from channels._mail_tree import RAW, charset, content_type
from channels.base import File, Unreadable

FILE_ENDING = re.compile(r"\.\w{2,5}$")
PLAIN_CID = re.compile(r"[\w.-]{1,80}")
NAMED_CID = re.compile(r"[\w.-]{1,80}\.\w{2,5}@")
LARGEST_TEXT = 2_000_000
EXACT = (b"multipart/signed", b"message/rfc822")
SIGNED_PART = "signed part.eml"         # with the signature beside it, the signature can be checked elsewhere
ARMOUR = re.compile(rb"^-----BEGIN PGP (SIGNED MESSAGE|MESSAGE)-----[ \t]*\r?$", re.M)
CALENDAR = {"text/calendar", "application/ics", "application/calendar"}
TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
SMIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
DEEPEST_WRAPPING = 3
READABLE = {"text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown"}


@dataclass
class Body:
    """`pieces` are (plain, HTML) in reading order, None where a piece has no such form."""
    pieces: list[tuple[str | None, str | None]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)            # see channels.facts.MARKS
    events: list[str] = field(default_factory=list)         # invitations, in words
    senders: list[tuple[str, str]] = field(default_factory=list)    # who wrote the mails that are attached
    mails: list[Message] = field(default_factory=list)      # those mails

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


def body_of(message: Message, raw: bytes, hint: str = "") -> Body:
    """Collect the parts of `message`, whose bytes are `raw`. `hint`: the charset to try for what names none."""
    low = raw.lower()
    exact = raw_parts(message, raw) if any(kind in low for kind in EXACT) else {}
    body = Body()
    _Collector(exact, hint).collect(message, body)
    return body


class _Collector:
    """One walk over the parts. `exact`: their bytes as they came, where that matters."""

    def __init__(self, exact: dict[int, bytes], hint: str, wrapped: int = 0):
        self.exact, self.hint, self.wrapped = exact, hint, wrapped

    def collect(self, part: Message, body: Body) -> None:
        kind = content_type(part)
        inner = children(part)
        if kind.startswith("multipart/") and inner is not None:
            return self._multipart(part, kind, inner, body)
        if kind.startswith("message/") and inner is not None:
            if kind == "message/rfc822":
                return self._attach_mail(part, body)
            return self._attach(part, kind, b"\n".join(map(as_bytes, inner)), body)
        data = payload(part)
        if kind in READABLE and not _is_file(part):
            return self._read(part, kind, data, body)
        if kind.startswith("multipart/"):       # says multipart, but holds no parts
            return self._read(part, "text/plain", data, body)
        return self._unpack(part, kind, data, body)

    def _multipart(self, part: Message, kind: str, inner: list[Message], body: Body) -> None:
        if kind == "multipart/alternative":
            return self._choose(inner, body)
        if kind == "multipart/encrypted":
            body.marks.add("encrypted")
        elif kind == "multipart/signed":
            body.marks.add("signed")
            if inner and id(inner[0]) in self.exact:
                data = self.exact[id(inner[0])]
                body.files.append(File(SIGNED_PART, "message/rfc822", content=data, size=len(data)))
        for n, child in enumerate(inner):
            if n and kind == "multipart/related" and content_type(child) in READABLE:
                self._attach(child, content_type(child), payload(child), body)      # a resource of the root: RFC 2387
            else:
                self.collect(child, body)
        return None

    def _choose(self, forms: list[Message], body: Body) -> None:
        """multipart/alternative: one piece with up to two forms; files inside are kept."""
        plain = html = None
        for child in forms:
            found = Body()
            self.collect(child, found)
            for text, markup in found.pieces:
                if markup is not None:
                    html = f"{html}\n{markup}" if html else markup
                elif text is not None:
                    plain = f"{plain}\n{text}" if plain else text
            body.files += found.files
            body.marks |= found.marks
            body.senders += found.senders
            body.mails += found.mails
            body.events += found.events
        if plain is not None or html is not None:
            body.pieces.append((plain, html))

    def _unpack(self, part: Message, kind: str, data: bytes, body: Body) -> None:
        """A part that may hold more than a file: an invitation, a signed mail, Outlook's own format."""
        name = part_name(part, self.hint).lower()
        if kind in CALENDAR or name.endswith(".ics"):
            body.marks.add("calendar")
            words = invitation(to_text(data[:LARGEST_TEXT], charset(part), self.hint))
            if words and words not in body.events:
                body.events.append(words)
        elif kind in TNEF or name == "winmail.dat":
            if self._unpack_tnef(data, body):
                return
        elif kind in SMIME or name.endswith(".p7m"):
            body.marks.add("encrypted" if is_encrypted(data) else "signed")
            content = signed_content(data)
            if content and self.wrapped < DEEPEST_WRAPPING and self._fits(content):
                inner = message_from_bytes(content, policy=RAW)
                _Collector({}, self.hint, self.wrapped + 1).collect(inner, body)
        self._attach(part, kind, data, body)

    def _fits(self, content: bytes) -> bool:
        try:
            _mail_caps.check(content)
        except Unreadable:
            return False
        return True

    def _unpack_tnef(self, data: bytes, body: Body) -> bool:
        found = read_tnef(data)
        if found is None:
            return False
        if found.html or found.text:
            body.pieces.append((found.text[:LARGEST_TEXT] or None, found.html[:LARGEST_TEXT] or None))
        for file in found.files:
            kind = file.content_type.lower() if "/" in file.content_type else "application/octet-stream"
            taken = [one.name for one in body.files]
            name = safe_name(file.name, kind) if file.name.strip(". ") else default_name(kind, taken)
            body.files.append(File(name, kind, content=file.content, cid=file.cid.strip("<>")[:250],
                                   size=len(file.content)))
        return bool(found.html or found.text or found.files)

    def _read(self, part: Message, kind: str, data: bytes, body: Body) -> None:
        if kind == "text/plain":
            armour = ARMOUR.search(data)
            if armour:
                body.marks.add("signed" if armour[1] == b"SIGNED MESSAGE" else "encrypted")
                body.files.append(File("message.asc", "application/pgp-encrypted" if armour[1] == b"MESSAGE" else
                                       "text/plain", content=data, size=len(data)))
            data, files = uuencoded(data)
            body.files += files
        text = to_text(data[:LARGEST_TEXT], charset(part), self.hint).replace("\r\n", "\n").replace("\r", "\n")
        if kind == "text/html":
            body.pieces.append((None, text))
            return
        if kind in ("text/enriched", "text/richtext"):
            text = re.sub(r"<[^<>\n]{0,60}>", "", text)
        elif "flowed" in str(part.get("Content-Type", "")).lower():
            text = _unflowed(text)
        body.pieces.append((text, None))

    def _attach(self, part: Message, kind: str, data: bytes, body: Body) -> None:
        cid = str(part.get("Content-ID", "")).strip().strip("<>")
        name = part_name(part, self.hint) or _described(part, kind, cid, self.hint)
        if name.strip(". "):
            name = safe_name(name, kind)
        elif "content-disposition" in part:
            name = f"attachment{ENDINGS.get(kind, '')}"
        else:
            name = default_name(kind, (file.name for file in body.files))
        body.files.append(File(name, kind, content=data, cid=decoded(cid)[:250], size=len(data)))

    def _attach_mail(self, part: Message, body: Body) -> None:
        inner = children(part)
        headers = Headers(inner[0]) if inner else None
        name = part_name(part, self.hint) or (headers.get("subject")[:80] if headers else "")
        name = name or Headers(part, self.hint).get("content-description")[:80]
        name = safe_name(name.replace("/", "-").replace("\\", "-") or "message", "message/rfc822")
        data = self.exact.get(id(inner[0])) if inner else None
        if data is None:
            data = source(part)
        if headers:
            senders = [(n, a) for n, a in ((n, normal_address(a)) for n, a in headers.addresses("from")) if a][:1]
            body.senders += senders
            body.mails += inner[:len(senders)]
        name = name if "." in name[-6:] else f"{name}.eml"
        body.files.append(File(name, "message/rfc822", content=data, size=len(data)))


def _is_file(part: Message) -> bool:
    disposition = str(part.get("Content-Disposition", "")).strip().lower()
    if disposition.startswith("attachment"):
        return True
    return bool(disposition or "name" in str(part.get("Content-Type", "")).lower()) and bool(part_name(part))


def _unflowed(text: str) -> str:
    """format=flowed (RFC 3676): a line that ends in a space goes on in the next one, `-- ` excepted."""
    text = re.sub(r"(?m)^ (?=>|From |  )", "", text)
    return re.sub(r"(?m)^(?!>|-- $)(.*) \n(?=[^>\s])(?!-- $)", r"\1 ", text)


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
