"""Amazon SES. In: receipt rules and sending events, both through SNS topics. Out: the SES v2 API with the whole mail.

Settings: account is the access key's id, api_key its secret, signing_key the ARNs of the topics that may speak.
"""
from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from channels._mail_api import sns
from channels._mail_api.provider import (
    Mail,
    Provider,
    bounced,
    bracketed,
    complained,
    deferred,
    delivered,
    sent,
    unsubscribed,
)
from channels._mail_api.rebuild import unpacked, with_recipients
from channels._mail_api.sigv4 import signed_headers
from channels._mail_compose import Composed
from channels._payload import load, moment, objects
from channels.base import Receipt, Request, SendError

BROKEN = {"AccessDeniedException", "AccountSuspendedException", "SendingPausedException", "InvalidClientTokenId",
          "MailFromDomainNotVerifiedException", "SignatureDoesNotMatch", "UnrecognizedClientException",
          "InvalidSignatureException", "MissingAuthenticationToken", "AccessDenied", "InvalidAccessKeyId"}
PASSING = {"TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling", "SlowDown"}
DETAILS = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}
REGION = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,12}){1,3}-\d")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Ses(Provider):
    name = "ses"
    label = "Amazon SES"
    proof = ("signing_key",)
    needs = ("account", "region")

    # In

    def verify(self, request: Request) -> None:
        message = self._envelope(request)
        if message.get("TopicArn") not in self.keys() or not sns.is_signed(message, self.http):
            raise self.forged()

    def handshake(self, request: Request) -> str | None:
        message = self._envelope(request)
        if message.get("Type") != "SubscriptionConfirmation":
            return None
        sns.subscribe(message, self.http)
        return "subscribed"

    def source_key(self, request: Request) -> str:
        number = self._envelope(request).get("MessageId")
        return f"sns:{number}" if isinstance(number, str) and number else ""

    def _envelope(self, request: Request) -> dict:
        try:
            return load(request.body)
        except (ValueError, TypeError, RecursionError):
            return {}

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        message = load(request.body)
        if "Type" in message:
            if message["Type"] != "Notification":
                return
            if message["Message"].startswith("Successfully validated SNS topic"):
                return
            message = load(message["Message"].encode())
        kind = message.get("eventType") or message["notificationType"]
        if kind == "Received":
            yield self._mail(message)
        else:
            yield from self._event(kind, message)

    def _mail(self, message: dict) -> Mail:
        receipt = message["receipt"]
        action, content = receipt.get("action") or {}, message.get("content")
        if isinstance(content, str):
            raw = unpacked(content) if action.get("encoding") == "BASE64" else content.encode("utf-8", "replace")
        elif action.get("type") == "S3":
            raw = self._stored(str(action["bucketName"]), str(action["objectKey"]))
        else:
            raise ValueError(f"the receipt rule's action {action.get('type')} carries no mail; choose SNS or S3")
        verdicts = {name: (receipt.get(f"{name}Verdict") or {}).get("status") for name in ("spam", "virus", "spf")}
        bad = [name for name, status in verdicts.items() if status == "FAIL"]
        return Mail(with_recipients(raw, receipt.get("recipients") or ()),
                    f"Amazon SES says {', '.join(bad)}" if bad else "")

    def _stored(self, bucket: str, key: str) -> bytes:
        """A mail that is too large for SNS lies in a bucket."""
        if not BUCKET.fullmatch(bucket):
            raise ValueError(f"{bucket[:100]!r} is no bucket")
        base = self.setting("api_base").rstrip("/") or f"https://s3.{self._region()}.amazonaws.com"
        url = f"{base}/{bucket}/{quote(key, safe='/-_.~')}"
        reply = self.http.get(url, headers=self._signed("GET", url, b"", "s3"))
        if not reply.ok:
            raise SendError(f"Amazon SES: the mail {key[:200]} cannot be fetched from S3 (HTTP {reply.status})",
                            permanent=reply.status in (400, 403, 404, 410), retry_after=reply.retry_after)
        return reply.body

    def _event(self, kind: str, event: dict) -> Iterator[Receipt]:
        """https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html ; the older feedback
        notifications have the same shape."""
        mail = event["mail"]
        number, sent_to = self._number(mail), [one for one in mail.get("destination") or () if isinstance(one, str)]
        about = event.get(DETAILS.get(kind, kind.lower())) or {}
        at = moment(about.get("timestamp") or mail.get("timestamp"))
        if kind == "Delivery":
            for to in about.get("recipients") or sent_to:
                yield delivered(number, at, str(to))
        elif kind == "Bounce":
            for one in objects(about.get("bouncedRecipients")):
                words = one.get("diagnosticCode") or f"{about.get('bounceType')}: {about.get('bounceSubType')}"
                yield bounced(number, at, str(one.get("emailAddress") or ""), words)
        elif kind == "Complaint":
            for one in objects(about.get("complainedRecipients")):
                yield complained(number, at, str(one.get("emailAddress") or ""))
        elif kind == "DeliveryDelay":
            for one in objects(about.get("delayedRecipients")):
                yield deferred(number, at, str(one.get("emailAddress") or ""), about.get("delayType"),
                               one.get("diagnosticCode"))
        elif kind in ("Reject", "Rendering Failure"):
            for to in sent_to:
                yield bounced(number, at, to, about.get("reason") or about.get("errorMessage"))
        elif kind == "Send":
            for to in sent_to:
                yield sent(number, at, to)
        elif kind == "Subscription":
            for to in sent_to:
                yield unsubscribed(number, at, to)

    def _number(self, mail: dict) -> str:
        """Our own Message-ID where the topic sends headers along; SES's otherwise."""
        found = next((one.get("value") for one in objects(mail.get("headers"))
                      if str(one.get("name")).lower() == "message-id"), None)
        return bracketed(found) if found else self._shown(mail["messageId"])

    def _shown(self, number: Any) -> str:
        """SES replaces the Message-ID by its own number at a domain of its own, which is what readers reply to."""
        region = self._region()
        domain = "email.amazonses.com" if region == "us-east-1" else f"{region}.amazonses.com"
        return f"<{self.accepted(number)}@{domain}>"

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        answer = self._call("/v2/email/outbound-emails", {
            "FromEmailAddress": mail.sender, "Destination": {"ToAddresses": list(mail.recipients)},
            "Content": {"Raw": {"Data": base64.b64encode(mail.data).decode()}}})
        return self._shown(answer.get("MessageId"))

    def test(self) -> str:
        account = self._call("/v2/email/account")
        quota = account.get("SendQuota") or {}
        if account.get("SendingEnabled") is False:
            raise SendError("Amazon SES: sending is switched off for this account", permanent=True, broken=True)
        most = f"Amazon SES lets this account send {quota.get('Max24HourSend', 0):.0f} mails a day"
        sandbox = "" if account.get("ProductionAccessEnabled", True) else ", to verified addresses only (sandbox)"
        return f"{most}{sandbox}."

    def _call(self, path: str, content: dict | None = None) -> dict:
        url = (self.setting("api_base").rstrip("/") or f"https://email.{self._region()}.amazonaws.com") + path
        if content is None:
            reply = self.http.get(url, headers=self._signed("GET", url, b"", "ses"))
        else:
            body = json.dumps(content).encode()
            reply = self.http.post(url, data=body, headers=self._signed("POST", url, body, "ses"))
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        if reply.ok:
            return answer
        kind = (reply.headers.get("x-amzn-errortype") or str(answer.get("__type") or "")).partition(":")[0]
        kind = kind.rpartition("#")[2]
        words = answer.get("message") or answer.get("Message") or f"HTTP {reply.status}"
        return self.answer(reply, f"{words} ({kind})" if kind else words, broken=kind in BROKEN,
                           passing=kind in PASSING)

    def _signed(self, method: str, url: str, body: bytes, service: str) -> dict[str, str]:
        return signed_headers(method, url, body, key_id=self.setting("account"), secret=self.setting("api_key"),
                              region=self._region(), service=service,
                              content_type="application/json" if body else "")

    def _region(self) -> str:
        region = self.setting("region") or "us-east-1"
        if not REGION.fullmatch(region):
            raise SendError(f"Amazon SES: {region[:40]!r} is no region; it looks like eu-west-1", permanent=True,
                            broken=True)
        return region
