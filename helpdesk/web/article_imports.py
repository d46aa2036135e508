"""Articles from files and into files. An import is looked at before anything is written."""
from __future__ import annotations

from collections import Counter

from flask import Blueprint, Response, flash, g, redirect, request

from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.rendering import page
from helpdesk.services import files
from helpdesk.services.article_imports import csv_table, exporting, packages, reading, writing
from helpdesk.services.phrases import LANGUAGES, language_of
from helpdesk.services.unneeded import unneeded
from helpdesk.web import kept_files
from helpdesk.web.access import needs
from helpdesk.web.articles import rebuild

pages = Blueprint("article_imports", __name__)

SHOWN = 300         # rows of a preview; all are counted


@pages.get("/articles/import")
@needs("articles")
def new():
    """Choose a file."""
    return _page()


@pages.post("/articles/import")
@needs("articles")
def create():
    """file, or the one that is `kept`; locale, keep (what is there), drafts, pictures (admins: fetch those of other
    servers), column-0 … (fields of a table's columns). Without `write` it is only looked at."""
    try:
        stored = _file()
        content = files.content(stored.sha256)
        found = packages.opened(stored.name, content)
        mapping = _mapping()
        table = csv_table.header(reading.table_of(found)[1]) if reading.kind_of(found) == "csv" else []
        if table and mapping is None:
            mapping = csv_table.guessed(table)
        view = {"stored": stored, "ticket": kept_files.ticket(stored), "columns": table, "mapping": mapping or {},
                "column_fields": csv_table.FIELDS, "kind": reading.KINDS[reading.kind_of(found)]}
        try:
            entries = reading.read(found, _locale(), mapping)
        except Invalid as error:
            if not table:
                raise
            return _page(error=str(error), **view), error.status
        return _written(entries, stored, view) if request.form.get("write") else _looked(entries, view)
    except Invalid as error:
        return _page(error=str(error)), error.status


@pages.get("/articles/export.zip")
@needs("articles")
def export_markdown():
    """All articles as Markdown files with their pictures."""
    with db.reading() as session:
        return _download(exporting.markdown_zip(session), "application/zip", "zip")


@pages.get("/articles/export.csv")
@needs("articles")
def export_table():
    """All articles as one table."""
    with db.reading() as session:
        return _download("\ufeff" + exporting.table(session), "text/csv; charset=utf-8", "csv")


def _looked(entries, view: dict):
    with db.reading() as session:
        outcomes = writing.write(session, entries, actor=g.agent.actor, try_only=True, **_wishes())
    remote = len({url for entry in entries for url in reading.REMOTE.findall(entry.fields.body)})
    return _page(outcomes=outcomes[:SHOWN], counts=Counter(one.what for one in outcomes), remote=remote, **view)


def _written(entries, stored, view: dict):
    missed: list[str] = []
    if request.form.get("pictures") == "1" and g.agent.may("inboxes"):
        entries, missed = reading.with_remote_pictures(entries)
    with db.transaction() as session:
        outcomes = writing.write(session, entries, actor=g.agent.actor, **_wishes())
    with db.reading() as session:
        for sha256 in unneeded(session, [stored.sha256]):
            files.forget(sha256)
    rebuild()
    counts = Counter(one.what for one in outcomes)
    if not counts["refused"] and not missed:
        flash(f"Imported: {counts['new']} new, {counts['changed']} changed, {counts['same'] + counts['kept']} left as "
              "they were.", "good")
        return redirect("/articles?sort=new")
    return _page(done=True, missed=missed, counts=counts, outcomes=[one for one in outcomes if one.what == "refused"]
                 [:SHOWN])


def _wishes() -> dict:
    return {"update": request.form.get("keep") != "1", "drafts": request.form.get("drafts") == "1"}


def _file() -> files.StoredFile:
    file = request.files.get("file")
    if file is not None and file.filename:
        return files.put(file.filename, file.mimetype or "", file.read())
    kept = kept_files.given()
    if not kept:
        raise Invalid("Choose a file.")
    return kept[0]


def _mapping() -> dict[int, str] | None:
    said = {int(name.removeprefix("column-")): value for name, value in request.form.items()
            if name.startswith("column-") and name.removeprefix("column-").isdigit() and value in csv_table.FIELDS}
    return said or None


def _locale() -> str:
    return request.form.get("locale", "") or language_of(settings.current().default_locale) or "en"


def _download(content: str | bytes, kind: str, ending: str) -> Response:
    response = Response(content, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="articles-{now():%Y-%m-%d}.{ending}"'
    return response


def _page(**more) -> str:
    return page("articles/import.html", **{
        "error": "", "outcomes": None, "counts": Counter(), "columns": [], "mapping": {}, "ticket": "", "done": False,
        "missed": [], "remote": 0, "kind": "", "stored": None, "form": request.form, "locale": _locale(),
        "languages": LANGUAGES, "column_fields": csv_table.FIELDS, **more})
