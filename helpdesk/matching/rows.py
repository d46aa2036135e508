"""Many sparse vectors in three arrays: an array or two for each would take half as much memory again. Pure."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from helpdesk.matching.terms import Sparse

AT_ONCE = 256       # vectors that are put together in one go: the memory of small arrays never comes back in one piece


class Rows(Sequence):
    """Slots and values of one row after the other, and where each begins. Never changed once made."""

    def __init__(self, vectors: Iterable[Sparse] = ()):
        slots, values, lengths, given = [np.zeros(0, np.int32)], [np.zeros(0, np.float32)], [], iter(vectors)
        while part := list(islice(given, AT_ONCE)):
            slots.append(np.concatenate([one for one, _ in part]).astype(np.int32, copy=False))
            values.append(np.concatenate([one for _, one in part]))
            lengths += [len(one) for one, _ in part]
        self._put(np.concatenate(slots), np.concatenate(values), np.array(lengths, np.int32))

    def _put(self, slots: np.ndarray, values: np.ndarray, lengths: np.ndarray) -> None:
        self.slots, self.values, self.lengths = slots, values, lengths
        self._ends = np.append(0, np.cumsum(lengths))

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, row: int) -> Sparse:
        return self.between(row, row + 1)

    def __iter__(self) -> Iterator[Sparse]:
        return (self[row] for row in range(len(self)))

    def between(self, begin: int, end: int) -> Sparse:
        """Slots and values of several rows, one after the other."""
        part = slice(self._ends[begin], self._ends[end])
        return self.slots[part], self.values[part]

    def with_more(self, more: Rows) -> Rows:
        """The same with further rows at the end."""
        other = Rows.__new__(Rows)
        other._put(*(np.concatenate([getattr(self, name), getattr(more, name)])
                     for name in ("slots", "values", "lengths")))
        return other
