"""`python -m channels._mail_child`: parses mail for its parent, within limits, until its standard input ends."""
from __future__ import annotations

import gc
import resource
import signal
import socket

from channels._mail_frames import read_frame, to_frame, write_frame
from channels._mail_parse import parse_mail
from channels.base import Unreadable

MEMORY_BYTES = 512 << 20
CPU_SECONDS = 10


def main() -> None:
    """Serve frames on file descriptor 0, which is a socket. Too much memory is an answer; too much CPU time is the
    end of this process, and the parent starts another one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # Ctrl-C is the parent's business; its end is our end
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.set_threshold(50_000, 20, 20)
    with socket.socket(fileno=0) as line:
        line.setblocking(True)                          # a parent under gevent leaves its sockets non-blocking
        while True:
            try:
                about, raw = read_frame(line.recv)
            except (EOFError, OSError):
                return
            _limit_cpu(about.get("cpu", CPU_SECONDS))
            answer = _answer(raw, about.get("own", ()))
            del raw
            try:
                write_frame(line.sendall, *answer)
            except OSError:
                return


def _limit_cpu(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))


def _answer(raw: bytes, own: list[str]) -> tuple[dict, bytes]:
    try:
        return to_frame(parse_mail(raw, own))
    except Unreadable as error:
        return {"unreadable": str(error)}, b""
    except MemoryError:
        return {"unreadable": "this mail needs too much memory"}, b""
    except Exception as error:      # whatever a mail does to the parser, the mail is kept and the next one is read
        return {"unreadable": f"this mail could not be read: {error!r}"[:500]}, b""


if __name__ == "__main__":
    main()
