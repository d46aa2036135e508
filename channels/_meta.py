"""What WhatsApp, Messenger and Instagram share: signed webhooks, the subscription check and the Graph API.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started
https://developers.facebook.com/docs/graph-api/guides/error-handling
"""
from __future__ import annotations

import hashlib
from hmac import compare_digest
from typing import Any, ClassVar

from channels._http import Reply, redact
from channels._payload import objects, secrets_of
from channels.base import BadSignature, Channel, File, Request, SendError, Setting, Step, same_hmac

GRAPH = "https://graph.facebook.com/v23.0"

# Codes of the Graph API and the WhatsApp Cloud API that pass by themselves: rates, throttling, their own trouble.
PASSING = {1, 2, 4, 17, 32, 341, 368, 613, 1200, 80007, 130429, 131000, 131016, 131048, 131052, 131053, 131056, 131057,
           131064, 133016}
# Of these, the ones that say that the account sends too much.
RATES = {4, 32, 613, 80007, 130429, 131048, 131064}
# The token, the permission or the account itself is refused: an admin must act and nothing else will pass.
BROKEN = {0, 3, 10, 102, 190, 131005, 131031, *range(200, 300)}
# (code, subcode) pairs that say something else than their code alone.
PASSING_PAIRS = {(10, 1893063)}                                     # page temporarily restricted
REFUSED_PAIRS = {(200, 1545041), (200, 2018028), (200, 2018065)}    # this person only
WINDOW_CODES = {131047}
WINDOW_PAIRS = {(10, 2018278), (10, 2534022)}
WINDOW_CLOSED = "The 24-hour window for a free reply has closed: the person must write first."


class Meta(Channel):
    """Shared base; not a channel of its own."""
    default_api_base: ClassVar[str] = GRAPH
    token_key: ClassVar[str] = "access_token"

    def verify(self, request: Request) -> None:
        """The subscription check carries the verify token, every delivery an HMAC of its raw bytes."""
        if request.method in ("GET", "HEAD"):
            token = self.config.get("verify_token", "")
            given = request.query.get("hub.verify_token", "")
            good = request.query.get("hub.mode") == "subscribe" and bool(token) and _same(token, given)
        else:
            good = self._signed(request)
        if not good:
            raise BadSignature(f"{self.name}: this request does not come from Meta")

    def _signed(self, request: Request) -> bool:
        secret = self.config.get("app_secret", "")
        kind, _, digest = request.header("X-Hub-Signature-256").partition("=")
        if secret and kind == "sha256":
            return same_hmac(secret, request.body, digest)
        # Apps of before 2021 are only signed with SHA-1; a sender without the secret can forge neither.
        kind, _, digest = request.header("X-Hub-Signature").partition("=")
        return bool(secret) and kind == "sha1" and same_hmac(secret, request.body, digest, hashlib.sha1)

    def handshake(self, request: Request) -> str | None:
        return request.query.get("hub.challenge") if request.method == "GET" else None

    def _get(self, path: str) -> Any:
        return self._understood(self.http.get(self._url(path), token=self.config[self.token_key]))

    def _post(self, path: str, **content: Any) -> Any:
        return self._understood(self.http.post(self._url(path), token=self.config[self.token_key], **content))

    def _url(self, path: str) -> str:
        return f"{(self.config.get('api_base') or self.default_api_base).rstrip('/')}/{path}"

    def _understood(self, reply: Reply) -> dict:
        """The object in a good answer. Raises the SendError that anything else stands for."""
        data = reply.json()
        error = data.get("error") if isinstance(data, dict) else None
        if reply.ok and not error and isinstance(data, dict):
            return data
        raise graph_error(reply, error if isinstance(error, dict) else {}, secrets_of(self))

    def subscribed(self, node: str) -> Step:
        """Whether an app of ours is told of this account's messages."""
        def check() -> str:
            apps = objects(self._get(f"{node}/subscribed_apps").get("data"))
            if not apps:
                raise SendError("no app is subscribed to this account, so nothing is delivered", permanent=True)
            return "The app is told of new messages."
        return Step("Subscription", check,
                    "In the app's settings, under Webhooks, subscribe to “messages” and add this account.")

    def _bytes(self, url: str, token: str = "") -> bytes:
        reply = self.http.get(url, token=token)
        if not reply.ok:
            gone = reply.status in (400, 401, 403, 404, 410)
            raise SendError(f"the file cannot be had any more (HTTP {reply.status})" if gone else
                            f"the file cannot be had now (HTTP {reply.status})",
                            permanent=gone, retry_after=reply.retry_after)
        return reply.body

    def download(self, file: File) -> bytes:
        """Media addresses are signed and short-lived; no token goes along."""
        return self._bytes(file.ref)


def _same(ours: str, given: str) -> bool:
    return compare_digest(ours.encode(), given.encode("utf-8", "replace"))


def graph_error(reply: Reply, error: dict, secrets: list[str]) -> SendError:
    """Retry, give up or call an admin: what an answer of the Graph API asks of us."""
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    extra = error.get("error_data")
    details = extra.get("details", "") if isinstance(extra, dict) else ""
    words = error.get("error_user_msg") or error.get("message") or f"HTTP {reply.status}"
    number = "/".join(str(n) for n in (code, subcode) if n is not None)
    text = redact(f"{words}{f' ({details})' if details else ''}{f' [{number}]' if number else ''}", *secrets)
    pair = (code, subcode)
    if code in WINDOW_CODES or pair in WINDOW_PAIRS:
        return SendError(f"{WINDOW_CLOSED} {text}", permanent=True)
    if pair in REFUSED_PAIRS:
        return SendError(text, permanent=True)
    if code in PASSING or pair in PASSING_PAIRS or error.get("is_transient") is True or reply.status == 429:
        return SendError(text, retry_after=reply.retry_after, slow_down=code in RATES)
    if code in BROKEN or (code is None and reply.status in (401, 403)):
        return SendError(text, permanent=True, broken=True)
    if reply.ok:        # it was probably taken, but we have no id
        return SendError(f"the answer cannot be read: {text}", uncertain=True)
    if reply.status >= 500 or reply.status == 408:
        return SendError(text, retry_after=reply.retry_after, uncertain=reply.status == 504)
    return SendError(text, permanent=True)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def settings_of(account: Setting, *more: Setting) -> tuple[Setting, ...]:
    """The form of every Meta inbox: its account, then what all of them need."""
    return (account,
            Setting("access_token", "Access token", secret=True, help="A permanent token of a system user or page."),
            Setting("app_secret", "App secret", secret=True, help="Signs every delivery; in the app's basic settings."),
            Setting("verify_token", "Webhook verify token", secret=True,
                    help="Any long random text; type the same into the app's webhook form."),
            *more,
            Setting("api_base", "Graph API base", required=False, default=GRAPH, help="Only for testing."))
