"""A folder of Markdown files: one folder is a category, `name.es.md` is the Spanish of `name.md`, and what a text does
not say stands above it, between +++ as TOML or between --- as the plain part of YAML."""
from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote

from helpdesk.services.article_fields import LOCALE, Fields
from helpdesk.services.article_imports.entries import Entry, lines_of, locale_of, yes

ENDINGS = (".md", ".markdown")
FRONT = re.compile(r"\A(\+\+\+|---)[ \t]*\n(.*?)\n\1[ \t]*(?:\n|\Z)", re.S)
TITLE = re.compile(r"\A\s*#[ \t]+(.+?)[ \t]*#*\n")
PICTURE = re.compile(r"!\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
SUFFIX = re.compile(r"(.+)\.([A-Za-z]{2,3}(?:[-_][A-Za-z]{2,8})?)")
LEFT_OUT = {"readme", "license", "changelog", "contributing"}


def read(files: Mapping[str, bytes], locale: str) -> list[Entry]:
    """The Markdown files as entries. `locale` for those that do not say."""
    return [_entry(path, content.decode("utf-8-sig", "replace").replace("\r\n", "\n"), files, locale)
            for path, content in sorted(files.items())
            if path.lower().endswith(ENDINGS) and PurePosixPath(path).stem.lower() not in LEFT_OUT]


def _entry(path: str, text: str, files: Mapping[str, bytes], locale: str) -> Entry:
    place = PurePosixPath(path)
    stem, suffix = _stem(place.stem)
    said, text, problem = _front(text)
    title = str(said.get("title", ""))
    if not title and (found := TITLE.match(text)):
        title, text = found[1], text[found.end():]
    folder = place.parent.name if len(place.parts) > 1 else ""
    slug = str(said.get("slug", ""))
    fields = Fields(
        title=title or stem.replace("-", " ").replace("_", " ").capitalize(), body=text.strip(),
        summary=str(said.get("summary", said.get("description", ""))), questions=lines_of(said.get("questions", ())),
        locale=locale_of(str(said.get("locale", said.get("lang", suffix))), locale), slug=slug,
        audience="agents" if said.get("audience") in ("agents", "internal") else "public",
        for_assistant=yes(said.get("assistant", ""), True), about_account=yes(said.get("account", ""), False),
        needs=lines_of(said.get("needs", ())))
    category = str(said.get("category", folder))
    published = yes(said.get("published", ""), not yes(said.get("draft", ""), False))
    addresses = lines_of(said.get("redirects", said.get("aliases", ())))
    return Entry(path, fields, published, category, str(said.get("category_key", folder or category)),
                 str(said.get("key", (place.parent / stem).as_posix())), addresses, _pictures(place, text, files),
                 problem or ("" if fields.body else "The text is empty."))


def _stem(stem: str) -> tuple[str, str]:
    found = SUFFIX.fullmatch(stem)
    return (found[1], found[2]) if found and LOCALE.fullmatch(found[2].replace("_", "-")) else (stem, "")


def _pictures(place: PurePosixPath, text: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The pictures beside the text, by the address that the text has for them. What lies elsewhere is no picture."""
    found = {}
    for address in PICTURE.findall(text):
        path = posixpath.normpath(posixpath.join(place.parent.as_posix(), unquote(address)))
        if not address.startswith("/") and "://" not in address and path in files:
            found[address] = files[path]
    return found


def _front(text: str) -> tuple[dict, str, str]:
    """(what stands above the text, the text, what is wrong with it)"""
    found = FRONT.match(text)
    if found is None:
        return {}, text, ""
    rest = text[found.end():]
    if found[1] == "---":
        return _simple(found[2]), rest, ""
    try:
        return tomllib.loads(found[2]), rest, ""
    except tomllib.TOMLDecodeError as error:
        return {}, rest, f"What stands above the text cannot be read: {error}"


def _simple(text: str) -> dict:
    """`key: value`, `key: [a, b]` and lists with dashes: what people write in YAML above articles."""
    said: dict[str, object] = {}
    key = ""
    for line in text.split("\n"):
        if found := re.match(r"\s*-\s+(.*)", line):
            if key and isinstance(said.setdefault(key, []), list):
                said[key].append(_word(found[1]))
        elif found := re.match(r"([A-Za-z_][\w-]*)\s*:\s*(.*)", line):
            key, value = found[1].lower(), found[2].strip()
            if value.startswith("[") and value.endswith("]"):
                said[key] = [_word(part) for part in value[1:-1].split(",") if part.strip()]
            elif value:
                said[key] = _word(value)
    return said


def _word(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
