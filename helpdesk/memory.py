"""Keeping the process small on the C library's side."""
from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager

ARENA_MAX, MMAP_THRESHOLD = -8, -3      # names of mallopt(3), from malloc.h
LARGE = 1 << 20         # bytes
OPTIONAL = ("redis",)   # drivers that libraries read in wherever they are installed


def be_frugal() -> bool:
    """Give freed memory back. glibc keeps a heap for each thread and, having once freed something large, takes all
    that is large from them, too: the matcher's arrays, made and dropped in a thread of their own, then leave twenty
    megabytes behind. One heap is enough where Python lets one thread run at a time. Whether it could be told: another
    C library needs nothing of this."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(ARENA_MAX, 1) and mallopt(MMAP_THRESHOLD, LARGE))


@contextmanager
def reading_in(needed: Collection[str] = ()) -> Iterator[None]:
    """While the program is read in: without the collector, which would look through everything that is new again and
    again and find nothing to throw away (a tenth of the time); and without those of OPTIONAL that are not `needed`,
    because python-socketio reads redis in although there is none to talk to (a tenth of a second, six megabytes)."""
    left_out = [name for name in OPTIONAL if name not in needed and name not in sys.modules]
    sys.modules.update(dict.fromkeys(left_out))     # None stands for what cannot be had
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        for name in left_out:
            del sys.modules[name]
        if collecting:
            gc.enable()
