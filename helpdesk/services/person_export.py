"""Everything that is held of one person, in one archive: JSON for machines, a page for people, and the files.

Field names are those of the database and stay (docs/privacy.md lists the files). What others said in confidence, notes
and asides to third parties, is in it where `with_notes` says so; hidden readers of a mail and secrets never are.
"""
from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Table, and_, select
from sqlalchemy.orm import Session

from helpdesk import __version__
from helpdesk.clock import now
from helpdesk.models import Attachment, Base, Contact, Message, RawInbound
from helpdesk.services import export_page, files, persons
from helpdesk.services.personal_data import TABLES

FORMAT, VERSION = "helpdesk-person", 1
BATCH = 500
SECRET = {"token_hash", "nonce", "reply_token", "search", "work"}
INSIDE = ("note", "aside")      # kinds of messages that the person never saw


def write(session: Session, contact_id: int, target: Path, with_notes: bool = True) -> dict[str, int]:
    """Write the archive to `target`; the session is to see one state throughout. Returns how much of what is in it.
    Rows are read in batches and files are copied in blocks, however large the person is."""
    ids = persons.records(session, contact_id)
    own = persons.owned(ids, persons.named(session, ids))
    counts: dict[str, int] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name, held in TABLES.items():
            if held.export:
                table = Base.metadata.tables[name]
                condition = persons.said_of(table, held.by, own)
                if name == "message" and not with_notes:
                    condition = and_(condition, table.c.kind.not_in(INSIDE))
                counts[held.export] = _rows(archive, f"{held.export}.json", _found(session, table, condition))
        shown = select(Message.id).where(Message.id.in_(own["message"]))
        if not with_notes:
            shown = shown.where(Message.kind.not_in(INSIDE))
        counts["files"] = _files(session, archive, shown)
        counts["originals"] = _originals(session, archive, own["message"])
        _page(session, archive, contact_id, own["ticket"], shown, counts)
        archive.writestr("export.json", json.dumps({
            "format": FORMAT, "version": VERSION, "made_at": now().isoformat(timespec="seconds"),
            "helpdesk": __version__, "contact": contact_id, "records": ids, "with_notes": with_notes,
            "counts": counts}, indent=1))
    return counts


def _found(session: Session, table: Table, condition) -> Iterator[dict]:
    """The rows as dicts, a batch at a time."""
    key = table.primary_key.columns.values()[0]
    columns = [column for column in table.c if column.name not in SECRET]
    if "id" not in table.c:         # few: who takes part where
        yield from (dict(row._mapping) for row in session.execute(select(*columns).where(condition).order_by(key)))
        return
    after = 0
    while rows := session.execute(select(*columns).where(condition, key > after).order_by(key).limit(BATCH)).all():
        yield from (_open(dict(row._mapping)) for row in rows)
        after = rows[-1].id


def _open(row: dict) -> dict:
    """Without those who read a mail hidden from everybody."""
    if isinstance(row.get("payload"), dict):
        row["payload"] = {key: value for key, value in row["payload"].items() if key != "bcc"}
    return row


def _rows(archive: zipfile.ZipFile, name: str, rows: Iterator[dict]) -> int:
    count = 0
    with archive.open(name, "w", force_zip64=True) as out:
        for row in rows:
            out.write(b",\n" if count else b"[\n")
            out.write(json.dumps(row, default=_plain, ensure_ascii=False).encode())
            count += 1
        out.write(b"\n]\n" if count else b"[]\n")
    return count


def _plain(value) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _files(session: Session, archive: zipfile.ZipFile, messages) -> int:
    """files/<message>-<attachment>-<name>, for each that is here."""
    count, after = 0, 0
    while rows := session.scalars(select(Attachment).where(
            Attachment.message_id.in_(messages), Attachment.sha256 != "", Attachment.id > after)
            .order_by(Attachment.id).limit(BATCH)).all():
        for one in rows:
            if (path := files.path(one.sha256)).exists():
                archive.write(path, file_name(one))
                count += 1
        after = rows[-1].id
    return count


def file_name(one: Attachment) -> str:
    """Where an attachment lies in the archive."""
    return f"files/{one.message_id}-{one.id}-{files.safe_name(one.name)}"


def _originals(session: Session, archive: zipfile.ZipFile, messages) -> int:
    """originals/<id>.eml, or .txt for calls of a platform; of calls that brought several people's messages none."""
    count, after = 0, 0
    while ids := list(session.scalars(select(Message.raw_id).distinct().where(
            Message.id.in_(messages), Message.direction == "in", Message.raw_id > after)
            .order_by(Message.raw_id).limit(BATCH))):
        shared = set(session.scalars(select(Message.raw_id).where(
            Message.raw_id.in_(ids), Message.id.not_in(messages))))
        for number in sorted({*ids} - shared):
            count += _original(session, archive, number)
        after = ids[-1]
    return count


def _original(session: Session, archive: zipfile.ZipFile, number: int) -> bool:
    row = session.execute(select(RawInbound.method, RawInbound.body, RawInbound.sha256).where(
        RawInbound.id == number)).one()
    name = f"originals/{number}.{'eml' if row.method == 'MAIL' else 'txt'}"
    if row.body:
        archive.writestr(name, row.body)
    elif row.sha256 and files.path(row.sha256).exists():
        archive.write(files.path(row.sha256), name)
    else:
        return False
    return True


def _page(session: Session, archive: zipfile.ZipFile, contact_id: int, tickets, shown, counts: dict) -> None:
    with archive.open("index.html", "w", force_zip64=True) as out:
        for part in export_page.parts(session, session.get(Contact, contact_id), tickets, shown, counts, file_name):
            out.write(part.encode())
