"""A mail that a provider took apart, put together again, so that one parser reads all mail: reply trimming, bounces,
automatic answers, tokens and threading are the same whoever delivered it."""
from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import encode_rfc2231
from typing import Any

from channels._mail_headers import ADDRESS

FIELD = re.compile(r"[!-9;-~]{1,200}")
TYPE = re.compile(r"[\w!#$&^.+-]{1,100}/[\w!#$&^.+-]{1,100}")
BREAKS = re.compile(r"[\r\n\x00]+")
OF_THE_BODY = {"content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version",
               "content-length"}
SHOWS_REPORT = re.compile(r"^\s*multipart/report\b[^\r\n]{0,500}", re.I)


@dataclass(frozen=True)
class Piece:
    """One attached file."""
    name: str
    content_type: str
    content: bytes
    cid: str = ""


def rebuilt(headers: Iterable[tuple[str, str]], text: str = "", html: str = "", files: Sequence[Piece] = (),
            reached: Sequence[str] = ()) -> bytes:
    """The bytes of a mail with these fields. `headers` as they came, in their order; those that speak of the lost
    form of the body are written anew. `reached`: the addresses it was delivered to. The same parts give the same
    bytes, so that a redelivery is recognised."""
    headers = list(headers)
    lines = [_line(name, value) for name, value in headers
             if FIELD.fullmatch(name) and name.lower() not in OF_THE_BODY]
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    report = "report" if SHOWS_REPORT.match(kind) else ""
    return _reached(reached) + b"".join(lines) + b"MIME-Version: 1.0\r\n" + _body(text, html, files, report)


def with_recipients(raw: bytes, reached: Sequence[str]) -> bytes:
    """A whole mail, marked with the addresses it was delivered to: a plus-address may stand nowhere else."""
    return _reached(reached) + raw.lstrip(b"\r\n")


def unpacked(content: Any) -> bytes:
    """Base64 in JSON as bytes. Raises ValueError."""
    if not isinstance(content, str):
        raise ValueError("a file without content")
    try:
        return base64.b64decode(content + "=" * (-len(content) % 4))
    except binascii.Error as error:
        raise ValueError(f"a file that is no base64: {error}") from error


def _reached(addresses: Sequence[Any]) -> bytes:
    found = [m[0] for a in addresses if isinstance(a, str) and (m := ADDRESS.search(a))]
    return b"".join(_line("Delivered-To", a) for a in dict.fromkeys(found[:50]))


def _line(name: str, value: str) -> bytes:
    return f"{name}: {BREAKS.sub(' ', value)}\r\n".encode("utf-8", "replace")


def _body(text: str, html: str, files: Sequence[Piece], report: str) -> bytes:
    forms = [_leaf(f"text/{kind}; charset=utf-8", words.encode("utf-8", "replace"))
             for kind, words in (("plain", text), ("html", html)) if words]
    body = _multipart("alternative", forms) if len(forms) > 1 else (forms or [_leaf("text/plain", b"")])[0]
    if not files and not report:
        return body
    return _multipart(report or "mixed", [body, *map(_file, files)])


def _multipart(kind: str, parts: Sequence[bytes]) -> bytes:
    mark = b"=_" + hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:40].encode()
    head = b"Content-Type: multipart/" + kind.encode() + b'; boundary="' + mark + b'"\r\n\r\n'
    return head + b"".join(b"--" + mark + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + mark + b"--\r\n"


def _leaf(kind: str, content: bytes, more: str = "") -> bytes:
    if kind.startswith("message/"):         # these may not be in base64 (RFC 2046 §5.2.1)
        return f"Content-Type: {kind}\r\n{more}\r\n".encode() + content
    return (f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{more}\r\n".encode()
            + base64.encodebytes(content).replace(b"\n", b"\r\n"))


def _file(file: Piece) -> bytes:
    kind = file.content_type.partition(";")[0].strip().lower()
    name = encode_rfc2231(BREAKS.sub(" ", file.name).encode("utf-8", "replace").decode(), "utf-8")
    cid = re.sub(r"[^!-;=?-~]", "", file.cid)[:250]
    more = f"Content-Disposition: {'inline' if cid else 'attachment'}; filename*={name}\r\n"
    return _leaf(kind if TYPE.fullmatch(kind) and not kind.startswith("multipart/") else "application/octet-stream",
                 file.content, more + (f"Content-ID: <{cid}>\r\n" if cid else ""))
