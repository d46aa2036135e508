"""Raw bytes of one mail → plain facts. Pure: no network, no clock but the one it is given, no state."""
from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime

from channels import _mail_caps
from channels._charset import without_refused
from channels._html import clean
from channels._mail_automatic import automatic_reason
from channels._mail_body import Body, body_of
from channels._mail_bounce import Bounce, bounce_in
from channels._mail_forward import forwarded_from, parts
from channels._mail_headers import (
    ADDRESS,
    Headers,
    addresses,
    moment,
    normal_address,
    normal_message_id,
    parents,
)
from channels._mail_pgp import SEALED, readable
from channels._mail_reply import newly_written
from channels._mail_tree import RAW, charset, leaves
from channels.base import Inbound, Receipt, Status, Unreadable
from channels.facts import MARKS

FIELD_LATER = re.compile(rb"^(?:from|to|subject|date|message-id|content-type|mime-version|received)[ \t]*:",
                         re.I | re.M)
NO_FIELD = re.compile(rb"^(?![!-9;-~]+[ \t]*:|[ \t\r]|$)", re.M)
LEADING = re.compile(rb"\A(?:\s+|From [^\r\n]*\r?\n|>From [^\r\n]*\r?\n)+")
TOKEN = re.compile(r"\A[^+@]+\+([A-Za-z0-9_.=-]{8,200})@")
OUR_TOKEN = re.compile(r"[0-9a-f]{32}")
BODY_TOKEN = re.compile(r"\[ref:([A-Za-z0-9_-]{16,200})\]")
ENVELOPE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "x-delivered-to")
LONGEST_RESULTS = 10_000    # characters of Authentication-Results; one more is no field of a sane server
LONGEST_SUBJECT = 300       # characters; what the helpdesk keeps
ARF = "message/feedback-report"
OUTCOME = {"failed": Status.FAILED, "delayed": Status.FAILED, "delivered": Status.DELIVERED}


def parse_mail(raw: bytes, own: Sequence[str] = (), now: datetime | None = None) -> list[Inbound | Receipt]:
    """One Inbound; or for a bounce of a mail that can be named, a Receipt for each recipient it speaks of.

    `own`: our addresses in lower case, to know our own mail and forms that write in our name. `now` bounds the date.
    Raises Unreadable with a reason for people. A report that names no mail, neither by id nor by the address it came
    to, comes as an Inbound marked "bounce" with `reports`.
    """
    now = now or datetime.now(UTC)
    raw = LEADING.sub(b"", raw)
    if not raw:
        raise Unreadable("this mail is empty")
    end_of_line = raw[:2000]
    if b"\n" not in end_of_line and b"\r" in end_of_line:       # old Macintosh line ends
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    _mail_caps.check(raw)
    raw = _with_whole_header(raw)
    try:
        return _facts(raw, frozenset(own), now)
    except RecursionError as error:
        raise Unreadable("this mail is nested too deeply") from error
    except MemoryError as error:
        raise Unreadable("this mail needs too much memory") from error


def _with_whole_header(raw: bytes) -> bytes:
    """Lines in the header that are no fields go on in the one before, so that the fields after them are seen. A mail
    whose text begins right there (no field follows before the first empty line) stays as it is."""
    end = _mail_caps.END_OF_HEADERS.search(raw)
    header = raw[:end.start()] if end else raw[:_mail_caps.HEADER_BYTES]
    stray = NO_FIELD.search(header, 1)
    if not stray or not FIELD_LATER.search(header, stray.start()):
        return raw
    last = max(m.start() for m in FIELD_LATER.finditer(header))
    first = b"X-Before-The-Header: " if NO_FIELD.match(header) else b""
    return first + NO_FIELD.sub(b" ", header[:last]) + raw[last:]


def _facts(raw: bytes, own: frozenset[str], now: datetime) -> list[Inbound | Receipt]:
    message = message_from_bytes(raw, policy=RAW)
    hint = _hint(message, raw)
    headers = Headers(message, hint)
    body = body_of(message, raw, hint)
    words = without_refused(body.text)
    full_text = "\n\n".join([words.strip(), *body.events]).strip()
    sent_at = moment(headers.raw("date"), now)
    bounce = bounce_in(message, headers, full_text, raw)
    tokens = _tokens(headers, full_text)
    reports = _reports(bounce, sent_at, tuple(t for t in tokens if OUR_TOKEN.fullmatch(t))) if bounce else ()
    if bounce and (bounce.original_id or reports[0].tokens):
        return list(reports)
    name, address = _sender(headers, own)
    subject = headers.get("subject")[:LONGEST_SUBJECT]
    passed_on = forwarded_from(subject, words, body.senders)
    marks = body.marks | ({"forwarded"} if passed_on is not None else set())
    written = newly_written(readable(words), whole=passed_on is not None)
    new = "\n\n".join(filter(None, [written, *body.events]))
    to, cc = (_normal(headers.addresses(field)) for field in ("to", "cc"))
    return [Inbound(
        external_id=normal_message_id(headers.raw("message-id")) or f"sha256:{hashlib.sha256(raw).hexdigest()}",
        address=address, name=name, sent_at=sent_at, subject=subject,
        text=new or (SEALED if "encrypted" in marks else ""), full_text=full_text,
        html=without_refused(clean(body.html)),
        files=tuple(body.files), to=to, cc=cc,
        replies_to=tuple(parents(headers.all("in-reply-to"), headers.all("references"))),
        tokens=tokens, reports=reports,
        automatic=_automatic(message, headers, address, own, bounce),
        fingerprint=_fingerprint(raw, headers), marks=tuple(mark for mark in MARKS if mark in marks),
        forwarded_from=passed_on or ("", ""),
        passed_on=_passed_on(headers, subject, words, body, now) if passed_on else {}, author=_author(headers),
        checked=headers.raw("authentication-results")[:LONGEST_RESULTS])]


