"""A file, a folder or a ZIP as names and bytes. What comes from outside may be made to do harm: a ZIP that would write
elsewhere, or is small and holds terabytes, is refused as a whole."""
from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path, PurePosixPath

from helpdesk.errors import Invalid

MOST = 10_000               # files
LARGEST = 20_000_000        # bytes of one
TOTAL = 300_000_000         # bytes of all
DEEPEST = 12                # folders
SKIPPED = ("__MACOSX", ".DS_Store", ".git", "Thumbs.db")


def opened(name: str, content: bytes) -> dict[str, bytes]:
    """The files in what was uploaded, by their path with /. Raises Invalid."""
    if content[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _unpacked(content)
    if len(content) > LARGEST:
        raise Invalid(f"A file may have at most {LARGEST // 1_000_000} MB. Put several into a ZIP.")
    return {PurePosixPath(name.replace("\\", "/")).name or "file": content}


def found(path: Path) -> dict[str, bytes]:
    """The same for a path on this machine. Links in a folder are not followed. Raises Invalid."""
    if path.is_file():
        return opened(path.name, path.read_bytes())
    if not path.is_dir():
        raise Invalid(f"There is no file or folder {path}.")
    files: dict[str, bytes] = {}
    total = 0
    for one in sorted(path.rglob("*")):
        name = one.relative_to(path).as_posix()
        if one.is_symlink() or not one.is_file() or _skipped(name):
            continue
        total += one.stat().st_size
        _require_room(len(files), one.stat().st_size, total)
        files[name] = one.read_bytes()
    return files


def _unpacked(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                name = _name(entry)
                if entry.is_dir() or _skipped(name):
                    continue
                _require_room(len(files), entry.file_size, total + entry.file_size)
                with archive.open(entry) as file:
                    data = file.read(LARGEST + 1)       # what the header says of the size is only a claim
                total += len(data)
                _require_room(len(files), len(data), total)
                files[name] = data
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise Invalid(f"This ZIP cannot be read: {error}") from error
    return files


def _name(entry: zipfile.ZipInfo) -> str:
    name = entry.filename.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0] if path.parts else True:
        raise Invalid(f"This ZIP would write outside its folder ({name[:80]!r}). It is refused.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Invalid(f"This ZIP holds a link ({name[:80]!r}). It is refused.")
    if entry.flag_bits & 1:
        raise Invalid("This ZIP is locked with a password. Unpack it first.")
    if len(path.parts) > DEEPEST:
        raise Invalid(f"This ZIP has folders more than {DEEPEST} deep.")
    return path.as_posix()


def _require_room(count: int, size: int, total: int) -> None:
    if count >= MOST or size > LARGEST or total > TOTAL:
        raise Invalid(f"That is too much at once: at most {MOST:,} files, {LARGEST // 1_000_000} MB each and "
                      f"{TOTAL // 1_000_000} MB together.")


def _skipped(name: str) -> bool:
    return any(part in SKIPPED for part in name.split("/"))
