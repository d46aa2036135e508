"""How often an assistant would answer by itself, and how often wrongly, for every confidence it may wait for. Pure."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STEPS = 100             # the cuts: 0.00, 0.01 … 1.00
ENOUGH = 20             # answers below which a share of wrong ones says nothing


@dataclass(frozen=True)
class Judged:
    """One message of which it is known what is right. `weight`: for how many messages it stands."""
    score: float        # of the best answer found
    right: bool         # whether that one is the right one
    weight: float = 1.0


@dataclass(frozen=True)
class Point:
    """With this cut: which share of all messages is answered, which share of the answers is wrong, and how many of the
    messages that were tried that is."""
    cut: float
    answered: float
    wrong: float
    count: int


def curve(judged: Iterable[Judged]) -> list[Point]:
    """A point for every cut, the lowest first; nothing when there are no messages."""
    ordered = sorted(judged, key=lambda one: -one.score)
    everything = sum(one.weight for one in ordered)
    points, at, answered, wrong = [], 0, 0.0, 0.0
    for step in range(STEPS, -1, -1):
        cut = step / STEPS
        while at < len(ordered) and ordered[at].score >= cut:
            answered += ordered[at].weight
            wrong += 0 if ordered[at].right else ordered[at].weight
            at += 1
        points.append(Point(cut, answered / (everything or 1), wrong / (answered or 1), at))
    return points[::-1] if ordered else []


def at_most(points: Sequence[Point], wrong: float) -> Point | None:
    """The lowest cut from which on never more than this share of the answers is wrong. None when even the surest
    answers are wrong more often, or are too few to tell."""
    best = None
    for point in reversed(points):
        if point.count and point.wrong > wrong and point.count >= ENOUGH:
            break
        if point.count >= ENOUGH and point.wrong <= wrong:
            best = point
    return best


def at(points: Sequence[Point], cut: float) -> Point | None:
    """What this cut means: the point of the next cut that is not below it."""
    return next((point for point in points if point.cut >= cut - 1e-9), None)
