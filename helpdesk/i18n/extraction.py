"""Finding the sentences in the code, and bringing the catalogs up to date with it."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from helpdesk import paths
from helpdesk.i18n import LOCALES, SOURCE
from helpdesk.i18n.catalogs import FOLDER

PACKAGE = Path(__file__).parent.parent
SCRIPTS = paths.DIST.parent / "src" / "js"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None, "t": None, "tn": (1, 2)}
COMMON = "common"
WIDTH = 100

Id = str | tuple[str, str]


@dataclass
class Found:
    """One sentence: where it is said, by file below the project."""
    id: Id
    places: set[str] = field(default_factory=set)


def sentences() -> dict[Id, Found]:
    """Every sentence of the templates, the Python code and the console's scripts."""
    found: dict[Id, Found] = {}
    for path, method, options in _sources():
        place = path.relative_to(paths.TEMPLATES.parent if path.is_relative_to(paths.TEMPLATES) else PACKAGE.parent)
        for _line, message, _comments, _context in extract_from_file(method, path, KEYWORDS, options=options):
            one = tuple(message) if isinstance(message, (tuple, list)) else message
            found.setdefault(one, Found(one)).places.add(place.as_posix())
    return found


def area(found: Found) -> str:
    """The file that a sentence lies in: that of the scripts when they say it, else the folder or module of what says
    it, or `common` for more than one."""
    areas = {_area(place) for place in found.places}
    return "scripts" if "scripts" in areas else areas.pop() if len(areas) == 1 else COMMON


def update(write: bool = True) -> dict[Path, bytes]:
    """Every catalog as it must be: what is said, sorted, with the translations there are. Written unless told not to;
    areas that say nothing any more lose their file."""
    found = sentences()
    areas = {one: area(found[one]) for one in found}
    files = {}
    for locale in LOCALES:
        if locale == SOURCE:
            continue
        known = _translations(locale)
        for name in sorted({*areas.values(), "scripts"}):
            catalog = Catalog(locale=locale.replace("-", "_"), header_comment="", charset="utf-8")
            for one in sorted((id for id in found if areas[id] == name), key=str):
                catalog.add(one, known.get(one, ""), flags=_flags(one))
            files[FOLDER / locale / f"{name}.po"] = _as_bytes(catalog)
    if write:
        for path in set(FOLDER.glob("*/*.po")) - set(files):
            path.unlink()
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return files


def missing() -> dict[str, list[Id]]:
    """What has no translation yet, by language."""
    found = sentences()
    return {locale: sorted((one for one in found if not _whole(_translations(locale).get(one, ""))), key=str)
            for locale in LOCALES if locale != SOURCE}


def _sources() -> Iterator[tuple[Path, str, dict]]:
    for path in sorted(paths.TEMPLATES.rglob("*.html")):
        yield path, "jinja2", {"trimmed": "true", "silent": "false"}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path, "python", {}
    for path in sorted(SCRIPTS.rglob("*.js")):
        if not path.relative_to(SCRIPTS).parts[0].startswith(("widget", "phone", "help")):
            yield path, "javascript", {}


def _area(place: str) -> str:
    first, *rest = Path(place).parts
    if first == "static":
        return "scripts"
    if first == "templates":
        return rest[0] if len(rest) > 1 else COMMON
    return Path(rest[0]).stem if len(rest) == 1 else COMMON if rest[0] not in ("web", "services") else rest[0]


def _translations(locale: str) -> dict[Id, str | tuple[str, ...]]:
    known: dict[Id, str | tuple[str, ...]] = {}
    for path in sorted((FOLDER / locale).glob("*.po")):
        with path.open(encoding="utf-8") as file:
            for message in read_po(file, locale=locale.replace("-", "_")):
                if message.id and _whole(message.string):
                    known[tuple(message.id) if isinstance(message.id, (tuple, list)) else message.id] = message.string
    return known


def _whole(translation: str | tuple[str, ...] | list[str]) -> bool:
    return bool(translation) if isinstance(translation, str) else bool(translation) and all(translation)


def _flags(one: Id) -> tuple[str, ...]:
    return ("python-format",) if "%(" in (one if isinstance(one, str) else one[1]) else ()


def _as_bytes(catalog: Catalog) -> bytes:
    out = BytesIO()
    write_po(out, catalog, width=WIDTH, omit_header=True, no_location=True)
    return b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: ' + \
        catalog.plural_forms.encode() + b'\\n"\n\n' + out.getvalue().strip() + b"\n"
