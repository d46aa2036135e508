"""The archive: a tar.gz with the database, the files under their hashes, and a manifest that vouches for both."""
from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

from helpdesk.errors import Invalid

FORMAT = 1
MANIFEST = "manifest.json"
DATABASES = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
STORED = re.compile(r"files/([0-9a-f]{2})/\1[0-9a-f]{62}")
FIELDS = {"version": str, "made_at": str, "schema": str, "database": str, "counts": dict, "key": str, "members": dict}
PACKED = 3      # gzip level: attachments hardly shrink, and the machine has other work


@dataclass
class Manifest:
    """What the archive says of itself. `members` maps names to SHA-256, `counts` tables to rows."""
    version: str
    made_at: str
    schema: str
    database: str
    counts: dict[str, int]
    key: str
    members: dict[str, str]


class _Hashed(io.RawIOBase):
    """Reads a file and remembers the hash of what was read: what was packed is what is vouched for."""

    def __init__(self, file):
        super().__init__()
        self.file, self.sha256 = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.sha256.update(block)
        return block


def pack(target: Path, manifest: Manifest, database: Path, files: Path) -> None:
    """Write the archive and fill in manifest.members. The manifest comes last, when all hashes are known."""
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        with tarfile.open(fileobj=out, mode="w:gz", compresslevel=PACKED) as tar:
            _add(tar, manifest, database.name, database)
            for path in sorted(files.glob("??/*")):
                name = f"files/{path.parent.name}/{path.name}"
                if STORED.fullmatch(name):      # others are files that are being written just now
                    _add(tar, manifest, name, path)
            text = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1).encode()
            info = tarfile.TarInfo(MANIFEST)
            info.size, info.mode = len(text), 0o600
            tar.addfile(info, io.BytesIO(text))
        out.flush()
        os.fsync(out.fileno())


def unpack(source: Path, folder: Path) -> Manifest:
    """Extract into `folder` and check everything: known names only, each once, plain files, the hashes of the manifest.
    Raises Invalid with what is wrong; the caller throws `folder` away."""
    hashes: dict[str, str] = {}
    text = b""
    try:
        with tarfile.open(source, mode="r:gz") as tar:
            for member in tar:
                name = member.name
                if not member.isreg() or not (name == MANIFEST or name in DATABASES.values() or STORED.fullmatch(name)):
                    raise Invalid(f"{source} holds something that no backup of ours holds: {name!r}. "
                                  "Nothing was changed.")
                if name in hashes or name == MANIFEST and text:
                    raise Invalid(f"{source} holds {name} twice. Nothing was changed.")
                content = tar.extractfile(member)
                if name == MANIFEST:
                    text = content.read()
                else:
                    hashes[name] = _extract(content, folder / name)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as problem:
        raise Invalid(f"{source} cannot be read as a backup: {problem}. Nothing was changed.") from problem
    manifest = _manifest(source, text)
    if hashes != manifest.members or DATABASES.get(manifest.database) not in hashes:
        wrong = sorted(name for name in {*hashes, *manifest.members} if hashes.get(name) != manifest.members.get(name))
        raise Invalid(f"{source} is damaged or was changed: {', '.join(wrong[:3]) or 'the database is missing'}. "
                      "Nothing was changed here.")
    return manifest


def sync(folder: Path) -> None:
    """Make a rename in this folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _add(tar: tarfile.TarFile, manifest: Manifest, name: str, path: Path) -> None:
    with path.open("rb") as file:
        info = tarfile.TarInfo(name)
        status = os.fstat(file.fileno())
        info.size, info.mtime, info.mode = status.st_size, int(status.st_mtime), 0o600
        hashed = _Hashed(file)
        tar.addfile(info, hashed)
    manifest.members[name] = hashed.sha256.hexdigest()


def _extract(content, target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    hashed = _Hashed(content)
    with target.open("xb") as out:
        shutil.copyfileobj(hashed, out, 1 << 20)
        out.flush()
        os.fsync(out.fileno())
    return hashed.sha256.hexdigest()


def _manifest(source: Path, text: bytes) -> Manifest:
    try:
        given = json.loads(text)
        if given.pop("format") != FORMAT or any(type(given.get(key)) is not kind for key, kind in FIELDS.items()):
            raise ValueError("unknown format")
        return Manifest(**given)
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
        raise Invalid(f"{source} has no manifest that this helpdesk understands. Nothing was changed.") from problem