def _reports(bounce: Bounce, at: datetime, tokens: tuple[str, ...]) -> tuple[Receipt, ...]:
    return tuple(Receipt(bounce.original_id, OUTCOME[o.action], at,
                         "" if o.action == "delivered" else without_refused(o.error), address=o.recipient,
                         permanent=o.action == "failed", code=o.code, tokens=tokens) for o in bounce.outcomes)


def _hint(message: Message, raw: bytes) -> str:
    """The charset to read unmarked 8-bit fields with: the one the body claims."""
    if raw.isascii() and b"utf-7" not in raw[:200_000].lower():
        return ""
    return next((c for c in map(charset, list(leaves(message))[:10]) if c), "")


def _sender(headers: Headers, own: frozenset[str]) -> tuple[str, str]:
    """Name and address of the person. A form or a mailing list writes in our own name, and says elsewhere for whom."""
    mailboxes = [(name, normal_address(a)) for name, a in headers.addresses("from")]
    name, address = next((m for m in mailboxes if m[1]), mailboxes[0] if mailboxes else ("", ""))
    if address and address not in own:
        return _name(name, address), address
    for field in ("x-original-from", "x-original-sender", "reply-to"):
        for other_name, other in headers.addresses(field):
            other = normal_address(other)
            if other and not _is_ours(other, own):
                return _name(other_name or (name if field != "reply-to" else ""), other), other
    if not address:
        for field in ("sender", "return-path"):
            for other_name, other in headers.addresses(field):
                if normal_address(other):
                    return _name(name or other_name, normal_address(other)), normal_address(other)
    return _name(name, address), address


def _passed_on(headers: Headers, subject: str, words: str, body: Body, now: datetime) -> dict[str, str]:
    """What in a forwarded mail is whose: see _mail_forward.parts. An attached one tells more of itself."""
    if found := parts(subject, words, _zone(headers.raw("date"))):
        return found
    if not body.mails:
        return {}
    inner = Headers(body.mails[0])
    return {"above": newly_written(words), "text": without_refused(body_of(body.mails[0], b"").text).strip(),
            "date": moment(inner.raw("date"), now).isoformat() if inner.raw("date") else "",
            "message_id": normal_message_id(inner.raw("message-id"))}


def _zone(date: str) -> tzinfo:
    """The time zone of a Date field; UTC where it names none."""
    try:
        return parsedate_to_datetime(date[:100]).tzinfo or UTC
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return UTC


def _author(headers: Headers) -> str:
    """The address of the From, where there is one such field with one mailbox: what is proved of a mail is proved of
    that."""
    named = [normal_address(a) for _, a in headers.addresses("from")]
    return named[0] if len(named) == len(headers.all("from")) == 1 else ""


def _is_ours(address: str, own: frozenset[str]) -> bool:
    local, _, domain = address.partition("@")
    return address in own or f"{local.partition('+')[0]}@{domain}" in own


def _name(name: str, address: str) -> str:
    return "" if normal_address(name) == address and address else name[:200]


def _normal(pairs: list[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(a for _, address in pairs if (a := normal_address(address))))


def _tokens(headers: Headers, text: str) -> tuple[str, ...]:
    """Secrets of ours: what stands after the plus of an address this came to, in its own case, and `[ref:…]`."""
    reached = [a for field in (*ENVELOPE, "to", "cc") for v in headers.all(field) for _, a in addresses(v)]
    found = [m[1] for a in reached if (m := TOKEN.match(a))] + BODY_TOKEN.findall(text)
    return tuple(dict.fromkeys(found))[:50]


def _automatic(message: Message, headers: Headers, address: str, own: frozenset[str], bounce: Bounce | None) -> str:
    if bounce:
        actions = {outcome.action for outcome in bounce.outcomes}
        return "bounce" if "failed" in actions else "delay notice" if "delayed" in actions else "delivery notice"
    if message.get_content_type() == "multipart/report":
        return "complaint" if any(p.get_content_type() == ARF for p in leaves(message)) else "report"
    return automatic_reason(headers, address, own)


def _fingerprint(raw: bytes, headers: Headers) -> str:
    """The same for every copy of one mail, whatever servers added or did to its line ends on the way."""
    _, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    sender = ",".join(a.lower() for a in ADDRESS.findall(headers.raw("from")))
    digest = hashlib.sha256(f"{sender}\n{' '.join(headers.raw('date').split())}\n".encode("utf-8", "surrogateescape"))
    digest.update(body.rstrip())
    return digest.hexdigest()
