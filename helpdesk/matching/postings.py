"""How alike a text is to each of many: an index from terms to the texts that have them. Pure."""
from __future__ import annotations

import numpy as np

from helpdesk.matching.rows import Rows
from helpdesk.matching.terms import SLOTS, Sparse

MANY = 2_000        # texts from which on common terms are passed over …
OFTEN = 1 / 12      # … those that more than such a part has: they tell little and cost most


class Postings:
    """Texts as sparse rows, and for each term the rows that have it."""

    def __init__(self, rows: Rows):
        order = np.argsort(rows.slots, kind="stable")
        self.size = len(rows)
        self._values = rows.values[order]
        self._rows = np.repeat(np.arange(self.size, dtype=_numbers(self.size)), rows.lengths)[order]
        self._start = np.zeros(SLOTS + 1, np.int32)
        np.cumsum(np.bincount(rows.slots, minlength=SLOTS), out=self._start[1:])

    def with_more(self, rows: Rows) -> Postings:
        """The same with further rows at the end."""
        new, merged = Postings(rows), Postings.__new__(Postings)
        at = np.repeat(self._start[1:], np.diff(new._start))
        merged.size = self.size + new.size
        numbers = _numbers(merged.size)
        merged._values = np.insert(self._values, at, new._values)
        merged._rows = np.insert(self._rows.astype(numbers, copy=False), at, new._rows.astype(numbers) + self.size)
        merged._start = self._start + new._start
        return merged

    def alike(self, vector: Sparse) -> np.ndarray:
        """The cosine of each row with the vector, as far as the telling terms go."""
        slots, values = vector
        begin, end = self._start[slots], self._start[slots + 1]
        count = end - begin
        use = count > 0
        if self.size > MANY:
            use &= count <= max(200, self.size * OFTEN)
        if not use.any():
            return np.zeros(self.size, np.float32)
        having = [slice(*ends) for ends in zip(begin[use].tolist(), end[use].tolist(), strict=True)]
        return np.bincount(np.concatenate([self._rows[one] for one in having]),
                           np.concatenate([self._values[one] for one in having]) * np.repeat(values[use], count[use]),
                           self.size).astype(np.float32)


def _numbers(size: int) -> type:
    """What so many rows can be numbered with."""
    return np.uint16 if size <= 1 << 16 else np.int32
