"""A channel comes as a package of its own: docs/examples/helpdesk-slack, installed beside the helpdesk as it is."""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import test_corpora_webhooks

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "docs/examples/helpdesk-slack"
PIP = ["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps", "--no-index",
       "--no-build-isolation"]
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder into which the package was installed; it is built from a copy, which leaves nothing behind here."""
    source, target = tmp_path_factory.mktemp("source") / "package", tmp_path_factory.mktemp("target")
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run([sys.executable, *PIP, "--target", str(target), str(source)], capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def run(folder: Path, installed: Path, *arguments: str, **env: str) -> None:
    """pytest in a process of its own, which finds the package where it was installed; beside it, only its simulator."""
    path = os.pathsep.join(map(str, (installed, ROOT, EXAMPLE)))
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments], cwd=folder,
                          capture_output=True, text=True, timeout=500, env={**os.environ, "PYTHONPATH": path, **env})
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_the_package_is_one_module_one_test_file_and_recorded_payloads():
    code = {path.name for path in EXAMPLE.iterdir() if path.is_file()}
    assert code == {"README.md", "pyproject.toml", "helpdesk_slack.py", "test_helpdesk_slack.py", "slack_simulator.py"}
    assert len(list((EXAMPLE / "fixtures").glob("*.json"))) > 15


def test_nothing_of_the_helpdesk_knows_of_it():
    names = subprocess.run(["git", "ls-files", "channels", "helpdesk", "templates", "static/src"], cwd=ROOT, text=True,
                           capture_output=True, check=True).stdout.split()
    texts = [name for name in names if name.endswith((".py", ".html", ".css", ".js", ".svg", ".toml"))]
    assert texts and [name for name in texts if re.search(r"(?i)\bslack\b", (ROOT / name).read_text())] == []


def test_the_channels_contract_is_kept(installed, tmp_path):
    for name in ("test_helpdesk_slack.py", "slack_simulator.py"):
        shutil.copy(EXAMPLE / name, tmp_path)
    shutil.copytree(EXAMPLE / "fixtures", tmp_path / "fixtures")
    run(tmp_path, installed, "test_helpdesk_slack.py")


def test_it_works_in_the_helpdesk_as_it_is(installed, tmp_path):
    """The entry point, the inbox's form, its webhook; and the payloads of the corpus, where that is there."""
    run(ROOT, installed, "tests/outside/at_the_helpdesk.py", OUTSIDE=str(installed),
        OUTSIDE_RATES=str(tmp_path / "rates.json"))
    if not test_corpora_webhooks.RECORDS.exists():
        pytest.skip("../shared/corpora is not beside the project: all but its payloads was tried")
    found = json.loads((tmp_path / "rates.json").read_text())
    test_corpora_webhooks.judge("slack", test_corpora_webhooks.Measured(**found))


