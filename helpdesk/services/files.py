"""The file store: bytes under their own hash, written before the row that speaks of them."""
from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from helpdesk import settings
from helpdesk.errors import Invalid

INLINE_TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF87a": "image/gif",
                b"GIF89a": "image/gif"}
PLAYED_TYPES = {b"OggS": "audio/ogg", b"ID3": "audio/mpeg", b"\xff\xfb": "audio/mpeg", b"\xff\xf3": "audio/mpeg",
                b"\xff\xf2": "audio/mpeg", b"\xff\xf1": "audio/aac", b"\xff\xf9": "audio/aac",
                b"\x1a\x45\xdf\xa3": "video/webm"}


@dataclass(frozen=True)
class StoredFile:
    """A file that lies in the store."""
    name: str
    content_type: str
    size: int
    sha256: str

    @classmethod
    def of(cls, row) -> StoredFile:
        """The file that a row of a message, reply, macro or article speaks of."""
        return cls(row.name, row.content_type, row.size, row.sha256)


def put(name: str, content_type: str, content: bytes) -> StoredFile:
    """Store bytes and describe them. The name is made harmless. Raises Invalid when they are too many."""
    limit = settings.current().max_upload_mb * 1_000_000
    if len(content) > limit:
        raise Invalid(f"{safe_name(name)} is larger than {settings.current().max_upload_mb} MB.")
    return StoredFile(safe_name(name), content_type[:150] or "application/octet-stream", len(content), save(content))


def save(content: bytes) -> str:
    """Store bytes; returns their SHA-256. The file is complete on disk before it has its name. What is there already
    becomes young again, so that jobs.unneeded_files does not take it for forgotten before a row speaks of it."""
    digest = hashlib.sha256(content).hexdigest()
    target = path(digest)
    with suppress(FileNotFoundError):
        os.utime(target)
        return digest
    if not target.parent.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        _keep_folder(target.parent.parent)
    handle, temporary = tempfile.mkstemp(dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, target)
    except BaseException:       # the disk is full: half a file helps nobody
        os.unlink(temporary)
        raise
    _keep_folder(target.parent)
    return digest


def forget(sha256: str) -> None:
    """Remove the bytes of this hash, if they are there. Only for what no row speaks of any more."""
    path(sha256).unlink(missing_ok=True)


def _keep_folder(folder: Path) -> None:
    """A new name is safe from a power cut once its folder is written."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def path(sha256: str) -> Path:
    """Where the bytes of this hash lie, or would."""
    if len(sha256) != 64 or not all(c in "0123456789abcdef" for c in sha256):
        raise ValueError("not a SHA-256")
    return Path(settings.current().data_dir) / "files" / sha256[:2] / sha256


def content(sha256: str) -> bytes:
    """The bytes of this hash. Raises FileNotFoundError when they are gone."""
    return path(sha256).read_bytes()


def safe_name(name: str) -> str:
    """A file name without path, control or direction-changing characters, at most 150 long."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if c.isprintable() and not 0x202A <= ord(c) <= 0x202E
                   and not 0x2066 <= ord(c) <= 0x2069).strip(" .")
    stem, dot, ending = name.rpartition(".")
    return (stem[:140] + dot + ending[:10] if dot else name[:150]) or "file"


def shown_type(head: bytes) -> str | None:
    """The type of a picture, sound or film that a browser may show, told by its first bytes; None for all else."""
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:12] in (b"M4A ", b"M4B ") else "video/mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    return picture_type(head) or next((kind for magic, kind in PLAYED_TYPES.items() if head.startswith(magic)), None)


def picture_type(head: bytes) -> str | None:
    """The type of a picture that is safe to show inline, told by its first bytes; None for everything else."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in INLINE_TYPES.items() if head.startswith(magic)), None)
