"""The tree of a mail's parts, read so that nothing is changed and nothing raises."""
from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from email.policy import Compat32

from channels._mail_files import children


class RawFields(Compat32):
    """Header values as they came, 8-bit characters as surrogates; written back as they came, too."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}{self.linesep}".encode("utf-8", "surrogateescape")


RAW = RawFields()


def leaves(message: Message) -> Iterator[Message]:
    """Every part, the outer ones first, without a recursion that a mail could make deep."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(reversed(children(part) or []))


def content_type(part: Message) -> str:
    return part.get_content_type() if "content-type" in part else part.get_default_type()


def charset(part: Message) -> str:
    """The charset a part claims, '' if none can be read."""
    try:
        value = part.get_param("charset") or ""
    except (LookupError, ValueError, TypeError, AttributeError):
        return ""
    return value[2] if isinstance(value, tuple) else str(value)
