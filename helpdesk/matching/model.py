"""What was learnt from one state of an FAQ. Never changed once made: it answers in one thread while the next one is
made in another. Pure.

Each entry gets a score from two sides: a softmax regression over all phrasings, in which "none of these" is a class
like the entries, and how close the nearest phrasing and the entry's middle are. Where there is nothing to learn from
(about one phrasing per entry) or too much (above REGRESSED entries), closeness alone decides.
"""
from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from sys import intern

import numpy as np

from helpdesk.matching import regression
from helpdesk.matching.background import messages
from helpdesk.matching.embeddings import Vectors, embedded, unit
from helpdesk.matching.encoder import Encoder
from helpdesk.matching.entry import Entry
from helpdesk.matching.postings import Postings
from helpdesk.matching.rows import Rows
from helpdesk.matching.spelling import Speller
from helpdesk.matching.terms import Counts, Sparse, Terms, counted, dense, hashed
from helpdesk.matching.text import key, listed, plain

REGRESSED = 1_000           # entries up to which a regression is fitted, if they have …
PER_ENTRY = 1.5             # … so many phrasings each on the average
COLUMNS = ((1_300, 16_384), (2_600, 8_192))     # up to so many examples, so many hashed columns; above:
LEAST_COLUMNS = 2_048
STRENGTH = 30.0             # how much one phrasing counts against the wish for small weights
NONE = 0.3                  # … a message of the class "none of these", …
ANSWER = 0.3                # … and the text of an answer
BESIDE = 0.5                # weight of words and letters beside an encoder
NEAREST, MIDDLE = (0.5, 1.0), (2.0, 0.5)    # what a cosine of 1 adds to a score, without and with an encoder
ALONE, ALONE_BESIDE = 20.0, 8.0     # what it is worth where there is no regression; of words beside an encoder
HARD = 120                  # phrasings of others against which one edited entry is learnt, with every …
NOWHERE = 5                 # … fifth message that belongs nowhere
ANSWER_READ = 500           # characters of an answer


@dataclass(frozen=True)
class Asked:
    """A message as the model takes it."""
    text: str           # spelling put right
    words: tuple[str, ...]
    row: Sparse
    known: float


@dataclass(frozen=True)
class Scores:
    """For each message (rows) and entry (columns): the score, what it came from, and each phrasing's closeness."""
    total: np.ndarray
    logit: np.ndarray       # of the regression alone; `none`: of "none of these"
    none: np.ndarray
    nearest: np.ndarray     # cosines
    middle: np.ndarray
    words: np.ndarray       # nearest by words and letters
    phrasings: np.ndarray


