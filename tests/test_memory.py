"""What was freed is given back: shown on a process of its own, with and without."""
import gc
import subprocess
import sys

import pytest

from helpdesk import memory

PROGRAM = """
import re, threading
import numpy as np
from helpdesk import memory
if {told}: assert memory.be_frugal()

def rss():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

def work():
    for size in (3_000_000, 2_000_000, 4_000_000) * 3:
        some = [np.ones(size // 4, np.float32) for _ in range(4)]
        kept.append(bytes(100))
        del some

kept = []
before = rss()
threads = [threading.Thread(target=work) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
print(rss() - before)
"""


def left(told: bool) -> float:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(told=told)], capture_output=True, text=True, check=True)
    return float(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's own")
def test_a_process_that_was_told_keeps_less():
    assert left(True) < left(False) / 2


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    assert memory.be_frugal() is False


def test_while_the_program_is_read_in_what_it_does_not_need_is_not_there(monkeypatch):
    monkeypatch.delitem(sys.modules, "redis", raising=False)
    with memory.reading_in():
        assert not gc.isenabled()
        with pytest.raises(ImportError):
            import redis  # noqa: F401
    assert gc.isenabled() and "redis" not in sys.modules
    with memory.reading_in(needed=("redis",)):
        import redis as driver
    assert sys.modules["redis"] is driver
    with pytest.raises(ZeroDivisionError), memory.reading_in():
        raise ZeroDivisionError
    assert gc.isenabled() and sys.modules["redis"] is driver
