"""Softmax regression, fitted by L-BFGS. Pure NumPy."""
from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

REMEMBERED = 8      # steps that shape the next one
HALVINGS = 12
ENOUGH = 1e-5
RIDGE = 1e-4        # keeps the triangle of nearly equal examples finite

Loss = Callable[[np.ndarray], tuple[float, np.ndarray]]


def fit(features: np.ndarray, labels: np.ndarray, classes: int, strength: np.ndarray, rounds: int = 60,
        start: np.ndarray | None = None) -> np.ndarray:
    """Weights of shape (columns + 1, classes) by which `features` predict `labels`; the last row is added to all.

    `strength` says of each example how much it counts against the wish for small weights. `start` is where to begin.
    """
    count, columns = features.shape
    if count >= columns:
        return minimised(_softmax(features, labels, strength), np.zeros((columns + 1, classes), np.float32)
                         if start is None else start, rounds)
    # Fewer examples than columns: the best weights are a mixture of the examples, so a triangle of the examples'
    # products says the same in fewer columns.
    triangle = np.linalg.cholesky(features @ features.T + np.float32(RIDGE) * np.eye(count, dtype=np.float32))
    small = minimised(_softmax(triangle, labels, strength), np.zeros((count + 1, classes), np.float32), rounds)
    return np.vstack([features.T @ np.linalg.solve(triangle.T, small[:-1]), small[-1:]])


def fit_column(features: np.ndarray, own: np.ndarray, others: np.ndarray, strength: np.ndarray,
               rounds: int = 30) -> np.ndarray:
    """Weights (columns + 1) of one more class while the others stay: `own` says which examples are its, `others` is
    the log of the summed exponentials of the other classes' scores."""
    count = len(features)
    triangle = np.linalg.cholesky(features @ features.T + np.float32(RIDGE) * np.eye(count, dtype=np.float32))

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        lead = triangle @ at[:-1] + at[-1] - others
        value = float(strength @ (np.logaddexp(0, lead) - own * lead)) + 0.5 * float(at[:-1] @ at[:-1])
        wrong = strength * (0.5 * (1 + np.tanh(0.5 * lead)) - own)
        return value, np.append(triangle.T @ wrong + at[:-1], wrong.sum()).astype(np.float32)

    small = minimised(loss, np.zeros(count + 1, np.float32), rounds)
    return np.append(features.T @ np.linalg.solve(triangle.T, small[:-1]), small[-1])


def minimised(loss: Loss, start: np.ndarray, rounds: int, enough: float = ENOUGH) -> np.ndarray:
    """Where a smooth function (value and slope) is smallest, or as far as so many rounds lead from `start`. A round
    that gains no larger part of the value than `enough` is the last one."""
    at = start.astype(np.float32)
    value, slope = loss(at)
    history: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=REMEMBERED)
    for _ in range(rounds):
        direction = _direction(slope, history)
        descent, step = float(np.vdot(slope, direction)), 1.0
        for _ in range(HALVINGS):
            there = at + np.float32(step) * direction
            new_value, new_slope = loss(there)
            if new_value <= value + 1e-4 * step * descent:
                break
            step *= 0.5
        else:
            break
        moved, turned = there - at, new_slope - slope
        bend = float(np.vdot(moved, turned))
        if bend > 1e-10:
            history.append((moved, turned, 1 / bend))
        done = abs(value - new_value) < enough * max(1.0, abs(value))
        at, value, slope = there, new_value, new_slope
        if done:
            break
    return at


def _softmax(features: np.ndarray, labels: np.ndarray, strength: np.ndarray) -> Loss:
    rows, strength = np.arange(len(features)), strength.astype(np.float32)

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        scores = features @ at[:-1]
        scores += at[-1]
        scores -= scores.max(1, keepdims=True)
        right = scores[rows, labels].copy()
        np.exp(scores, out=scores)
        total = scores.sum(1)
        value = float(strength @ (np.log(total) - right)) + 0.5 * float(np.vdot(at[:-1], at[:-1]))
        scores /= total[:, None]
        scores[rows, labels] -= 1
        scores *= strength[:, None]
        slope = np.empty_like(at)
        np.matmul(features.T, scores, out=slope[:-1])
        slope[:-1] += at[:-1]
        slope[-1] = scores.sum(0)
        return value, slope

    return loss


def _direction(slope: np.ndarray, history: deque[tuple[np.ndarray, np.ndarray, float]]) -> np.ndarray:
    """Where to go next: down the slope, bent by what the last steps taught about the curvature."""
    way = slope.copy()
    kept = []
    for moved, turned, inverse in reversed(history):
        part = inverse * float(np.vdot(moved, way))
        kept.append(part)
        way -= np.float32(part) * turned
    if history:
        moved, turned, inverse = history[-1]
        way *= np.float32(1 / (inverse * float(np.vdot(turned, turned))))
    else:
        way *= np.float32(1 / max(1e-9, float(np.sqrt(np.vdot(slope, slope)))))
    for (moved, turned, inverse), part in zip(history, reversed(kept), strict=True):
        way += moved * np.float32(part - inverse * float(np.vdot(turned, way)))
    return -way
