"""DKIM (RFC 6376): signing what an inbox sends, and the DNS record that lets others check it."""
from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.base import SendError

BITS = 2048                 # RFC 8301: 1024 at least, 2048 wanted
# What a receiver shows or acts on. From stands twice, so that nobody can add another one (RFC 6376 §8.15).
SIGNED = ("from", "from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "reply-to",
          "mime-version", "content-type", "content-transfer-encoding", "auto-submitted", "list-unsubscribe",
          "list-unsubscribe-post")
ONCE_MORE = {"from"}
DOMAIN = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.I)
SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?", re.I)
LOOK_UP_SECONDS = 5


def new_key() -> str:
    """A fresh private key, PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                             serialization.NoEncryption()).decode()


def problem(config: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the DKIM settings, by field; {} when nothing is, or when mail is not signed here."""
    if not config.get("dkim_key"):
        return {}
    wrong = {}
    if not DOMAIN.fullmatch(domain_of(config)):
        wrong["dkim_domain"] = "A domain such as example.org."
    if not SELECTOR.fullmatch(config.get("dkim_selector", "")):
        wrong["dkim_selector"] = "Letters, digits and hyphens, for example helpdesk1."
    try:
        _pem(config["dkim_key"])
    except ValueError as error:
        wrong["dkim_key"] = str(error)
    return wrong


def domain_of(config: Mapping[str, str]) -> str:
    """The domain that signs: what is set, or the address's own."""
    return (config.get("dkim_domain") or config.get("address", "").rpartition("@")[2]).strip().lower()


def record(config: Mapping[str, str]) -> tuple[str, str]:
    """(name, value) of the TXT record that the domain needs; ValueError when the key cannot be read."""
    key = serialization.load_pem_private_key(_pem(config["dkim_key"]), password=None).public_key()
    public = base64.b64encode(key.public_bytes(serialization.Encoding.DER,
                                               serialization.PublicFormat.SubjectPublicKeyInfo)).decode()
    return f"{config.get('dkim_selector', '')}._domainkey.{domain_of(config)}", f"v=DKIM1; k=rsa; p={public}"


def signed(mail: bytes, config: Mapping[str, str]) -> bytes:
    """The mail (CRLF line ends, all 7-bit) with its signature on top; as it was when the inbox has no key. Raises
    SendError, broken, when the key cannot be used: unsigned mail might go to spam and nobody would know why."""
    if not config.get("dkim_key"):
        return mail
    if wrong := problem(config):
        raise SendError(f"this inbox cannot sign its mail (DKIM): {' '.join(wrong.values())}", broken=True)
    present = {line.split(b":", 1)[0].strip().lower().decode("ascii", "replace")
               for line in mail.split(b"\r\n\r\n", 1)[0].split(b"\r\n") if line[:1] not in b" \t"}
    names = [name.encode() for name in SIGNED if name in present or name in ONCE_MORE]
    try:
        top = dkim.sign(mail, config["dkim_selector"].encode(), domain_of(config).encode(), _pem(config["dkim_key"]),
                        include_headers=names, canonicalize=(b"relaxed", b"relaxed"))
    except (dkim.DKIMException, ValueError) as error:
        raise SendError(f"this inbox cannot sign its mail (DKIM): {error}", broken=True) from error
    return top + mail


def published(config: Mapping[str, str], look_up: Callable[..., bytes | str | None] | None = None) -> str:
    """Whether the world can check our signature, in a sentence. `look_up(name, timeout=)` asks the DNS for a TXT
    record. Raises SendError when the key cannot be used or the record is another key's."""
    if wrong := problem(config):
        raise SendError(f"signing (DKIM) is not set up: {' '.join(wrong.values())}", broken=True)
    name, value = record(config)
    try:
        found = (look_up or dkim.dnsplug.get_txt)(f"{name}.".encode(), timeout=LOOK_UP_SECONDS)
    except Exception as error:      # whatever the resolver complains of: the key itself is good
        return f"Mail is signed (DKIM). The record {name} could not be looked up: {error}."
    if not found:
        return f"Mail is signed (DKIM), but {name} is not in the DNS yet: nobody can check the signature."
    text = found.decode("ascii", "replace") if isinstance(found, bytes) else found
    if _public_part(text) != _public_part(value):
        raise SendError(f"the DNS record {name} holds another key than this inbox signs with")
    return f"Mail is signed (DKIM) as {domain_of(config)}, and the record is in the DNS."


def _public_part(record: str) -> str:
    tags = dict(tag.strip().partition("=")[::2] for tag in record.split(";"))
    return "".join(tags.get("p", "").split())


def _pem(text: str) -> bytes:
    """The key as dkimpy reads it. Raises ValueError, in words for the admin."""
    try:
        key = serialization.load_pem_private_key(text.strip().encode() + b"\n", password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("This is no private key that can be read. It begins with -----BEGIN and has no password."
                         ) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("Only RSA keys are understood by every receiver.")
    if key.key_size < 1024:
        raise ValueError(f"{key.key_size} bits are too few: receivers ignore keys of less than 1024.")
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                             serialization.NoEncryption())
