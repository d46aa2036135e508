"""What a bench found: one figure a line, beside the floor that was measured in the same run."""
from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
POSTGRES = os.environ.get("HELPDESK_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
TOOLS = Path(os.environ.get("HELPDESK_BENCH_TOOLS", ROOT.parent / "shared" / "bench"))


class Missing(Exception):
    """Something that a bench needs is not here; the sentence says what."""


@dataclass(frozen=True)
class Figure:
    """`value` and `floor` are in `unit`. The goal holds for value/floor, or for the value where there is no floor:
    at most `most`, or at least `least`."""
    name: str
    value: float
    unit: str
    floor: float | None = None
    most: float | None = None
    least: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a share of the floor."""
        return self.value / self.floor if self.floor else None

    @property
    def goal(self) -> str:
        """The goal in words; '' when none was set."""
        times = " × floor" if self.floor else f" {self.unit}"
        if self.most is not None:
            return f"≤ {self.most:g}{times}"
        return f"≥ {self.least:g}{times}" if self.least is not None else ""

    @property
    def verdict(self) -> str:
        """ok, missed, or '' without a goal."""
        if not self.goal:
            return ""
        got = self.value if self.ratio is None else self.ratio
        good = got <= self.most if self.most is not None else got >= self.least
        return "ok" if good else "missed"


def table(figures: Sequence[Figure]) -> str:
    """All figures, in columns."""
    rows = [("figure", "measured", "floor", "ratio", "goal", "")]
    for one in figures:
        rows.append((one.name, f"{one.value:.4g} {one.unit}", "" if one.floor is None else f"{one.floor:.4g}",
                     "" if one.ratio is None else f"{one.ratio:.2f}", one.goal, one.verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                     for row in rows)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return quantile(values, 0.5)


def tool(name: str) -> Path:
    """A harness outside the repository. Raises Missing."""
    path = TOOLS / name
    if not path.is_file():
        raise Missing(f"there is no {path}; set HELPDESK_BENCH_TOOLS to the folder of the harnesses")
    return path
