"""A table of articles: one row each. Which column is what is guessed from its name, and can be said."""
from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from helpdesk.errors import Invalid
from helpdesk.services.article_fields import Fields
from helpdesk.services.article_imports.entries import Entry, lines_of, locale_of, yes
from helpdesk.services.article_imports.html_text import is_html, markdown_of

MOST_ROWS = 10_000
FIELDS = {"title": "Title", "body": "Answer", "summary": "Summary", "questions": "Phrasings", "category": "Category",
          "locale": "Language", "slug": "Address", "audience": "Who reads it", "published": "Published",
          "assistant": "For the assistant", "account": "About an account", "needs": "Asks first for",
          "url": "Old address", "key": "Key of translations"}
NAMES = {
    "title": "title name question subject headline titel titulo título judul pregunta frage",
    "body": "body answer text content html markdown article description_html antwort respuesta resposta isi jawaban",
    "summary": "summary description excerpt abstract teaser resumen resumo ringkasan",
    "questions": "questions phrasings alternatives variants synonyms preguntas perguntas pertanyaan",
    "category": "category section folder topic shelf categoria categoría kategori kategorie category_name section_name",
    "locale": "locale language lang idioma sprache bahasa",
    "slug": "slug address permalink path",
    "audience": "audience visibility access",
    "published": "published status state",
    "assistant": "assistant bot", "account": "account about_account", "needs": "needs requires",
    "url": "url old_url html_url link source_url", "key": "key id external_id group",
}
GUESS = {word: field for field, words in NAMES.items() for word in words.split()}


def header(content: bytes) -> list[str]:
    """The names of the columns. Raises Invalid."""
    return _rows(content)[0]


def guessed(columns: list[str]) -> dict[int, str]:
    """What each column is thought to be, by its place."""
    found: dict[int, str] = {}
    for place, name in enumerate(columns):
        field = GUESS.get("_".join(name.strip().lower().replace("-", " ").split()), "")
        if field and field not in found.values():
            found[place] = field
    return found


def read(content: bytes, name: str, locale: str, mapping: Mapping[int, str] | None = None) -> list[Entry]:
    """The rows as entries. `locale` where a row does not say. Raises Invalid when it is no table, or has no column for
    title and answer."""
    rows = _rows(content)
    places = {field: place for place, field in (mapping or guessed(rows[0])).items() if field}
    if not {"title", "body"} <= places.keys():
        raise Invalid("Say which columns are the title and the answer.")
    found = []
    for number, row in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in row):
            found.append(_entry({field: row[place] if place < len(row) else "" for field, place in places.items()},
                                f"{name}, row {number}", locale))
    return found


def _entry(cells: Mapping[str, str], where: str, locale: str) -> Entry:
    def cell(name: str) -> str:
        return cells.get(name, "").strip()

    body, pictures = markdown_of(cell("body")) if is_html(cell("body")) else (cell("body"), {})
    audience = "agents" if cell("audience").lower() in ("agents", "internal", "team", "private", "intern") else "public"
    fields = Fields(title=cell("title"), body=body, summary=cell("summary"), questions=lines_of(cell("questions")),
                    locale=locale_of(cell("locale"), locale), slug=cell("slug"), audience=audience,
                    for_assistant=yes(cell("assistant"), True), about_account=yes(cell("account"), False),
                    needs=tuple(cell("needs").replace(",", " ").split()))
    problem = "" if fields.title else "The title is missing."
    return Entry(where, fields, yes(cell("published"), True), cell("category"), cell("category"), cell("key"),
                 (cell("url"),) if cell("url") else (), pictures, problem or ("" if body else "The answer is missing."))


def _rows(content: bytes) -> list[list[str]]:
    text = _decoded(content)
    head = text.partition("\n")[0]
    delimiter = max(",;\t|", key=head.count)
    csv.field_size_limit(2_000_000)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Invalid(f"This is no table: {error}") from error
    if len(rows) < 2 or len(rows[0]) < 2:
        raise Invalid("This is no table with a line of names and rows under it.")
    if len(rows) > MOST_ROWS:
        raise Invalid(f"At most {MOST_ROWS:,} rows at once.")
    return rows


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")      # what Excel still writes
