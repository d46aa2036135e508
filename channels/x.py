"""Direct messages on X (Twitter): in by the Account Activity API, out by API v2.

https://docs.x.com/x-api/account-activity/introduction
https://docs.x.com/x-api/direct-messages/manage/integrate
"""
from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from channels._parts import fitting_buttons, one_at_a_time, single
from channels._payload import each, load, secrets_of
from channels._published import address_of
from channels._x_api import API, CATEGORIES, MOST_BYTES, XApi
from channels._x_content import events_of, facts, stand_in
from channels.base import (
    BadSignature,
    Can,
    Channel,
    Fact,
    File,
    Outbound,
    Request,
    SendError,
    Setting,
    Status,
    Step,
    with_numbered_buttons,
)

# A check is answered with a signature made of what it asks. Nothing that could be a delivery may be signed so.
CHECK = re.compile(r"[A-Za-z0-9_=+/.~-]{1,200}")
PRIVATE_MEDIA = ("ton.x.com", "ton.twitter.com")        # wants to know who asks


class X(Channel):
    name = "x"
    label = "X (Twitter)"
    remarks = "direct messages; needs a paid plan with the Account Activity API"
    word = "X"
    identity_kind = "x"
    proves_sender = True
    person_first = True
    can = Can(text_limit=10_000, files=True, file_limit=512 * 2**20, buttons=20, typing=True,
              hears=frozenset({"typing", "echoes"}), receipts=frozenset({Status.SENT, Status.READ}))
    settings = (
        Setting("account_id", "Account ID",
                help="The account's number, not its @name: what stands before the hyphen in the access token."),
        Setting("api_key", "API key", help="Of the app; also called consumer key."),
        Setting("app_secret", "API key secret", secret=True, help="Or consumer secret; it signs every delivery."),
        Setting("access_token", "Access token", secret=True,
                help="Of your account, made after the app was allowed to read, write and use direct messages."),
        Setting("access_secret", "Access token secret", secret=True),
        Setting("older_api", "The plan includes API v1.1", required=False, kind="bool",
                help="Then people get buttons, and see that you are writing. Otherwise buttons are numbered lines."),
        Setting("api_base", "API base", required=False, default=API, help="Only for testing."),
    )

    # In

    def verify(self, request: Request) -> None:
        """https://docs.x.com/x-api/webhooks/introduction: an HMAC of the raw body; checks (CRC) carry a token only."""
        secret = self.config.get("app_secret", "")
        if request.method in ("GET", "HEAD"):
            good = bool(secret) and bool(CHECK.fullmatch(request.query.get("crc_token", "")))
        else:
            expected = _signature(secret, request.body)
            given = request.header("x-twitter-webhooks-signature")
            good = bool(secret) and hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
        if not good:
            raise BadSignature("x: this request does not come from X")

    def handshake(self, request: Request) -> str | None:
        if request.method != "GET":
            return None
        token = request.query["crc_token"].encode()
        return json.dumps({"response_token": _signature(self.config["app_secret"], token)})

    def parse(self, request: Request) -> Iterator[Fact]:
        return each(events_of(load(request.body)), facts, stand_in)

    def download(self, file: File) -> bytes:
        host = urlsplit(file.ref).hostname
        own = host in PRIVATE_MEDIA or host == urlsplit(self._api().base).hostname
        reply = self._api().bytes(file.ref, signed=own)
        if not reply.ok:
            gone = reply.status in (400, 401, 403, 404, 410)
            raise SendError(f"X does not give this file {'any more' if gone else 'now'} (HTTP {reply.status})",
                            permanent=gone, retry_after=reply.retry_after)
        return reply.body

    # Out

    def prepare(self, message: Outbound) -> list[Outbound]:
        fitted = fitting_buttons(message, self.can.buttons, label=36, payload=1000, text=self.can.text_limit)
        if fitted.buttons and not self._older_api():
            fitted = replace(fitted, text=with_numbered_buttons(fitted.text, fitted.buttons), buttons=())
        return one_at_a_time(super().prepare(fitted), lambda text, file: _is_media(file))

    def send(self, message: Outbound) -> str:
        """What X cannot carry as media goes as a link to it."""
        part = single(self.prepare(message))
        text, attached = part.text, []
        if part.files:
            name, content_type, content = part.files[0]
            if _is_media(part.files[0]):
                attached = [{"media_id": self._uploaded(content_type, content)}]
            else:
                text = f"{name}\n{address_of(self, API, name, content_type, content)}"
        if part.buttons:
            return self._with_buttons(part)
        body: dict[str, Any] = {key: value for key, value in (("text", text), ("attachments", attached)) if value}
        answer = self._api().post(f"/2/dm_conversations/with/{part.address}/messages", json=body)
        return _named((answer.get("data") or {}).get("dm_event_id"))

    def _uploaded(self, content_type: str, content: bytes) -> str:
        """Uploading twice harms nobody, so a broken line is no uncertainty here."""
        try:
            return self._api().upload(content_type, content)
        except SendError as error:
            error.uncertain = False
            raise

    def _with_buttons(self, part: Outbound) -> str:
        """API v2 knows no quick replies."""
        answer = self._api().post("/1.1/direct_messages/events/new.json", json={"event": {
            "type": "message_create", "message_create": {"target": {"recipient_id": part.address}, "message_data": {
                "text": part.text, "quick_reply": {"type": "options", "options": [
                    {"label": b.label, "metadata": b.payload} for b in part.buttons]}}}}})
        return _named((answer.get("event") or {}).get("id"))

    def typing(self, address: str, replies_to: Sequence[str] = ()) -> None:
        if self._older_api():
            self._api().post(f"/1.1/direct_messages/indicate_typing.json?recipient_id={quote(address, safe='')}")

    # The account

    def connect(self, url: str) -> None:
        """Have X deliver to `url` what happens on this account. Raises SendError."""
        api = self._api()
        token = api.app_token()
        hook = self._hook(url, token)
        if hook and not hook.get("valid"):
            api.as_app("PUT", f"/2/webhooks/{hook['id']}", token)
        elif not hook:
            answer = api.as_app("POST", "/2/webhooks", token, json={"url": url})
            hook = answer.get("data") or answer
        try:
            answer = api.post(_subscription(hook))
        except SendError as error:
            if "already" not in str(error):
                raise
            return
        if not (answer.get("data") or {}).get("subscribed"):
            raise SendError("X knows the address now, but does not deliver this account's messages to it",
                            permanent=True)

    def test(self) -> str:
        who = self._api().get("/2/users/me").get("data") or {}
        if str(who.get("id")) != self.config["account_id"]:
            raise SendError(f"The access token belongs to @{who.get('username')}, whose account ID is {who.get('id')}",
                            permanent=True)
        return f"The account is {who.get('name')} (@{who.get('username')})."

    def steps(self, webhook: str) -> list[Step]:
        press = "Press “Connect the webhook” on the inbox's page."
        return [Step("Account", self.test, "Copy the account ID, or make the tokens again: those that are older than "
                     "the app's permission for direct messages do not have it."),
                Step("Webhook", lambda: self._delivers(webhook), press),
                Step("Subscription", lambda: self._subscribed(webhook), press)]

    def _hook(self, url: str, token: str) -> dict[str, Any]:
        known = self._api().as_app("GET", "/2/webhooks", token).get("data") or []
        return next((one for one in known if one.get("url") == url), {})

    def _delivers(self, webhook: str) -> str:
        hook = self._hook(webhook, self._api().app_token())
        if not hook.get("valid"):
            raise SendError("X gave this address up, since it was not answered" if hook else
                            "X does not know this address", permanent=True)
        return "X delivers here."

    def _subscribed(self, webhook: str) -> str:
        hook = self._hook(webhook, self._api().app_token())
        if not hook or not (self._api().get(_subscription(hook)).get("data") or {}).get("subscribed"):
            raise SendError("X does not deliver this account's messages", permanent=True)
        return "This account's messages are delivered."

    def _older_api(self) -> bool:
        return self.config.get("older_api", "") in ("1", "on", "yes", "true")

    def _api(self) -> XApi:
        return XApi(self.http, self.config, secrets_of(self))


def _subscription(hook: dict[str, Any]) -> str:
    return f"/2/account_activity/webhooks/{hook['id']}/subscriptions/all"


def _signature(secret: str, content: bytes) -> str:
    return "sha256=" + b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()


def _named(number: Any) -> str:
    if not number:
        raise SendError("X accepted the message without naming an id", uncertain=True)
    return str(number)


def _is_media(file: tuple[str, str, bytes]) -> bool:
    category = CATEGORIES.get(file[1])
    return bool(category) and len(file[2]) <= MOST_BYTES[category]
