"""Our own mail server: takes mail for known addresses by SMTP or LMTP and answers 250 only when it is stored.

The protocol runs in a child process, because asyncio and gevent's patched sockets do not share a process well. The
questions "is this recipient known?" and "is this mail stored?" are answered here, in our own thread or greenlet.
"""
from __future__ import annotations

import logging
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network

from channels._mail_frames import read_frame, write_frame
from channels._mail_pool import bare_environment
from channels._mail_results import BUILT_IN

log = logging.getLogger(__name__)
MAX_SIZE = 25 * 1024 * 1024
# As the topmost of its kind (RFC 8601 §2.2) it takes all below it their meaning: anybody could have written those.
UNCHECKED = f"Authentication-Results: {BUILT_IN}; none"


class Refused(Exception):
    """Raise it in `accept` or `known` to answer with a reply of your own, such as 450 or 554."""

    def __init__(self, code: int, text: str):
        super().__init__(f"{code} {text}")


class Listener:
    """accept(recipients, raw) stores one mail and commits; it must return before the sender hears 250, and when it
    raises the sender hears 451 and tries again. known(address) says whether there is such a mailbox; otherwise 550.

    Both are called one at a time, in a thread of their own; in a greenlet where the process is patched by gevent. `raw`
    begins with Return-Path and Delivered-To, as a final delivery does (RFC 5321 §4.4). Port 0 takes a free one; `port`
    then tells which. `certificate` and `key` (PEM files) switch STARTTLS on. `relays`: addresses and networks of our
    own mail servers. What they found about a mail may be believed; above all other mail stands that nobody checked it.
    By LMTP only our own server delivers.
    """

    def __init__(self, host: str, port: int, accept: Callable[[list[str], bytes], None], known: Callable[[str], bool],
                 lmtp: bool = False, max_size: int = MAX_SIZE, certificate: str = "", key: str = "",
                 relays: Sequence[str] = ()):
        self.host, self.port, self.accept, self.known = host, port, accept, known
        self.options = {"lmtp": lmtp, "max_size": max_size, "certificate": certificate, "key": key,
                        "hostname": re.sub(r"[^\w.-]", "", socket.gethostname()) or "localhost"}
        self.relays = [ip_network(one, strict=False) for one in relays]
        self.process: subprocess.Popen | None = None
        self._listening: socket.socket | None = None
        self._line: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        """Bind and serve. OSError when the port is taken. The port stays bound while a crashed child is replaced."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self.host, self.port))
            listening.listen(128)
        except OSError:
            listening.close()
            raise
        self._listening, self.port, self._stopping = listening, listening.getsockname()[1], False
        self._start_child()
        self._thread = threading.Thread(target=self._run, name="smtp-listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the child and free the port. A mail that is being stored is finished; its sender may send it again."""
        self._stopping = True
        if self._line:
            try:
                self._line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(30)
        self._end_child()
        if self._listening:
            self._listening.close()
            self._listening = None

    def __enter__(self) -> Listener:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start_child(self) -> None:
        self._line, theirs = socket.socketpair()
        with theirs:
            fd = self._listening.fileno()
            self.process = subprocess.Popen([sys.executable, "-P", "-m", "channels._smtp_child", str(fd)], stdin=theirs,
                                            stdout=subprocess.DEVNULL, pass_fds=(fd,), env=bare_environment())
        write_frame(self._line.sendall, self.options)

    def _end_child(self) -> None:
        if self._line:
            self._line.close()
            self._line = None
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _run(self) -> None:
        while True:
            started = time.monotonic()
            try:
                while True:
                    about, blob = read_frame(self._line.recv)
                    reply = self._reply(about, blob)
                    del blob
                    write_frame(self._line.sendall, {"id": about["id"], "reply": reply})
            except (EOFError, OSError, ValueError, KeyError) as error:
                if self._stopping:
                    return
                log.warning("the SMTP listener on port %s is started again: %r", self.port, error)
            self._end_child()
            time.sleep(0 if time.monotonic() - started > 10 else 1)
            if self._stopping:
                return
            self._start_child()

    def _checked(self, peer: str) -> bool:
        """Whether a mail server of ours had this mail before us."""
        try:
            return self.options["lmtp"] or any(ip_address(peer) in one for one in self.relays)
        except ValueError:
            return False

    def _reply(self, about: dict, blob: bytes) -> str:
        try:
            if about["ask"] == "rcpt":
                return "250 2.1.5 OK" if self.known(about["address"]) else "550 5.1.1 No such mailbox here"
            self.accept(about["recipients"], _delivered(about, blob, self._checked(about["peer"])))
            return "250 2.0.0 OK, stored"
        except Refused as refusal:
            return re.sub(r"[^ -~]", "?", str(refusal))[:400]
        except Exception:
            log.exception("a mail could not be taken now; its sender will try again")
            return "451 4.3.0 Please try again later"


def _delivered(about: dict, raw: bytes, checked: bool) -> bytes:
    lines = [f"Return-Path: <{about['sender']}>", *(f"Delivered-To: {a}" for a in about["recipients"])]
    if not checked:
        lines.append(UNCHECKED)
    return "".join(re.sub(r"[\r\n\x00]", "", line) + "\r\n" for line in lines).encode("utf-8", "surrogateescape") + raw
