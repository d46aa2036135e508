"""Sentences that the house itself writes to customers, in their language: config/texts.toml."""
from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache

from helpdesk import paths, settings

PAGES = ("en", "es", "hi", "id", "pt-BR")


@cache
def _all() -> dict[str, dict[str, str]]:
    return tomllib.loads((paths.CONFIG / "texts.toml").read_text(encoding="utf-8"))


def locales() -> list[str]:
    """The languages in which the house writes whole pages: the help centre, its search and its articles."""
    return list(PAGES)


def closest(locale: str) -> str:
    """The shipped language nearest to a locale such as pt-PT; the house's own when there is none."""
    return _closest(locale, locales())


def _closest(locale: str, shipped: Iterable[str]) -> str:
    language = locale.replace("_", "-").split("-")[0].lower()
    for one in shipped:
        if one.lower() == locale.lower() or one.split("-")[0] == language and language:
            return one
    default = settings.current().default_locale
    return default if default in shipped else "en"


def text(name: str, locale: str, /, **fields: str) -> str:
    """The sentence `name` in this language, with {fields} filled in. KeyError for an unknown name."""
    said = _all()[name]
    sentence = said[_closest(locale or "", said)]
    for key, value in fields.items():
        sentence = sentence.replace("{" + key + "}", str(value))
    return sentence
