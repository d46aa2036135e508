"""What the encoders made of the articles' words, and what the matcher learnt of them, kept for the next start.

Half-precision numbers, by the encoder's name and the key of the text (helpdesk.matching.key): 1 KB for a phrasing. Rows
are written once and never changed; a text that no article has any more is taken out when the matcher is built anew.
"""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import MatcherState, PhrasingVector

AT_ONCE = 500           # keys in one statement
STATE = "matcher"       # the one state that is kept: of the articles as they are


def stored(session: Session, encoders: Iterable[str]) -> dict[str, dict[str, np.ndarray]]:
    """All vectors of these encoders: name -> key -> float16."""
    found: dict[str, dict[str, np.ndarray]] = {name: {} for name in encoders}
    rows = db.rows(session, select(PhrasingVector.encoder, PhrasingVector.text_hash, PhrasingVector.vector)
                   .where(PhrasingVector.encoder.in_(list(found))))
    for name, key, vector in rows:
        found[name][key] = np.frombuffer(vector, np.float16)
    return found


def store(session: Session, new: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Keep further ones. What another process has kept meanwhile stays."""
    for name, vectors in new.items():
        for key, vector in vectors.items():
            db.insert_later(session, PhrasingVector, unless_there=True, encoder=name, text_hash=key,
                            vector=vector.astype(np.float16).tobytes())


def prune(session: Session, encoders: Collection[str], keys: Collection[str]) -> int:
    """Take out vectors of texts that are gone, and of encoders that are no longer used. Returns how many."""
    kept, names = set(keys), set(encoders)
    rows = db.rows(session, select(PhrasingVector.encoder, PhrasingVector.text_hash))
    gone: dict[str, list[str]] = {}
    for name, key in rows:
        if name not in names or key not in kept:
            gone.setdefault(name, []).append(key)
    for name, listed in gone.items():
        for at in range(0, len(listed), AT_ONCE):
            session.execute(delete(PhrasingVector).where(
                PhrasingVector.encoder == name, PhrasingVector.text_hash.in_(listed[at:at + AT_ONCE])))
    return sum(map(len, gone.values()))


def state(session: Session) -> bytes:
    """What was learnt last; the matcher looks itself whether it still fits. b"" when there is nothing."""
    return session.scalar(select(MatcherState.state).where(MatcherState.key == STATE)) or b""


def keep_state(session: Session, learnt: bytes) -> None:
    """Keep what was learnt in place of what was learnt before."""
    if learnt:
        session.merge(MatcherState(key=STATE, state=learnt, created_at=now()))
