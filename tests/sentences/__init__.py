"""What people write in chats, by language: tests/sentences/<language>.toml, one message a line."""
from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "id", "es", "pt", "hi")


@cache
def _table(language: str) -> dict[str, str]:
    return tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8"))


def lines(language: str, *kinds: str) -> list[str]:
    """The messages of these kinds; of all kinds when none is named."""
    table = _table(language)
    return [line for kind in kinds or table for line in table[kind].strip().split("\n")]
