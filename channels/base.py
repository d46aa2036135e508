"""The contract every channel keeps. Nothing here knows Flask, SQLAlchemy or tickets.

A channel turns bytes into facts (`parse`) and facts into bytes (`send`). The helpdesk stores the bytes before it
asks for the facts, so `parse` may be asked again for the same bytes and must answer the same.
"""
from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from channels.facts import (
    ON_A_LIST,
    Change,
    Echo,
    Edited,
    Fact,
    File,
    Inbound,
    Order,
    Reaction,
    Receipt,
    Request,
    Status,
    TemplatesChanged,
    Typing,
    Unsent,
)

__all__ = ["ON_A_LIST", "BadSignature", "Button", "Can", "Change", "Channel", "ChannelError", "Echo", "Edited", "Fact",
           "Fetched", "File", "FilledTemplate", "Inbound", "Order", "Outbound", "Quote", "Reaction", "Receipt",
           "Request", "SendError", "Setting", "Status", "Step", "Template", "TemplatesChanged", "Typing", "Unreadable",
           "Unsent", "same_hmac", "split_text", "with_numbered_buttons"]


@dataclass(frozen=True)
class Fetched:
    """One raw delivery that was asked for (IMAP). `cursor` is what to remember once the bytes are safe. Without a
    `source_key` there is only that. With a `problem` it could not be had: `body` says what is known of it, and it may
    come later under the same key."""
    source_key: str
    body: bytes
    cursor: str
    arrived_at: datetime | None = None      # at the server
    left: int = 0                           # how many more are waiting there
    problem: str = ""


Known = Callable[[set[tuple[str, int]]], set[tuple[str, int]]]


@dataclass(frozen=True)
class Button:
    """A quick reply. Where the medium has none it becomes a numbered line of text (see `plain`)."""
    label: str
    payload: str


@dataclass(frozen=True)
class Quote:
    """Something said earlier, to stand below an answer. `attribution`: "On Monday, Ann wrote:", in the reader's words.
    """
    attribution: str
    text: str
    html: str = ""                  # what it looked like
    forwarded: bool = False         # handed on to somebody else, with its header above; not answered


@dataclass(frozen=True)
class Template:
    """A message that the platform approved beforehand: the only kind it lets through when the reply window is closed.

    Places to be filled are written {{1}} or {{name}}; `examples` has a sample for each, by part and place
    ("body:1", "header:1", "button:0:1" for the address of the first button, "coupon:0" for the code that it copies,
    "location:latitude"). A heading that is a file is a place too: "file:image", "file:video" or "file:document".
    """
    name: str
    language: str
    body: str
    status: str = "approved"        # or the platform's word for why it cannot be used: pending, rejected, paused …
    category: str = ""
    header: str = ""
    footer: str = ""
    buttons: Sequence[str] = ()     # labels
    examples: Mapping[str, str] = field(default_factory=dict)
    external_id: str = ""
    unsendable: str = ""            # why we cannot fill it in ("its header is a picture"); '' when we can
    reason: str = ""                # the platform's words on a refusal


@dataclass(frozen=True)
class FilledTemplate:
    """A template with its values, by the keys of Template.examples; that of a file is its name, and its bytes are the
    message's only file."""
    name: str
    language: str
    values: Mapping[str, str]
    external_id: str = ""


@dataclass(frozen=True)
class Outbound:
    """One message to one address."""
    id: str                         # our delivery id: becomes the Message-ID or idempotency key
    address: str
    text: str
    html: str = ""
    subject: str = ""
    files: Sequence[tuple[str, str, bytes]] = ()      # name, content type, bytes
    replies_to: Sequence[str] = ()  # external ids, nearest parent first
    buttons: Sequence[Button] = ()
    message_id: str = ""            # mail: the Message-ID that was fixed when it was queued, with brackets
    reply_token: str = ""           # mail: goes into the Reply-To; elsewhere that of the last Inbound, if fresh
    sender_name: str = ""
    to: Sequence[str] = ()          # mail: everyone the header names as recipients; empty: `address` alone
    cc: Sequence[str] = ()          # mail: everyone the header names as getting a copy. It goes to `address` alone
    history: Sequence[Quote] = ()   # mail: what went before, the latest first
    signature: str = ""             # mail: below the text
    signature_html: str = ""        # mail: its designed form; '' where it is plain
    unsubscribe: str = ""           # mail: where the reader ends mails of this kind (RFC 8058)
    automatic: bool = False         # written by a machine: marked so that no other machine answers
    no_return: bool = False         # mail: nothing may come back to it by itself (an acknowledgement)
    within_window: bool = True      # False: the medium's free reply window has closed
    template: FilledTemplate | None = None      # sent as this template; `text` is what it says


