"""Which kind of files these are, and the entries in them."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from channels.base import SendError
from helpdesk.errors import Invalid
from helpdesk.services import pictures
from helpdesk.services.article_imports import csv_table, helpdesks, markdown_files
from helpdesk.services.article_imports.entries import Entry

KINDS = {"csv": "Table (CSV)", "markdown": "Markdown files", "json": "Zendesk, Chatwoot or FreeScout (JSON)"}
REMOTE = re.compile(r"!\[[^\]]*\]\(\s*<?(https?://[^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
MOST_PICTURES = 300         # fetched for one import


def kind_of(files: Mapping[str, bytes]) -> str:
    """csv, markdown or json. Raises Invalid when there is nothing of these."""
    names = [name.lower() for name in files]
    if any(name.endswith(markdown_files.ENDINGS) for name in names):
        return "markdown"
    if any(name.endswith(".json") for name in names):
        return "json"
    if any(name.endswith((".csv", ".tsv", ".txt")) for name in names):
        return "csv"
    raise Invalid("There are no articles in it: neither CSV, nor Markdown, nor JSON.")


def table_of(files: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Name and bytes of the table among the files."""
    return next((name, content) for name, content in files.items() if name.lower().endswith((".csv", ".tsv", ".txt")))


def read(files: Mapping[str, bytes], locale: str, mapping: Mapping[int, str] | None = None) -> list[Entry]:
    """The entries of all articles in the files; `mapping` says which columns of a table are what. Raises Invalid."""
    kind = kind_of(files)
    if kind == "markdown":
        found = markdown_files.read(files, locale)
    elif kind == "json":
        found = helpdesks.read(files, locale)
    else:
        name, content = table_of(files)
        found = csv_table.read(content, name, locale, mapping)
    if not found:
        raise Invalid("There are no articles in it.")
    return found


def with_remote_pictures(entries: list[Entry], fetch: Callable[[str], tuple[str, bytes]] = pictures.fetched,
                         ) -> tuple[list[Entry], list[str]]:
    """The entries with the pictures that lie on other servers, fetched through the guarded door for outgoing calls, and
    which could not be had. Waits for the network: never inside a transaction."""
    had: dict[str, bytes] = {}
    missed: dict[str, str] = {}
    for url in (url for entry in entries for url in REMOTE.findall(entry.fields.body)):
        if url in had or url in missed:
            continue
        if len(had) + len(missed) >= MOST_PICTURES:
            missed[url] = f"only {MOST_PICTURES} are fetched at once"
            continue
        try:
            had[url] = fetch(url)[1]
        except SendError as error:
            missed[url] = str(error)
    filled = [replace(entry, pictures={**entry.pictures, **{
        url: had[url] for url in REMOTE.findall(entry.fields.body) if url in had}}) for entry in entries]
    return filled, [f"{urlsplit(url).netloc}: {why}" for url, why in missed.items()]
