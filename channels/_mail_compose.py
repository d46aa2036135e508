"""One Outbound → the bytes of a mail, and who gets it."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from channels._charset import without_refused
from channels._mail_automatic import INSTANCE
from channels._mail_headers import normal_address
from channels.base import Outbound, SendError

POLICY = SMTP.clone(cte_type="7bit")        # every server takes it, and none changes it on the way
MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,900}>")
UNSAFE = re.compile(r"[\r\n\x00]")
REFERENCES = 20


@dataclass(frozen=True)
class Composed:
    """A mail on its way: the envelope (RFC 5321), its id, and its bytes with CRLF line ends."""
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    data: bytes


def compose(message: Outbound, config: Mapping[str, str], now: datetime | None = None) -> Composed:
    """The mail for `message`, sent from config["address"]. Raises SendError(permanent) for what no mail can carry."""
    own = normal_address(config.get("address", ""))
    if not own:
        raise SendError("the inbox has no mail address of its own", permanent=True, broken=True)
    recipient, *copies = [normal_address(a) for a in (message.address, *message.cc)]
    if not recipient or not all(copies):
        raise SendError(f"not a mail address: {', '.join([message.address, *message.cc])}"[:300], permanent=True)
    fields = (message.address, *message.cc, message.subject, message.sender_name, message.message_id,
              message.reply_token, *message.replies_to, *(part for file in message.files for part in file[:2]))
    for value in fields:
        if UNSAFE.search(value):
            raise SendError("line breaks are not allowed in a mail's header", permanent=True)
    try:
        mail = _mail(message, config, own, recipient, copies, now or datetime.now(UTC))
        message_id = message.message_id or make_msgid(domain=own.rpartition("@")[2])
        data = _ids(message_id, message.replies_to) + mail.as_bytes()
    except (ValueError, MessageError, LookupError, TypeError, AttributeError) as error:
        raise SendError(f"this mail cannot be written: {error}", permanent=True) from error
    return Composed(own, tuple(dict.fromkeys((recipient, *copies))), message_id, data)


def plus_address(address: str, token: str) -> str:
    """`support@example.org` and a token → `support+token@example.org` (RFC 5233 sub-addressing)."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}" if token else address


def _mail(message: Outbound, config: Mapping[str, str], own: str, recipient: str, copies: list[str],
          now: datetime) -> EmailMessage:
    mail = EmailMessage(policy=POLICY)
    mail["From"] = Address(without_refused(message.sender_name or config.get("name", "")), addr_spec=own)
    mail["To"] = Address(addr_spec=recipient)
    if copies:
        mail["Cc"] = [Address(addr_spec=copy) for copy in copies]
    if message.reply_token and config.get("plus_address", "yes").lower() not in ("no", "false", "0", "off"):
        mail["Reply-To"] = Address(without_refused(config.get("name", "")),
                                   addr_spec=plus_address(own, message.reply_token))
    mail["Subject"] = without_refused(message.subject)
    mail["Date"] = format_datetime(now)
    mail[INSTANCE] = own
    if message.automatic:       # RFC 3834; the other two are what Exchange and older programs obey
        mail["Auto-Submitted"] = "auto-replied" if message.replies_to else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Precedence"] = "bulk"
    mail.set_content(without_refused(message.text) + "\n")
    if message.html:
        mail.add_alternative(without_refused(message.html), subtype="html")
    for name, content_type, content in message.files:
        main, _, sub = (content_type or "application/octet-stream").partition(";")[0].strip().partition("/")
        if main in ("multipart", "message") or not sub:     # these must not be sent in base64 (RFC 2046 §5.2.1)
            main, sub = "application", "octet-stream"
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail


def _ids(message_id: str, replies_to) -> bytes:
    """The fields that carry ids. Written here because the library encodes ids that are longer than a line."""
    for value in (message_id, *replies_to[:REFERENCES]):
        if value == message_id and not MESSAGE_ID.fullmatch(value):
            raise ValueError(f"not a Message-ID: {value[:100]}")
    parents = [i for i in replies_to[:REFERENCES] if MESSAGE_ID.fullmatch(i)]    # `sha256:…` is no id outside
    lines = [f"Message-ID: {message_id}"]
    if parents:
        lines += [f"In-Reply-To: {parents[0]}", "References: " + "\r\n ".join(reversed(parents))]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")