@dataclass(frozen=True)
class Can:
    """What the composer may offer on this channel. Data, so that the screen can show it and the base can act on it."""
    text_limit: int = 10_000        # characters of one message
    files: bool = False
    file_limit: int = 0             # bytes of one file
    html: bool = False
    subject: bool = False
    buttons: int = 0                # how many quick replies; 0 means they are sent as numbered lines
    receipts: frozenset[Status] = frozenset({Status.SENT})
    reply_window: timedelta | None = None
    idempotent: bool = False        # the provider recognises a repeated send by our id
    hears: frozenset[str] = frozenset()     # beside messages and receipts: edits, unsends, reactions, typing, echoes
    templates: bool = False         # approved templates pass when the reply window is closed: Channel.templates
    typing: bool = False            # the person can be shown that somebody writes: Channel.typing
    per_second: float = 0           # messages that the account may send in a second; 0: no limit that is known
    pause: float = 0                # seconds between two messages to one address
    reply_token_lives: timedelta | None = None      # how long after the message its Inbound.reply_token may be used


@dataclass(frozen=True)
class Setting:
    """One field of an inbox's form."""
    key: str
    label: str
    secret: bool = False
    required: bool = True
    help: str = ""
    default: str = ""
    kind: str = "text"              # text, number, bool, choice, lines (a text of several lines)
    choices: Sequence[str] = ()
    group: str = ""                 # the heading under which fields stand together; '' comes first
    words: Mapping[str, str] = field(default_factory=dict)     # for choices: what people read
    fresh: Callable[[], str] | None = None      # a secret that is ours to choose: makes one for a new inbox


@dataclass(frozen=True)
class Step:
    """One thing that must work for an account: `check` says what it found, or raises SendError; then `fix` says what
    the admin does about it."""
    what: str
    check: Callable[[], str]
    fix: str


class ChannelError(Exception):
    """Anything a channel complains of."""


class BadSignature(ChannelError):
    """Answered with 403 and nothing is stored."""


class Unreadable(ChannelError):
    """Signed but not understood. The raw bytes are kept in quarantine and the provider is answered 200."""


class SendError(ChannelError):
    """A message was not accepted.

    permanent: never try again. retry_after: seconds the provider asked for. uncertain: it may have arrived all the
    same. broken: the account itself is refused (token revoked): it is disconnected, and what is due waits until it is
    mended. slow_down: the account sends too much: all of its messages wait.
    """

    def __init__(self, message: str, *, permanent: bool = False, retry_after: int | None = None,
                 uncertain: bool = False, broken: bool = False, slow_down: bool = False):
        super().__init__(message)
        self.permanent, self.retry_after, self.uncertain = permanent, retry_after, uncertain
        self.broken, self.slow_down = broken, slow_down


