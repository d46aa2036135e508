"""What `helpdesk doctor` and the system page look at. A check reports and mends nothing; it creates nothing either."""
from __future__ import annotations

from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class Finding:
    """What one check saw. `state` is ok, warn (works, but somebody should look) or fail (something does not work);
    `fix` says what to do, and is empty when all is well."""
    name: str
    state: str
    says: str
    fix: str = ""


def many(count: int, word: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def good(name: str, says: str) -> Finding:
    """All is well."""
    return Finding(name, OK, says)


def warn(name: str, says: str, fix: str) -> Finding:
    """It works, but somebody should look."""
    return Finding(name, WARN, says, fix)


def fail(name: str, says: str, fix: str) -> Finding:
    """Something does not work."""
    return Finding(name, FAIL, says, fix)
