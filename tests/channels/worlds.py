"""Runs a few lines in a process of its own, in plain threads or patched by gevent: the channel must work in both."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PATCH = "from gevent import monkey; monkey.patch_all()\n"
both_worlds = pytest.mark.parametrize("world", ["plain", "gevent"])


def run_in(world: str, script: str) -> str:
    """The standard output of the script; the test fails with its errors when it ends badly."""
    code = (PATCH if world == "gevent" else "") + script
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
