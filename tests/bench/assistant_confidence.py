"""Fits helpdesk/matching/data/confidence.json: what makes a match sure.

    python -m tests.bench.assistant_confidence FOLDER      # the folder `data` of the open FAQ sets

Messages are the validation part of HWU64, whose entries are made into small and large FAQs with 1 to 120 phrasings; a
part of the entries is left out each time, so that their messages belong nowhere. Messages from far away are 250
validation questions of BANKING77. No other set is seen, and none of a business. It takes a minute for words and letters
alone, and some more for the encoders.
"""
from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from helpdesk.matching import Encoder, Matcher, confidence, regression
from helpdesk.matching.spelling import DATA

# Phrasings of an entry, and entries of a made-up FAQ.
CASES = {"regression": ((5, (64, 24, 8, 3)), (10, (64, 24, 8, 3)), (40, (24, 8)), (120, (8, 3))),
         "nearest": ((1, (64, 24, 8)),)}
HIDDEN = 0.25               # part of them whose messages are asked but which are left out
FAR = 250
FEWEST = 40                 # messages from elsewhere, of each kind, that even the smallest FAQ is asked
PENALTY = 0.003             # for each example: keeps coefficients small, so that they hold for other FAQs as well


def main(folder: Path) -> None:
    """Fit each set of coefficients whose encoders are installed; the others stay as they are."""
    file = DATA / "confidence.json"
    fitted = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    fitted.update(fit_all(folder, installed()))
    file.write_text(json.dumps(fitted, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def installed() -> list[Encoder]:
    """The encoders that come with extras, as far as they are here."""
    from helpdesk.matching import encoders
    return [encoders.load(name) for name in encoders.chosen([encoders.AUTO])]


def fit_all(folder: Path, encoders: Sequence[Encoder]) -> dict[str, dict[str, float]]:
    """Coefficients for no encoder, each one, all together, and any other."""
    sets: list[tuple[Encoder, ...]] = [(), *((one,) for one in encoders)]
    if len(encoders) > 1:
        sets.append(tuple(encoders))
    result = {}
    for mode, cases in CASES.items():
        alone = []
        for chosen in sets:
            columns, right = examples(folder, chosen, cases)
            result[f"{'+'.join(sorted(one.name for one in chosen)) or 'core'}:{mode}"] = fit(columns, right)
            if len(chosen) == 1:
                alone.append((columns, right))
        if alone:
            result[f"any:{mode}"] = fit(np.vstack([one for one, _ in alone]), np.concatenate([one for _, one in alone]))
    return result


def examples(folder: Path, encoders: Sequence[Encoder],
             cases: Iterable[tuple[int, tuple[int, ...]]]) -> tuple[np.ndarray, np.ndarray]:
    """(evidence, whether the best entry was right) of all messages to all made-up FAQs."""
    sets = json.loads((folder / "hwu64.json").read_text(encoding="utf-8"))
    far = [text for text, _ in json.loads((folder / "banking77.json").read_text(encoding="utf-8"))["fs_valid"]][:FAR]
    asked = [(text, name) for text, name, *_ in sets["valid"]]
    columns, right, vectors = [], [], {}
    for phrasings, sizes in cases:
        entries = _entries(sets, phrasings)
        for size in sizes:
            dice = random.Random(f"{phrasings}|{size}")
            chosen = dice.sample(entries, min(size, len(entries)))
            out = set(dice.sample([one["id"] for one in chosen], round(len(chosen) * HIDDEN)))
            matcher = Matcher([one for one in chosen if one["id"] not in out], encoders, vectors)
            vectors = matcher.vectors()
            there = {one["id"] for one in chosen}
            messages = [(text, name) for text, name in asked if name in there]
            strangers = [(text, None) for text, name in asked if name not in there]
            more = max(len(messages) // 3, FEWEST)
            messages += dice.sample(strangers, min(len(strangers), more))
            messages += [(text, None) for text in dice.sample(far, min(len(far), more))]
            found, best = _evidence(matcher, [text for text, _ in messages])
            columns.append(found)
            right.append(np.array([name == entry for (_, name), entry in zip(messages, best, strict=True)], float))
    return np.vstack(columns), np.concatenate(right)


def fit(columns: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """Logistic regression with a penalty, told in the units of the evidence."""
    penalty = PENALTY * len(columns)
    middle, spread = columns.mean(0), columns.std(0) + 1e-9
    scaled = np.column_stack([(columns - middle) / spread, np.ones(len(columns))])

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        lead = scaled @ at
        value = float((np.logaddexp(0, lead) - right * lead).sum()) + penalty * 0.5 * float(at[:-1] @ at[:-1])
        slope = scaled.T @ (1 / (1 + np.exp(-lead)) - right)
        slope[:-1] += penalty * at[:-1]
        return value, slope.astype(np.float32)

    at = regression.minimised(loss, np.zeros(scaled.shape[1], np.float32), 500, 1e-10)
    weights = at[:-1] / spread
    return {**dict(zip(confidence.NAMES, weights.round(5).tolist(), strict=True)),
            "constant": round(float(at[-1] - weights @ middle), 5)}


def _entries(sets: dict, phrasings: int) -> list[dict]:
    """The published few-shot sets where there is one; else a sample."""
    grouped: dict[str, list[str]] = {}
    for text, name, *_ in sets.get(f"train_{phrasings}") or sets["train"]:
        grouped.setdefault(name, []).append(text)
    few = {name: random.Random(name).sample(texts, min(phrasings, len(texts))) for name, texts in grouped.items()}
    return [{"id": name, "question": texts[0], "alternatives": texts[1:]} for name, texts in few.items()]


def _evidence(matcher: Matcher, texts: list[str]) -> tuple[np.ndarray, list[str | None]]:
    model, columns, best = matcher._model, [], []
    for at in range(0, len(texts), 128):
        asked = [model.asked(text) for text in texts[at:at + 128]]
        found, _, evidence = confidence.evidence(
            model, model.scores(asked), np.array([one.known for one in asked]),
            np.array([len(one.words) for one in asked]), model.alive)
        columns.append(evidence)
        best += [model.entries[n].id for n in found]
    return np.vstack(columns), best


if __name__ == "__main__":
    main(Path(sys.argv[1]))
