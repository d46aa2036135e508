"""MailerSend. In: inbound routes (the whole mail), webhooks. Out: v1/email.

Signature: hex HMAC-SHA256(signing secret, body). Each webhook and each inbound route has its own secret.
"""
from __future__ import annotations

from collections.abc import Iterator

from channels._mail_api.letter import Address, letter_of
from channels._mail_api.provider import (
    SUPPRESSED,
    Mail,
    Provider,
    bounced,
    complained,
    deferred,
    delivered,
    sent,
    unsubscribed,
)
from channels._mail_api.rebuild import with_recipients
from channels._mail_compose import Composed
from channels._payload import load, moment, objects, word
from channels.base import Receipt, Request, same_hmac

REASONS = ("bounce_reason", "reject_reason", "suppression_reason")


class MailerSend(Provider):
    name = "mailersend"
    label = "MailerSend"
    proof = ("signing_key",)
    base = "https://api.mailersend.com/v1"

    # In

    def verify(self, request: Request) -> None:
        given = request.header("Signature")
        if not given or not any(same_hmac(key, request.body, given) for key in self.keys()):
            raise self.forged()

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        event = load(request.body)
        if event["type"] == "inbound.message":
            about = event["data"]
            to = [one.get("email") for one in objects((about.get("recipients") or {}).get("rcptTo"))]
            yield Mail(with_recipients(about["raw"].encode("utf-8", "replace"), to))
        elif event["type"].startswith("activity."):
            yield from _event(event, event["data"])

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        letter = letter_of(mail)
        body = {"from": _person(letter.sender), "to": [_person(letter.to)], "subject": letter.subject or "(no subject)",
                "text": letter.text or " ", "settings": {"track_clicks": False, "track_opens": False}}
        if letter.reply_to:
            body["reply_to"] = _person(letter.reply_to)
        if letter.html:
            body["html"] = letter.html
        # Other headers are for the larger plans only, and refused on the others.
        if letter.headers.get("In-Reply-To"):
            body["in_reply_to"] = letter.headers["In-Reply-To"]
        if letter.headers.get("References"):
            body["references"] = letter.headers["References"].split()
        if letter.headers.get("Auto-Submitted"):
            body["precedence_bulk"] = True
        if letter.files:
            body["attachments"] = [{"filename": f.name, "content": f.base64, **(
                {"disposition": "inline", "id": f.cid} if f.cid else {"disposition": "attachment"})}
                for f in letter.files]
        reply = self.http.post(self.url("/email"), json=body, token=self.setting("api_key"))
        self._answered(reply)
        return self.accepted(reply.headers.get("x-message-id"))

    def test(self) -> str:
        quota = self._answered(self.http.get(self.url("/api-quota"), token=self.setting("api_key")))
        return f"MailerSend takes this token; {quota.get('remaining')} of {quota.get('quota')} calls are left today."

    def _answered(self, reply) -> dict:
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        return answer if reply.ok else self.answer(reply, answer.get("message") or f"HTTP {reply.status}")


def _person(who: Address) -> dict[str, str]:
    return {"email": who.email, **({"name": who.name} if who.name else {})}


def _event(event: dict, about: dict) -> Iterator[Receipt]:
    """Two shapes: since 2025 flat, before with the mail and its recipient as objects ("v1")."""
    mail = about.get("email")
    if isinstance(mail, dict):
        number, to = word(mail["message"]["id"]), str((mail.get("recipient") or {}).get("email") or "")
        detail = about.get("morph") or {}
        words = detail.get("readable_reason") or detail.get("reason")
    else:
        number, to = word(about["message_id"]), str(about.get("recipient") or "")
        detail = about.get("meta") or {}
        words = next((detail[one] for one in REASONS if detail.get(one)), None)
    kind, at = about["type"], moment(about.get("created_at") or event.get("created_at"))
    if kind == "delivered":
        yield delivered(number, at, to)
    elif kind == "sent":
        yield sent(number, at, to)
    elif kind == "deferred":
        yield deferred(number, at, to, words)
    elif kind in ("soft_bounced", "hard_bounced"):
        yield bounced(number, at, to, words)
    elif kind == "suppressed":
        yield bounced(number, at, to, SUPPRESSED, words)
    elif kind in ("spam_complaint", "spam_complaints"):
        yield complained(number, at, to)
    elif kind == "unsubscribed":
        yield unsubscribed(number, at, to)
