"""Several pytest processes share the files of one run."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.together import FEW

ROOT = Path(__file__).parent.parent
FILES = 6


@pytest.fixture
def run(tmp_path):
    """run(process count) → the exit code, and how many passed and failed in each process."""
    for n in range(FILES):
        (tmp_path / f"test_{n}.py").write_text(
            f"import time\n\n\ndef test_one():\n    time.sleep(0.2)\n\n\ndef test_two():\n    assert {n} != {FILES}\n")

    def start(many: int) -> tuple[int, list[str]]:
        command = [sys.executable, "-m", "tests.together", "-p", "tests.together", "-p", "no:cacheprovider", "-q",
                   "--rootdir", tmp_path, tmp_path]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=ROOT,
                               env={**os.environ, "HELPDESK_TEST_PROCESSES": str(many)})
        start.output = ended.stdout
        return ended.returncode, re.findall(r"(?:\d+ \w+, )?\d+ (?:passed|failed)(?=.* in )", ended.stdout)
    return start


def test_every_test_runs_once_whoever_takes_it(run):
    code, closing = run(2)
    assert code == 0
    assert sum(int(line.split()[0]) for line in closing) == 2 * FILES


def test_one_failure_anywhere_is_a_failure(run, tmp_path):
    (tmp_path / f"test_{FILES}.py").write_text("def test_wrong():\n    assert 0\n")
    code, closing = run(3)
    assert code == 1
    assert any("1 failed" in line for line in closing)


def test_what_fails_only_beside_others_is_tried_once_more_and_named(run, tmp_path):
    (tmp_path / f"test_{FILES}.py").write_text(
        "from pathlib import Path\n\n\ndef test_unsteady():\n    seen = Path(__file__).with_suffix('.seen')\n"
        "    before = seen.exists()\n    seen.touch()\n    assert before\n")
    code, closing = run(2)
    assert code == 0
    assert any("1 failed" in line for line in closing)
    assert closing[-1] == "1 passed"
    assert run.output.rstrip().endswith(f"test_{FILES}.py::test_unsteady")


def test_many_failures_are_not_tried_again(run, tmp_path):
    (tmp_path / f"test_{FILES}.py").write_text(
        f"import pytest\n\n\n@pytest.mark.parametrize('n', range({FEW + 1}))\ndef test_wrong(n):\n    assert 0\n")
    code, closing = run(2)
    assert code == 1
    assert "tried once more" not in run.output
