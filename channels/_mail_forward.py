"""Who wrote the mail that somebody passed on to us? Read from the lines that mail programs put above it."""
from __future__ import annotations

import re
from collections.abc import Sequence

from channels._mail_headers import addresses, normal_address
from channels._mail_phrases import FORWARD_SUBJECT, FORWARDED, HEADER, INVISIBLE
from channels._mail_reply import LIMIT, LONGEST_LINE, LONGEST_MARK, old_header_begins, passed_on

AHEAD = 6           # lines between the mark and the header below it
FIELDS = 15
DOUBLED = re.compile(r"[<\[(]?mailto:[^<>\]\s]{1,320}[>\])]?", re.I)     # `<a@b<mailto:a@b>>`
BRACKETED = re.compile(r"\[(?:mailto:)?([^\[\]\s]{1,320}@[^\[\]\s]{1,255})\]", re.I)
MAILTO = re.compile(r"<mailto:([^<>\s]{1,320})>(?!>)", re.I)


def forwarded_from(subject: str, text: str, attached: Sequence[tuple[str, str]] = ()) -> tuple[str, str] | None:
    """Name and normalised address ('' where the program gives only a name) of the original sender; None when this mail
    is no forward. `attached`: the senders of mails that are attached to this one."""
    lines = [line.strip() for line in INVISIBLE.sub("", text[:LIMIT]).split("\n")]
    says_so = bool(FORWARD_SUBJECT.match(subject))
    if any(len(line) <= LONGEST_MARK and FORWARDED.match(line) for line in lines):
        below = passed_on(text)
        if below is not None:
            return _below([INVISIBLE.sub("", line).strip() for line in below[:AHEAD + FIELDS]], 0) or ("", "")
    if not says_so:
        return attached[0] if attached and not text.strip() else None
    begins = next((n for n in range(len(lines)) if old_header_begins(lines, n)), None)
    if begins is not None:
        return _below(lines, begins) or ("", "")
    return attached[0] if attached else None


def _below(lines: list[str], at: int) -> tuple[str, str] | None:
    """The sender in the block of header lines that begins at `at` or a few lines below."""
    start = next((n for n in range(at, min(at + AHEAD, len(lines))) if HEADER.match(lines[n][:200])), None)
    if start is None:
        return None
    for n in range(start, min(start + FIELDS, len(lines))):
        field = HEADER.match(lines[n][:200])
        if field and field["by"]:
            value = lines[n][:LONGEST_LINE]
            follows = lines[n + 1][:LONGEST_LINE] if n + 1 < len(lines) else ""
            if "@" not in value and "@" in follows and not HEADER.match(follows):
                value = f"{value} {follows}"
            return _mailbox(re.split(r"[:：]", value, maxsplit=1)[1])
    return None


def _mailbox(value: str) -> tuple[str, str] | None:
    value = BRACKETED.sub(r"<\1>", value.strip("* "))
    value = DOUBLED.sub("", MAILTO.sub(r"<\1>", value) if value.count("@") == 1 else value).replace(">>", ">")
    for name, address in addresses(value):
        if name or address:
            address = normal_address(address)
            return ("" if normal_address(name) == address and address else name.strip("*\"' ")[:200]), address
    return None
