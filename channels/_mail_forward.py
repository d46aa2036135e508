"""Who wrote the mail that somebody passed on to us, and what in it is whose? Read from the lines that mail programs put
above it."""
from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from channels._mail_headers import addresses, normal_address
from channels._mail_phrases import FORWARD_SUBJECT, FORWARDED, HEADER, INVISIBLE
from channels._mail_reply import (
    LIMIT,
    LONGEST_LINE,
    LONGEST_MARK,
    newly_written,
    old_header_begins,
    passed_on,
    where_passed_on,
)

AHEAD = 6           # lines between the mark and the header below it
FIELDS = 15
DOUBLED = re.compile(r"[<\[(]?mailto:[^<>\]\s]{1,320}[>\])]?", re.I)     # `<a@b<mailto:a@b>>`
BRACKETED = re.compile(r"\[(?:mailto:)?([^\[\]\s]{1,320}@[^\[\]\s]{1,255})\]", re.I)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# "Mon, Jun 2, 2025 at 10:00 AM", "2 June 2025 10:00", "2025-06-02 10:00", "02.06.2025 10:00"; never 6/2, which nobody
# can tell from 2/6.
DATE = re.compile(r"(?P<month>[A-Z][a-z]{2})[a-z]{0,6} (?P<day>\d{1,2}),? (?P<year>\d{4})"
                  r"|(?P<day2>\d{1,2}) (?P<month2>[A-Z][a-z]{2})[a-z]{0,6}\.? (?P<year2>\d{4})"
                  r"|(?P<year3>\d{4})-(?P<month3>\d\d)-(?P<day3>\d\d)"
                  r"|(?P<day4>\d{1,2})\.(?P<month4>\d{1,2})\.(?P<year4>\d{4})")
TIME = re.compile(r"\b(\d{1,2}):(\d{2})(?::\d{2})?(?:\s?([AP])M\b)?(?:.{0,9}?([+-])(\d{1,2}):?(\d{2})?\b)?")
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


def parts(subject: str, text: str, zone: tzinfo = UTC) -> dict[str, str]:
    """A mail that was passed on in its text, taken apart: `above`, what the one wrote who passes it on; `text`, the
    mail itself; `date` (ISO) where it is said in a way that can be read. {} where it cannot be told what is whose.
    `zone`: of the one who passes it on, since mail programs name none."""
    lines = [INVISIBLE.sub("", line) for line in text[:LIMIT].replace("\r\n", "\n").split("\n")]
    mark = where_passed_on(text)
    if mark is None and FORWARD_SUBJECT.match(subject):
        mark = next((n for n in range(len(lines)) if old_header_begins([one.strip() for one in lines], n)), None)
    if mark is None:
        return {}
    first = next((n for n in range(mark, min(mark + AHEAD, len(lines))) if HEADER.match(lines[n][:200].strip())), None)
    if first is None:
        return {}
    end = next((n for n in range(first, min(first + FIELDS, len(lines))) if not lines[n].strip("> \t")), None)
    if end is None:
        return {}
    above = "\n".join(lines[:mark]).rstrip("\n -_=*").strip()
    found = {"above": newly_written(above) if above else "", "text": _unquoted(lines[end:])}
    if at := next(filter(None, (_moment(line[:200], zone) for line in lines[first:end])), None):
        found["date"] = at.isoformat()
    return found


def _unquoted(lines: list[str]) -> str:
    """Apple Mail quotes the whole of what it passes on."""
    if any(lines) and all(line.startswith(">") for line in lines if line.strip()):
        lines = [line[1:].removeprefix(" ") for line in lines]
    return "\n".join(lines).strip()


def _moment(line: str, zone: tzinfo) -> datetime | None:
    """The date and time in a header line, in UTC."""
    day, clock = DATE.search(line), TIME.search(line)
    if not day or not clock:
        return None
    given = day.groupdict()
    kind = next(n for n in ("", "2", "3", "4") if given[f"year{n}"])
    month = given[f"month{kind}"]
    hour = int(clock[1]) % 12 + 12 * (clock[3] == "P") if clock[3] else int(clock[1])
    try:
        number = int(month) if month.isdigit() else MONTHS.index(month.lower()) + 1
        at = datetime(int(given[f"year{kind}"]), number, int(given[f"day{kind}"]), hour, int(clock[2]), tzinfo=zone)
        if clock[4]:
            at = datetime.fromisoformat(f"{at:%Y-%m-%dT%H:%M}{clock[4]}{int(clock[5]):02d}:{clock[6] or '00'}")
    except (ValueError, OverflowError):
        return None
    return at.astimezone(UTC)


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
