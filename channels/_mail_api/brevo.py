"""Brevo, once Sendinblue. In: inbound parsing, transactional webhooks. Out: v3/smtp/email. Nothing is signed: the
webhook's address carries a password. https://developers.brevo.com"""
from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from channels._mail_api.letter import Address, letter_of
from channels._mail_api.provider import (
    SPAM_SCORE,
    SUPPRESSED,
    Mail,
    Provider,
    bounced,
    bracketed,
    complained,
    deferred,
    delivered,
    header_pairs,
    sent,
    unsubscribed,
)
from channels._mail_api.rebuild import Piece, rebuilt
from channels._mail_compose import Composed
from channels._payload import load, moment, objects, word
from channels.base import Receipt, Request, SendError

BROKEN = {"unauthorized", "not_enough_credits", "account_under_validation"}


class Brevo(Provider):
    name = "brevo"
    label = "Brevo"
    base = "https://api.brevo.com/v3"

    # In

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        message = load(request.body)
        if "event" in message:
            yield from _event(message)
            return
        for item in objects(message["items"]) if "items" in message else [message]:
            yield self._mail(item)

    def _mail(self, item: dict) -> Mail:
        headers = header_pairs(item["Headers"])
        if not headers:
            raise ValueError("neither a mail nor an event")
        files = [Piece(str(one.get("Name") or ""), str(one.get("ContentType") or ""),
                       self._file(word(one["DownloadToken"])), str(one.get("ContentID") or "").strip("<>"))
                 for one in objects(item.get("Attachments"))]
        score = item.get("SpamScore")
        suspect = "marked as spam by Brevo" if isinstance(score, int | float) and score >= SPAM_SCORE else ""
        reached = [value for name, value in headers if name.lower() == "delivered-to"]
        return Mail(rebuilt(headers, item.get("RawTextBody") or "", item.get("RawHtmlBody") or "", files,
                            reached or item.get("Recipients") or ()), suspect)

    def _file(self, token: str) -> bytes:
        reply = self.http.get(self.url(f"/inbound/attachments/{quote(token, safe='')}"), headers=self._login())
        if not reply.ok:
            raise SendError(f"Brevo: a file cannot be fetched (HTTP {reply.status})",
                            permanent=reply.status in (400, 401, 403, 404, 410), retry_after=reply.retry_after)
        return reply.body

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        letter = letter_of(mail)
        body = {"sender": _person(letter.sender), "to": [_person(letter.to)],
                "subject": letter.subject or "(no subject)", "textContent": letter.text or " ",
                "headers": {"Message-ID": letter.message_id, **letter.headers}}
        if letter.reply_to:
            body["replyTo"] = _person(letter.reply_to)
        if letter.html:
            body["htmlContent"] = letter.html
        if letter.files:
            body["attachment"] = [{"name": f.name, "content": f.base64} for f in letter.files]
        reply = self.http.post(self.url("/smtp/email"), json=body, headers=self._login())
        return bracketed(self.accepted(self._answered(reply).get("messageId")))

    def test(self) -> str:
        account = self._answered(self.http.get(self.url("/account"), headers=self._login()))
        return f"Brevo knows this key as {account.get('email')}."

    def _answered(self, reply) -> dict:
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        if reply.ok:
            return answer
        return self.answer(reply, answer.get("message") or f"HTTP {reply.status}", broken=answer.get("code") in BROKEN)

    def _login(self) -> dict[str, str]:
        return {"api-key": self.setting("api_key"), "Accept": "application/json"}


def _person(who: Address) -> dict[str, str]:
    return {"email": who.email, **({"name": who.name} if who.name else {})}


def _event(event: dict) -> Iterator[Receipt]:
    """https://developers.brevo.com/docs/transactional-webhooks . Only ts_epoch is sure to be UTC, in milliseconds."""
    kind, number, to = event["event"], bracketed(event.get("message-id")), str(event.get("email") or "")
    at = moment(event.get("ts_epoch") or event.get("ts_event") or event.get("ts"))
    if kind == "delivered":
        yield delivered(number, at, to)
    elif kind in ("request", "sent"):
        yield sent(number, at, to)
    elif kind == "deferred":
        yield deferred(number, at, to, event.get("reason"))
    elif kind in ("hard_bounce", "soft_bounce", "invalid_email", "error", "proxy_error"):
        yield bounced(number, at, to, event.get("reason"))
    elif kind == "blocked":
        yield bounced(number, at, to, SUPPRESSED, event.get("reason"))
    elif kind in ("spam", "complaint"):
        yield complained(number, at, to)
    elif kind in ("unsubscribe", "unsubscribed"):
        yield unsubscribed(number, at, to)
