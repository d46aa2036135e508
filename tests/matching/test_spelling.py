"""A list of words in few bytes says the same as one of Python objects would."""
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from helpdesk.matching import spelling
from helpdesk.matching.spelling import LANGUAGES, Words, common
from helpdesk.services.words import LIGHT

WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)


@given(st.lists(WORD, max_size=30), WORD, st.integers(1, 2))
def test_words_are_found_by_rank_and_by_nearness(words, asked, slips):
    listed, known = list(dict.fromkeys(words)), Words(words)
    for one in {asked, *listed}:
        assert known.rank(one) == (listed.index(one) if one in listed else None)
        assert (one in known) == (one in listed)
    near = {one: OSA.distance(asked, one) for one in listed if OSA.distance(asked, one) <= slips}
    assert dict(known.near(asked, slips)) == near


def test_two_words_of_one_checksum_are_told_apart(monkeypatch):
    monkeypatch.setattr(spelling, "crc32", lambda word: 7)
    known = Words(["tea", "milk", "cup"])
    assert [known.rank(one) for one in ("cup", "tea", "milk", "jug")] == [2, 0, 1, None]


def test_very_long_words_are_measured_whole():
    assert Words(["a" * 300, "b"]).near("a" * 299, 1) == [("a" * 300, 1)]
    assert Words([]).near("a", 1) == [] and "a" not in Words([])


@pytest.mark.parametrize("language", LANGUAGES)
def test_light_words_stand_first_in_the_same_order_at_every_start(language):
    assert [common(language).rank(word) for word in sorted(LIGHT[language])] == [*range(len(LIGHT[language]))]
