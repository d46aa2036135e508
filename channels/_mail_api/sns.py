"""Amazon SNS: the envelope in which SES sends its news, its signature and its subscription.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html . Anybody can have SNS sign a message of
their own topic, so a signature counts only together with a topic that the inbox names.
"""
from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from channels.base import SendError

HOST = r"https://sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?/"
CERTIFICATE = re.compile(HOST + r"SimpleNotificationService-[A-Za-z0-9]{1,100}\.pem")
SUBSCRIBE = re.compile(HOST + r"\?Action=ConfirmSubscription&[\w=&%:.+~-]{1,2000}")
OF_SUBSCRIPTIONS = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {"Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
          "SubscriptionConfirmation": OF_SUBSCRIPTIONS, "UnsubscribeConfirmation": OF_SUBSCRIPTIONS}
HASHES = {"1": SHA1, "2": SHA256}


def is_signed(message: Mapping[str, Any], http: Any) -> bool:
    """Whether Amazon signed this. The certificate is fetched from Amazon's own host over TLS, and kept. Raises
    SendError when it cannot be had."""
    names, url = SIGNED.get(message.get("Type")), message.get("SigningCertURL")
    hash_of = HASHES.get(str(message.get("SignatureVersion")))
    if not names or not hash_of or not isinstance(url, str) or not CERTIFICATE.fullmatch(url):
        return False
    text = "".join(f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None)
    try:
        _public_key(_pem(url, http)).verify(base64.b64decode(str(message.get("Signature"))), text.encode(), PKCS1v15(),
                                            hash_of())
    except (InvalidSignature, ValueError):
        return False
    return True


def subscribe(message: Mapping[str, Any], http: Any) -> None:
    """Say yes to a subscription that was asked for. Raises SendError."""
    url = message.get("SubscribeURL")
    if not isinstance(url, str) or not SUBSCRIBE.fullmatch(url):
        raise SendError("Amazon SES: the subscription's address is not Amazon's", permanent=True)
    reply = http.get(url)
    if not reply.ok:
        raise SendError(f"Amazon SES: the subscription was not confirmed (HTTP {reply.status})")


_pems: dict[str, bytes] = {}


def _pem(url: str, http: Any) -> bytes:
    if url not in _pems:
        reply = http.get(url)
        if not reply.ok:
            raise SendError(f"Amazon SES: the certificate cannot be had (HTTP {reply.status})")
        while len(_pems) > 20:
            _pems.pop(next(iter(_pems)), None)
        _pems[url] = reply.body
    return _pems[url]


@lru_cache(maxsize=20)
def _public_key(pem: bytes) -> RSAPublicKey:
    key = load_pem_x509_certificate(pem).public_key()
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA certificate")
    return key
