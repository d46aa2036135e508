"""What a mail may cost. Looked at on the raw bytes, before anything is parsed.

Reasons: a thousand nested multiparts end in a RecursionError, 20,000 recipients take seconds.
"""
from __future__ import annotations

import re

from channels.base import Unreadable

HEADER_BYTES, DEPTH, PARTS, ADDRESSES = 100_000, 100, 500, 500

END_OF_HEADERS = re.compile(rb"\r?\n\r?\n|\r\r")
# Tried only where the word stands: ignoring case at each byte was the dearest thing done to a large mail.
BOUNDARY = re.compile(rb"boundary\s{0,9}\*?\d?\*?=\s{0,9}(?:\"([^\"\r\n]{1,250})\"|([^\s;\"]{1,250}))", re.I)
WORD = re.compile(rb"boundary")
MARK = re.compile(rb"[\r\n]--([^\r\n]{1,260})")
RECIPIENTS = re.compile(rb"^(?:to|cc|bcc|from|reply-to|sender):(?:[^\n]|\n[ \t])*", re.I | re.M)


def check(raw: bytes) -> None:
    """Raise Unreadable where the mail is beyond what we parse (100 kB of headers, 100 levels, 500 parts, 500
    addresses in one field; the first two are Postfix's own header_size_limit and mime_nesting_limit)."""
    end = END_OF_HEADERS.search(raw)
    header = raw[:end.start()] if end else raw
    if len(header) > HEADER_BYTES:
        raise Unreadable(f"the header of this mail has {len(header):,} bytes; {HEADER_BYTES:,} are read")
    for field in RECIPIENTS.finditer(header):
        if field[0].count(b"@") > ADDRESSES or field[0].count(b",") > 2 * ADDRESSES:
            raise Unreadable(f"this mail names more than {ADDRESSES} addresses in one field")
    if raw.count(b"message/rfc822") > DEPTH:
        raise Unreadable(f"this mail holds more than {DEPTH} other mails")
    _check_parts(raw)


def _check_parts(raw: bytes) -> None:
    boundaries: set[bytes] = set()
    for word in WORD.finditer(raw.lower()):
        found = BOUNDARY.match(raw, word.start())
        if not found:
            continue
        boundaries.add((found[1] or found[2]).rstrip())
        if len(boundaries) > PARTS:
            raise Unreadable(f"this mail has more than {PARTS} parts")
    if not boundaries:
        return
    parts, open_ones = 0, []
    for mark in MARK.finditer(raw):
        name = mark[1].rstrip()
        closing = name not in boundaries and name.endswith(b"--") and name[:-2] in boundaries
        name = name[:-2] if closing else name
        if name not in boundaries:
            continue
        parts += not closing
        if name in open_ones:
            del open_ones[open_ones.index(name) + (not closing):]
        elif not closing:
            open_ones.append(name)
        if len(open_ones) > DEPTH:
            raise Unreadable(f"this mail is nested more than {DEPTH} levels deep")
        if parts > PARTS:
            raise Unreadable(f"this mail has more than {PARTS} parts")
