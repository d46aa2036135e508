"""The table of rates that the corpus tests print."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests import rates
from tests.rates import Rate

ROOT = Path(__file__).parent.parent


def test_the_table_names_what_was_right_of_how_many():
    found = rates.lines([Rate("mail", "subject", 195, 196, 0.99), Rate("mail", "reply text", 180, 209, 0.85, "talon"),
                         Rate("webhooks", "facts", 7, 8, 0.99)])
    assert found == ["mail:",
                     "  subject     195/196  99.49%  bar 99%",
                     "  reply text  180/209  86.12%  bar 85%  talon",
                     "webhooks:",
                     "  facts  7/8  87.50%  bar 99% MISSED"]


def test_a_bar_is_reached_by_its_exact_share_and_never_by_nothing():
    assert Rate("t", "w", 99, 100, 0.99).good
    assert not Rate("t", "w", 98, 100, 0.99).good
    assert not Rate("t", "w", 0, 0, 0.99).good
    assert Rate("t", "w", 0, 5).good


def test_a_line_measured_again_replaces_the_first(monkeypatch):
    monkeypatch.setattr(rates, "_collected", {})
    rates.add("t", "w", 1, 2)
    rates.add("t", "w", 2, 2)
    assert rates.lines() == ["t:", "  w  2/2  100.00%"]


def test_the_table_is_printed_when_pytest_ends_also_after_a_failure(tmp_path):
    (tmp_path / "test_one.py").write_text("from tests import rates\n\n\ndef test_one():\n"
                                          "    rates.add('mail', 'subject', 3, 4)\n    assert 0\n")
    ended = subprocess.run([sys.executable, "-m", "pytest", "-p", "tests.rates", "-p", "no:cacheprovider",
                            "--rootdir", tmp_path, tmp_path / "test_one.py"],
                           capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert ended.returncode == 1
    assert "= rates =" in ended.stdout and "mail:\n  subject  3/4  75.00%" in ended.stdout
