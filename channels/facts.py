"""What channels tell: messages, receipts, and changes of what was said before."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What became of a message we sent. It only moves forward; see helpdesk.services.outbox."""
    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"         # handed over, but the line broke before the provider said yes
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True)
class Request:
    """One delivery from outside, stripped of the web framework: a webhook call, or a mail (method "MAIL", body = raw).

    `headers` look-up is case-insensitive through `header()`. `url`: the whole address that was called, as the outside
    knows it; some providers sign it. It is there when a call is verified, not when stored bytes are read again.
    """
    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    url: str = ""

    def header(self, name: str, default: str = "") -> str:
        return next((v for k, v in self.headers.items() if k.lower() == name.lower()), default)


@dataclass(frozen=True)
class File:
    """A file that came in. Either `content` is here (mail) or `ref` says what to give to Channel.download()."""
    name: str
    content_type: str
    ref: str = ""
    content: bytes | None = None
    cid: str = ""                   # Content-ID of an inline image, without brackets
    size: int | None = None


MARKS = ("signed", "encrypted", "calendar", "forwarded")
ON_A_LIST = "mailing list"


@dataclass(frozen=True)
class Inbound:
    """One message from outside."""
    external_id: str                # the provider's id; (inbox, external_id) is unique, so retries are harmless
    address: str                    # who wrote: mail address, E.164 number, PSID, chat id, visitor id
    sent_at: datetime               # with a zone
    text: str = ""                  # what the person newly said (mail: quoted history trimmed)
    full_text: str = ""             # everything, when `text` is a part of it
    html: str = ""                  # sanitised by the channel
    name: str = ""
    subject: str = ""
    files: Sequence[File] = ()
    replies_to: Sequence[str] = ()  # external ids, nearest parent first
    tokens: Sequence[str] = ()      # secrets of ours found in the plus-address or the body
    to: Sequence[str] = ()          # mail: everyone it was addressed to
    cc: Sequence[str] = ()
    account: str = ""               # our side: page id, phone number id; picks the inbox among siblings
    locale: str = ""
    payload: str = ""               # the value of a pressed button
    automatic: str = ""             # why no machine may answer this ("auto-submitted", "bounce" ...); '' for a person
    fresh: bool = False             # the person asked to begin a new conversation
    start: bool = False             # only opens the line (Telegram's /start): makes no ticket
    reports: Sequence[Receipt] = ()     # mail: a bounce that does not say which mail of ours it speaks of
    fingerprint: str = ""           # hash of the content; tells a redelivery from a re-used external_id
    reply_token: str = ""           # what the platform wants back with an answer; see Can.reply_token_lives
    raw: Any = None                 # the provider's own words, for the people who debug at night
    marks: Sequence[str] = ()       # mail: what else it is, see MARKS
    forwarded_from: tuple[str, str] = ("", "")      # mail: name and address of who wrote what was forwarded to us
    passed_on: Mapping[str, str] = field(default_factory=dict)      # mail: the parts of such a mail, see _mail_forward
    author: str = ""                # mail: the one address of its one From; '' where there are several
    checked: str = ""               # mail: the topmost Authentication-Results (RFC 8601), as it stands
    proof: str = ""                 # mail: what shows that `author` wrote it, where that was asked and is so
    doubt: str = ""                 # mail: why it is not shown, where that was asked
    forged: str = ""                # mail: that a server of ours says so, in words

    @property
    def by_machine(self) -> bool:
        """Nobody sat down and wrote this. What a person wrote to a mailing list still takes no automatic answer."""
        return self.automatic not in ("", ON_A_LIST)


@dataclass(frozen=True)
class Receipt:
    """What became of something we sent. With a `watermark` it speaks of everything sent to `address` up to then."""
    external_id: str
    status: Status
    at: datetime
    error: str = ""
    address: str = ""
    watermark: datetime | None = None
    permanent: bool = True          # for FAILED: False for a mail that is only delayed
    code: str = ""                  # mail: the enhanced status code (RFC 3463), where the report has one
    tokens: Sequence[str] = ()      # mail: secrets of ours in the address to which the report came (VERP)
    unwanted: str = ""              # mail: what the reader did who wants no more of it ("marked our mail as spam")


@dataclass(frozen=True)
class Change:
    """The person outside changed something that stands under an external id. Harmless when it comes late or twice."""
    external_id: str
    address: str                    # who did it
    at: datetime
    account: str = ""               # as Inbound.account


@dataclass(frozen=True)
class Edited(Change):
    """They corrected their message; `text` is what it says now."""
    text: str = ""


@dataclass(frozen=True)
class Unsent(Change):
    """They took their message back: its words and files are to be forgotten."""


@dataclass(frozen=True)
class Reaction(Change):
    """They put a sign on a message, theirs or ours. '' takes the earlier one back."""
    emoji: str = ""


@dataclass(frozen=True)
class Typing:
    """They are writing right now. Not worth keeping."""
    address: str
    at: datetime
    account: str = ""


@dataclass(frozen=True)
class Echo:
    """Our own account said something: through us, or somebody in the platform's own app or page."""
    external_id: str
    address: str                    # to whom
    sent_at: datetime
    text: str = ""
    files: Sequence[File] = ()
    delivery_id: str = ""           # our Outbound.id, where the platform gives it back
    account: str = ""
    raw: Any = None


@dataclass(frozen=True)
class TemplatesChanged:
    """The platform approved, refused or paused a template of this account."""
    account: str = ""


@dataclass(frozen=True)
class Order:
    """What somebody ordered, as it stands at `at`. The same number again tells of a change."""
    number: str
    at: datetime
    customer_id: str = ""           # the shop's own id of the customer
    email: str = ""
    phone: str = ""
    status: str = ""                # in the shop's words
    total: str = ""                 # a decimal number
    currency: str = ""              # ISO 4217
    items: Sequence[Mapping[str, str]] = ()     # of "name" and "quantity"
    url: str = ""                   # where the shop shows it
    placed_at: datetime | None = None
    account: str = ""               # as Inbound.account


Fact = Inbound | Receipt | Edited | Unsent | Reaction | Typing | Echo | TemplatesChanged | Order