class Model:
    """Learns from the entries. Texts whose vectors are not in `stored` are encoded; those then stand in `new`."""

    def __init__(self, entries: Sequence[Entry], encoders: Sequence[Encoder] = (), stored: Vectors | None = None,
                 weights: np.ndarray | None = None):
        self.encoders = tuple(encoders)
        self.new: dict[str, dict[str, np.ndarray]] = {encoder.name: {} for encoder in encoders}
        self._stored = stored or {}
        self.entries: list[Entry] = []
        self.texts: list[str] = []
        self.owner = np.zeros(0, np.int64)                                  # of each text, the number of its entry
        self.exact: dict[tuple[str, ...], tuple[tuple[int, str], ...]] = {}  # words -> entries asked by just these
        words = self._take(entries)
        kinds: list[tuple[int, int, int, int]] = []
        counts = Rows(_noting(map(counted, words), kinds))
        self.terms = Terms(counts.slots, len(counts))
        rows = Rows(self.terms.vector((*one, kind)) for one, kind in zip(counts, kinds, strict=True))
        del counts, kinds
        self.postings = Postings(rows)
        self.embedded = [self._vectors(encoder, self.texts) for encoder in self.encoders]
        self.alive = np.ones(len(self.entries), bool)
        self._measure(0, rows)
        self.speller = Speller(Counter(word for one in words for word in one), {e.locale for e in self.entries})
        self.regressed = 0 < len(self.entries) <= REGRESSED and len(self.texts) >= PER_ENTRY * len(self.entries)
        self.weights, self.rows = None, Rows()      # the rows only where something is learnt from them
        if self.regressed:
            self.rows = rows
            examples = len(self.texts) + len(messages())
            self.columns = next((columns for most, columns in COLUMNS if examples <= most), LEAST_COLUMNS)
            fits = weights is not None and weights.shape == (self._width() + 1, len(self.entries) + 1)
            self.weights = weights if fits else self._fitted()

    # --- reading a message

    def asked(self, text: str) -> Asked:
        """A message, prepared."""
        text = self.speller.corrected(plain(text))
        words = listed(text)
        counts = counted(words)
        return Asked(text, tuple(words), self.terms.vector(counts), self.terms.known(counts))

    def scores(self, asked: Sequence[Asked]) -> Scores:
        """How each entry fits each message. There must be an entry."""
        found = [encoder.encode([one.text for one in asked]) for encoder in self.encoders]
        return self._scores([one.row for one in asked], found)

    def vector(self, text: str) -> np.ndarray:
        """One vector of length 1 by which messages can be compared with each other."""
        one = self.asked(text)
        found = [encoder.encode([one.text]) for encoder in self.encoders]
        return unit(self._features([one.row], found, LEAST_COLUMNS))[0]

    def _scores(self, rows: Sequence[Sparse], found: Sequence[np.ndarray]) -> Scores:
        alike = np.stack([self.postings.alike(row) for row in rows])
        by_words = self._each(np.maximum, alike)
        middle = self._each(np.add, alike) / self._lengths
        phrasings = alike
        if found:
            phrasings = sum(one @ mine.T for one, mine in zip(found, self.embedded, strict=True)) / len(found)
            middle = sum(one @ mine.T for one, mine in zip(found, self._middles, strict=True)) / len(found)
        nearest = self._each(np.maximum, phrasings) if found else by_words
        if self.weights is not None:
            logits = self._logits(rows, found)
            none, logit = logits[:, 0], logits[:, 1:]
            total = logit + NEAREST[bool(found)] * nearest + MIDDLE[bool(found)] * middle
        else:
            none = np.zeros(len(rows), np.float32)
            logit = total = ALONE * nearest + (ALONE_BESIDE * by_words if found else 0)
        return Scores(np.where(self.alive, total, -np.inf), logit, none, nearest, middle, by_words, phrasings)

    def _each(self, function: np.ufunc, phrasings: np.ndarray) -> np.ndarray:
        """What each entry's phrasings come to, taken together by the function."""
        if len(self.starts) == len(self.owner):
            return phrasings
        return function.reduceat(phrasings, self.starts, axis=1)

    def _logits(self, rows: Sequence[Sparse], found: Sequence[np.ndarray]) -> np.ndarray:
        """Scores of all classes. Of the many hashed columns only those that a message has are looked at."""
        at, part = 0, np.float32(len(found) ** -0.5 if found else 1)
        logits = np.repeat(self.weights[-1:], len(rows), axis=0)
        for one in found:
            logits += (one * part) @ self.weights[at:at + one.shape[1]]
            at += one.shape[1]
        beside = np.float32(BESIDE if found else 1)
        for number, row in enumerate(rows):
            column, value = hashed(row, self.columns)
            logits[number] += (value * beside) @ self.weights[at + column]
        return logits

    def _features(self, rows: Sequence[Sparse], found: Sequence[np.ndarray], columns: int) -> np.ndarray:
        part = np.float32(len(found) ** -0.5 if found else 1)
        return np.hstack([*(one * part for one in found),
                          dense(rows, columns) * np.float32(BESIDE if found else 1)])

    def keys(self) -> set[str]:
        """Of all texts whose vectors are needed."""
        return {key(text) for text in (*self.texts, *messages(), *(text for _, text in self._answers()))}

    # --- learning

    def _take(self, entries: Sequence[Entry]) -> list[list[str]]:
        """Add the phrasings of entries that have any; their words."""
        words, counts = [], []
        for entry in entries:
            kept = [(text, [*map(intern, found)]) for text in entry.phrasings if (found := listed(text))]
            if kept:
                for text, found in kept:
                    self.exact[tuple(found)] = (*self.exact.get(tuple(found), ()), (len(self.entries), text))
                self.entries.append(entry)
                self.texts += [text for text, _ in kept]
                words += [found for _, found in kept]
                counts.append(len(kept))
        first = len(self.entries) - len(counts)
        self.owner = np.concatenate([self.owner, np.repeat(np.arange(first, len(self.entries)), counts)])
        return words

    def _measure(self, first: int, rows: Rows) -> None:
        """Where each entry's phrasings begin, and its middle, from entry number `first` on, whose rows these are."""
        self.starts = np.searchsorted(self.owner, np.arange(len(self.entries)))
        ends = np.append(self.starts, len(self.owner))[1:]
        lengths, before = [], len(self.owner) - len(rows)
        for begin, end in zip(self.starts[first:], ends[first:], strict=True):
            slots, values = rows.between(begin - before, end - before)
            _, at = np.unique(slots, return_inverse=True)
            summed = np.bincount(at, values)
            lengths.append(max(1e-6, float(np.sqrt(summed @ summed))))
        self._lengths = np.append(self._lengths[:first] if first else np.zeros(0), lengths).astype(np.float32)
        if self.entries:
            self._middles = [unit(np.add.reduceat(one, self.starts, axis=0)) for one in self.embedded]

    def _answers(self) -> list[tuple[int, str]]:
        return [(n, entry.answer[:ANSWER_READ]) for n, entry in enumerate(self.entries) if entry.answer.strip()]

    def _vectors(self, encoder: Encoder, texts: Sequence[str]) -> np.ndarray:
        return embedded(encoder, texts, self._stored.get(encoder.name, {}), self.new[encoder.name])

    def _width(self) -> int:
        return self.columns + sum(encoder.dim for encoder in self.encoders)

    def _fitted(self) -> np.ndarray:
        """Weights of the regression: phrasings, answers, and messages that belong nowhere."""
        answers = self._answers()
        more = [*messages(), *(text for _, text in answers)]
        rows = [*self.rows, *(self.terms.vector(counted(listed(text))) for text in more)]
        found = [np.vstack([mine, self._vectors(encoder, more)])
                 for encoder, mine in zip(self.encoders, self.embedded, strict=True)]
        labels = np.concatenate([self.owner + 1, np.zeros(len(messages()), int),
                                 np.array([n + 1 for n, _ in answers], int)]).astype(int)
        strength = np.repeat(np.array([1, NONE, ANSWER]) * STRENGTH,
                             [len(self.texts), len(messages()), len(answers)])
        return regression.fit(self._features(rows, found, self.columns), labels, len(self.entries) + 1, strength)

    # --- one edited entry

    def without(self, id) -> Model:
        """The same without an entry; what was learnt beside it stays until the next fit."""
        other = copy.copy(self)
        other.alive = self.alive & np.array([entry.id != id for entry in self.entries], bool)
        return other

    def with_entry(self, entry: Entry) -> Model:
        """The same with an entry new or changed. The others stay as they were learnt until the next fit."""
        other = self.without(entry.id)
        other.entries, other.texts, other.exact = list(self.entries), list(self.texts), dict(self.exact)
        other.new = {name: dict(vectors) for name, vectors in self.new.items()}
        before, entries_before = len(self.texts), len(self.entries)
        words = other._take([entry])
        if not words:
            return other
        rows = Rows(other.terms.vector(counted(one)) for one in words)
        if self.weights is not None:
            other.rows = self.rows.with_more(rows)
        other.postings = self.postings.with_more(rows)
        texts = other.texts[before:]
        other.embedded = [np.vstack([mine, other._vectors(encoder, texts)])
                          for encoder, mine in zip(self.encoders, self.embedded, strict=True)]
        other.alive = np.append(other.alive, True)
        other._measure(entries_before, rows)
        vocabulary = Counter(self.speller.vocabulary)
        vocabulary.update(word for one in words for word in one)
        other.speller = Speller(vocabulary, {e.locale for e in other.entries})
        if self.weights is not None:
            column = other._column(rows, [one[before:] for one in other.embedded])
            other.weights = np.column_stack([self.weights, column])
        return other

    def _column(self, rows: Sequence[Sparse], found: list[np.ndarray]) -> np.ndarray:
        """Weights of the last entry, learnt against the most alike phrasings of the others."""
        before = len(self.texts) - len(rows)
        alike = np.max([self.postings.alike(row)[:before] for row in rows], axis=0)
        alike[~self.alive[self.owner[:before]]] = -1
        hard = np.argsort(-alike, kind="stable")[:HARD]
        hard = hard[alike[hard] >= 0]
        nowhere = messages()[::NOWHERE]
        vectors = [np.vstack([mine[hard], self._vectors(encoder, nowhere), one])
                   for encoder, mine, one in zip(self.encoders, self.embedded, found, strict=True)]
        all_rows = [*(self.rows[n] for n in hard),
                    *(self.terms.vector(counted(listed(text))) for text in nowhere), *rows]
        features = self._features(all_rows, vectors, self.columns)
        logits = self._logits(all_rows, vectors)
        logits[:, 1:][:, ~self.alive[:-1]] = -np.inf
        most = logits.max(1)
        others = most + np.log(np.exp(logits - most[:, None]).sum(1))
        own = np.repeat(np.array([0.0, 1.0], np.float32), [len(hard) + len(nowhere), len(rows)])
        return regression.fit_column(features, own, others, np.full(len(own), STRENGTH, np.float32))


def _noting(texts: Iterable[Counts], kinds: list[tuple[int, int, int, int]]) -> Iterator[Sparse]:
    """Slots and counts of each; how many of each kind there are goes into `kinds`."""
    for slots, counting, kind in texts:
        kinds.append(kind)
        yield slots, counting
