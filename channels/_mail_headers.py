"""Header fields of real mail: encoded words, addresses, message ids, dates. Linear in the input, and never raises.

The standard library's structured headers raise on much real mail and take seconds on crafted fields.
"""
from __future__ import annotations

import hashlib
import re
from binascii import Error as BadBase64
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

import idna

from channels._charset import codec, to_text, without_refused

WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?(.{0,1000}?)\?=", re.S)
BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
BREAKS = re.compile(r"[\s\x00-\x1f\x7f]+")
LINES = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
PLAIN_LOCAL = re.compile(r'"([\w.!#$%&\'*+/=?^`{|}~-]{1,64})"')
TOKEN = re.compile(r'=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=|"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)?|<[^<>]*>?'
                   r'|[,;:]|\s+|[^\s",;:<>()]+|.', re.S)
ADDRESS = re.compile(r"""(?:"[^"\r\n]{1,64}"|(?<![^\s<>,;:"()\[\]])[^\s<>,;:"()\[\]]{1,320})@[^\s<>,;"()'@]{1,255}""")
MESSAGE_ID = re.compile(r"<([^<>]{1,2000})>")
LONG_ID, LONGEST_NAME = 300, 300


class Headers:
    """The fields of one part. `get` answers the first of a name, decoded, in one line; '' when missing."""

    def __init__(self, message: Message, hint: str = ""):
        self.fields: dict[str, list[str]] = {}
        self.hint = hint
        for name, value in message.raw_items():
            self.fields.setdefault(name.strip().lower(), []).append(str(value))

    def raw(self, name: str) -> str:
        return self.fields.get(name, ("",))[0]

    def all(self, name: str) -> list[str]:
        return self.fields.get(name, [])

    def get(self, name: str) -> str:
        return decoded(self.raw(name), self.hint)

    def addresses(self, *names: str) -> list[tuple[str, str]]:
        return [pair for name in names for value in self.all(name) for pair in addresses(value, self.hint)]


def decoded(value: str, hint: str = "") -> str:
    """An unstructured field as one line of text (RFC 2047). Broken words stay as they are, and so do spaces that are
    not the mark of a folded line."""
    if "=?" not in value:
        return _one_line(_unmarked(value, hint))
    pieces: list[tuple[str, bytes | str]] = []
    at = 0
    value = BETWEEN_WORDS.sub(r"\1", value)
    for match in WORD.finditer(value):
        data = _word_bytes(match[2], match[3])
        if data is None or not codec(match[1]):
            continue
        if match.start() > at:
            pieces.append(("", _unmarked(value[at:match.start()], hint)))
        if pieces and pieces[-1][0] == match[1].lower():     # a character may be split over two words
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + data)
        else:
            pieces.append((match[1].lower(), data))
        at = match.end()
    pieces.append(("", _unmarked(value[at:], hint)))
    text = "".join(to_text(piece, charset) if charset else piece for charset, piece in pieces)
    return _one_line(text)


def _one_line(text: str) -> str:
    pieces = (piece.strip() for piece in LINES.split(text))
    return without_refused(" ".join(filter(None, pieces)))


def _unmarked(value: str, hint: str) -> str:
    """Text outside encoded words; bytes that the parser carried over as surrogates become characters, and so do the
    7-bit forms of Japanese, Korean (by their escapes) and UTF-7 (only where the body says that it is in use)."""
    if value.isascii():
        if "\x1b$" in value:
            return to_text(value.encode(), "iso-2022-kr" if "\x1b$)C" in value else "iso-2022-jp")
        if "+" in value and codec(hint or "utf-8") == "utf-7":
            return to_text(value.encode(), "utf-7")
        return value
    return to_text(value.encode("utf-8", "surrogateescape"), "", hint)


def _word_bytes(encoding: str, payload: str) -> bytes | None:
    if encoding in "qQ":
        return a2b_qp(payload.replace(" ", "_").encode("utf-8", "surrogateescape"), header=True)
    data = re.sub(r"[^A-Za-z0-9+/]", "", payload).encode()
    for cut in (len(data), len(data) - 1):      # one stray character at the end still leaves the rest readable
        try:
            return a2b_base64(data[:cut] + b"=" * (-cut % 4))
        except BadBase64:
            continue
    return None


