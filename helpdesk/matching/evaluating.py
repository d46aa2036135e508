"""`python -m helpdesk.matching.evaluating`: tries a matcher out for its parent, JSON in and JSON out. It computes for
up to minutes, so it is a process of its own, politer than the one that serves; it knows no database and no settings."""
from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence

from helpdesk.matching import Encoder, Entry, Matcher, encoders, refit
from helpdesk.matching.evaluation import UNKNOWN, Question, ask, cross_validate, figures


def evaluate(given: dict) -> dict:
    """`given`: {"entries": [{"id", "question", "alternatives", "answer", "locale", "group"}], "encoders": [names],
    "own": coefficients of the confidence, "questions": [{"text", "right": [ids], "locale"}], or None for the entries'
    own phrasings}. Returns the figures, with the encoders that could be used."""
    start = time.monotonic()
    entries, groups = _entries(given)
    loaded, unusable = _loaded(given["encoders"])
    vectors: dict[str, dict] = {}

    def build(some: list[Entry]) -> Matcher:
        matcher = Matcher(some, loaded, vectors, own=given.get("own"))
        for name, new in matcher.new_vectors.items():
            vectors.setdefault(name, {}).update(new)
        return matcher

    if given.get("questions") is None:
        tried, unknown = cross_validate(entries, build, groups), UNKNOWN
    else:
        questions = [Question(one["text"], frozenset(one["right"]), one["locale"]) for one in given["questions"]]
        tried, unknown = ask(build(entries), questions), None
    return {**figures(tried, unknown), "unknown_share": unknown, "encoders": [one.name for one in loaded],
            "unusable": unusable, "articles": len(entries), "phrasings": sum(len(one.phrasings) for one in entries),
            "seconds": round(time.monotonic() - start, 1)}


def refitted(given: dict) -> dict:
    """`given`: entries, encoders and own as above, the present "cut", and "marked": [{"text", "article", "helped",
    "locale"}]. Returns {"coefficients", "figures"} of helpdesk.matching.refit."""
    entries, groups = _entries(given)
    loaded, _ = _loaded(given["encoders"])
    marks = [refit.Mark(one["text"], one["article"], one["helped"], one["locale"]) for one in given["marked"]]
    return refit.fit(Matcher(entries, loaded, own=given.get("own")), marks, groups, given["cut"])


def _entries(given: dict) -> tuple[list[Entry], dict]:
    listed = [Entry(one["id"], one["question"], tuple(one["alternatives"]), one["answer"], one["locale"])
              for one in given["entries"]]
    return listed, {one["id"]: one["group"] for one in given["entries"]}


def _loaded(names: Sequence[str]) -> tuple[list[Encoder], list[str]]:
    """(those that can be used, the names of the others)."""
    found, unusable = [], []
    for name in names:
        try:
            found.append(encoders.load(name))
        except encoders.Unusable:
            unusable.append(name)
    return found, unusable


def main() -> None:
    """Read one task, write its result."""
    os.nice(10)
    given = json.load(sys.stdin)
    json.dump(refitted(given) if "marked" in given else evaluate(given), sys.stdout)


if __name__ == "__main__":
    main()
