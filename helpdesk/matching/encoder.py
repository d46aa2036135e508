"""What a sentence encoder is to the matcher: something that adds columns. Pure."""
from __future__ import annotations

from typing import Protocol

import numpy as np


class Encoder(Protocol):
    """Turns texts into vectors. Without any encoder the matcher works from words and letters alone."""
    name: str       # part of the key under which vectors are stored: another model or another version is another name
    dim: int        # numbers in a vector

    def encode(self, texts: list[str]) -> np.ndarray:
        """One row of length 1 per text, float32, in the order of the texts. Must be safe to call from a thread."""
        ...
