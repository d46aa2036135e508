"""A tiny mail provider on loopback: customers' mailboxes, for demos and tests without any account.

It takes what the helpdesk sends by real SMTP, and sends what customers write as real mails to the helpdesk's listener.
"""
from __future__ import annotations

import smtplib
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, make_msgid, parsedate_to_datetime
from typing import Any

from channels._smtp_listener import Listener, Refused
from channels.simulators._trouble import Trouble

MOST_MAILS = 5_000
OF_A_RECIPIENT = {450, 550, 551, 553}       # replies that a server gives to RCPT and not to DATA


class MailSimulator(Trouble):
    """`host` and `port`: where customers' mails go (the helpdesk's listener). `to`: the address they write to unless
    told otherwise. After start(), `smtp_host` and `smtp_port` are what an inbox's settings need, with security "none"
    and no user. `clock` dates the mails; it returns an aware datetime. Who blocks the business has nothing delivered to
    their mailbox, and is not known there any more."""
    refusals = {"for_now": {"code": 451, "text": "4.3.0 Temporary local problem"},
                "for_good": {"code": 550, "text": "5.7.1 Message rejected as unwanted"}}

    def __init__(self, host: str, port: int, to: str = "support@example.org",
                 clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self.host, self.port, self.to, self.clock = host, port, to, clock
        self.smtp_host = "127.0.0.1"
        self._mails: deque[dict[str, Any]] = deque(maxlen=MOST_MAILS)
        self.faults: deque[tuple[int, str]] = deque()
        self.blocked_by: set[str] = set()
        self._listener = Listener(self.smtp_host, 0, self._take, self._known)

    @property
    def smtp_port(self) -> int:
        return self._listener.port

    def start(self) -> None:
        self._listener.start()

    def stop(self) -> None:
        self._listener.stop()

    def __enter__(self) -> MailSimulator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fail_next(self, code: int, text: str, times: int = 1) -> None:
        """Answer the next mails from the helpdesk with this SMTP reply in place of taking them."""
        self.faults.extend([(code, text)] * times)

    def conversation(self, address: str) -> list[dict[str, Any]]:
        """Every mail that this customer wrote or got, in the order of arrival. Keys: id (= message_id), from_business,
        at (= time), sender, recipients (of this copy), to and cc (as the header says), subject, text, html,
        files ({name, type, content}), reply_to, replies_to, references, headers, raw."""
        address = address.lower()
        return [dict(m) for m in list(self._mails) if address == m["sender"] or address in m["recipients"]]

    def customer_writes(self, address: str, text: str, subject: str = "", reply_to: str | None = None,
                        file: tuple[str, str, bytes] | None = None, name: str = "", to: str = "",
                        cc: Sequence[str] = (), reply_all: bool = False) -> str:
        """Send a mail as this customer and return its Message-ID. `reply_to`: the id of a mail in their mailbox; then
        it goes to that mail's Reply-To, threads as mail programs do, and quotes it; with `reply_all` everybody else it
        named gets a copy. `file`: name, content type, bytes.
        Raises LookupError for an unknown id, smtplib.SMTPException when the helpdesk does not take it."""
        answered = self._find(reply_to, address) if reply_to else None
        if answered and reply_all:
            cc = [*cc, *others(answered, address)]
        to = to or (answered["reply_to"] if answered else self.to)
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = Address(name, addr_spec=address)
        mail["To"] = to
        if cc:
            mail["Cc"] = ", ".join(cc)
        mail["Subject"] = subject or (_re(answered["subject"]) if answered else "")
        mail["Date"] = format_datetime(self.clock())
        mail["Message-ID"] = message_id = make_msgid(domain=address.rpartition("@")[2])
        if answered:
            mail["In-Reply-To"] = answered["id"]
            mail["References"] = f"{answered['references']} {answered['id']}".strip()
        mail.set_content(text + (_quoted(answered) if answered else "") + "\n")
        if file:
            main, _, sub = file[1].partition("/")
            mail.add_attachment(file[2], maintype=main, subtype=sub or "octet-stream", filename=file[0])
        raw = mail.as_bytes()
        self.hand_over(raw, address, [to, *cc])
        self._mails.append(_read(raw, from_business=False))
        return message_id

    def hand_over(self, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
        """Take a customer's mail to the helpdesk's listener."""
        with smtplib.SMTP(self.host, self.port, local_hostname="localhost", timeout=30) as smtp:
            smtp.sendmail(sender, recipients, raw)

    def put(self, raw: bytes, from_business: bool, recipients: Sequence[str], at: datetime) -> None:
        """Lay a mail into the mailboxes, as one that arrived at this time."""
        self._mails.append(_read(raw, from_business, recipients) | {"at": at, "time": at})

    def _find(self, message_id: str, address: str) -> dict[str, Any]:
        """This person's copy of a mail; another's has another Reply-To."""
        copies = [mail for mail in self._mails if mail["id"].strip("<>") == message_id.strip("<>")]
        if not copies:
            raise LookupError(f"no mail {message_id} here")
        return next((one for one in reversed(copies) if address.lower() in one["recipients"]), copies[-1])

    def _known(self, address: str) -> bool:
        if self.revoked:
            raise Refused(530, "5.7.0 Authentication required")
        if self.faults and self.faults[0][0] in OF_A_RECIPIENT:
            raise Refused(*self.faults.popleft())
        return address.lower() not in self.blocked_by

    def _take(self, recipients: list[str], raw: bytes) -> None:
        if self.faults:
            raise Refused(*self.faults.popleft())
        self.put(raw, True, recipients, self.clock())


def others(mail: dict[str, Any], address: str) -> list[str]:
    """Whom a reply to all would reach besides its sender and the one who writes it."""
    done = {address.lower(), mail["sender"], mail["reply_to"].lower()}
    return [one for one in dict.fromkeys((*mail["to"], *mail["cc"])) if one not in done]


def _read(raw: bytes, from_business: bool, recipients: Sequence[str] = ()) -> dict[str, Any]:
    mail = message_from_bytes(raw, policy=policy.default)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    to, cc = ([a.lower() for _, a in getaddresses([str(mail[field] or "")])] for field in ("To", "Cc"))
    number = str(mail["Message-ID"] or "").strip()
    at = parsedate_to_datetime(str(mail["Date"])) if mail["Date"] else datetime.now(UTC)
    return {
        "id": number, "message_id": number, "from_business": from_business, "at": at, "time": at,
        "sender": getaddresses([str(mail["From"])])[0][1].lower(),
        "recipients": [a.lower() for a in (recipients or (*to, *cc))], "to": to, "cc": cc,
        "subject": str(mail["Subject"] or ""),
        "text": plain.get_content().replace("\r\n", "\n").rstrip("\n") if plain else "",
        "html": html.get_content() if html else "",
        "files": [{"name": p.get_filename() or "", "type": p.get_content_type(),
                   "content": p.get_payload(decode=True) or b""} for p in mail.iter_attachments()],
        "reply_to": getaddresses([str(mail["Reply-To"] or mail["From"])])[0][1],
        "replies_to": str(mail["In-Reply-To"] or "").strip(),
        "references": " ".join(str(mail["References"] or "").split()),
        "headers": {name: str(value) for name, value in mail.items()}, "raw": raw}


def _re(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _quoted(mail: dict[str, Any]) -> str:
    lines = "\n".join(f"> {line}" if line else ">" for line in mail["text"].split("\n"))
    return f"\n\nOn {mail['at']:%a, %d %b %Y at %H:%M}, {mail['sender']} wrote:\n\n{lines}\n"
