"""Questions as rows of numbers, by the features that the matcher judges with: the nearer two rows, the more alike."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpdesk.matching import Encoder
from helpdesk.matching.embeddings import unit
from helpdesk.matching.terms import Terms, counted, dense
from helpdesk.matching.text import listed, plain

COLUMNS = 2048          # of words and letters
LEXICAL = 0.5           # their weight beside an encoder, as in the matcher
BATCH = 32              # texts that an encoder gets at a time


def vectors(texts: Sequence[str], background: Sequence[str] = (), encoders: Sequence[Encoder] = ()) -> np.ndarray:
    """One row of length 1 for each text (0 where it has no words). `background`: other texts, which tell what words are
    rare. Takes a tenth of a millisecond per text, and what the encoders take."""
    counts = [counted(listed(text)) for text in texts]
    known = [*counts, *(counted(listed(text)) for text in background)]
    terms = Terms(np.concatenate([slots for slots, _, _ in known] or [np.zeros(0, np.int32)]), len(known))
    rows = unit(dense([terms.vector(one) for one in counts], COLUMNS))
    if not encoders or not len(texts):
        return rows
    said = [plain(text) for text in texts]
    parts = [LEXICAL * rows]
    for encoder in encoders:
        parts.append(np.concatenate([encoder.encode(said[at:at + BATCH]) for at in range(0, len(said), BATCH)])
                     / len(encoders) ** 0.5)
    return unit(np.concatenate(parts, axis=1).astype(np.float32)) * (np.linalg.norm(rows, axis=1, keepdims=True) > 0)
