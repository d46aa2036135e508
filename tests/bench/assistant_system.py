"""The matcher as `bench.py` of the open FAQ sets wants it: factory(entries) -> object with rank(text, k).

    cd ../shared/faq && PYTHONPATH=… OMP_NUM_THREADS=1 python bench.py --system tests.bench.assistant_system:core

`factory` takes the encoders that are installed; `core` none; `semantic`, `multilingual` and `both` those.
"""
from __future__ import annotations

from functools import cache

from helpdesk import settings
from helpdesk.matching import Encoder, Matcher, encoders


class System:
    """A matcher with the shipped threshold."""

    def __init__(self, entries: list[dict], names: tuple[str, ...] = ()):
        matcher = Matcher(entries, [_loaded(name) for name in names])
        self.rank, self.rank_many = matcher.rank, matcher.rank_many
        self.threshold = settings.load({}).assistant_answer_score


@cache
def _loaded(name: str) -> Encoder:
    return encoders.load(name)


def factory(entries: list[dict]) -> System:
    """With whatever is installed."""
    return System(entries, tuple(encoders.chosen([encoders.AUTO])))


def core(entries: list[dict]) -> System:
    """Words and letters alone."""
    return System(entries)


def semantic(entries: list[dict]) -> System:
    """With MiniLM."""
    return System(entries, ("semantic",))


def multilingual(entries: list[dict]) -> System:
    """With the multilingual Universal Sentence Encoder."""
    return System(entries, ("multilingual",))


def both(entries: list[dict]) -> System:
    """With both."""
    return System(entries, ("semantic", "multilingual"))
