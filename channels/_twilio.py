"""What SMS and WhatsApp over Twilio share: signed forms in, one REST call out.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
https://www.twilio.com/docs/messaging/guides/webhook-request
https://www.twilio.com/docs/messaging/api/message-resource
"""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlsplit, urlunsplit

from channels._http import Reply, redact
from channels._parts import one_at_a_time, single
from channels._payload import file_name, load, place, secrets_of, sound, word
from channels._published import address_of
from channels.base import (
    BadSignature,
    Channel,
    Fact,
    File,
    Inbound,
    Outbound,
    Receipt,
    Request,
    SendError,
    Setting,
    Status,
)

API = "https://api.twilio.com"
STATUSES = {"sent": Status.SENT, "delivered": Status.DELIVERED, "read": Status.READ, "failed": Status.FAILED,
            "undelivered": Status.FAILED}
MOST_MEDIA = 10
REDIRECTS = (301, 302, 303, 307, 308)
# https://www.twilio.com/docs/api/errors
RATES = {14107, 20429, 63018, 63038}                            # the account sends too much
PASSING = {20500, 20503, 30001, 30003, 30022, 30023, 63017, 63019, 63020, 63022}
BROKEN = {20003, 20005, 20006, 21606, 21612, 21660, 63007, 63010}   # credentials, account or sender are refused
WORDS = {21211: "this is no phone number that can be reached", 21408: "this country is switched off in the account",
         21610: "this person has opted out by writing STOP", 21614: "this is no mobile number",
         30005: "this number is not in use", 30006: "this is a landline", 30007: "the carrier filtered it as spam",
         63016: "The 24-hour window for a free reply has closed: send an approved template, or wait until they write."}


