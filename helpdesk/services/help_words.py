"""What the help centre's pages say, in the shipped languages: config/help_centre.toml."""
from __future__ import annotations

import tomllib
from functools import cache

from helpdesk import paths, texts

RIGHT_TO_LEFT = frozenset("ar dv fa he ku ps sd ug ur yi".split())


class Words:
    """The sentences of one language: words("result_count", n=3, q="tea"). KeyError for an unknown name."""

    def __init__(self, locale: str):
        self.locale = texts.closest(locale)

    def __call__(self, name: str, /, **fields: object) -> str:
        sentence = _all()[name][self.locale]
        for key, value in fields.items():
            sentence = sentence.replace("{" + key + "}", str(value))
        return sentence

    def count(self, name: str, n: int, **fields: object) -> str:
        """The sentence for that many."""
        return self(f"{name}_one" if n == 1 else name, n=n, **fields)


@cache
def _all() -> dict[str, dict[str, str]]:
    return tomllib.loads((paths.CONFIG / "help_centre.toml").read_text(encoding="utf-8"))


def direction(locale: str) -> str:
    """ltr or rtl: how the language is written."""
    return "rtl" if locale.split("-")[0].lower() in RIGHT_TO_LEFT else "ltr"
