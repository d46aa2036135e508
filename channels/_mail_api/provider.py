"""What each mail provider's module owes, and what they share."""
from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from channels._http import Reply, redact
from channels._mail_compose import Composed
from channels._payload import objects, word
from channels.base import BadSignature, Receipt, Request, SendError, Status

SPAM_SCORE = 5.0        # SpamAssassin's own threshold
TOO_MANY = (408, 420, 425, 429)
SUPPRESSED = "The provider sends nothing to this address any more"


@dataclass(frozen=True)
class Mail:
    """A mail that came in, whole. `suspect`: why the provider holds it for spam or forged, '' if it does not."""
    raw: bytes
    suspect: str = ""


class Provider:
    """One provider's API. `config` holds the inbox's values, `http` is the door to the network (channels._http.Http).

    Settings: api_key, account, region, signing_key, webhook_secret, api_base; each module says what it makes of them.
    """
    name: ClassVar[str]
    label: ClassVar[str]
    base: ClassVar[str] = ""        # where its API is, unless api_base says otherwise
    needs: ClassVar[tuple[str, ...]] = ()       # settings without which it cannot work
    proof: ClassVar[tuple[str, ...]] = ("webhook_secret",)      # the settings of which one proves its calls

    def __init__(self, config: Mapping[str, str], http: Any = None):
        self.config, self.http = config, http

    # In

    def verify(self, request: Request) -> None:
        """Raise BadSignature unless the provider sent this. Here for those that sign nothing: by our password."""
        self.check_password(request)

    def handshake(self, request: Request) -> str | None:
        """The answer to a check of our address; None when the request was none."""
        return None

    def source_key(self, request: Request) -> str:
        """The provider's own id of this delivery; '' when it has none (then the bytes speak for themselves)."""
        return ""

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        """Mails and receipts in one delivery. What is of no use here is left out."""
        raise NotImplementedError

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        """Hand one mail over; `key` is our id of it. Returns the id by which events and replies will name it: the
        Message-ID where the provider keeps ours or tells its own, otherwise its own number. Raises SendError."""
        raise NotImplementedError

    def test(self) -> str:
        """Try the account; a sentence for the admin. Raises SendError."""
        raise NotImplementedError

    # Shared

    def setting(self, key: str) -> str:
        return self.config.get(key, "").strip()

    def keys(self) -> list[str]:
        """The signing keys: some providers have one for each webhook."""
        return [key for key in re.split(r"[\s,]+", self.setting("signing_key")) if key]

    def url(self, path: str) -> str:
        return f"{self.setting('api_base').rstrip('/') or self.base}{path}"

    def check_password(self, request: Request) -> None:
        """Raise BadSignature unless the request brings the webhook password: by HTTP Basic authentication, as ?token=…
        or in the header that SparkPost's relay webhooks use."""
        secret = self.setting("webhook_secret")
        given = (_basic_password(request), request.query.get("token", ""),
                 request.header("X-MessageSystems-Webhook-Token"))
        fits = [hmac.compare_digest(one.encode("utf-8", "replace"), secret.encode()) for one in given]
        if not secret or not any(fits):
            raise self.forged()

    def forged(self) -> BadSignature:
        return BadSignature(f"mail_api: this request does not come from {self.label}")

    def answer(self, reply: Reply, words: Any = "", *, broken: bool = False, final: bool = False,
               passing: bool = False) -> Any:
        """The JSON of a reply that is in order, {} where it has none; otherwise the right SendError. `words`: what
        the provider complains of. Whatever the status says, `broken` means that the account is refused, `final` that
        this mail is, and `passing` that it may be tried again."""
        if reply.ok and not words:
            return reply.json() or {}
        said = redact(str(words or f"HTTP {reply.status}"), self.setting("api_key"), self.setting("account"),
                      self.setting("webhook_secret"), *self.keys())[:500]
        message = f"{self.label}: {said}"
        if broken or final:
            raise SendError(message, permanent=True, broken=broken)
        if passing or reply.status in TOO_MANY or reply.status >= 500 and reply.status != 504:
            raise SendError(message, retry_after=reply.retry_after, slow_down=reply.status == 429)
        if reply.status == 504:
            raise SendError(message, uncertain=True)
        raise SendError(message, permanent=True, broken=reply.status in (401, 402, 403))

    def accepted(self, number: Any) -> str:
        """The id in an answer; a SendError when the provider took the mail without naming one."""
        if isinstance(number, bool) or not isinstance(number, (str, int)) or number == "":
            raise SendError(f"{self.label} took the mail without naming an id", uncertain=True)
        return str(number)


def delivered(external_id: str, at: datetime, address: str) -> Receipt:
    return Receipt(external_id, Status.DELIVERED, at, address=address)


def sent(external_id: str, at: datetime, address: str) -> Receipt:
    return Receipt(external_id, Status.SENT, at, address=address)


def bounced(external_id: str, at: datetime, address: str, *words: Any) -> Receipt:
    return Receipt(external_id, Status.FAILED, at, error=sentence(*words) or "The mail came back", address=address)


def deferred(external_id: str, at: datetime, address: str, *words: Any) -> Receipt:
    return Receipt(external_id, Status.FAILED, at, error=sentence(*words) or "the other server asks to wait",
                   address=address, permanent=False)


def complained(external_id: str, at: datetime, address: str) -> Receipt:
    """The reader pressed "this is spam". It was delivered, and no machine may write to them any more."""
    return Receipt(external_id, Status.DELIVERED, at, address=address, unwanted="marked our mail as spam")


def unsubscribed(external_id: str, at: datetime, address: str) -> Receipt:
    return Receipt(external_id, Status.DELIVERED, at, address=address, unwanted="unsubscribed from our mail")


def sentence(*words: Any) -> str:
    """The words that say something, each once, in one line."""
    return ": ".join(dict.fromkeys(" ".join(str(w).split()) for w in words if w not in (None, "", [])))[:1000]


def bracketed(message_id: Any) -> str:
    """A Message-ID with its brackets, however a provider writes it."""
    text = str(message_id or "").strip()
    return text if not text or text.startswith("<") or "@" not in text else f"<{text}>"


def number_in(value: Any) -> str:
    """The id of a mail in an event; '' where it has none: then it says something of an address, but of no mail that
    could be named. Raises TypeError for anything that is no id."""
    return word(value) if value not in (None, "") else ""


def basic(user: str, password: str) -> dict[str, str]:
    """The header of HTTP Basic authentication (RFC 7617)."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def header_pairs(headers: Any) -> list[tuple[str, str]]:
    """A mail's header as providers write it in JSON, as (name, value): an object whose values are texts or lists of
    them, a list of pairs, or a list of {name, value}."""
    if isinstance(headers, dict):
        return [(name, value) for name, values in headers.items()
                for value in (values if isinstance(values, list) else [values]) if isinstance(value, str)]
    if isinstance(headers, list) and all(isinstance(one, list) for one in headers):
        return [(str(one[0]), str(one[1])) for one in headers if len(one) == 2]
    lower = [{str(k).lower(): v for k, v in one.items()} for one in objects(headers)]
    return [(str(one["name"]), str(one["value"])) for one in lower if "name" in one and "value" in one]


def _basic_password(request: Request) -> str:
    kind, _, value = request.header("Authorization").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
