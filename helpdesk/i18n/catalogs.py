"""The sentences of one language, read from its .po files."""
from __future__ import annotations

from functools import cache
from gettext import c2py
from pathlib import Path

from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "catalogs"


class Catalog:
    """Sentences by their English. What is missing is said in English."""

    def __init__(self, sentences: dict[str, str | tuple[str, ...]], plural: str):
        self.sentences = sentences
        self._rule, self._form = plural, c2py(plural)

    def get(self, message: str) -> str:
        """The sentence for one; of a counted thing, for exactly one."""
        found = self.sentences.get(message) or message
        return found if isinstance(found, str) else found[0]

    def get_plural(self, one: str, many: str, n: int) -> str:
        """The sentence for n."""
        found = self.sentences.get(one)
        if not isinstance(found, tuple):
            return one if n == 1 else many
        return found[self._form(n)]


@cache
def catalog(locale: str) -> Catalog:
    """All sentences of a language; read once, when somebody first speaks it."""
    sentences: dict[str, str | tuple[str, ...]] = {}
    plural = "n != 1"
    for path in sorted((FOLDER / locale).glob("*.po")):
        with path.open(encoding="utf-8") as file:
            messages = read_po(file, locale=locale.replace("-", "_"))
        plural = messages.plural_expr
        for message in messages:
            if message.id:
                many = isinstance(message.id, tuple)
                sentences[message.id[0] if many else message.id] = (
                    tuple(message.string) if many and all(message.string) else "" if many else message.string)
    return Catalog(sentences, plural)


@cache
def for_scripts(locale: str) -> dict[str, str | tuple[str, ...]]:
    """Those that the console's scripts say; they lie in the area of that name."""
    with (FOLDER / locale / "scripts.po").open(encoding="utf-8") as file:
        ids = [message.id for message in read_po(file) if message.id]
    known = catalog(locale).sentences
    return {one: known[one] for one in (each[0] if isinstance(each, tuple) else each for each in ids) if known.get(one)}
