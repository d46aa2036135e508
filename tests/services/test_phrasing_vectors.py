"""Vectors and what was learnt, kept in the database."""
import numpy as np
from sqlalchemy import func, select

from helpdesk import db
from helpdesk.models import MatcherState, PhrasingVector
from helpdesk.services import phrasing_vectors


def vectors(*keys):
    return {key: np.full(4, n, np.float16) for n, key in enumerate(keys)}


def test_what_is_stored_is_read_again_by_encoder(any_database):
    with db.transaction() as session:
        phrasing_vectors.store(session, {"one": vectors("a", "b"), "two": vectors("a")})
    with db.transaction() as session:       # two processes come to the same
        phrasing_vectors.store(session, {"one": vectors("b", "c")})
    with db.reading() as session:
        found = phrasing_vectors.stored(session, ["one", "three"])
    assert {name: sorted(some) for name, some in found.items()} == {"one": ["a", "b", "c"], "three": []}
    assert found["one"]["b"].tolist() == [1, 1, 1, 1] and found["one"]["b"].dtype == np.float16


def test_texts_and_encoders_that_are_gone_are_taken_out(any_database):
    with db.transaction() as session:
        phrasing_vectors.store(session, {"one": vectors(*(f"k{n}" for n in range(1_200))), "old": vectors("k1")})
    with db.transaction() as session:
        assert phrasing_vectors.prune(session, ["one"], ["k1", "k2", "unknown"]) == 1_199
        assert phrasing_vectors.prune(session, ["one"], ["k1", "k2", "unknown"]) == 0
    with db.reading() as session:
        assert session.scalars(select(PhrasingVector.text_hash)).all() == ["k1", "k2"]


def test_one_state_is_kept(any_database):
    for learnt in (b"first", b"second", b""):
        with db.transaction() as session:
            phrasing_vectors.keep_state(session, learnt)
    with db.reading() as session:
        assert phrasing_vectors.state(session) == b"second"
        assert session.scalar(select(func.count()).select_from(MatcherState)) == 1
