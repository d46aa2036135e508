"""Vectors of phrasings: taken from what was stored, the rest computed. Pure."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from helpdesk.matching.encoder import Encoder
from helpdesk.matching.text import key, plain

AT_ONCE = 64        # texts that are encoded in one go

# Per name of an encoder: the key of a text (text.key) -> its vector, float16.
Vectors = Mapping[str, Mapping[str, np.ndarray]]


def embedded(encoder: Encoder, texts: Sequence[str], stored: Mapping[str, np.ndarray],
             new: dict[str, np.ndarray]) -> np.ndarray:
    """One row of length 1 per text, float32. What had to be computed is put into `new`."""
    result = np.empty((len(texts), encoder.dim), np.float32)
    missing: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        name = key(text)
        found = stored.get(name)
        if found is None:
            found = new.get(name)
        if found is None or len(found) != encoder.dim:
            missing.setdefault(name, []).append(row)
        else:
            result[row] = found
    names = list(missing)
    for part in _parts(names):
        for name, vector in zip(part, encoder.encode([plain(texts[missing[one][0]]) for one in part]), strict=True):
            new[name] = vector.astype(np.float16)
            result[missing[name]] = new[name]
    return unit(result)


def unit(rows: np.ndarray) -> np.ndarray:
    """The rows with length 1; empty ones stay empty."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(lengths, 1e-9)


def _parts(names: list[str]) -> Iterable[list[str]]:
    return (names[at:at + AT_ONCE] for at in range(0, len(names), AT_ONCE))
