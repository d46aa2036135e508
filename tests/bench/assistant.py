"""How often the assistant finds the right entry, on open FAQ sets; beside it, as the floor, the best way of comparing
strings that RapidFuzz has, on a sample. The sets and the scoring are outside of the repository: ../shared/faq, or the
folder that HELPDESK_BENCH_FAQ names."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from helpdesk.matching import encoders
from tests.bench.figures import ROOT, Figure, Missing

FOLDER = Path(os.environ.get("HELPDESK_BENCH_FAQ", ROOT.parent / "shared" / "faq"))
TASKS = "banking77,clinc150,hint3"
FLOOR = "systems:rf_token_sort"


def run(full: bool) -> Iterator[Figure]:
    """Five and ten phrasings; with `full` all of them, 10,000 questions, and every set of encoders, too."""
    if not (FOLDER / "bench.py").is_file():
        raise Missing(f"there are no FAQ sets in {FOLDER}")
    floor = _scored(FLOOR, TASKS, "10,full" if full else "10", "--limit", "200")
    installed = encoders.chosen([encoders.AUTO])
    systems = ["core", *(installed if full else ()), *(["factory"] if installed else ())]
    for system in systems:
        spec = f"tests.bench.assistant_system:{system}"
        found = _scored(spec, TASKS + (",lat10k" if full else ""), "5,10,full" if full else "5,10")
        for name, got in found.items():
            yield from _figures(f"{system} {name}", got, floor.get(name, {}))


def _figures(name: str, got: dict, floor: dict) -> Iterator[Figure]:
    if "lat_p95_ms" in got and "top1" not in got:
        yield Figure(f"{name}: p95 of one question", got["lat_p95_ms"], "ms")
        yield Figure(f"{name}: memory", got["rss_mb"], "MB")
        return
    for key, told in (("top1", "right"), ("top1_typo20", "right, 1 typo per 20 letters"),
                      ("top1_typo8", "right, 1 per 8"), ("v95in_answered", "answered, aiming at 5 % wrong"),
                      ("v95in_wrong_among_answered", "wrong of these"),
                      ("shipped_answered_inscope", "answered, as shipped"),
                      ("shipped_wrong_among_answered", "wrong of these, as shipped"),
                      ("shipped_oos_recall_oos", "refused of what is not in the FAQ, as shipped")):
        if got.get(key) is not None:
            other = floor.get(key)
            yield Figure(f"{name}: {told}", 100 * got[key], "%", 100 * other if other else None)


def _scored(system: str, tasks: str, phrasings: str, *more: str) -> dict[str, dict]:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "scored.json"
        command = [sys.executable, "bench.py", "--system", system, "--tasks", tasks, "--k", phrasings, "--seeds", "1",
                   "--json", str(result), *more]
        subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.DEVNULL, env={
            **os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})
        return json.loads(result.read_text(encoding="utf-8"))["results"]
