"""Words on the pages of articles."""
from __future__ import annotations

from babel import Locale, UnknownLocaleError


def language_name(locale: str) -> str:
    """A language in English: "Spanish", "Chinese (Taiwan)"; an unknown code as it is."""
    try:
        return Locale.parse(locale, sep="-").english_name or locale
    except (UnknownLocaleError, ValueError):
        return locale
