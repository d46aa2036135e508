"""One Outbound → the bytes of a mail, and who gets it."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, make_msgid

from channels._charset import without_refused
from channels._mail_automatic import INSTANCE
from channels._mail_dkim import signed
from channels._mail_headers import normal_address
from channels._mail_written import html_body, plain_body
from channels.base import Outbound, SendError

MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,900}>")
WEB_ADDRESS = re.compile(r"https?://[!-;=?-~]{1,900}")
UNSAFE = re.compile(r"[\r\n\x00]")
REFERENCES = 20             # the first, which holds a thread together, and the latest: relays refuse longer lists
LONGEST_LINE = 990          # bytes; RFC 5322 §2.1.1 says 998
NO = ("no", "false", "0", "off")


@dataclass(frozen=True)
class Offer:
    """What the server takes beyond plain SMTP: 8-bit bodies (RFC 6152), UTF-8 in headers and addresses (RFC 6531)."""
    eight_bit: bool = False
    utf8: bool = False


@dataclass(frozen=True)
class Composed:
    """A mail on its way: the envelope (RFC 5321), its id, and its bytes with CRLF line ends. `needs`: what of the
    server's offer it makes use of; `plain_sender`: what to fall back to where the server refuses the return address."""
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    data: bytes
    needs: Offer = Offer()
    plain_sender: str = ""


def compose(message: Outbound, config: Mapping[str, str], now: datetime | None = None,
            offer: Offer = Offer()) -> Composed:        # noqa: B008 it is frozen
    """The mail for `message`, sent from config["address"] to message.address alone: who else gets it stands in the
    header, and has a copy of their own. Raises SendError(permanent) for what no mail can carry."""
    own = normal_address(config.get("address", ""))
    if not own:
        raise SendError("the inbox has no mail address of its own", permanent=True, broken=True)
    recipient = normal_address(message.address)
    to, cc = ([normal_address(a) for a in named] for named in (message.to or (message.address,), message.cc))
    if not all((recipient, *to, *cc)):
        raise SendError(f"not a mail address: {', '.join((message.address, *message.to, *message.cc))}"[:300],
                        permanent=True)
    _refuse_line_breaks(message)
    if not recipient.isascii() and not offer.utf8:
        raise SendError("the mail server cannot send to an address with these letters", permanent=True)
    needs = Offer(offer.eight_bit and not config.get("dkim_key") and not _is_ascii(message), not recipient.isascii())
    try:
        mail = _mail(message, config, own, to, cc, now or datetime.now(UTC), needs)
        message_id = message.message_id or make_msgid(domain=own.rpartition("@")[2])
        data = _ids(message_id, message.replies_to) + _way_out(message.unsubscribe) + mail.as_bytes()
    except (ValueError, MessageError, LookupError, TypeError, AttributeError) as error:
        raise SendError(f"this mail cannot be written: {error}", permanent=True) from error
    # RFC 3834 §3.3: an answer to the empty return path would be an answer to nobody
    sender = "" if message.no_return else return_path(own, message.reply_token, config)
    return Composed(sender, (recipient,), message_id, signed(data, config), needs, own)


