"""What the helpdesk says to the people who work with it, in their language: gettext, with English as it stands in the
code.

`_("Saved.")` where a sentence is used; values are given by name, `_("%(count)s tickets", count=3)`. `mark("Saved.")`
where a sentence is only kept and translated later. Which language holds is a matter of the request (in
helpdesk.web.access) or of whoever writes in somebody's name (`speaking`). Sentences lie in catalogs/<locale>/<area>.po;
`python -m helpdesk.i18n` brings them up to date with the code.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from babel import Locale

from helpdesk.i18n.catalogs import catalog

LOCALES = {"en": "English", "id": "Bahasa Indonesia", "es": "Español", "pt-BR": "Português (Brasil)", "hi": "हिन्दी",
           "ar": "العربية"}
SOURCE = "en"
# Those in which people may work already. The others join when all pages have their words in them.
OFFERED = (SOURCE,)

OLD_CODES = {"in": "id"}        # what Java and old Android still send

_spoken: ContextVar[str] = ContextVar("locale", default=SOURCE)


def locale() -> str:
    """The language that is spoken now, one of LOCALES."""
    return _spoken.get()


def use(name: str) -> None:
    """Speak this language from here on, in this request or task."""
    _spoken.set(name if name in LOCALES else SOURCE)


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Speak this language inside of the block."""
    token = _spoken.set(name if name in LOCALES else SOURCE)
    try:
        yield
    finally:
        _spoken.reset(token)


def best(*wishes: str) -> str:
    """The first wish that is offered, as pt for pt-BR too; the source language when none is."""
    for wish in wishes:
        language = OLD_CODES.get(code := wish.replace("_", "-").split("-")[0].lower(), code)
        for one in OFFERED:
            if one.lower() == wish.replace("_", "-").lower() or one.split("-")[0] == language:
                return one
    return SOURCE


def direction() -> str:
    """How the language is written: ltr or rtl."""
    return Locale.parse(locale(), sep="-").text_direction


def gettext(message: str, **values) -> str:
    """The sentence in the language that is spoken, its %(names)s filled in."""
    text = message if locale() == SOURCE else catalog(locale()).get(message)
    return text % values if values else text


def ngettext(one: str, many: str, n: int, **values) -> str:
    """The same for a counted thing; %(n)s is there too."""
    return plural(one, many, n) % {"n": n, **values}


def plural(one: str, many: str, n: int) -> str:
    """The sentence for n of something, its places not filled in yet."""
    return (one if n == 1 else many) if locale() == SOURCE else catalog(locale()).get_plural(one, many, n)


def mark(message: str) -> str:
    """The sentence itself; it is found for translation and translated where it is shown."""
    return message


_ = gettext
