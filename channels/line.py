"""LINE, through an official account's Messaging API.

https://developers.line.biz/en/reference/messaging-api/
"""
from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from channels._http import Reply, redact
from channels._line_content import facts, stand_in
from channels._line_out import message_object
from channels._parts import fitting_buttons, one_at_a_time, single, split_measured
from channels._payload import each, load, secrets_of, word
from channels._published import address_of
from channels.base import BadSignature, Can, Channel, Fact, File, Outbound, Request, SendError, Setting, Step

API, DATA_API = "https://api.line.me", "https://api-data.line.me"
LABEL, DATA = 20, 300           # characters of a quick reply's label, and of the data behind it
TYPING_SECONDS = 20


class Line(Channel):
    name = "line"
    label = "LINE"
    remarks = "groups that mention you; what is answered within a minute is free, the rest is counted by LINE"
    identity_kind = "line"
    proves_sender = True
    person_first = True
    # A reply token is good for about a minute; some of it goes by until we have read the message.
    can = Can(text_limit=5000, files=True, file_limit=200 * 2**20, buttons=13, hears=frozenset({"edits", "unsends"}),
              typing=True, per_second=2000, reply_token_lives=timedelta(seconds=50))
    settings = (
        Setting("access_token", "Channel access token", secret=True,
                help="Long-lived; from the Messaging API tab of the channel, in the LINE Developers console."),
        Setting("channel_secret", "Channel secret", secret=True, help="From the Basic settings tab."),
        Setting("api_base", "API base", required=False, default=API, help="Only for testing."),
    )

    # In

    def verify(self, request: Request) -> None:
        """https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/"""
        secret, given = self.config.get("channel_secret", ""), request.header("X-Line-Signature")
        expected = b64encode(hmac.new(secret.encode(), request.body, hashlib.sha256).digest())
        if not secret or not hmac.compare_digest(expected, given.encode("utf-8", "replace")):
            raise BadSignature("line: this request does not come from LINE")

    def source_key(self, request: Request) -> str:
        """A redelivery differs in a flag, but its events have the ids that they had."""
        try:
            ids = [word(event["webhookEventId"]) for event in load(request.body)["events"]]
        except (LookupError, TypeError, ValueError, RecursionError):
            ids = []
        return f"events:{hashlib.sha256(' '.join(ids).encode()).hexdigest()}" if ids else super().source_key(request)

    def parse(self, request: Request) -> Iterator[Fact]:
        events = load(request.body)["events"]       # none at all: the console tries the webhook
        if not isinstance(events, list):
            raise TypeError("events are a list")
        return each(events, facts, stand_in)

    def download(self, file: File) -> bytes:
        """What people send is kept by LINE for a while; stickers, and what a page of ours sent for them, lie on the
        open web, and get no token."""
        if file.ref.startswith(("https://", "http://")):
            reply = self.http.get(file.ref)
        else:
            reply = self.http.get(self._url(f"v2/bot/message/{file.ref}/content", DATA_API),
                                  token=self.config["access_token"])
        if reply.status == 202:
            raise SendError("LINE is still preparing this file", retry_after=10)
        if not reply.ok:
            gone = reply.status in (400, 403, 404, 410)
            raise SendError(f"LINE does not have this file {'any more' if gone else 'now'} (HTTP {reply.status})",
                            permanent=gone, retry_after=reply.retry_after)
        return reply.body

    # Out

    def prepare(self, message: Outbound) -> list[Outbound]:
        fitted = fitting_buttons(message, self.can.buttons, label=LABEL, payload=DATA - LABEL - 1,
                                 text=self.can.text_limit)
        return one_at_a_time(super().prepare(fitted), lambda text, file: False)

    def split(self, text: str) -> list[str]:
        """LINE counts UTF-16 code units: an emoji takes two."""
        return split_measured(text, self.can.text_limit, lambda piece: len(piece.encode("utf-16-le")) // 2)

    def send(self, message: Outbound) -> str:
        """By the reply token while there is one, since replies cost nothing; otherwise as a push, which LINE counts."""
        part = single(self.prepare(message))
        said = message_object(part, partial(address_of, self, API))
        return (part.reply_token and self._reply(part.reply_token, said)) or self._push(part, said)

    def _reply(self, token: str, said: dict) -> str:
        """The message's id; '' when the token is too old. A token works once: if it is not known whether it did, using
        it again tells."""
        for again in (False, True):
            try:
                reply = self._post("v2/bot/message/reply", {"replyToken": token, "messages": [said]})
            except SendError as error:
                if not error.uncertain:
                    raise
                trouble = error
                continue
            if reply.ok:
                return _id(reply) or f"reply:{token}"
            if reply.status == 400 and "reply token" in reply.body.decode("utf-8", "replace").lower():
                return f"reply:{token}" if again else ""
            trouble = self._error(reply)
            if reply.status < 500:
                raise trouble
        raise SendError(str(trouble), uncertain=True)

    def _push(self, part: Outbound, said: dict) -> str:
        """LINE carries out one retry key once, within a day: trying again does no harm, and 409 means that it was done.
        https://developers.line.biz/en/docs/messaging-api/retrying-api-request/"""
        try:
            reply = self._post("v2/bot/message/push", {"to": part.address, "messages": [said]},
                               {"X-Line-Retry-Key": self._retry_key(part)})
        except SendError as error:
            raise SendError(str(error), permanent=error.permanent, retry_after=error.retry_after) from None
        if reply.ok or reply.status == 409:
            number = _id(reply) or reply.headers.get("x-line-accepted-request-id") or reply.headers.get(
                "x-line-request-id")
            if number:
                return number
            raise SendError("LINE accepted the message without naming an id", uncertain=True)
        raise self._error(reply)

    def _retry_key(self, part: Outbound) -> str:
        """Made of the words too: after a restore the same delivery id may stand for another message."""
        files = (hashlib.sha256(content).hexdigest() for _, _, content in part.files)
        said = [part.id, part.address, part.text, *files]
        digest = hmac.new(self.config["channel_secret"].encode(), "\0".join(said).encode(), hashlib.sha256).digest()
        return str(UUID(bytes=digest[:16], version=4))

    def typing(self, address: str, replies_to: Any = ()) -> None:
        if address.startswith("U"):         # groups have no such sign
            reply = self._post("v2/bot/chat/loading/start", {"chatId": address, "loadingSeconds": TYPING_SECONDS})
            if not reply.ok:
                raise self._error(reply)

    # The account

    def profile(self, address: str) -> str:
        path = {"C": f"group/{address}/summary", "R": ""}.get(address[:1], f"profile/{address}")
        found = self._get(f"v2/bot/{path}") if path else {}
        return str(found.get("displayName") or found.get("groupName") or "")

    def connect(self, url: str) -> None:
        """Have LINE deliver to `url`, and let it try. Raises SendError with what is in the way."""
        reply = self.http.put(self._url("v2/bot/channel/webhook/endpoint"), json={"endpoint": url},
                              token=self.config["access_token"])
        if not reply.ok:
            raise self._error(reply)
        self._delivers(url)

    def _delivers(self, url: str) -> str:
        """Whether LINE calls us there, and is understood: it sends a signed delivery without events."""
        hook = self._get("v2/bot/channel/webhook/endpoint")
        if hook.get("endpoint") != url:
            raise SendError(f"LINE delivers to {hook.get('endpoint') or 'nobody'}", permanent=True)
        if not hook.get("active"):
            raise SendError("LINE knows the address, but does not use it: switch on “Use webhook” in the Messaging API "
                            "tab of the channel", permanent=True)
        tried = self._post("v2/bot/channel/webhook/test", {"endpoint": url}).json()
        if not (isinstance(tried, dict) and tried.get("success")):
            raise SendError(f"LINE cannot reach {url}: {(tried or {}).get('detail') or 'no reason given'}",
                            permanent=True)
        return "LINE delivers here, and what it sends is understood."

    def steps(self, webhook: str) -> list[Step]:
        return [Step("Account", self.test, "Issue the channel access token again, and copy it into this inbox's form."),
                Step("Webhook", lambda: self._delivers(webhook), "Press “Connect the webhook” on the inbox's page. If "
                     "LINE is answered with 403, copy the channel secret again.")]

    def test(self) -> str:
        who = self._get("v2/bot/info")
        limit = self._get("v2/bot/message/quota").get("value")
        used = self._get("v2/bot/message/quota/consumption").get("totalUsage", 0)
        count = f"{used} of {limit}" if limit else f"{used}"
        return (f"The account is {who.get('displayName')} ({who.get('basicId')}). {count} pushed messages are used "
                f"this month; answers within a minute are free.")

    # The API

    def _get(self, path: str) -> dict:
        reply = self.http.get(self._url(path), token=self.config["access_token"])
        found = reply.json()
        if not reply.ok or not isinstance(found, dict):
            raise self._error(reply)
        return found

    def _post(self, path: str, body: dict, headers: dict[str, str] | None = None) -> Reply:
        return self.http.post(self._url(path), json=body, token=self.config["access_token"], headers=headers)

    def _url(self, path: str, base: str = API) -> str:
        chosen = (self.config.get("api_base") or API).rstrip("/")
        return f"{base if chosen == API else chosen}/{path}"

    def _error(self, reply: Reply) -> SendError:
        """https://developers.line.biz/en/reference/messaging-api/#status-codes"""
        answer = reply.json()
        answer = answer if isinstance(answer, dict) else {}
        details = "; ".join(str(one.get("message")) for one in answer.get("details") or [] if isinstance(one, dict))
        words = ": ".join(part for part in (str(answer.get("message") or f"HTTP {reply.status}"), details) if part)
        words = redact(words, *secrets_of(self))
        if reply.status == 429 and "month" in words.lower():
            return SendError(f"The account's messages of this month are used up ({words}). Answers within a minute of "
                             f"the customer's message still pass; a larger plan lifts the limit.", permanent=True)
        if reply.ok:
            return SendError("LINE answered what cannot be read", uncertain=True)
        if reply.status in (408, 429) or reply.status >= 500:
            return SendError(words, retry_after=reply.retry_after, slow_down=reply.status == 429)
        return SendError(words, permanent=True, broken=reply.status in (401, 403))


def _id(reply: Reply) -> str:
    answer = reply.json()
    sent = answer.get("sentMessages") if isinstance(answer, dict) else None
    first = sent[0] if isinstance(sent, list) and sent and isinstance(sent[0], dict) else {}
    return str(first.get("id") or "")
