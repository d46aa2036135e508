"""Attachments: safe names, and the bytes behind a part."""
from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Iterable
from email.errors import MessageError
from email.message import Message

from channels._charset import to_text, without_refused
from channels._mail_headers import decoded
from channels.base import File

ENDINGS = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "application/pdf": ".pdf",
    "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "text/csv": ".csv", "message/rfc822": ".eml",
    "message/delivery-status": ".txt", "application/zip": ".zip", "text/vcard": ".vcf", "text/x-vcard": ".vcf",
    "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/ogg": ".ogg", "audio/wav": ".wav", "audio/amr": ".amr",
    "video/mp4": ".mp4", "video/quicktime": ".mov", "video/3gpp": ".3gp", "image/jpg": ".jpg", "image/tiff": ".tif",
    "image/heic": ".heic", "image/bmp": ".bmp", "image/svg+xml": ".svg", "text/rtf": ".rtf", "application/rtf": ".rtf",
    "text/rfc822-headers": ".txt", "message/feedback-report": ".txt", "message/disposition-notification": ".txt",
    "application/pkcs7-mime": ".p7m", "application/x-pkcs7-mime": ".p7m", "application/x-pkcs7-signature": ".p7s",
    "application/pgp-encrypted": ".asc", "application/msword": ".doc", "application/vnd.ms-excel": ".xls",
    "application/ms-tnef": ".dat", "application/pgp-signature": ".asc", "application/pkcs7-signature": ".p7s",
}
NAMELESS = {"image": "image", "video": "video", "audio": "audio", "text/calendar": "calendar", "text": "document",
            "message": "message", "text/vcard": "contact", "text/x-vcard": "contact",
            "message/delivery-status": "delivery report", "application/pgp-signature": "signature",
            "application/pkcs7-signature": "smime"}
LONGEST_NAME = 150
NAME = re.compile(r"(?:file)?name\*?\d?\*?\s*=\s*\"?([^\";\r\n]{1,300})", re.I)
SEPARATORS = re.compile(r"[/\\]+")
UUENCODED = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n((?:[ -`]{1,90}\r?\n)+?)"
                       rb"`?[ \t]*(?:\r?\n)?end[ \t]*(?:\r?\n|\Z)", re.M)


def children(part: Message) -> list[Message] | None:
    """The parts inside, None for a leaf. (get_payload() alone would decode a leaf by whatever charset it claims.)"""
    inner = part.get_payload() if part.is_multipart() else None
    return [p for p in inner if isinstance(p, Message)] if isinstance(inner, list) else None


def safe_name(name: str, content_type: str = "") -> str:
    """A file name that is only a name: no folders, control characters, invisible or direction-changing characters, no
    leading or trailing dots; at most 150 characters, its ending kept. Cleaned first, so that what is checked is what
    is kept."""
    name = unicodedata.normalize("NFC", without_refused(name))
    if not (name.isascii() and name.isprintable()):
        name = "".join(" " if c in "\r\n\t" else c for c in name if c in "\r\n\t" or unicodedata.category(c)[0] != "C"
                       and c not in "\u2028\u2029")
    name = SEPARATORS.split(name)[-1]
    name = name.strip(". ")
    if not name:
        return default_name(content_type, ())
    if len(name) > LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:LONGEST_NAME - 20]}.{ending}" if dot and len(ending) < 16 else name[:LONGEST_NAME]
    return name


def default_name(content_type: str, taken: Iterable[str]) -> str:
    """What to call a file that its sender gave no name: after its kind, and told apart from those in `taken`."""
    main = content_type.partition("/")[0]
    stem = NAMELESS.get(content_type) or NAMELESS.get(main, "attachment")
    ending = ENDINGS.get(content_type, "")
    names = (f"{stem}{n or ''}{ending}" for n in range(1_000))
    known = set(taken)
    return next((name for name in names if name not in known), stem)


def part_name(part: Message, hint: str = "") -> str:
    """What the sender calls this part (RFC 2231, RFC 2047 or worse); '' when it has no name."""
    try:
        name = part.get_filename("") or ""
    except (LookupError, ValueError, TypeError, AttributeError):
        field = f"{part.get('Content-Disposition', '')} {part.get('Content-Type', '')}"
        name = (NAME.findall(field) or [""])[0]
    return decoded(str(name), hint)


def payload(part: Message) -> bytes:
    """The decoded bytes of a leaf part. Broken encodings give what can be had."""
    try:
        data = part.get_payload(decode=True)
    except (LookupError, ValueError, TypeError, AttributeError, AssertionError):
        data = None
    return data if data is not None else b""


def source(part: Message) -> bytes:
    """An attached mail as the bytes of its own file."""
    inside = children(part)
    return as_bytes(inside[0]) if inside else payload(part)


def as_bytes(inner: Message) -> bytes:
    """A part with its header as bytes; the header alone where the library fails to write it."""
    try:
        return inner.as_bytes()
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError, MessageError):
        return b"\n".join(f"{k}: {v}".encode("utf-8", "surrogateescape") for k, v in inner.raw_items())


def uuencoded(data: bytes) -> tuple[bytes, list[File]]:
    """The body without the files that are written into it in the old way (`begin 644 name`), and those files."""
    if b"begin " not in data:
        return data, []
    files: list[File] = []

    def take(match: re.Match) -> bytes:
        content = bytearray()
        for line in match[2].splitlines():
            try:
                content += binascii.a2b_uu(line)
            except binascii.Error:
                length = (((line[0] - 32) & 63) * 4 + 5) // 3       # a common writer pads wrongly
                try:
                    content += binascii.a2b_uu(line[:length])
                except binascii.Error:
                    return match[0]
        name = safe_name(to_text(match[1]))
        files.append(File(name, "application/octet-stream", content=bytes(content), size=len(content)))
        return b""

    return UUENCODED.sub(take, data), files
