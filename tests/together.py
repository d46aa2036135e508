"""Run the suite in several pytest processes that take test files from one list: `python -m tests.together [pytest's
arguments]`.

Each process collects everything and, before it begins a file, claims it by creating a marker that only one of them can
create. (pytest-xdist does not work here: its threads and queues exist before the tests patch them for gevent.) The
first process writes to the terminal, the output of the others follows when they are done. A few tests that failed
beside all others are then run once more by themselves, and named: what passes there is unsteady, and does not stop a
landing; what is broken fails twice. Exits with the worst of their codes. HELPDESK_TEST_PROCESSES: how many, 2 unless
said.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import pytest

NOTHING_RUN = pytest.ExitCode.NO_TESTS_COLLECTED


CLAIMS = "HELPDESK_TEST_CLAIMS"         # the folder of the markers; without it a process runs everything
FEW = 10                                # more failures than these are no accident


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """As pytest's own loop, over the files that this process gets."""
    folder = os.environ.pop(CLAIMS, None)       # not for the pytest that a test may start
    if not folder or session.testsfailed or session.config.option.collectonly:
        return None
    session.config.pluginmanager.register(
        _Failures(Path(folder) / f"failed-{os.getpid()}", session.config.rootpath))
    mine = _claimed(session.items, Path(folder))
    item = next(mine, None)
    if item is None:
        session.testscollected = 0      # the others have it all
    while item is not None:
        following = next(mine, None)        # claimed early: what a file shares with the next one is then kept
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        item = following
    return True


class _Failures:
    """Writes each test that failed, or could not be set up or put away, as a line of a file."""

    def __init__(self, path: Path, root: Path):
        self.path = path
        self.root = root

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome == "failed":      # not "rerun", which pytest-rerunfailures makes of a first try
            with self.path.open("a", encoding="utf-8") as lines:
                lines.write(f"{self.root / report.nodeid}\n")


def _claimed(items: list[pytest.Item], folder: Path) -> Iterator[pytest.Item]:
    for path, group in groupby(items, lambda item: item.path):
        try:
            (folder / sha256(str(path).encode()).hexdigest()).touch(exist_ok=False)
        except FileExistsError:
            continue
        yield from group


def main(arguments: list[str]) -> int:
    """Run pytest that many times at once and return the worst exit code."""
    many = int(os.environ.get("HELPDESK_TEST_PROCESSES") or 2)
    with tempfile.TemporaryDirectory() as folder:
        outputs = [None, *(open(Path(folder) / f"output-{n}", "w+b") for n in range(1, many))]      # noqa: SIM115
        claims = Path(folder) / "claims"
        claims.mkdir()
        command = [sys.executable, "-m", "pytest", *arguments]
        running = [subprocess.Popen(command, stdout=output, stderr=output and subprocess.STDOUT,
                                    env={**os.environ, CLAIMS: str(claims)}) for output in outputs]
        codes = [process.wait() for process in running]
        for output in filter(None, outputs):
            output.seek(0)
            sys.stdout.buffer.write(output.read())
            output.close()
        sys.stdout.flush()
        failed = _failed(claims)
    ran = [code for code in codes if code != NOTHING_RUN]
    worst = max(map(abs, ran), default=int(NOTHING_RUN))
    if worst != pytest.ExitCode.TESTS_FAILED or not 0 < len(failed) <= FEW:
        return worst
    print("\nFailed beside all others, tried once more alone:", *failed, sep="\n  ", flush=True)
    again = subprocess.call([sys.executable, "-m", "pytest", *failed])
    if again == pytest.ExitCode.OK:
        print("\nUNSTEADY (failed beside others, passed alone):", *failed, sep="\n  ", flush=True)
    return abs(again)


def _failed(claims: Path) -> list[str]:
    """What failed in any of the processes, each once."""
    lines = (line for path in sorted(claims.glob("failed-*")) for line in path.read_text(encoding="utf-8").splitlines())
    return list(dict.fromkeys(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
