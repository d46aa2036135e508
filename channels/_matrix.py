"""What each channel can do, as a table. The README's is made by `helpdesk channel list --markdown`, and tested."""
from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from channels.base import Channel, Status

HEADS = ("Channel", "Free answers", "One text", "One file", "Buttons", "Told of", "Typing", "Reported back", "Remarks")
HEARD = ("edits", "unsends", "reactions", "echoes")
WORDS = {"edits": "corrections", "unsends": "messages taken back", "reactions": "reactions",
         "echoes": "answers given elsewhere"}
REPORTS = (Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED)
NONE = "–"


def rows(kinds: Iterable[type[Channel]]) -> list[tuple[str, ...]]:
    """One row of plain words for each channel, by label."""
    return [_row(kind) for kind in sorted(kinds, key=lambda kind: kind.label.lower())]


def markdown(kinds: Iterable[type[Channel]]) -> str:
    """The table for the README."""
    lines = [HEADS, tuple("---" for _ in HEADS), *rows(kinds)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(kinds: Iterable[type[Channel]]) -> str:
    """The same for a terminal: a paragraph for each."""
    return "\n\n".join("\n".join([row[0], *(f"  {head}: {value}" for head, value in zip(HEADS[1:], row[1:], strict=True)
                                            if value not in ("", NONE))]) for row in rows(kinds))


def _row(kind: type[Channel]) -> tuple[str, ...]:
    can = kind.can
    window = _time(can.reply_window) + (", then templates" if can.templates else "") if can.reply_window else "always"
    typing = {(False, False): NONE, (True, False): "ours", (False, True): "theirs", (True, True): "both"}[
        (can.typing, "typing" in can.hears)]
    return (kind.label, window, f"{can.text_limit:,}", _size(can.file_limit) if can.files else NONE,
            str(can.buttons) if can.buttons else "numbered lines",
            ", ".join(WORDS[one] for one in HEARD if one in can.hears) or NONE, typing,
            ", ".join(one.value for one in REPORTS if one in can.receipts), kind.remarks)


def _time(window: timedelta) -> str:
    hours = int(window.total_seconds() // 3600)
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"


def _size(limit: int) -> str:
    return f"{limit // 2**20} MB" if limit % 2**20 == 0 else f"{limit // 1_000_000} MB"
