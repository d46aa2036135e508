"""What a file says about one article, before anything is written. Pure."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from helpdesk.services.article_fields import LOCALE, Fields
from helpdesk.services.phrases import language_of

YES = {"1", "yes", "true", "y", "on", "published", "public", "ja", "si", "sí", "sim", "ya", "oui"}
NO = {"0", "no", "false", "n", "off", "draft", "hidden", "nein", "não", "nao", "tidak", "non", "archived"}


@dataclass(frozen=True)
class Entry:
    """One article as a file has it.

    `where`: where it stands in the file, for people. `category`: the name of its shelf in its own language, `shelf` one
    word for that shelf in all languages. `group`: equal for translations of one article. `addresses`: where it was read
    before. `pictures`: bytes by the address that the body has for them. `problem`: why it cannot be taken.
    """
    where: str
    fields: Fields
    published: bool = True
    category: str = ""
    shelf: str = ""
    group: str = ""
    addresses: tuple[str, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    problem: str = ""


def locale_of(text: str, otherwise: str) -> str:
    """A language code as we write it: en-us is en, because the assistant speaks English; zh-tw is zh-TW."""
    text = text.strip().replace("_", "-")
    if not text:
        return otherwise
    if language_of(text):
        return language_of(text)
    language, dash, region = text.partition("-")
    made = language.lower() + (dash + (region.upper() if len(region) == 2 else region.capitalize()) if dash else "")
    return made if LOCALE.fullmatch(made) else text


def yes(value: object, otherwise: bool) -> bool:
    """Whether a cell says yes; `otherwise` when it says neither."""
    word = str(value).strip().lower()
    return True if word in YES else False if word in NO else otherwise


def lines_of(value: object) -> tuple[str, ...]:
    """Phrasings in one cell: one a line, or with | between them; or a list."""
    if isinstance(value, str):
        return tuple(part.strip() for part in re.split(r"[\n|]", value) if part.strip())
    return tuple(str(part).strip() for part in value if str(part).strip()) if isinstance(value, Iterable) else ()