class Twilio(Channel):
    """Shared base; not a channel of its own. `prefix` stands before numbers: 'whatsapp:' or nothing."""
    prefix: ClassVar[str] = ""
    identity_kind = "phone"
    proves_sender = True
    settings = (
        Setting("account_sid", "Account SID", help="On the first page of Twilio's console. Begins with AC."),
        Setting("auth_token", "Auth token", secret=True, help="Beside it. It also signs what Twilio delivers."),
        Setting("address", "Number", required=False, help="With country code, as +14155550100. Empty only with a "
                                                          "messaging service."),
        Setting("messaging_service_sid", "Messaging service SID", required=False,
                help="Begins with MG. Twilio then chooses the number."),
        Setting("api_base", "API base", required=False, default=API, help="Only for testing."),
    )

    @classmethod
    def problems(cls, values: Mapping[str, str]) -> dict[str, str]:
        if values.get("address") or values.get("messaging_service_sid"):
            return {}
        return {"address": "Enter the number, or a messaging service."}

    # In

    def verify(self, request: Request) -> None:
        """Over the address as Twilio called it, which may or may not name the default port, and the form's fields; for
        a body that is no form, over its hash in the address."""
        token, given = self.config.get("auth_token", ""), request.header("X-Twilio-Signature")
        signed = [signature(token, url, _fields(request)).encode() for url in _spellings(request.url)]
        if not token or not any([hmac.compare_digest(one, given.encode("utf-8", "replace")) for one in signed]):
            raise BadSignature(f"{self.name}: this request does not come from Twilio")
        digest = dict(parse_qsl(urlsplit(request.url).query)).get("bodySHA256")
        if digest and not hmac.compare_digest(hashlib.sha256(request.body).hexdigest(), digest.lower()):
            raise BadSignature(f"{self.name}: the body is not the one that was signed")

    def source_key(self, request: Request) -> str:
        try:
            form = _form(request.body)
            return f"{_sid(form)}:{form.get('MessageStatus') or form.get('SmsStatus') or ''}"
        except (LookupError, TypeError, ValueError, RecursionError):
            return super().source_key(request)

    def parse(self, request: Request) -> Iterator[Fact]:
        return map(sound, self._facts(_form(request.body)))

    def _facts(self, form: dict[str, str]) -> Iterator[Fact]:
        """A message, or what became of one of ours. A number that wrote STOP comes as a message: that is what it is."""
        number = word(_sid(form))
        status = form.get("MessageStatus") or form.get("SmsStatus") or "received"
        if status in STATUSES:
            yield Receipt(number, STATUSES[status], datetime.now(UTC), error=_failure(form), address=self._bare(
                form.get("To", "")))
        elif status in ("received", "receiving") and form.get("From"):
            yield self._message(number, form)

    def _message(self, number: str, form: dict[str, str]) -> Inbound:
        text = form.get("ButtonText") or form.get("Body") or ""
        if form.get("Latitude"):
            text = place(form["Latitude"], form.get("Longitude"), [form.get("Label"), form.get("Address")])
        count = int(form.get("NumMedia") or ("MediaUrl0" in form))
        files = [self._file(form, n) for n in range(min(count, MOST_MEDIA)) if form.get(f"MediaUrl{n}")]
        parent = form.get("OriginalRepliedMessageSid")
        return Inbound(external_id=number, address=self._bare(form["From"]), sent_at=datetime.now(UTC), text=text,
                       files=files, name=form.get("ProfileName", ""), account=self._bare(form.get("To", "")),
                       payload=form.get("ButtonPayload") or form.get("ListId") or "",
                       replies_to=[parent] if parent else (), raw=form)

    def _file(self, form: dict[str, str], number: int) -> File:
        content_type = form.get(f"MediaContentType{number}", "application/octet-stream")
        kind = content_type.partition("/")[0]
        return File(file_name("", kind if kind in ("image", "audio", "video") else "file", content_type), content_type,
                    ref=form[f"MediaUrl{number}"])

    def _bare(self, address: str) -> str:
        return address.removeprefix("whatsapp:")

    def download(self, file: File) -> bytes:
        """Media want the account's password, and lead to a store elsewhere, which must not get it."""
        reply = self.http.get(file.ref, headers=self._login() if self._is_theirs(file.ref) else {})
        if reply.status in REDIRECTS and reply.headers.get("location"):
            reply = self.http.get(reply.headers["location"])
        if not reply.ok:
            gone = reply.status in (400, 401, 403, 404, 410)
            raise SendError(f"Twilio does not have this file {'any more' if gone else 'now'} (HTTP {reply.status})",
                            permanent=gone, retry_after=reply.retry_after)
        return reply.body

    def _is_theirs(self, url: str) -> bool:
        host = urlsplit(url).hostname or ""
        return host == urlsplit(self._base()).hostname or host == "twilio.com" or host.endswith(".twilio.com")

    # Out

    def prepare(self, message: Outbound) -> list[Outbound]:
        if message.template:
            return [message]
        return one_at_a_time(super().prepare(message), lambda text, file: True)

    def send(self, message: Outbound) -> str:
        part = single(self.prepare(message))
        form = {"To": f"{self.prefix}{part.address}", **self._sender(), **self._said(part)}
        if self.config.get("webhook_url", "").startswith("https://") or self._base() != API:
            form["StatusCallback"] = self.config.get("webhook_url", "")
        answer = self._call("POST", f"/2010-04-01/Accounts/{self.config['account_sid']}/Messages.json",
                            data={key: value for key, value in form.items() if value})
        if not answer.get("sid"):
            raise SendError("Twilio accepted the message without naming an id", uncertain=True)
        return str(answer["sid"])

    def _sender(self) -> dict[str, str]:
        service = self.config.get("messaging_service_sid", "")
        return {"MessagingServiceSid": service} if service else {
            "From": f"{self.prefix}{self.config.get('address', '')}"}

    def _said(self, part: Outbound) -> dict[str, str]:
        said = {"Body": part.text}
        if part.files:
            name, content_type, content = part.files[0]
            if len(content) > self.can.file_limit:
                raise SendError(f"{self.label} carries files of up to {self.can.file_limit // 2**20} MB",
                                permanent=True)
            said["MediaUrl"] = address_of(self, API, name, content_type, content)
        return said

    # The API

    def test(self) -> str:
        account = self._call("GET", f"/2010-04-01/Accounts/{self.config['account_sid']}.json")
        if account.get("status") != "active":
            raise SendError(f"the account is {account.get('status')}", broken=True)
        return f"The account is {account.get('friendly_name')}."

    def _call(self, method: str, path: str, base: str = "", **content: Any) -> dict:
        ask = self.http.get if method == "GET" else self.http.post
        reply = ask(f"{base or self._base()}{path}", headers=self._login(), **content)
        answer = reply.json()
        if reply.ok and isinstance(answer, dict):
            return answer
        raise self._error(reply, answer if isinstance(answer, dict) else {})

    def _base(self) -> str:
        return (self.config.get("api_base") or API).rstrip("/")

    def _login(self) -> dict[str, str]:
        pair = f"{self.config['account_sid']}:{self.config['auth_token']}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def _error(self, reply: Reply, answer: dict) -> SendError:
        code = answer.get("code") if isinstance(answer.get("code"), int) else 0
        words = redact(f"{WORDS.get(code) or answer.get('message') or f'HTTP {reply.status}'}"
                       + (f" [{code}]" if code else ""), *secrets_of(self))
        if code in RATES or reply.status == 429:
            return SendError(words, retry_after=reply.retry_after, slow_down=True)
        if code in BROKEN or reply.status == 401:
            return SendError(words, permanent=True, broken=True)
        if reply.ok:
            return SendError("Twilio answered what cannot be read", uncertain=True)
        if code in PASSING or reply.status >= 500 or reply.status == 408:
            return SendError(words, retry_after=reply.retry_after, uncertain=reply.status == 504)
        return SendError(words, permanent=True)


def signature(token: str, url: str, fields: list[tuple[str, str]]) -> str:
    """Base64 of the HMAC-SHA1 of the address and every field's name and value, sorted by name, each pair once."""
    said = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), said.encode("utf-8", "replace"), hashlib.sha1).digest()).decode()


def _fields(request: Request) -> list[tuple[str, str]]:
    if "bodySHA256=" in request.url:
        return []
    return parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)


def _spellings(url: str) -> list[str]:
    """The address with and without its scheme's default port: Twilio signs either."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return [url]
    default = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return [urlunsplit(parts._replace(netloc=f"{host}:{port or default}")),
            urlunsplit(parts._replace(netloc=host)) if port in (None, default) else url]


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form, or of the JSON that Twilio's event streams use."""
    if body[:1] in (b"{", b"["):
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in load(body).items()}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name.replace("\0", ""): values[0].replace("\0", "") for name, values in fields.items()}


def _sid(form: dict[str, str]) -> str:
    return form.get("MessageSid") or form.get("SmsSid") or form["SmsMessageSid"]


def _failure(form: dict[str, str]) -> str:
    """Why a message did not arrive, in words for the agent."""
    code = form.get("ErrorCode") or ""
    words = WORDS.get(int(code)) if code.isdecimal() else ""
    return " ".join(filter(None, (words or form.get("ErrorMessage") or form.get("ChannelStatusMessage") or "",
                                  f"[{code}]" if code and code != "null" else "")))
