"""Mailjet. In: the Parse API, event callbacks. Out: v3.1/send. Nothing is signed: the webhook's address carries a
password. account is the API key, api_key the secret key. https://dev.mailjet.com"""
from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes

from channels._mail_api.letter import Address, letter_of
from channels._mail_api.provider import (
    SPAM_SCORE,
    SUPPRESSED,
    Mail,
    Provider,
    basic,
    bounced,
    complained,
    deferred,
    delivered,
    header_pairs,
    number_in,
    unsubscribed,
)
from channels._mail_api.rebuild import Piece, rebuilt, unpacked
from channels._mail_body import RAW
from channels._mail_compose import Composed
from channels._mail_files import part_name
from channels._payload import load, moment, objects
from channels.base import Receipt, Request


class Mailjet(Provider):
    name = "mailjet"
    label = "Mailjet"
    needs = ("account",)
    base = "https://api.mailjet.com"

    # In

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        body = request.body if request.body.lstrip()[:1] == b"[" else b"[" + request.body + b"]"
        for event in objects(load(b'{"events":' + body + b"}")["events"]):
            if "event" in event:
                yield from _event(event)
            else:
                yield _mail(event)

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        letter = letter_of(mail)
        message = {"From": _person(letter.sender), "To": [_person(letter.to)], "Subject": letter.subject,
                   "TextPart": letter.text or " ", "TrackOpens": "disabled", "TrackClicks": "disabled",
                   "Headers": letter.headers}
        if letter.reply_to:
            message["ReplyTo"] = _person(letter.reply_to)
        if letter.html:
            message["HTMLPart"] = letter.html
        for kind, files in (("Attachments", [f for f in letter.files if not f.cid]),
                            ("InlinedAttachments", [f for f in letter.files if f.cid])):
            if files:
                message[kind] = [{"Filename": f.name, "ContentType": f.content_type, "Base64Content": f.base64,
                                  **({"ContentID": f.cid} if f.cid else {})} for f in files]
        reply = self.http.post(self.url("/v3.1/send"), json={"Messages": [message]}, headers=self._login())
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        [result] = answer.get("Messages") or [{}]
        wrong = "; ".join(str(one.get("ErrorMessage")) for one in objects(result.get("Errors")))
        if not reply.ok or result.get("Status") == "error":
            self.answer(reply, wrong or answer.get("ErrorMessage") or f"HTTP {reply.status}")
        return self.accepted((objects(result.get("To")) or [{}])[0].get("MessageID"))

    def test(self) -> str:
        reply = self.http.get(self.url("/v3/REST/user"), headers=self._login())
        wrong = "" if reply.ok else (reply.json() or {}).get("ErrorMessage") or f"HTTP {reply.status}"
        found = self.answer(reply, wrong)
        return f"Mailjet knows this key as {(objects(found.get('Data')) or [{}])[0].get('Email')}."

    def _login(self) -> dict[str, str]:
        return basic(self.setting("account"), self.setting("api_key"))


def _person(who: Address) -> dict[str, str]:
    return {"Email": who.email, **({"Name": who.name} if who.name else {})}


def _mail(event: dict) -> Mail:
    headers = header_pairs(event.get("Headers"))
    there = {name.lower() for name, _ in headers}
    headers += [(name, str(event[name])) for name in ("From", "Subject", "Date", "Cc")
                if event.get(name) and name.lower() not in there]
    if not headers:
        raise ValueError("neither a mail nor events")
    files = [_file(part, event[part["ContentRef"]]) for part in objects(event.get("Parts"))
             if "Attachment" in str(part.get("ContentRef"))]
    try:
        spam = float(event.get("SpamAssassinScore") or 0) >= SPAM_SCORE
    except (TypeError, ValueError):
        spam = False
    return Mail(rebuilt(headers, event.get("Text-part") or "", event.get("Html-part") or "", files,
                        [event.get("Recipient")]), "marked as spam by Mailjet" if spam else "")


def _file(part: dict, content: str) -> Piece:
    lines = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in header_pairs(part.get("Headers")))
    head = message_from_bytes(lines.encode("utf-8", "replace") + b"\r\n", policy=RAW)
    return Piece(part_name(head), head.get_content_type(), unpacked(content),
                 str(head.get("Content-ID", "")).strip().strip("<>"))


def _event(event: dict) -> Iterator[Receipt]:
    """https://dev.mailjet.com/email/guides/webhooks/ . "sent" means taken by the recipient's server."""
    kind, to = event["event"], str(event.get("email") or "")
    number, at = number_in(event.get("MessageID")), moment(event.get("time"))
    words = event.get("error_related_to"), event.get("error"), event.get("comment")
    if kind == "sent":
        yield delivered(number, at, to)
    elif kind == "bounce":
        again = not event.get("hard_bounce") and event.get("error") == "greylisted"
        yield (deferred if again else bounced)(number, at, to, *words)
    elif kind == "blocked":
        yield bounced(number, at, to, SUPPRESSED, *words)
    elif kind == "spam":
        yield complained(number, at, to)
    elif kind == "unsub":
        yield unsubscribed(number, at, to)