def addresses(value: str, hint: str = "") -> list[tuple[str, str]]:
    """(name, address) of each mailbox in a field (RFC 5322 §3.4, and what people make of it). Addresses keep their
    case; see `normal_address`."""
    found: list[tuple[str, str]] = []
    words: list[str] = []
    angle = comment = ""

    def flush(last: bool) -> None:
        nonlocal words, angle, comment
        text = "".join(words)
        match = ADDRESS.search(angle) or (None if angle.strip() else ADDRESS.search(text))
        if match:
            address = match[0]
            name = text if angle else text.replace(address, "", 1)
        elif "@" in angle:
            address, name = "".join(angle.split()), text
        elif not last:
            # `Doe, John <j@x>` without quotes; no name is longer, and looking again and again would be quadratic
            words = [text, ", "] if text.strip() and len(text) < LONGEST_NAME else []
            return
        else:
            address, name = "", text
        name = " ".join(decoded(name, hint).split()).strip(" ,'\"")
        found.append((name or decoded(comment, hint), address.strip("'")) if address else (name, ""))
        words, angle, comment = [], "", ""

    for match in TOKEN.finditer(value):
        token = match[0]
        if token in ",;":
            flush(last=False)
        elif token == ":" and not angle and "@" not in "".join(words[-8:]):
            words = []                                       # a group's name
        elif token[0] == "<":
            angle = token.strip("<>") or angle
        elif token[0] == '"' and len(token) > 1:
            words.append(re.sub(r"\\(.)", r"\1", token[1:-1]) if not _is_local_part(value, match.end()) else token)
        elif token[0] == "(":
            comment = token.strip("()")
        elif token not in ")>":
            words.append(token)
    if words or angle:
        flush(last=True)
    return [pair for pair in found if pair != ("", "")]


def _is_local_part(value: str, end: int) -> bool:
    return value[end:end + 1] == "@"


def normal_address(address: str) -> str:
    """Lower case, the domain in its ASCII form (RFC 5891), so that one mailbox has one spelling. '' if unusable."""
    local, at, domain = without_refused(BREAKS.sub("", address)).strip("<>.,;'").rpartition("@")
    if not at or not local:
        return ""
    if local[0] == '"' and (plain := PLAIN_LOCAL.fullmatch(local)):
        local = plain[1]                                     # the quotes say nothing (RFC 5322 §3.4.1)
    if not domain.isascii():
        try:        # not the codec of the standard library: in it straße.de and strasse.de are one
            domain = idna.encode(domain[:253], uts46=True).decode()
        except idna.IDNAError:
            pass
    return f"{local}@{domain}".lower()[:320]


def normal_message_id(value: str) -> str:
    """A Message-ID in the one form in which we store and compare it: `<left@right>`, without white space."""
    match = MESSAGE_ID.search(value)
    inner = "".join((match[1] if match else value).split()).strip("<>")
    inner = without_refused(inner.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    if not inner:
        return ""
    if len(inner) > LONG_ID:
        inner = f"{hashlib.sha256(inner.encode()).hexdigest()}@long"
    return f"<{inner}>"


def parents(in_reply_to: Iterable[str], references: Iterable[str]) -> list[str]:
    """The ids a mail answers, nearest first: In-Reply-To, then References from the end (RFC 5322 §3.6.4). ≤ 100."""
    ids: list[str] = []
    for values, most, step in ((in_reply_to, 5, 1), (references, 100, -1)):
        for value in values:
            ids += (MESSAGE_ID.findall(value) or [w for w in value.split() if "@" in w])[-most:][::step]
    return [i for i in dict.fromkeys(normal_message_id(i) for i in ids) if i][:100]


def moment(value: str, now: datetime) -> datetime:
    """A Date field, in UTC; `now` when it is missing, unreadable, or in the future."""
    try:
        at = parsedate_to_datetime(value[:200].partition("(")[0].strip()[:100])
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return now
    return min(at, now) if at.year >= 1971 else now
