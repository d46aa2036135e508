"""Finding a person in text, and putting a mark in their place.

Addresses are found however they are written, phone numbers with or without country code and separators. A full name is
looked for as a whole. What is split by markup, written in pictures or misspelt is not found.
"""
from __future__ import annotations

import html
import re
from dataclasses import asdict, dataclass
from functools import cached_property
from urllib.parse import quote

import phonenumbers

MARK = "[erased]"
SHORTEST = 6            # characters; anything shorter is part of too many other words
SEPARATORS = r"[\s().\-/]{0,3}"
SURE = re.compile(r"[A-Za-z0-9@.+-]")


@dataclass(frozen=True)
class Mask:
    """What to look for: `words` as they are, `phones` in E.164."""
    words: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.phones)

    @classmethod
    def of(cls, given: dict) -> Mask:
        """As kept() wrote it."""
        return cls(tuple(given.get("words", ())), tuple(given.get("phones", ())))

    def kept(self) -> dict:
        """As JSON."""
        return {key: list(value) for key, value in asdict(self).items()}

    @cached_property
    def _pattern(self) -> re.Pattern:
        parts = [_word(form) for word in sorted(self.words, key=len, reverse=True) for form in _forms(word)]
        return re.compile("|".join([*map(_phone, self.phones), *parts]) or r"(?!)", re.IGNORECASE)

    def text(self, value: str) -> str:
        """The text with the mark in place of the person."""
        return self._pattern.sub(MARK, value) if value else value

    def tree(self, value):
        """The same in all text of a JSON value, keys excepted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.tree(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.tree(one) for one in value]
        if isinstance(value, int) and not isinstance(value, bool):      # ids come as numbers from some platforms
            return 0 if self._pattern.fullmatch(str(value)) else value
        return value

    def names(self, content: bytes) -> bool:
        """Whether these bytes name the person, in plain or JSON-escaped UTF-8."""
        return bool(self._pattern.search(content.decode("utf-8", "replace")))

    def likes(self) -> list[str]:
        """Patterns for SQL LIKE that find at least every place that text() changes."""
        found = [_like(form) for word in self.words for form in _forms(word)]
        return found + [f"%{'%'.join(phone[-6:])}%" for phone in self.phones]


def _forms(word: str) -> set[str]:
    escaped = word.encode("ascii", "backslashreplace").decode() if not word.isascii() else word
    return {word, html.escape(word), quote(word), escaped}


def _word(word: str) -> str:
    inner = r"\s+".join(re.escape(part) for part in word.split())
    return rf"(?<![\w.+-]){inner}(?![\w])" if "@" in word else rf"(?<!\w){inner}(?!\w)"


def _like(word: str) -> str:
    return "%" + "".join(c if SURE.match(c) else "%" for c in word) + "%"


def _phone(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return _word(number)
    national, code = phonenumbers.national_significant_number(parsed), str(parsed.country_code)
    digits = SEPARATORS.join(national)
    return rf"(?<!\d)(?:(?:\+|00)?{code}{SEPARATORS}(?:\(?0\)?{SEPARATORS})?|0)?{digits}(?!\d)"
