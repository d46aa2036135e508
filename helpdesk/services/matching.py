"""Which question does this sentence mean? An index over phrasings, and a score between 0 and 1. Pure: no database.

An article is found by the middle of its phrasings in a space of weighted words, word pairs and letter groups (TF-IDF),
and judged by its closest phrasing with RapidFuzz. What a short phrasing inside a long message would win with partial
comparison is held in check by how much of the message's weight the phrasing covers. The score is the estimated
probability of being right; its coefficients are in WEIGHTS.
"""
from __future__ import annotations

import heapq
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp, log, sqrt

from rapidfuzz import fuzz, process

from helpdesk.services.spelling import Speller
from helpdesk.services.words import FUNCTION, matter, pieces, sentences, words

POSTINGS = 20_000       # how many index entries one look-up visits, the most telling first: bounds its time
JUDGED = 8              # articles whose phrasings are compared one by one …
COMPARED = 800          # … and at most so many phrasings
PART = 4                # each sentence of a longer message gets so many times less of all three
LONGEST = 400           # words of a message that are looked at
FUNCTION_WEIGHT = 0.3   # of a function word, against any other word
FOREIGN = 0.85          # worth of an article in another language than the customer's
# Coefficients of the logistic function; see features().
WEIGHTS = (-2.94, 6.37, -0.26, 0.69, 1.07, 13.72)


@dataclass(frozen=True)
class Match:
    """One article that fits: its id, the phrasing that fits best, and how sure that is (0 to 1)."""
    article_id: int
    question: str
    score: float
    locale: str = ""


@dataclass(frozen=True)
class Phrasing:
    """What goes into the index."""
    article_id: int
    text: str
    locale: str = ""


Evidence = tuple[int, str, tuple[float, ...]]


@lru_cache(maxsize=50_000)
def _word_pieces(word: str) -> tuple[str, ...]:
    return tuple(pieces(word))


