"""Work that keeps the processor busy, beside everything else this process does.

One process serves everybody in turns (docs/decisions/0001); what computes for longer than some milliseconds takes a
thread of the system, where numpy and onnxruntime let go of the interpreter.
"""
from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from gevent import get_hub

T = TypeVar("T")
_here = threading.local()


def aside(call: Callable[..., T], *args: Any) -> T:
    """call(*args) in another thread; whoever asks waits, others go on. Inside such a thread it is an ordinary call.
    What is called must touch neither the database nor the network: those belong to the process's own loop."""
    if getattr(_here, "aside", False):
        return call(*args)
    return get_hub().threadpool.apply(_marked, (call, args))


def _marked(call: Callable[..., T], args: tuple) -> T:
    _here.aside = True
    try:
        return call(*args)
    finally:
        _here.aside = False
