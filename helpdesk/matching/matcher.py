"""The matcher: messages in, entries with a confidence out. Pure; safe to ask in one thread while another refits it."""
from __future__ import annotations

import io
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from helpdesk.matching import confidence
from helpdesk.matching.embeddings import Vectors
from helpdesk.matching.encoder import Encoder
from helpdesk.matching.entry import Entry
from helpdesk.matching.model import Asked, Model, Scores
from helpdesk.matching.text import key, says_nothing
from helpdesk.services.words import sentences, words

VERSION = 1             # of what is learnt; another one makes stored weights worthless
AT_ONCE = 128           # messages that are scored together
FOREIGN = 0.85          # worth of an entry in another language than the customer's
EMPTY_WORDS = 0.2       # … and of any entry for a message in which every word could stand in any message
LONG_MESSAGE = 20       # words from which on each sentence is tried by itself, too, …
PARTS = 4               # … so many at most,
EACH_PART = 0.04        # … which counts the less the more else was said, …
LEAST = 0.8             # … but so much at least


@dataclass(frozen=True)
class Candidate:
    """One entry that may answer: its closest phrasing, and the estimated probability (0 to 1) that it is right."""
    entry: Entry
    question: str
    score: float


class Matcher:
    """Built from entries. `vectors` are stored ones of phrasings, `state` what `state()` gave for the same entries;
    what of it does not fit is computed anew. Entries without a word are passed over; of two with one id the last
    counts. `own`: coefficients of the confidence that were fitted to this business."""

    def __init__(self, entries: Iterable[Entry | Mapping], encoders: Sequence[Encoder] = (),
                 vectors: Vectors | None = None, state: bytes = b"", own: confidence.Own | None = None):
        kept = {entry.id: entry for entry in map(_entry, entries)}
        self._encoders, self._stored, self._own = tuple(encoders), vectors or {}, own or {}
        self._set(Model(list(kept.values()), self._encoders, self._stored,
                        _weights(state, _fingerprint(kept.values(), self._encoders))), 0)

    def __len__(self) -> int:
        """How many phrasings there are."""
        return int(self._model.alive[self._model.owner].sum())

    @property
    def entries(self) -> list[Entry]:
        """The entries that can be found."""
        return _living(self._model)

    @property
    def edits(self) -> int:
        """Entries replaced or removed since the last fit. When it is not 0, `refitted` does better."""
        return self._edits

    # --- asking

    def rank(self, text: str, k: int = 3, locale: str = "") -> list[tuple[Hashable, float]]:
        """(id of an entry, confidence) of at most k entries, best first. `locale`: the customer's language."""
        return self.rank_many([text], k, locale)[0]

    def rank_many(self, texts: Sequence[str], k: int = 3, locale: str = "") -> list[list[tuple[Hashable, float]]]:
        """The same for many messages."""
        return [[(one.entry.id, one.score) for one in found] for found in self.candidates_many(texts, k, locale)]

    def candidates(self, text: str, k: int = 3, locale: str = "") -> list[Candidate]:
        """The k entries that may answer, best first; those in the language `locale` before others.

        Of a long message every sentence is tried by itself too, since the question often stands in one of them.
        """
        return self.candidates_many([text], k, locale)[0]

    def candidates_many(self, texts: Sequence[str], k: int = 3, locale: str = "") -> list[list[Candidate]]:
        """The same for many messages."""
        model, pieces = self._model, []
        for number, text in enumerate(texts):
            pieces.append((number, text, 1.0))
            if len(words(text[:1_000])) >= LONG_MESSAGE:
                parts = sentences(text, PARTS)
                pieces += [(number, part, max(LEAST, 1 - EACH_PART * len(parts))) for part in parts if len(parts) > 1]
        best: list[dict[Hashable, Candidate]] = [{} for _ in texts]
        if model.alive.any():
            for at in range(0, len(pieces), AT_ONCE):
                part = pieces[at:at + AT_ONCE]
                for (number, _, worth), found in zip(part, self._found(model, [text for _, text, _ in part], k, locale),
                                                     strict=True):
                    for one in found:
                        one = replace(one, score=one.score * worth)
                        old = best[number].get(one.entry.id)
                        if old is None or old.score < one.score:
                            best[number][one.entry.id] = one
        return [sorted(one.values(), key=lambda candidate: -candidate.score)[:k] for one in best]

    def vector(self, text: str) -> np.ndarray:
        """A vector of length 1, float32: the more two messages mean the same, the larger the product of theirs."""
        return self._model.vector(text)

    def evidence(self, text: str, locale: str = "") -> tuple[Hashable | None, np.ndarray]:
        """(id of the best entry, what speaks for it: a number for each of confidence.NAMES); (None, nothing) for a
        message without words."""
        model = self._model
        asked = model.asked(text)
        if not asked.words or not model.alive.any():
            return None, np.zeros(0)
        own = self._spoken(model, locale)
        best, _, columns = self._evidence(model, [asked], model.scores([asked]), own if own.any() else model.alive)
        return model.entries[int(best[0])].id, columns[0]

    @property
    def coefficients(self) -> tuple[str, np.ndarray]:
        """Those of the confidence: for which way of scoring they are, and their values."""
        return confidence.kind(self._model), confidence.coefficients(self._model, self._own)

    # --- changing

    def replace(self, entry: Entry | Mapping) -> None:
        """Take over a new or edited entry at once; the others stay as they were learnt until `refitted`."""
        self._set(self._model.with_entry(_entry(entry)), self._edits + 1)

    def remove(self, id: Hashable) -> None:
        """Take an entry out at once. An unknown one changes nothing."""
        self._set(self._model.without(id), self._edits + 1)

    def judge_by(self, own: confidence.Own) -> None:
        """Take over coefficients of the confidence that were fitted to this business; {} for the shipped ones."""
        self._own = own

    def refitted(self) -> Matcher:
        """A matcher learnt anew from the entries as they are now. Takes seconds for thousands of phrasings."""
        return Matcher(self.entries, self._encoders, self.vectors(), own=self._own)

    # --- keeping

    @property
    def encoders(self) -> tuple[Encoder, ...]:
        """What the texts are encoded with."""
        return self._encoders

    @property
    def new_vectors(self) -> dict[str, dict[str, np.ndarray]]:
        """Per name of an encoder, the vectors (float16) that had to be computed, by `matching.key` of their text."""
        return self._model.new

    def keys(self) -> set[str]:
        """Of all texts whose vectors are needed: what else was stored can go."""
        return self._model.keys()

    def state(self) -> bytes:
        """What was learnt, without vectors. Empty when a start needs nothing of it."""
        if self._model.weights is None or self._edits:
            return b""
        target = io.BytesIO()
        np.savez(target, fingerprint=np.frombuffer(_fingerprint(self.entries, self._encoders), np.uint8),
                 weights=self._model.weights)
        return target.getvalue()

    def vectors(self) -> dict[str, Mapping[str, np.ndarray]]:
        """The stored vectors together with the new ones."""
        return {encoder.name: {**self._stored.get(encoder.name, {}), **self._model.new[encoder.name]}
                for encoder in self._encoders}

    def _set(self, model: Model, edits: int) -> None:
        self._model, self._edits = model, edits

    def _found(self, model: Model, texts: list[str], k: int, locale: str) -> list[list[Candidate]]:
        asked = [model.asked(text) for text in texts]
        saying = [n for n, one in enumerate(asked) if one.words]
        result: list[list[Candidate]] = [[] for _ in texts]
        if saying:
            kept = [asked[n] for n in saying]
            scores = model.scores(kept)
            for n, candidates in zip(saying, self._judged(model, kept, scores, k, locale), strict=True):
                result[n] = candidates
        return result

    def _judged(self, model: Model, asked: list[Asked], scores: Scores, k: int, locale: str) -> list[list[Candidate]]:
        """Entries in the customer's language have to beat only each other; the others have to beat all."""
        own = self._spoken(model, locale)
        rated = self._rated(model, asked, scores, model.alive)
        if not own.all():
            rated = np.where(own, self._rated(model, asked, scores, own) if own.any() else 0, rated * FOREIGN)
        result = []
        for row, one in enumerate(asked):
            worth = EMPTY_WORDS if says_nothing(one.words) else 1.0
            sure = {n: (text, 1.0 if own[n] else FOREIGN) for n, text in model.exact.get(one.words, ())
                    if model.alive[n]}
            order = _highest(rated[row], k)
            found = [Candidate(model.entries[n], *sure[n]) for n in sure]
            found += [Candidate(model.entries[n], self._closest(model, scores, row, n),
                                min(0.99, float(rated[row, n])) * worth)
                      for n in order if n not in sure and model.alive[n]]
            result.append(sorted(found, key=lambda candidate: -candidate.score)[:k])
        return result

    def _rated(self, model: Model, asked: list[Asked], scores: Scores, among: np.ndarray) -> np.ndarray:
        best, probability, columns = self._evidence(model, asked, scores, among)
        sure = confidence.sureness(model, columns, self._own)
        top = probability[np.arange(len(best)), best]
        return probability * (sure / np.maximum(top, 1e-9))[:, None]

    @staticmethod
    def _evidence(model: Model, asked: list[Asked], scores: Scores, among: np.ndarray):
        return confidence.evidence(model, scores, np.array([one.known for one in asked]),
                                   np.array([len(one.words) for one in asked]), among)

    @staticmethod
    def _spoken(model: Model, locale: str) -> np.ndarray:
        """Which entries are in the customer's language, or in any."""
        if not locale:
            return model.alive
        return np.array([entry.locale in ("", locale) for entry in model.entries]) & model.alive

    @staticmethod
    def _closest(model: Model, scores: Scores, row: int, n: int) -> str:
        begin = int(model.starts[n])
        end = int(model.starts[n + 1]) if n + 1 < len(model.starts) else len(model.owner)
        return model.texts[begin + int(scores.phrasings[row, begin:end].argmax())]


