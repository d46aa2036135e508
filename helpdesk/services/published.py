"""Files with an address on the web, for platforms that fetch what is sent to people instead of taking an upload.

Nothing is stored beside the bytes themselves: name, type, hash and last day stand in the address, signed. Whoever has
the address has the file, for as long as it lives; nobody can guess one.
"""
from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from helpdesk import security, settings
from helpdesk.clock import now
from helpdesk.errors import NotFound
from helpdesk.services import files

NAME = 300          # characters of a name in an address; LINE takes a thousand in all
LIVES = timedelta(days=30)          # people open their chats late, and some apps fetch only then
SHOWN = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/", "video/", "application/pdf")


def publish(name: str, content_type: str, content: bytes) -> str:
    """Store a file; returns the address under which everybody can fetch it for thirty days."""
    sha256, until = files.save(content), str(int((now() + LIVES).timestamp()))
    name, kind = _short(files.safe_name(name)), _kind(content_type)
    return (f"{settings.current().base_url.rstrip('/')}/published/{_sign(sha256, until, kind, name)}/{until}/{sha256}/"
            f"{quote(kind, safe='')}/{quote(name, safe='')}")


def find(signature: str, until: str, sha256: str, kind: str, name: str) -> None:
    """Raises NotFound unless publish() made this address, it still lives, and the bytes are there."""
    good = security.signed(_key(), signature, "published", sha256, until, kind, name)
    if not good or int(until) < now().timestamp() or not files.path(sha256).exists():
        raise NotFound("There is no such file, or its address is too old.")


def content_type(kind: str) -> str:
    """The type as it stands in a header."""
    return kind.replace("~", "/", 1)


def _kind(content_type: str) -> str:
    """The type as it stands in an address. Only what a browser shows without running it keeps its own; pages and
    drawings do not."""
    plain = content_type.partition(";")[0].strip().lower()
    return (plain if plain.startswith(SHOWN) and plain.isascii() else "application/octet-stream").replace("/", "~", 1)


def _short(name: str) -> str:
    stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
    while stem and len(quote(f"{stem}{dot}{ending}", safe="")) > NAME:
        stem = stem[:-5]
    return f"{stem}{dot}{ending}"


def _sign(*parts: str) -> str:
    return security.sign(_key(), "published", *parts)


def _key() -> bytes:
    return settings.current().secret().encode()
