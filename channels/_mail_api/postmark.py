"""Postmark. In: inbound webhook, the webhooks of a message stream. Out: /email.

Nothing is signed: the webhook's address carries a password. https://postmarkapp.com/developer
"""
from __future__ import annotations

from collections.abc import Iterator

from channels._mail_api.letter import letter_of
from channels._mail_api.provider import (
    Mail,
    Provider,
    bounced,
    complained,
    deferred,
    delivered,
    header_pairs,
    number_in,
    unsubscribed,
)
from channels._mail_api.rebuild import Piece, rebuilt, unpacked
from channels._mail_compose import Composed
from channels._payload import load, moment, objects, word
from channels.base import Receipt, Request

METADATA = "message-id"
LONGEST_METADATA = 80
BROKEN = {10, 400, 401, 405, 412, 413, 1235}     # token, sender signature, credits, pending approval, no such stream
DELAYED = {"Transient", "DnsError"}
NO_BOUNCE = {"AutoResponder", "ChallengeVerification", "AddressChange", "Subscribe", "OpenRelayTest", "InboundError"}


class Postmark(Provider):
    name = "postmark"
    label = "Postmark"
    base = "https://api.postmarkapp.com"

    # In

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        event = load(request.body)
        kind = event.get("RecordType")
        if kind is None or kind == "Inbound":
            yield _mail(event)
        else:
            yield from _event(kind, event)

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        letter = letter_of(mail)
        headers = {"Message-ID": letter.message_id, "X-PM-KeepID": "true", **letter.headers}
        body = {"From": str(letter.sender), "To": str(letter.to), "Subject": letter.subject, "TextBody": letter.text,
                "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
                "Attachments": [{"Name": f.name, "Content": f.base64, "ContentType": f.content_type,
                                 **({"ContentID": f"cid:{f.cid}"} if f.cid else {})} for f in letter.files],
                "MessageStream": self.setting("account") or "outbound", "TrackOpens": False, "TrackLinks": "None"}
        if letter.reply_to:
            body["ReplyTo"] = str(letter.reply_to)
        if letter.html:
            body["HtmlBody"] = letter.html
        if len(letter.message_id) <= LONGEST_METADATA:
            body["Metadata"] = {METADATA: letter.message_id}
        reply = self.http.post(self.url("/email"), json=body, headers=self._login())
        number = self.accepted(self._answered(reply).get("MessageID"))
        return letter.message_id if "Metadata" in body else number

    def test(self) -> str:
        server = self._answered(self.http.get(self.url("/server"), headers=self._login()))
        return f"Postmark sends through the server {server.get('Name')}."

    def _answered(self, reply) -> dict:
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        code = answer.get("ErrorCode") or 0
        if reply.ok and not code:
            return answer
        return self.answer(reply, answer.get("Message") or f"HTTP {reply.status}",
                           broken=code in BROKEN, passing=code in (100, 429))

    def _login(self) -> dict[str, str]:
        return {"X-Postmark-Server-Token": self.setting("api_key"), "Accept": "application/json"}


def _mail(event: dict) -> Mail:
    headers = header_pairs(event.get("Headers"))
    there = {name.lower() for name, _ in headers}
    for name, value in (("From", _mailboxes([event.get("FromFull")]) or event.get("From")),
                        ("To", _mailboxes(event.get("ToFull")) or event.get("To")),
                        ("Cc", _mailboxes(event.get("CcFull")) or event.get("Cc")),
                        ("Reply-To", event.get("ReplyTo")), ("Subject", event.get("Subject")),
                        ("Date", event.get("Date"))):
        if name.lower() not in there and isinstance(value, str) and value:
            headers.append((name, value))
    if not headers:
        raise ValueError("neither a mail nor an event")
    if "message-id" not in there:
        headers.append(("Message-ID", f"<{word(event['MessageID'])}@inbound.postmarkapp.com>"))
    files = [Piece(str(f.get("Name") or ""), str(f.get("ContentType") or ""), unpacked(f.get("Content")),
                   str(f.get("ContentID") or "")) for f in objects(event.get("Attachments"))]
    spam = any(n.lower() == "x-spam-status" and v.lower().startswith("yes") for n, v in headers)
    return Mail(rebuilt(headers, _words(event.get("TextBody")), _words(event.get("HtmlBody")), files,
                        [event.get("OriginalRecipient")]), "marked as spam by Postmark" if spam else "")


def _mailboxes(people: object) -> str:
    found = [one for one in people if isinstance(one, dict) and one.get("Email")] if isinstance(people, list) else []
    return ", ".join(f'"{_quoted(one["Name"])}" <{one["Email"]}>' if one.get("Name") else str(one["Email"])
                     for one in found)


def _quoted(name: object) -> str:
    return str(name).replace("\\", "\\\\").replace('"', '\\"')


def _words(value: object) -> str:
    if not isinstance(value, str | None):
        raise TypeError(f"a text was expected, not {value!r}")
    return value or ""


def _event(kind: str, event: dict) -> Iterator[Receipt]:
    metadata = event.get("Metadata") or {}
    number = number_in(metadata.get(METADATA) or event["MessageID"])
    to = str(event.get("Recipient") or event.get("Email") or "")
    at = moment(next((event[k] for k in ("DeliveredAt", "BouncedAt", "ChangedAt", "ReceivedAt") if event.get(k)), None))
    words = event.get("Description"), event.get("Details")
    if kind == "Delivery":
        yield delivered(number, at, to)
    elif kind == "SpamComplaint" or kind == "Bounce" and event.get("Type") in ("SpamComplaint", "SpamNotification"):
        yield complained(number, at, to)
    elif kind == "Bounce" and event.get("Type") == "Unsubscribe":
        yield unsubscribed(number, at, to)
    elif kind == "Bounce" and event.get("Type") not in NO_BOUNCE:
        yield (deferred if event.get("Type") in DELAYED else bounced)(number, at, to, *words)
    elif kind == "SubscriptionChange" and event.get("SuppressSending"):
        reason = event.get("SuppressionReason")
        if reason == "SpamComplaint":
            yield complained(number, at, to)
        elif reason == "ManualSuppression":
            yield unsubscribed(number, at, to)
        else:
            yield bounced(number, at, to, "The address is switched off after a bounce", reason)