def _entry(given: Entry | Mapping) -> Entry:
    if isinstance(given, Entry):
        return given
    return Entry(given["id"], given["question"], tuple(given.get("alternatives", ())), given.get("answer", ""),
                 given.get("locale") or given.get("lang", ""))


def _highest(values: np.ndarray, k: int) -> list[int]:
    """Where the k highest stand, the highest first: for the few that are asked for faster than any sorting."""
    rest, found = values.copy(), []
    for _ in range(min(k, len(values))):
        found.append(int(rest.argmax()))
        rest[found[-1]] = -np.inf
    return found


def _living(model: Model) -> list[Entry]:
    return [entry for entry, alive in zip(model.entries, model.alive, strict=True) if alive]


def _fingerprint(entries: Iterable[Entry], encoders: Sequence[Encoder]) -> bytes:
    """Of all that a fit depends on."""
    whole = blake2b(repr((VERSION, [encoder.name for encoder in encoders])).encode(), digest_size=16)
    for entry in entries:
        said = [key(text) for text in (*entry.phrasings, entry.answer)]
        whole.update(repr((entry.id, said)).encode())
    return whole.digest()


def _weights(state: bytes, fingerprint: bytes) -> np.ndarray | None:
    """The stored weights, if they were learnt from the same."""
    if not state:
        return None
    try:
        with np.load(io.BytesIO(state), allow_pickle=False) as kept:
            return kept["weights"] if kept["fingerprint"].tobytes() == fingerprint else None
    except (ValueError, OSError, KeyError, EOFError):
        return None
