"""What a customer writes in, in words for agents."""
from __future__ import annotations

from typing import NamedTuple

from babel import Locale, UnknownLocaleError

from helpdesk import settings
from helpdesk.services.phrases import LANGUAGES, language_of


class Written(NamedTuple):
    """`words` for a badge; `other`: whether it is not the language of the house; `why` in full."""
    words: str
    other: bool
    why: str


def written(code: str) -> Written:
    """How somebody writes, by ISO 639-1 code."""
    house = language_of(settings.current().default_locale) or "en"
    other, name = code != house, language_name(code)
    if code not in LANGUAGES:
        return Written(f"Writes {name}", other, f"The assistant does not speak {name}; it answered in "
                                                f"{language_name(house)}.")
    return Written(f"Writes {name}", other, f"The language here is {language_name(house)}." if other else "")


def language_name(code: str) -> str:
    """A language's name in English; `code` may name a country too (pt-BR)."""
    try:
        return Locale.parse(code.replace("-", "_")).get_language_name("en") or code
    except (ValueError, UnknownLocaleError):
        return code
