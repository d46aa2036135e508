"""Asking for one mail by its UID, and believing the answer only when it is whole."""
from __future__ import annotations

import imaplib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from channels._imap_line import COMMAND_SECONDS

BEGIN = re.compile(rb"\d+ \(")
UID = re.compile(rb"\bUID (\d+)")
PART = re.compile(rb"BODY\[([A-Za-z0-9.]*)[^\]]*\](?:<\d+>)? (?:~?\{\d+\}|NIL|\"((?:[^\"\\]|\\.)*)\")", re.S)
# What may stand behind a literal: the rest of the mail, if the literal was announced too short, does not look so.
TAIL = re.compile(rb"(?: +[A-Za-z0-9.<>\[\]_-]+ (?:\d+|NIL|\"(?:[^\"\\]|\\.)*\"|\([^()]*\)))* *\) *", re.S)
ARRIVED = re.compile(rb'INTERNALDATE "([^"]{10,40})"')
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
CONTENT = re.compile(rb"(?im)^(?:content-[a-z-]+|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*")
NAMING = re.compile(rb"(?im)^(?:from|to|subject|date|message-id):[^\n]*\n(?:[ \t][^\n]*\n)*")


class Refused(ValueError):
    """The server does not give this mail, or not whole. The line goes on."""


@dataclass
class Answer:
    """What one FETCH response says of one mail."""
    uid: int
    parts: dict[str, bytes]
    arrived_at: datetime | None
    size: int


def whole(client: imaplib.IMAP4, uid: int) -> Answer | None:
    """The mail, unmarked (BODY.PEEK). None when it is not in the folder any more. Raises Refused, or what imaplib
    raises when the line breaks (TooLarge among it)."""
    answer = _one(client, uid, "BODY.PEEK[]", "")
    if answer and not answer.parts[""]:
        raise Refused("the mail server shows it but gives nothing for it")
    return answer


def in_parts(client: imaplib.IMAP4, uid: int) -> Answer | None:
    """The same mail by another way through the server: its header, then its text."""
    head = _one(client, uid, "BODY.PEEK[HEADER]", "HEADER")
    if head is None:
        return None
    text = _one(client, uid, "BODY.PEEK[TEXT]", "TEXT")
    if text is None:
        return None
    head.parts[""] = head.parts["HEADER"] + text.parts["TEXT"]
    return head


def header(client: imaplib.IMAP4, uid: int) -> bytes:
    """Its header alone; b'' when that cannot be had either."""
    try:
        answer = _one(client, uid, "BODY.PEEK[HEADER]", "HEADER")
    except (ValueError, imaplib.IMAP4.error, OSError):
        return b""
    return answer.parts["HEADER"] if answer else b""


def sizes_and_ids(client: imaplib.IMAP4, uids: Sequence[int]) -> dict[int, tuple[bytes, int]]:
    """UID → (the Message-ID's line, the size that the server tells), of those that answer."""
    answers = fetch(client, ",".join(map(str, uids)), "RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]")
    return {a.uid: (a.parts.get("HEADER.FIELDS", b""), a.size) for a in answers}


def _one(client: imaplib.IMAP4, uid: int, what: str, part: str) -> Answer | None:
    problem = Refused("the mail server shows it but gives nothing for it")
    try:
        found = [a for a in fetch(client, str(uid), f"INTERNALDATE {what}") if a.uid in (uid, 0) and part in a.parts]
        if found:
            return found[-1]
    except Refused as error:
        problem = error
    client.noop()       # lets the server say that it has been deleted meanwhile (RFC 9051, 7.5.1)
    status, answer = client.uid("SEARCH", f"UID {uid}")
    if status == "OK" and str(uid).encode() not in b" ".join(line or b"" for line in answer).split():
        return None
    raise problem


def fetch(client: imaplib.IMAP4, uids: str, what: str) -> list[Answer]:
    """UID FETCH. What the server tells of other mails meanwhile is among the answers."""
    client.give(COMMAND_SECONDS)
    try:
        status, data = client.uid("FETCH", uids, f"(UID {what})")
    except imaplib.IMAP4.abort as error:        # imaplib puts words of its own around ours
        raise (error.__context__ if isinstance(error.__context__, imaplib.IMAP4.abort) else error) from None
    except imaplib.IMAP4.error as error:        # BAD
        raise Refused(f"the mail server says: {error}"[:300]) from error
    if status != "OK":
        said = b" ".join(line for line in data if isinstance(line, bytes)).decode("utf-8", "replace")
        raise Refused(f"the mail server says: {said}"[:300])
    return [_answer(one) for one in _grouped(data)]


def _grouped(data: list) -> list[list]:
    """imaplib's flat list → one list for each response: text, or (text, literal)."""
    groups: list[list] = []
    for item in data:
        text = item[0] if isinstance(item, tuple) else item
        if text is None:
            continue
        if BEGIN.match(text) and not (groups and isinstance(groups[-1][-1], tuple)):
            groups.append([])
        if not groups:
            raise Refused("the mail server's answer cannot be read")
        groups[-1].append(item)
    return groups


def _answer(group: list) -> Answer:
    end = group[-1]
    if isinstance(end, tuple) or not (TAIL.fullmatch(end) if len(group) > 1 else end.endswith(b")")):
        raise Refused("the mail server's answer is not whole: it announced another size than it sent")
    parts: dict[str, bytes] = {}
    words = b""
    for item in group:
        text, literal = item if isinstance(item, tuple) else (item, None)
        words += text + b" "
        name = None
        for match in PART.finditer(text):
            name = match[1].decode().upper()
            parts[name] = re.sub(rb"\\(.)", rb"\1", match[2] or b"", flags=re.S)
        if literal is not None and name is not None:
            parts[name] = literal
    uid, size = UID.search(words), SIZE.search(words)
    return Answer(int(uid[1]) if uid else 0, parts, _arrived(words), int(size[1]) if size else 0)


def _arrived(words: bytes) -> datetime | None:
    found = ARRIVED.search(words)
    try:
        return datetime.strptime(found[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC) if found else None
    except ValueError:
        return None


def too_large(head: bytes, size: int) -> bytes:
    """A mail of the same sender that says what is missing: it is seen, and the mails behind it come."""
    kept = CONTENT.sub(b"", head).rstrip()
    return kept + (f"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThis mail has {size:,} bytes, which is "
                   f"more than the helpdesk takes. It is still in the mailbox.\r\n").encode()


def notice(uid: int, head: bytes, why: str) -> bytes:
    """What lies in quarantine in place of a mail that could not be had."""
    named = b"".join(NAMING.findall(head)) or b"From: <>\r\n"
    return named.rstrip() + (
        f"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe mail with number {uid} in the mailbox could not be "
        f"read yet: {why}\r\nIt is asked for again by itself.\r\n").encode("utf-8", "replace")
