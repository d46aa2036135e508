"""Where the line of wrong answers against answered messages runs. Plain numbers; the template draws them."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.matching.curve import ENOUGH, Point

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 10, 40
TOPS = (0.1, 0.2, 0.5, 1.0)     # where the upright axis may end


@dataclass(frozen=True)
class Chart:
    """A line through `path` (an SVG list of points); `across`: (y, share of wrong answers), `along`: (x, share
    answered); `mark`: the chosen point, `limit`: how high a chosen share of wrong answers lies."""
    path: str
    across: list[tuple[float, float]]
    along: list[tuple[float, float]]
    mark: tuple[float, float] | None
    limit: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    floor: int = HEIGHT - BOTTOM


def chart(points: Sequence[Point], chosen: Point | None, wrong: float) -> Chart | None:
    """Of the points with answers enough to tell; None when there are none."""
    told = [one for one in points if one.count >= ENOUGH]
    if not told:
        return None
    top = next(one for one in TOPS if one >= max(wrong, *(point.wrong for point in told)) or one == TOPS[-1])

    def place(answered: float, share: float) -> tuple[float, float]:
        return (round(LEFT + answered * (WIDTH - LEFT - RIGHT), 1),
                round(HEIGHT - BOTTOM - share / top * (HEIGHT - TOP - BOTTOM), 1))
    return Chart(" ".join("{},{}".format(*place(one.answered, one.wrong)) for one in told),
                 [(place(0, top * n / 5)[1], top * n / 5) for n in range(6)],
                 [(place(n / 5, 0)[0], n / 5) for n in range(6)],
                 place(chosen.answered, chosen.wrong) if chosen else None,
                 place(0, wrong)[1] if wrong <= top else None)
