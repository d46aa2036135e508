"""Where the bars of a stacked chart stand. Plain numbers; the template draws them."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 720, 220
LEFT, TOP, BOTTOM = 36, 8, 24
LABELS = 8          # dates below the bars; more would run into one another


@dataclass(frozen=True)
class Bar:
    """One part of one column. `series` counts from 0 in the order of the channels."""
    x: float
    y: float
    width: float
    height: float
    day: date
    days: int
    name: str
    series: int
    count: int


@dataclass(frozen=True)
class Chart:
    """Bars, lines across (y, number), dates below (x, date), in units of WIDTH × HEIGHT."""
    bars: list[Bar]
    lines: list[tuple[float, int]]
    dates: list[tuple[float, date]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def stacked(columns: Sequence[tuple[date, dict[str, int]]], step: int, last: date, names: Sequence[str]) -> Chart:
    """One column per entry of `columns`, `step` days long but none beyond `last`; parts in the order of `names`."""
    highest, gap = _round_up(max((sum(parts.values()) for _, parts in columns), default=0))
    floor, slot = HEIGHT - BOTTOM, (WIDTH - LEFT) / max(1, len(columns))
    scale = (floor - TOP) / highest
    bars = []
    for n, (day, parts) in enumerate(columns):
        y = floor
        for series, name in enumerate(names):
            if count := parts.get(name, 0):
                height = count * scale
                y -= height
                bars.append(Bar(round(LEFT + n * slot + slot * 0.1, 2), round(y, 2), round(min(slot * 0.8, 48), 2),
                                round(height, 2), day, min(step, (last - day).days + 1), name, series, count))
    lines = [(round(floor - value * scale, 2), value) for value in range(0, highest + 1, gap)]
    every = -(-len(columns) // LABELS)
    dates = [(round(LEFT + n * slot + min(slot * 0.8, 48) / 2 + slot * 0.1, 2), day)
             for n, (day, _) in enumerate(columns) if n % every == 0]
    return Chart(bars, lines, dates)


def last_day(bar: Bar) -> date:
    """The last day a bar stands for."""
    return bar.day + timedelta(days=bar.days - 1)


def _round_up(highest: int) -> tuple[int, int]:
    """The top of the axis and the distance of its lines: 1, 2 or 5 times a power of ten, at most five lines."""
    power = 1
    while True:
        for gap in (power, 2 * power, 5 * power):
            if highest <= 4 * gap:
                return max(gap, -(-highest // gap) * gap), gap
        power *= 10
