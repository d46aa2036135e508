"""Standard Webhooks: how two programs sign their calls with a secret that both know.

`webhook-id` names the call, the same in every try; `webhook-timestamp` is the second of this try; `webhook-signature`
holds "v1," + base64(HMAC-SHA256(secret, id.timestamp.body)), several with spaces between while a secret is changed.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""
from __future__ import annotations

import base64
import hmac
import secrets
import time
from collections.abc import Iterable

TOLERANCE = 300             # seconds between their clock and ours
PREFIX, SHORTEST, LONGEST = "whsec_", 24, 64        # bytes of a secret, as the specification has them


def new_secret() -> str:
    """A fresh secret, as it is shown and typed."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key(secret: str) -> bytes:
    """The bytes of a secret: base64, perhaps after whsec_. Raises ValueError for anything else."""
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def problem(secret: str) -> str:
    """What is wrong with a secret that somebody typed; '' when nothing is."""
    try:
        good = SHORTEST <= len(key(secret)) <= LONGEST
    except ValueError:
        good = False
    return "" if good else (f"A secret is {PREFIX} and then {SHORTEST} to {LONGEST} random bytes in base64, as "
                            "“openssl rand -base64 32” prints them.")


def headers(keys: Iterable[str], number: str, body: bytes, at: int | None = None) -> dict[str, str]:
    """What signs one try of the call `number`, with each of the secrets. `at`: seconds since 1970, otherwise now."""
    at = int(time.time()) if at is None else at
    signatures = (f"v1,{_signature(key(one), number, str(at), body).decode()}" for one in keys)
    return {"webhook-id": number, "webhook-timestamp": str(at), "webhook-signature": " ".join(signatures)}


def fits(keys: Iterable[str], number: str, at: str, given: str, body: bytes) -> bool:
    """Whether a call is fresh and one of its signatures was made with one of the secrets; in constant time."""
    if not number or not (at.isascii() and at.isdigit() and abs(time.time() - int(at[:15])) <= TOLERANCE):
        return False
    theirs = [one.partition(",")[2].encode("utf-8", "replace") for one in given.split() if one.startswith("v1,")]
    return any(hmac.compare_digest(_signature(secret, number, at, body), one)
               for secret in _readable(keys) for one in theirs)


def _readable(keys: Iterable[str]) -> Iterable[bytes]:
    for one in keys:
        try:
            if secret := key(one):
                yield secret
        except ValueError:
            continue


def _signature(secret: bytes, number: str, at: str, body: bytes) -> bytes:
    return base64.b64encode(hmac.digest(secret, f"{number}.{at}.".encode("utf-8", "replace") + body, "sha256"))
