"""What the matcher sees of a text. Pure."""
from __future__ import annotations

import re
from hashlib import blake2b

from helpdesk.services.words import FUNCTION, matter, words

READ = 6_000        # characters of a message, and …
LONGEST = 400       # … words of it that are looked at
SPACE = re.compile(r"\s+")


def listed(text: str) -> list[str]:
    """The folded words that matter: courtesy around them is gone."""
    return matter(words(text[:READ]))[:LONGEST]


def plain(text: str) -> str:
    """A text as encoders get it: without line breaks and doubled spaces."""
    return SPACE.sub(" ", text[:READ]).strip()


def key(text: str) -> str:
    """Under which name the vectors of a text are kept: 32 hexadecimal digits."""
    return blake2b(plain(text).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def says_nothing(found: list[str]) -> bool:
    """Whether there are only words that every sentence may have."""
    return all(word in FUNCTION for word in found)
