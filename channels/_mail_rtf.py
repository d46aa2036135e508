"""Outlook's compressed RTF ([MS-OXRTFCP]) and what it wraps: HTML ([MS-OXRTFEX]) or plain text."""
from __future__ import annotations

import re
import struct
from html import escape

from channels._charset import to_text

LARGEST = 4_000_000
# The dictionary that both sides begin with.
START = (b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
         b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
         b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx")
PACKED, PLAIN = 0x75465A4C, 0x414C454D
TOKEN = re.compile(r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.I)
UNSHOWN = {"fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "generator", "listtable", "xmlnstbl",
           "themedata", "listoverridetable", "header", "footer", "fldinst", "datastore", "latentstyles"}
SIGNS = {"par": "\n", "line": "\n", "row": "\n", "sect": "\n", "page": "\n", "tab": "\t", "cell": "\t", "emdash": "—",
         "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”"}


def decompressed(data: bytes) -> bytes:
    """The RTF. What is cut short or too large is given as far as it goes."""
    if len(data) < 16:
        return b""
    _, size, kind, _ = struct.unpack_from("<IIII", data)
    if kind == PLAIN:
        return data[16:16 + min(size, LARGEST)]
    if kind != PACKED:
        return b""
    window = bytearray(START.ljust(4096, b"\0"))
    write, at, out = len(START), 16, bytearray()
    while at < len(data) and len(out) < LARGEST:
        flags = data[at]
        at += 1
        for bit in range(8):
            if flags >> bit & 1:
                if at + 2 > len(data):
                    return bytes(out)
                token = data[at] << 8 | data[at + 1]
                at += 2
                read, length = token >> 4, (token & 15) + 2
                if read == write:
                    return bytes(out)
                for _ in range(length):
                    byte = window[read]
                    out.append(byte)
                    window[write] = byte
                    read, write = (read + 1) & 4095, (write + 1) & 4095
            else:
                if at >= len(data):
                    return bytes(out)
                out.append(data[at])
                window[write] = data[at]
                write = (write + 1) & 4095
                at += 1
    return bytes(out)


def unwrapped(rtf: bytes) -> tuple[str, str]:
    """(HTML, text) of an RTF document; one of them is ''."""
    source = rtf[:LARGEST].decode("latin-1")
    found = re.search(r"\\ansicpg(\d{1,5})", source[:2000])
    wraps = "\\fromhtml1" in source[:2000]
    text = _Reader(f"cp{found[1]}" if found else "cp1252", wraps).text_of(source)
    return (text, "") if wraps else ("", re.sub(r"\n{3,}", "\n\n", text).strip())


class _Reader:
    """One pass over the tokens."""

    def __init__(self, codepage: str, wraps: bool):
        self.codepage, self.wraps = codepage, wraps
        self.out: list[str] = []
        self.bytes = bytearray()            # a character of several bytes is written as several \'hh
        self.hidden = self.raw = self.doubled = False
        self.open: list[tuple[bool, bool, bool, int]] = []
        self.starred = self.first = False
        self.skip, self.alternative = 0, 1  # characters after a \u that stand for it

    def text_of(self, source: str) -> str:
        for token in TOKEN.finditer(source):
            word, number, code, sign, brace, plain = token.groups()
            if code is not None:
                if self.skip:
                    self.skip -= 1
                elif self._shown:
                    self.bytes.append(int(code, 16))
                continue
            self._flush()
            if brace == "{":
                self.open.append((self.hidden, self.raw, self.doubled, self.alternative))
                self.first, self.starred = True, False
                continue
            if brace == "}":
                self.hidden, self.raw, self.doubled, self.alternative = self.open.pop() if self.open else (
                    False, False, False, 1)
            elif word is not None:
                self._word(word.lower(), int(number) if number else None)
            elif sign is not None:
                if sign == "*":
                    self.starred = True
                    continue
                self._sign(sign)
            elif plain:
                self._plain(plain)
            self.first = False
        self._flush()
        return "".join(self.out)

    @property
    def _shown(self) -> bool:
        return not self.hidden and (self.raw or not self.doubled)

    def _word(self, word: str, number: int | None) -> None:
        if self.hidden:
            return
        if self.first and (word in UNSHOWN or self.starred):
            self.raw = self.wraps and word == "htmltag"
            self.hidden = not self.raw
        elif word == "htmlrtf":
            self.doubled = self.wraps and number != 0
        elif word == "uc":
            self.alternative = max(0, min(number or 0, 8))
        elif word == "u" and number is not None:
            if self._shown:
                self.out.append(self._safe(chr(number % 65536)))
            self.skip = self.alternative
        elif self._shown and word in SIGNS:
            if not (self.wraps and word in ("par", "line")) or self.raw:
                self.out.append(SIGNS[word])
            elif self.out:
                self.out.append("\n")

    def _sign(self, sign: str) -> None:
        if self._shown:
            self.out.append({"~": "\xa0", "_": "-"}.get(sign, self._safe(sign) if sign in "\\{}" else ""))

    def _plain(self, text: str) -> None:
        if self.skip:
            text, self.skip = text[self.skip:], max(0, self.skip - len(text))
        if self._shown:
            self.out.append(self._safe(text))

    def _flush(self) -> None:
        if self.bytes:
            self.out.append(self._safe(to_text(bytes(self.bytes), self.codepage)))
            self.bytes.clear()

    def _safe(self, text: str) -> str:
        return escape(text, quote=False) if self.wraps and not self.raw else text
