"""Addresses made from titles: "Dónde está mi pedido?" is read at donde-esta-mi-pedido."""
from __future__ import annotations

import re
from collections.abc import Callable

from anyascii import anyascii

LENGTH = 80         # characters; longer ones are cut at a word
PAGES = frozenset({"search", "suggest", "c"})       # of the help centre's own, where an article would never be found


def slug(title: str, otherwise: str = "article") -> str:
    """Latin letters, digits and hyphens of any script's title; `otherwise` when nothing is left of it."""
    made = re.sub(r"[^a-z0-9]+", "-", anyascii(title).lower()).strip("-")
    if len(made) > LENGTH:
        made = made[:LENGTH + 1].rpartition("-")[0] or made[:LENGTH]
    return made or otherwise


def free(title: str, taken: Callable[[str], bool], otherwise: str = "article") -> str:
    """The slug of a title, with a number behind it while somebody else has it."""
    made = first = slug(title, otherwise)
    number = 1
    while taken(made):
        number += 1
        made = f"{first}-{number}"
    return made
