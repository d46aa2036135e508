"""Putting questions together that mean the same, by how near their vectors are. Pure: numbers in, numbers out.

Each question joins the nearest group, or begins one (leader clustering, in the order given); then groups that are each
other's nearest are joined while they are near enough. Near is the average over all pairs of their members (average
link), which does not let a group grow by its sheer size. The same input gives the same groups, on every machine.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ROWS = 256          # compared with all others at a time
ROUNDS = 12         # of joining; each at least halves what can still be joined


def joined(vectors: np.ndarray, sums: np.ndarray, sizes: Sequence[int], least: float) -> list[int]:
    """For each row the number of the group it joins. `sums` holds the sum of the vectors of each group that is there,
    `sizes` how many they are; numbers from len(sums) on are new groups. Rows have length 1, or 0 when nothing is known
    of them: those stay alone."""
    room = np.zeros((len(sums) + len(vectors), vectors.shape[1]), np.float32)
    room[:len(sums)] = sums
    members = np.ones(len(room), np.float32)
    members[:len(sums)] = sizes
    count, found = len(sums), []
    for vector in vectors:
        near = (room[:count] @ vector / members[:count]).round(5)
        best = int(near.argmax()) if count else -1
        if count == 0 or near[best] < least:
            best, count = count, count + 1
            members[best] = 0
        room[best] += vector
        members[best] += 1
        found.append(best)
    return found


def groups(vectors: np.ndarray, least: float) -> list[int]:
    """For each row the number of its group, from 0 on in the order of their first members."""
    if not len(vectors):
        return []
    labels = np.array(joined(vectors, np.zeros((0, vectors.shape[1]), np.float32), (), least))
    for _ in range(ROUNDS):
        count = int(labels.max()) + 1
        sums = np.zeros((count, vectors.shape[1]), np.float32)
        np.add.at(sums, labels, vectors)
        into = _pairs(sums / np.bincount(labels)[:, None].astype(np.float32), least)
        if (into == np.arange(count)).all():
            break
        labels = into[labels]
        labels = np.unique(labels, return_inverse=True)[1]
    return _in_order(labels)


def middle(vectors: np.ndarray) -> int:
    """The row that is nearest to all the others; the first of several."""
    return int((vectors @ vectors.sum(0)).round(5).argmax())


def _pairs(middles: np.ndarray, least: float) -> np.ndarray:
    """For each group the one it goes into: the lower number of two that are each other's nearest, else itself."""
    count = len(middles)
    nearest, near = np.zeros(count, int), np.zeros(count, np.float32)
    for start in range(0, count, ROWS):
        part = (middles[start:start + ROWS] @ middles.T).round(5)
        rows = np.arange(len(part))
        part[rows, start + rows] = -1
        nearest[start:start + ROWS] = part.argmax(1)
        near[start:start + ROWS] = part.max(1)
    into = np.arange(count)
    for one in range(count):
        other = nearest[one]
        if near[one] >= least and nearest[other] == one:
            into[one] = min(one, other)
    return into


def _in_order(labels: Sequence[int]) -> list[int]:
    order: dict[int, int] = {}
    return [order.setdefault(int(label), len(order)) for label in labels]