class Channel:
    """One medium. A subclass is one module in this folder, or a plugin of entry point group `helpdesk.channels`.

    `config` holds an inbox's values by setting key. `http` is the one door to the network (channels._http.Http).
    `publish(name, content_type, content)` gives a file an address on the web, for platforms that take no uploads but
    fetch; None where there is no such place.
    """
    name: ClassVar[str]
    label: ClassVar[str]
    identity_kind: ClassVar[str]            # what an address of this channel is: email, phone, telegram ...
    can: ClassVar[Can] = Can()
    remarks: ClassVar[str] = ""             # what else somebody who chooses a channel should know, in few words
    settings: ClassVar[Sequence[Setting]] = ()
    instant: ClassVar[bool] = False         # nothing to send: the recipient's own page is told and fetches (web chat)
    proves_sender: bool = False             # the platform itself authenticates who writes (WhatsApp yes, mail no);
                                            # where that depends on the account, its __init__ says so
    body_limit: ClassVar[int] = 3_000_000   # bytes of one webhook call; Meta's batches stay below this
    person_first: ClassVar[bool] = False    # the platform lets nobody be written to who has not written before
    word: ClassVar[str] = ""                # the label inside a sentence, where that differs ("e-mail")

    def __init__(self, config: Mapping[str, str], http: Any = None,
                 publish: Callable[[str, str, bytes], str] | None = None):
        self.config, self.http, self.publish = dict(config), http, publish

    @classmethod
    def problems(cls, values: Mapping[str, str]) -> dict[str, str]:
        """What does not fit together in a filled-in form, beyond what each Setting says: words by field."""
        return {}

    @classmethod
    def window(cls, settings: Mapping[str, Any], by: str = "agent") -> timedelta | None:
        """How long after the customer's last message they may be answered freely, given an inbox's open settings; some
        media give a person more time than a machine. `by`: as Message.author_kind."""
        return cls.can.reply_window

    # In

    def verify(self, request: Request) -> None:
        """Raise BadSignature unless the request is the provider's own. Over the raw bytes, in constant time."""
        raise BadSignature(f"{self.name} takes no webhooks")

    def handshake(self, request: Request) -> str | None:
        """The answer to a subscription check (Meta's hub.challenge). None: this was no handshake."""
        return None

    def source_key(self, request: Request) -> str:
        """What makes a redelivery of the same bytes recognisable. Unique per inbox."""
        return hashlib.sha256(request.body).hexdigest()

    def scope(self, item: Any) -> str:
        """The namespace of item.address: the page or app id where ids are page-scoped, otherwise ''."""
        return ""

    def parse(self, request: Request) -> Iterable[Fact]:
        """Plain facts from one raw delivery. Kinds that the helpdesk does not handle are left out."""
        return ()

    def read(self, request: Request) -> list[Fact]:
        """parse(), with every surprise turned into Unreadable. Callers use this one."""
        try:
            return list(self.parse(request))
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise Unreadable(f"{self.name}: {error!r}") from error

    def fetch(self, cursor: str, known: Known | None = None) -> Iterator[Fetched]:
        """For channels that must be asked (IMAP): what is new since `cursor` ('' at first), oldest first. `known` tells
        which of these (Message-ID, size) are stored; ask it where everything would have to be fetched again."""
        return iter(())

    def lying(self, cursor: str, days: int) -> list[str]:
        """The source keys of what came within so many days, can still be fetched, and should be stored by now."""
        return []

    def these(self, cursor: str, keys: Sequence[str]) -> Iterator[Fetched]:
        """Fetch these again, as far as they are there."""
        return iter(())

    def rewound(self, cursor: str, key: str) -> str:
        """The cursor with which fetch() asks for this one again; '' where that cannot be."""
        return ""

    def tidy(self, keys: Sequence[str], late: bool = False) -> int:
        """Do at the provider what the settings want done with deliveries that are safe here; returns with how many.
        `late`: they have been safe for a while, so only what was left undone matters. Raises SendError."""
        return 0

    def download(self, file: File) -> bytes:
        """The bytes behind file.ref. Raises SendError(permanent=…) when they cannot be had."""
        raise NotImplementedError

    # Out

    def send(self, message: Outbound) -> str:
        """Hand one message over and return the provider's id. Raise SendError otherwise."""
        raise NotImplementedError

    def prepare(self, message: Outbound) -> list[Outbound]:
        """The message as this medium can carry it: buttons to numbered lines, text split at the limit, and each file
        with the part it belongs to. Ids of further parts are `<id>.1`, `<id>.2` …"""
        if message.template:
            return [message]
        if message.buttons and not self.can.buttons:
            message = replace(message, text=with_numbered_buttons(message.text, message.buttons), buttons=())
        pieces = [piece for piece in self.split(message.text) if piece] or [""]
        parts = [replace(message, id=f"{message.id}.{n}" if n else message.id, text=piece, files=(), buttons=())
                 for n, piece in enumerate(pieces)]
        if message.html:
            parts[0] = replace(parts[0], html=message.html)
        parts[0] = replace(parts[0], files=message.files)
        parts[-1] = replace(parts[-1], buttons=message.buttons)
        return parts

    def split(self, text: str) -> list[str]:
        """The pieces of a text that is too long for one message. Platforms that count otherwise override this."""
        return split_text(text, self.can.text_limit)

    def acknowledge(self, item: Inbound) -> None:
        """Tell the platform that we noticed (Telegram: stop the spinner on a pressed button). Called by the worker
        after the item is safe; never raises, because nothing depends on it."""

    def templates(self) -> list[Template]:
        """All templates of the account, whatever became of them. Raises SendError."""
        return []

    def typing(self, address: str, replies_to: Sequence[str] = ()) -> None:
        """Show the person that somebody is writing. `replies_to`: what they said last. Raises SendError; a hint that
        nobody waits for."""

    def profile(self, address: str) -> str:
        """The name of the person behind an address, where the platform tells it on request; '' otherwise."""
        return ""

    def test(self) -> str:
        """Try the account without sending anything; a sentence for the admin. Raises SendError with the reason."""
        return "Nothing to test."

    def steps(self, webhook: str) -> Sequence[Step]:
        """test(), taken apart where one failure does not explain itself. `webhook`: where the provider should call."""
        return [Step("Account", self.test, "Check the values of this inbox's form against the provider's own pages; "
                                           "renew the token or password if it ran out.")]


def same_hmac(secret: str, body: bytes, given: str, algorithm: Callable = hashlib.sha256) -> bool:
    """Compare the hex HMAC of `body` with `given`, in constant time."""
    expected = hmac.new(secret.encode(), body, algorithm).hexdigest()
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode())


def with_numbered_buttons(text: str, buttons: Sequence[Button]) -> str:
    """Quick replies as text: the person answers with the number."""
    lines = "\n".join(f"{n}. {button.label}" for n, button in enumerate(buttons, 1))
    return f"{text}\n\n{lines}" if text else lines


def split_text(text: str, limit: int) -> list[str]:
    """Cut at paragraph, line, sentence or word boundaries so that no piece is longer than `limit` characters."""
    pieces = []
    while len(text) > limit:
        head = text[:limit]
        cut = max((head.rfind(mark) + len(mark.rstrip()) for mark in ("\n\n", "\n", ". ", " ")
                   if head.rfind(mark) > limit // 2), default=limit)
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*pieces, text] if text else pieces
