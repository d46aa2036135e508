"""The line to an IMAP server: what it may send at once, and how long it may take, whatever it promises.

imaplib believes every literal's size and waits as long as a byte comes now and then. Here a mail that is too large is
noticed before it is read, and a server that drips is given up after a while.
"""
from __future__ import annotations

import imaplib
import ssl
import time
from contextlib import suppress

from imap_tools import BaseMailBox

SECONDS = 60                # for one answer from the network
COMMAND_SECONDS = 300       # for everything that one command brings
LARGEST = 50_000_000        # bytes of one mail
LONGEST_LINE = 16_000_000   # a search that finds two million mails
CHUNK = 65_536


class TooLarge(imaplib.IMAP4.abort):
    """The server announces more bytes than are taken. Nothing of them was read, so the line is of no more use."""

    def __init__(self, size: int):
        super().__init__(f"the server announces {size:,} bytes")
        self.size = size


class _Bounded:
    """imaplib's two ways to read, over a buffer of our own."""
    _got = b""
    _until = 0.0

    def give(self, seconds: float) -> None:
        """How long the next command may take in all."""
        self._until = time.monotonic() + seconds

    def read(self, size: int) -> bytes:
        if size > LARGEST:
            raise TooLarge(size)
        parts, missing = [self._got[:size]], size - len(self._got)
        self._got = self._got[size:]
        while missing > 0:
            parts.append(self._more(min(missing, CHUNK)))
            missing -= len(parts[-1])
        return b"".join(parts)

    def readline(self) -> bytes:
        parts, length = [], 0
        while (end := self._got.find(b"\n") + 1) == 0:
            parts.append(self._got)
            length += len(self._got)
            self._got = b""
            if length > LONGEST_LINE:
                raise self.error(f"a line of more than {LONGEST_LINE:,} bytes")
            try:
                self._got = self._more(CHUNK)
            except BaseException:       # waiting for a hint without blocking: what came stays for later
                self._got = b"".join(parts)
                raise
        line, self._got = b"".join([*parts, self._got[:end]]), self._got[end:]
        return line

    def _get_capabilities(self) -> None:
        if self._tls_established and self._got:     # said before the line was secret, to be believed after it
            raise self.abort("the server said more than it may before TLS")
        super()._get_capabilities()

    def _more(self, most: int) -> bytes:
        if self._until and time.monotonic() > self._until:
            raise TimeoutError("the server takes too long")
        piece = self.sock.recv(most)
        if not piece:
            raise self.abort("the server ended the connection")
        return piece


class _Plain(_Bounded, imaplib.IMAP4):
    pass


class _Secure(_Bounded, imaplib.IMAP4_SSL):
    pass


class Mailbox(BaseMailBox):
    """imap_tools' mailbox over such a line. `security`: tls, starttls or none."""

    def __init__(self, host: str, port: int, security: str, context: ssl.SSLContext):
        self.where, self.security, self.context = (host, port), security, context
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        host, port = self.where
        if self.security == "tls":
            client = _Secure(host, port, ssl_context=self.context, timeout=SECONDS)
        else:
            client = _Plain(host, port, timeout=SECONDS)
        if self.security == "starttls":
            try:
                client.starttls(self.context)
            except BaseException:
                with suppress(OSError):
                    client.shutdown()
                raise
        return client
