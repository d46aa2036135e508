"""Mail is parsed in a child process with limits, because one crafted mail can take minutes or all memory.

Works in plain threads and under gevent's monkey patching alike: the line to a child is a socket pair, whose reads
wait cooperatively and have a timeout in both worlds.
"""
from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from channels._mail_frames import from_frame, read_frame, write_frame
from channels.base import Inbound, Receipt, Unreadable

CHILDREN = 2
MAILS_PER_CHILD = 1_000
ROOT = str(Path(__file__).parent.parent)


def bare_environment() -> dict[str, str]:
    """What a child of ours needs to start. Keys and passwords in our environment are none of its business."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, (ROOT, os.environ.get("PYTHONPATH"))))}


class _Child:
    """One process and the line to it."""

    def __init__(self):
        self.line, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "channels._mail_child"], stdin=theirs, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=bare_environment())
        self.parent, self.served = os.getpid(), 0

    def ask(self, raw: bytes, own: Sequence[str], timeout: float) -> tuple[dict, bytes]:
        """One mail there and back. TimeoutError; EOFError or OSError when the child has died."""
        end = time.monotonic() + timeout

        def within(call, argument):
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.line.settimeout(left)
            return call(argument)

        about = {"own": list(own), "cpu": max(1, round(timeout))}
        write_frame(lambda data: within(self.line.sendall, data), about, raw)
        answer = read_frame(lambda size: within(self.line.recv, size))
        self.served += 1
        return answer

    def end(self) -> None:
        self.line.close()
        if self.parent == os.getpid():
            self.process.kill()
            self.process.wait()


class Pool:
    """Up to `children` parser processes, started when first needed."""

    def __init__(self, children: int = CHILDREN, mails_per_child: int = MAILS_PER_CHILD):
        self.mails_per_child = mails_per_child
        self.free = threading.BoundedSemaphore(children)
        self.idle: list[_Child] = []
        self.lost = 0               # children that died over a mail, or were ended because it took too long

    def parse(self, raw: bytes, timeout: float = 10, own: Sequence[str] = ()) -> list[Inbound | Receipt]:
        """parse_mail() in a child. `timeout`: seconds, of wall and CPU time. Raises Unreadable with the reason when
        the mail cannot be read within its limits. Waits while all children are busy."""
        with self.free:
            for attempt in (1, 2):
                child = self._child()
                fresh = child.served == 0
                try:
                    about, blob = child.ask(raw, own, timeout)
                except TimeoutError:
                    self.lost += 1
                    child.end()
                    raise Unreadable("parsing this mail took too long") from None
                except (EOFError, OSError) as error:
                    self.lost += 1
                    child.end()
                    if fresh or attempt == 2:       # an older child may have been killed for reasons of its own
                        raise Unreadable("parsing this mail took too long or broke the parser") from error
                    continue
                except BaseException:               # a greenlet's timeout or kill: the line is out of step
                    child.end()
                    raise
                if child.served >= self.mails_per_child:
                    child.end()
                else:
                    self.idle.append(child)
                break
        if "unreadable" in about:
            raise Unreadable(about["unreadable"])
        return from_frame(about, blob)

    def _child(self) -> _Child:
        while self.idle:
            child = self.idle.pop()
            if child.parent == os.getpid() and child.process.poll() is None:
                return child
            child.end()                             # it died while idle, or belongs to the process we were forked from
        return _Child()

    def close(self) -> None:
        """End the idle children; for tests and for an orderly exit. (Children also end when the parent does.)"""
        while self.idle:
            self.idle.pop().end()


parse_pool = Pool()