def plus_address(address: str, token: str) -> str:
    """`support@example.org` and a token → `support+token@example.org` (RFC 5233 sub-addressing)."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}" if token else address


def return_path(own: str, token: str, config: Mapping[str, str]) -> str:
    """The envelope's sender, to which servers report. With the token of this one delivery in it (VERP), so that a
    report is understood however little of our mail it gives back."""
    if config.get("verp", "yes").lower() in NO:
        return own
    return plus_address(normal_address(config.get("bounce_address", "")) or own, token)


def _refuse_line_breaks(message: Outbound) -> None:
    fields = (message.address, *message.to, *message.cc, message.subject, message.sender_name, message.message_id,
              message.reply_token, message.unsubscribe, *message.replies_to,
              *(part for file in message.files for part in file[:2]))
    if any(UNSAFE.search(value) for value in fields):
        raise SendError("line breaks are not allowed in a mail's header", permanent=True)


def _mail(message: Outbound, config: Mapping[str, str], own: str, to: Sequence[str], cc: Sequence[str],
          now: datetime, needs: Offer) -> EmailMessage:
    base = SMTPUTF8 if needs.utf8 else SMTP
    # Without an offer 7-bit, which every server takes and none changes on the way
    mail = EmailMessage(policy=base.clone(cte_type="8bit" if needs.eight_bit or needs.utf8 else "7bit"))
    mail["From"] = Address(without_refused(message.sender_name or config.get("name", "")), addr_spec=own)
    mail["To"] = _named(to, needs)
    if cc:
        mail["Cc"] = _named(cc, needs)
    if message.reply_token and config.get("plus_address", "yes").lower() not in NO:
        mail["Reply-To"] = Address(without_refused(config.get("name", "")),
                                   addr_spec=plus_address(own, message.reply_token))
    mail["Subject"] = without_refused(message.subject)
    mail["Date"] = format_datetime(now)
    mail[INSTANCE] = own
    if message.automatic:       # RFC 3834; the other two are what Exchange and older programs obey
        mail["Auto-Submitted"] = "auto-replied" if message.replies_to else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Precedence"] = "bulk"
    plain, html = plain_body(message), html_body(message)
    mail.set_content(plain, cte=_encoding(plain, needs))
    mail.add_alternative(html, subtype="html", cte=_encoding(html, needs))
    for name, content_type, content in message.files:
        main, _, sub = (content_type or "application/octet-stream").partition(";")[0].strip().partition("/")
        if main in ("multipart", "message") or not sub:     # these must not be sent in base64 (RFC 2046 §5.2.1)
            main, sub = "application", "octet-stream"
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail


def _named(addresses: Sequence[str], needs: Offer) -> list[Address | Group]:
    """A header's recipients. One that cannot stand in a header of this mail is told of without being one, as RFC 6857
    §3.1.8 does: its own copy may still reach it."""
    return [_mailbox(one) if one.isascii() or needs.utf8 else Group(f"Address {one}")
            for one in dict.fromkeys(addresses)]


def _mailbox(address: str) -> Address:
    if address.isascii():
        return Address(addr_spec=address)
    local, _, domain = address.rpartition("@")
    return Address(username=local, domain=domain)       # as a whole it may not have such letters (bpo-35805)


def _encoding(text: str, needs: Offer) -> str | None:
    """8bit where the server takes it and the lines allow it; None leaves the choice to the library."""
    eight = (needs.eight_bit or needs.utf8) and not text.isascii()
    return "8bit" if eight and max(len(line.encode("utf-8")) for line in text.split("\n")) <= LONGEST_LINE else None


def _is_ascii(message: Outbound) -> bool:
    return all(part.isascii() for part in (message.text, message.html, message.signature, message.signature_html,
                                           *(q.attribution + q.text for q in message.history)))


def _way_out(url: str) -> bytes:
    """List-Unsubscribe, written here for the same reason as ids: a long address must stay whole."""
    if not url:
        return b""
    if not WEB_ADDRESS.fullmatch(url):
        raise ValueError(f"not an address to unsubscribe at: {url[:100]}")
    post = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" if url.startswith("https://") else ""
    return f"List-Unsubscribe: <{url}>\r\n{post}".encode("ascii")     # RFC 8058 §3.1 knows https only


def _ids(message_id: str, replies_to: Sequence[str]) -> bytes:
    """The fields that carry ids. Written here because the library encodes ids that are longer than a line."""
    if not MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"not a Message-ID: {message_id[:100]}")
    parents = [i for i in dict.fromkeys(replies_to) if MESSAGE_ID.fullmatch(i)]     # `sha256:…` is no id outside
    if len(parents) > REFERENCES:
        parents = [*parents[:REFERENCES - 1], parents[-1]]
    lines = [f"Message-ID: {message_id}"]
    if parents:
        lines += [f"In-Reply-To: {parents[0]}", "References: " + "\r\n ".join(reversed(parents))]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")
