"""What the assistant says and listens for, per language: config/assistant/<language>.toml."""
from __future__ import annotations

import tomllib
from functools import cache

from helpdesk import paths
from helpdesk.services.words import words

LANGUAGES = ("en", "id", "es", "pt", "hi")
OLD_CODES = {"in": "id"}        # what Java and old Android still send


def language_of(locale: str) -> str:
    """The language we speak for a locale such as "pt-BR" or "en_US"; '' when we do not speak it."""
    code = locale.replace("_", "-").split("-")[0].lower()
    code = OLD_CODES.get(code, code)
    return code if code in LANGUAGES else ""


def say(language: str, key: str, **values: str) -> str:
    """One sentence, its {words} filled in."""
    return _table(language)["say"][key].format(**values)


@cache
def hear(kind: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(language, folded words) of everything that is listened for under a name, in all languages, longest first."""
    found = [(language, tuple(words(text))) for language in LANGUAGES for text in _table(language)["hear"][kind]]
    return tuple(sorted(found, key=lambda item: -len(item[1])))


@cache
def _table(language: str) -> dict:
    return tomllib.loads((paths.CONFIG / "assistant" / f"{language}.toml").read_text(encoding="utf-8"))
