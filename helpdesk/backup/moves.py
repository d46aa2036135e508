"""Renames that belong together: when one fails, the ones before it are taken back."""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Moves:
    """What was moved so far. `kept` lists where old things are now."""

    def __init__(self, stamp: str):
        self.stamp, self.kept = stamp, []
        self._done: list[tuple[Path, Path]] = []

    def into_place(self, new: Path, present: Path) -> None:
        """Put `new` where `present` is; what was there gets the stamp in its name."""
        self.aside(present)
        self._move(new, present)

    def aside(self, present: Path, ending: str = "") -> None:
        """Give `present` + `ending` a name with the stamp, if it is there."""
        old = present.with_name(present.name + ending)
        if old.exists():
            self._move(old, present.with_name(f"{present.name}.{self.stamp}{ending}"))
            if not ending:
                self.kept.append(self._done[-1][1])

    def _move(self, source: Path, target: Path) -> None:
        os.rename(source, target)
        self._done.append((source, target))

    def take_back(self) -> None:
        """Undo everything, the last first."""
        for source, target in reversed(self._done):
            os.rename(target, source)


@contextmanager
def together(stamp: str) -> Iterator[Moves]:
    """Moves that are taken back when the block raises."""
    moves = Moves(stamp)
    try:
        yield moves
    except BaseException:
        moves.take_back()
        raise
