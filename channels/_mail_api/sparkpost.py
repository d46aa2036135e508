"""SparkPost. In: relay webhooks (the whole mail), event webhooks. Out: transmissions with the whole mail.

Nothing is signed: event webhooks authenticate by Basic authentication, relay webhooks by the header
X-MessageSystems-Webhook-Token; both carry our password. https://developers.sparkpost.com/api/
"""
from __future__ import annotations

from collections.abc import Iterator

from channels._mail_api.provider import (
    SUPPRESSED,
    Mail,
    Provider,
    bounced,
    complained,
    deferred,
    delivered,
    number_in,
    sent,
    unsubscribed,
)
from channels._mail_api.rebuild import unpacked, with_recipients
from channels._mail_compose import Composed
from channels._payload import load, moment, objects
from channels.base import Receipt, Request

HOSTS = {"": "https://api.sparkpost.com", "us": "https://api.sparkpost.com", "eu": "https://api.eu.sparkpost.com"}
METADATA = "message_id"
NO_BOUNCE = {"60", "80", "100"}     # bounce classes: auto-reply, subscribe, challenge
UNSUBSCRIBE = "90"


class SparkPost(Provider):
    name = "sparkpost"
    label = "SparkPost"

    # In

    def read(self, request: Request) -> Iterator[Mail | Receipt]:
        for one in objects(load(b'{"events":' + request.body + b"}")["events"]):
            for kind, event in one["msys"].items():     # an empty one is a ping
                if kind == "relay_message":
                    content = event["content"]
                    whole = content["email_rfc822"]
                    raw = unpacked(whole) if content.get("email_rfc822_is_base64") else whole.encode("utf-8", "replace")
                    yield Mail(with_recipients(raw, [event.get("rcpt_to")]))
                else:
                    yield from _event(event)

    # Out

    def deliver(self, mail: Composed, key: str) -> str:
        shown = mail.recipients[0]
        reply = self.http.post(self.url("/api/v1/transmissions"), headers=self._login(), json={
            "recipients": [{"address": {"email": one, **({"header_to": shown} if one != shown else {})}}
                           for one in mail.recipients],
            "content": {"email_rfc822": mail.data.decode("ascii", "surrogateescape")},
            "metadata": {METADATA: mail.message_id},
            "options": {"transactional": True, "open_tracking": False, "click_tracking": False}})
        found = self._answered(reply).get("results") or {}
        if found.get("total_accepted_recipients") == 0:
            self.answer(reply, SUPPRESSED, final=True)
        return self.accepted(found.get("id"))

    def test(self) -> str:
        found = self._answered(self.http.get(self.url("/api/v1/account"), headers=self._login())).get("results") or {}
        return f"SparkPost knows this key as {found.get('company_name') or found.get('customer_id')}."

    def url(self, path: str) -> str:
        return (self.setting("api_base").rstrip("/") or HOSTS.get(self.setting("region").lower(), HOSTS[""])) + path

    def _answered(self, reply) -> dict:
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        if reply.ok and not answer.get("errors"):
            return answer
        words = "; ".join(str(one.get("description") or one.get("message")) for one in objects(answer.get("errors")))
        return self.answer(reply, words or f"HTTP {reply.status}")

    def _login(self) -> dict[str, str]:
        return {"Authorization": self.setting("api_key")}


def _event(event: dict) -> Iterator[Receipt]:
    """https://www.sparkpost.com/docs/tech-resources/webhook-uuid/ and the event reference."""
    metadata = event.get("rcpt_meta") if isinstance(event.get("rcpt_meta"), dict) else {}
    number = number_in(metadata.get(METADATA) or event.get("transmission_id"))
    kind, to = event.get("type"), str(event.get("raw_rcpt_to") or event.get("rcpt_to") or "")
    at = moment(event.get("timestamp"))
    words = event.get("raw_reason") or event.get("reason")
    group = str(event.get("bounce_class"))
    if kind == "delivery":
        yield delivered(number, at, to)
    elif kind == "injection":
        yield sent(number, at, to)
    elif kind == "delay":
        yield deferred(number, at, to, words)
    elif kind in ("bounce", "out_of_band") and group == UNSUBSCRIBE:
        yield unsubscribed(number, at, to)
    elif kind in ("bounce", "out_of_band", "generation_failure", "generation_rejection", "policy_rejection"):
        if group not in NO_BOUNCE:
            yield bounced(number, at, to, words)
    elif kind == "spam_complaint":
        yield complained(number, at, to)
    elif kind in ("list_unsubscribe", "link_unsubscribe"):
        yield unsubscribed(number, at, to)
