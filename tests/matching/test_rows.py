"""Compact rows and their index say what plain arithmetic says; what was made quick gives what numpy gives."""
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from helpdesk.matching.matcher import _highest
from helpdesk.matching.postings import Postings
from helpdesk.matching.rows import AT_ONCE, Rows
from helpdesk.matching.terms import _distinct

SLOT, VALUE = st.integers(0, 40), st.floats(-1, 1, width=32)
VECTORS = st.lists(st.dictionaries(SLOT, VALUE, max_size=8), max_size=12)


def sparse(vector):
    return np.array([*vector], np.int32), np.array([*vector.values()], np.float32)


def told(vectors):
    return [(slots.tolist(), values.tolist()) for slots, values in vectors]


@given(VECTORS, VECTORS)
def test_rows_come_out_as_they_went_in(some, more):
    some, more = [*map(sparse, some)], [*map(sparse, more)]
    both = Rows(some).with_more(Rows(more))
    assert told(Rows(some)) == told(some) and told(both) == told([*some, *more])
    assert both.between(0, len(both))[0].tolist() == [slot for slots, _ in [*some, *more] for slot in slots.tolist()]


def test_rows_are_put_together_in_parts():
    vectors = [sparse({n % 7: n / 7, 40: 1.0}) for n in range(AT_ONCE * 2 + 3)]
    assert told(Rows(iter(vectors))) == told(vectors)


@given(VECTORS, VECTORS, st.dictionaries(SLOT, VALUE, max_size=8))
def test_an_index_knows_how_alike_each_row_is(some, more, asked):
    index = Postings(Rows(map(sparse, some))).with_more(Rows(map(sparse, more)))
    expected = [sum(asked[slot] * value for slot, value in one.items() if slot in asked) for one in [*some, *more]]
    assert np.allclose(index.alike(sparse(asked)), expected, atol=1e-5)


def test_an_index_grows_past_what_two_bytes_can_number():
    index = Postings(Rows([sparse({1: 1.0})] * 65_536)).with_more(Rows([sparse({2: 0.5})]))
    assert np.flatnonzero(index.alike(sparse({2: 1.0}))).tolist() == [65_536]


@given(arrays.arrays(np.int64, st.integers(0, 30), elements=st.integers(0, 9)))
def test_each_slot_once_is_what_numpy_finds(slots):
    found = _distinct(slots)
    expected = np.unique(slots, return_index=True, return_counts=True)
    assert [one.tolist() for one in found] == [one.tolist() for one in expected]


@given(arrays.arrays(np.float32, st.integers(1, 30), elements=VALUE), st.integers(1, 5))
def test_the_highest_come_first(values, k):
    found = _highest(values, k)
    assert len(set(found)) == len(found) == min(k, len(values))
    assert values[found].tolist() == sorted(values.tolist(), reverse=True)[:k]
