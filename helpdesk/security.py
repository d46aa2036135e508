"""Tokens, signatures, passwords and stored secrets.

Passwords: argon2id with 19 MiB, t=2, p=1 (OWASP Password Storage Cheat Sheet). Stored secrets: AES-256-GCM under the
installation's key, bound to the place they belong to, so that a copied value cannot be used elsewhere.
"""
from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_passwords = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NONCE_BYTES = 12
SIGNATURE = 22
_VERSION = "v1:"
_no_password = ""


def token() -> str:
    """A new secret of 256 bits, fit for a URL or a cookie."""
    return secrets.token_urlsafe(32)


def token_hash(value: str) -> str:
    """What is stored of a token. Plain SHA-256 is enough: tokens are random, nobody can guess through the hash."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return _passwords.hash(password)


def password_matches(stored: str, password: str) -> bool:
    """Whether `password` made `stored`. An account without one takes as long, so that time tells nothing."""
    global _no_password
    if not stored:
        _no_password = _no_password or _passwords.hash(token())
    try:
        return _passwords.verify(stored or _no_password, password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def sign(key: bytes, *parts: str) -> str:
    """A short signature over some words; its 22 characters carry 132 bits."""
    digest = hmac.new(_purpose(key, b"sign"), "\0".join(parts).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")[:SIGNATURE]


def sign_caseless(key: bytes, *parts: str) -> str:
    """The same in 26 lower-case letters and digits (130 bits), for mail addresses: some servers lower-case those."""
    digest = hmac.new(_purpose(key, b"sign-caseless"), "\0".join(parts).encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:26]


def signed(key: bytes, signature: str, *parts: str) -> bool:
    """Whether sign() gave this signature, whole, in constant time."""
    return hmac.compare_digest(sign(key, *parts).encode(), signature.encode("utf-8", "surrogatepass"))


def six_digits(key: bytes, *parts: str) -> str:
    """A code for people to type, made of some words that only we can turn into it; it is never stored."""
    digest = hmac.new(_purpose(key, b"code"), "\0".join(parts).encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06}"


def encrypt(key: bytes, text: str, place: str) -> str:
    """Seal `text` for `place` (table:column:row)."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(_purpose(key, b"encrypt")).encrypt(nonce, text.encode(), place.encode())
    return _VERSION + base64.b64encode(nonce + sealed).decode()


def decrypt(key: bytes, sealed: str, place: str) -> str:
    """Open what encrypt() made. Raises ValueError when the key or the place is another."""
    blob = base64.b64decode(sealed.removeprefix(_VERSION))
    try:
        return AESGCM(_purpose(key, b"encrypt")).decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:],
                                                         place.encode()).decode()
    except InvalidTag:
        raise ValueError(f"the secret of {place} was sealed with another key") from None


def _purpose(key: bytes, name: bytes) -> bytes:
    return hmac.new(key, b"helpdesk:" + name, hashlib.sha256).digest()
