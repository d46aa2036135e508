"""Bytes of any age and honesty to text. Never raises, and the text holds nothing a database refuses."""
from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

# What mail says, and what it means (WHATWG Encoding Standard, plus labels seen in real mail).
MEANT = {
    "": "utf-8", "ascii": "utf-8", "us-ascii": "utf-8", "unknown-8bit": "utf-8", "x-unknown": "utf-8",
    "default": "utf-8",
    "utf8mb4": "utf-8", "iso-8859-1": "cp1252", "latin1": "cp1252", "8859_1": "cp1252", "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso8859_8", "iso-8859-8-e": "iso8859_8", "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "euc-kr": "cp949", "shift_jis": "cp932", "shift-jis": "cp932",
    "x-sjis": "cp932", "windows-31j": "cp932", "unicode-1-1-utf-7": "utf-7", "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman", "big5": "cp950", "windows-874": "cp874", "iso-8859-11": "cp874", "utf-16": "utf-16",
}
SLOW_OR_STRANGE = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
REFUSED = re.compile("[\x00\ud800-\udfff\ufeff]")


@lru_cache(maxsize=256)
def codec(label: str) -> str:
    """The Python codec for a charset label, '' when there is none."""
    name = label.strip("\"' \t\r\n").lower().split("*")[0]
    name = MEANT.get(name, name)
    for candidate in (name, name.replace("windows", "cp").replace("cp-", "cp"), name.replace("iso8859", "iso-8859")):
        try:
            found = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        if found._is_text_encoding and found.name not in SLOW_OR_STRANGE:
            return found.name
    return ""


def to_text(data: bytes, label: str = "", hint: str = "") -> str:
    """`data` as text: the declared charset if it fits, then UTF-8, then the hint, then Windows-1252."""
    declared = codec(label or "utf-8")
    for name in _candidates(data, declared, hint):
        try:
            return without_refused(data.decode(name))
        except (UnicodeError, ValueError):
            continue
    if label and declared and declared != "utf-8":
        return without_refused(data.decode(declared, "replace"))
    if label and data.count(b"\xc3") + data.count(b"\xe2") > len(data) // 100 + 1:
        return without_refused(data.decode("utf-8", "replace"))
    return without_refused(data.decode("cp1252", "replace"))


def _candidates(data: bytes, declared: str, hint: str) -> Iterator[str]:
    if declared:
        yield declared
    if declared != "utf-8":
        yield "utf-8"
    yield from filter(None, _guesses(data, declared, codec(hint) if hint else ""))


def _guesses(data: bytes, declared: str, hint: str) -> list[str]:
    """What else the bytes may be. Text of mostly high bytes is hardly in Latin letters, whatever the body says."""
    if declared.startswith("iso2022_jp"):       # half-width kana and NEC characters, which the label does not allow
        return ["iso2022_jp_ext", "cp932"]
    high = sum(byte > 127 for byte in data[:400])
    if hint.startswith("iso2022_jp"):
        return [hint, "cp932"]
    if declared == "utf-8" and high > 3 and 2 * high > len(data[:400]):
        return ["gb18030", hint] if hint in ("", "cp1252") else [hint, "gb18030"]
    return [hint]


def without_refused(text: str) -> str:
    """Without NUL, lone surrogates (PostgreSQL and UTF-8 take neither) and byte order marks."""
    return text if text.isascii() and "\x00" not in text else REFUSED.sub("", text)