def _terms(listed: list[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Words and pairs, and letter groups, with how often they occur; function words count little."""
    whole: dict[str, float] = {}
    parts: dict[str, float] = {}
    for word in listed:
        weight = FUNCTION_WEIGHT if word in FUNCTION else 1.0
        whole[word] = whole.get(word, 0.0) + weight
        for piece in _word_pieces(word):
            parts[piece] = parts.get(piece, 0.0) + weight
    for first, second in zip(listed, listed[1:], strict=False):
        light = first in FUNCTION and second in FUNCTION
        pair = f"{first} {second}"
        whole[pair] = whole.get(pair, 0.0) + (FUNCTION_WEIGHT if light else 1.0)
    return whole, parts


class Index:
    """The phrasings of all published articles, ready to be asked. Building takes about 0.1 ms per phrasing."""

    def __init__(self, phrasings: Iterable[Phrasing]):
        self._articles: list[int] = []
        self._locales: list[str] = []
        self._phrasings: list[list[tuple[str, str, list[str]]]] = []    # per article: text, compared form, words
        self._exact: dict[str, list[tuple[int, str]]] = defaultdict(list)
        vocabulary: Counter[str] = Counter()
        slots: dict[int, int] = {}
        found: list[tuple[int, dict, dict]] = []
        spread: Counter[str] = Counter()
        for phrasing in phrasings:
            listed = matter(words(phrasing.text))[:LONGEST]
            if not listed:
                continue
            slot = slots.setdefault(phrasing.article_id, len(slots))
            if slot == len(self._articles):
                self._articles.append(phrasing.article_id)
                self._locales.append(phrasing.locale)
                self._phrasings.append([])
            compared = " ".join(listed)
            self._phrasings[slot].append((phrasing.text, compared, listed))
            self._exact[compared].append((slot, phrasing.text))
            vocabulary.update(listed)
            whole, parts = _terms(listed)
            spread.update(whole)
            spread.update(f"#{piece}" for piece in parts)
            found.append((slot, whole, parts))
        self._size = len(found)
        self._weight = {term: log((1 + self._size) / (1 + n)) + 1 for term, n in spread.items()}
        self._unseen = log(1 + self._size) + 1
        self.corrected = Speller(vocabulary).corrected
        self._postings = self._centres(found)

    def __len__(self) -> int:
        return self._size

    def rank(self, text: str, limit: int = 3, locale: str = "") -> list[Match]:
        """The articles that may answer, best first; the ones in the language `locale` before others.

        Of a longer message every sentence is tried by itself too, since the question often stands in one of them; it
        then counts a little less, the more so the more else was said.
        """
        listed = words(text)
        best = {match.article_id: match for match in self._rank(listed, locale)}
        parts = sentences(text)
        if len(parts) > 1:
            share = max(0.8, 1 - 0.04 * len(parts))
            for part in parts:
                for match in self._rank(words(part), locale, PART):
                    old = best.get(match.article_id)
                    if old is None or old.score < match.score * share:
                        best[match.article_id] = replace(match, score=match.score * share)
        return sorted(best.values(), key=lambda match: -match.score)[:limit]

    def features(self, listed: list[str], locale: str = "", part: int = 1) -> list[Evidence]:
        """(slot, closest phrasing, what speaks for it) for the most likely articles. The last value is the lead over
        the best other one; an article in `locale` has to beat only those in its own language."""
        vector = self._vector(listed)
        if not vector:
            return []
        scores = self._scores(vector, POSTINGS // part)
        top = heapq.nlargest(JUDGED // part, ((score, slot) for slot, score in scores.items()))
        compared = " ".join(listed)
        masses = self._masses(listed)
        found = []
        for cosine, slot in top:
            closest, text, other = self._closest(compared, slot)
            found.append((slot, text, cosine, closest, self._covered(masses, other), self._covered(
                self._masses(other), listed)))
        result = []
        for slot, text, cosine, closest, covered, used in found:
            own = not locale or self._locales[slot] != locale
            rival = max((c * 0.5 + n * 0.5 for s, _, c, n, _, _ in found
                         if s != slot and (own or self._locales[s] == locale)), default=0.0)
            result.append((slot, text, (cosine, closest, covered, used, cosine * 0.5 + closest * 0.5 - rival)))
        return result

    def _rank(self, listed: list[str], locale: str, part: int = 1) -> list[Match]:
        listed = [self.corrected(word) for word in matter(listed)[:LONGEST]]
        if not listed:
            return []
        exact = self._exact.get(" ".join(listed), [])
        matches = {slot: Match(self._articles[slot], text, 1.0, self._locales[slot]) for slot, text in exact}
        if any(word not in FUNCTION for word in listed):
            for slot, text, values in self.features(listed, locale, part):
                score = 1 / (1 + exp(-(WEIGHTS[0] + sum(w * v for w, v in zip(WEIGHTS[1:], values, strict=True)))))
                if slot not in matches:
                    matches[slot] = Match(self._articles[slot], text, min(score, 0.99), self._locales[slot])
        return sorted((self._spoken(match, locale) for match in matches.values()), key=lambda m: -m.score)

    @staticmethod
    def _spoken(match: Match, locale: str) -> Match:
        """An answer in a language that the customer does not write in is worth less."""
        return replace(match, score=match.score * FOREIGN) if locale and match.locale not in ("", locale) else match

    def _centres(self, found: list[tuple[int, dict, dict]]) -> dict[str, tuple[array, array]]:
        """Per term: which articles it speaks for, and how loudly."""
        centres: list[dict[str, float]] = [{} for _ in self._articles]
        for slot, whole, parts in found:
            centre = centres[slot]
            for term, value in self._unit(whole, parts).items():
                centre[term] = centre.get(term, 0.0) + value
        postings: dict[str, tuple[array, array]] = {}
        for slot, centre in enumerate(centres):
            norm = sqrt(sum(value * value for value in centre.values())) or 1.0
            for term, value in centre.items():
                if term not in postings:
                    postings[term] = (array("I"), array("f"))
                postings[term][0].append(slot)
                postings[term][1].append(value / norm)
        return postings

    def _unit(self, whole: dict[str, float], parts: dict[str, float]) -> dict[str, float]:
        """A vector of length 1, half of it words, half letter groups. A term nobody used still takes its room."""
        weight, unseen = self._weight, self._unseen
        vector: dict[str, float] = {}
        for mark, terms in (("", whole), ("#", parts)):
            values = {mark + term: (1 + log(n) if n > 1 else n) * weight.get(mark + term, unseen)
                      for term, n in terms.items()}
            norm = sqrt(2 * sum(value * value for value in values.values())) or 1.0
            vector.update((term, value / norm) for term, value in values.items())
        return vector

    def _vector(self, listed: list[str]) -> dict[str, float]:
        return {t: v for t, v in self._unit(*_terms(listed)).items() if t in self._postings}

    def _scores(self, vector: dict[str, float], left: int) -> dict[int, float]:
        scores: dict[int, float] = defaultdict(float)
        for term in sorted(vector, key=lambda t: len(self._postings[t][0]) / vector[t]):
            slots, values = self._postings[term]
            left -= len(slots)
            if left < 0:
                break
            weight = vector[term]
            for slot, value in zip(slots, values, strict=True):
                scores[slot] += weight * value
        return scores

    def _closest(self, compared: str, slot: int) -> tuple[float, str, list[str]]:
        best, at = -1.0, 0
        kept = [form for _, form, _ in self._phrasings[slot][:COMPARED // JUDGED]]
        for _, score, n in process.extract(compared, kept, scorer=fuzz.token_sort_ratio, limit=3):
            score = 0.6 * score + 0.4 * fuzz.token_set_ratio(compared, kept[n])
            if score > best:
                best, at = score, n
        text, _, listed = self._phrasings[slot][at]
        return best / 100, text, listed

    def _masses(self, listed: list[str]) -> dict[str, float]:
        return {w: self._weight.get(w, self._unseen) * (FUNCTION_WEIGHT if w in FUNCTION else 1.0) for w in listed}

    @staticmethod
    def _covered(masses: dict[str, float], other: list[str]) -> float:
        """The share of the words' weight that the other sentence has too, in this or a related form."""
        have, total, found = set(other), 0.0, 0.0
        for word, mass in masses.items():
            total += mass
            if word in have:
                found += mass
            elif len(word) > 3:
                found += mass * max((fuzz.ratio(word, w, score_cutoff=70) for w in have if len(w) > 3), default=0) / 100
        return found / total if total else 0.0
