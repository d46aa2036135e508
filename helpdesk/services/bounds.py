"""What comes from outside, made to fit: no id longer than an index takes, no character that a database refuses.

SQLite takes everything; PostgreSQL refuses a message over one character too many, and a good message must not end in
quarantine because its sender has a long name.
"""
from __future__ import annotations

import hashlib
from dataclasses import replace

from channels.base import File, Inbound

LONGEST_KEY = 500           # characters; a row of a PostgreSQL index holds 2,704 bytes, a character up to 4
LARGEST_SIZE = 2**31 - 1    # of an integer column
WORDS = ("text", "full_text", "html", "name", "subject", "locale", "payload", "account", "automatic", "doubt", "forged")


def key(value: str) -> str:
    """An external id as it is stored and looked up: itself, or a hash of one that is too long."""
    value = clean(value)
    return value if len(value) <= LONGEST_KEY else f"sha256:{hashlib.sha256(value.encode()).hexdigest()}"


def source_key(value: str) -> str:
    """What names one raw delivery. Never cut: two mails of one long folder name would look like the same."""
    value = clean(value)
    return value if len(value) <= 255 else f"sha256:{hashlib.sha256(value.encode()).hexdigest()}"


def clean(value: str) -> str:
    """Without NUL and lone surrogates."""
    if value.isascii() and "\0" not in value:
        return value
    return value.replace("\0", "").encode("utf-8", "ignore").decode()


def fitted(item: Inbound) -> Inbound:
    """The same message with keys, words and files that can be stored."""
    words = {name: clean(getattr(item, name)) for name in WORDS}
    return replace(item, **words | {"name": words["name"][:200]}, external_id=key(item.external_id),
                   replies_to=tuple(key(one) for one in item.replies_to), files=tuple(map(_file, item.files)))


def _file(file: File) -> File:
    size = file.size if isinstance(file.size, int) and 0 <= file.size <= LARGEST_SIZE else None
    return replace(file, content_type=clean(file.content_type)[:150], cid=clean(file.cid)[:255], ref=clean(file.ref),
                   size=size)
