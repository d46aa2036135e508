"""A line to a real IMAP server that goes wrong as told: cuts, BYE in the middle, sizes that are not true, delays,
words nobody asked for, and servers that can little."""
from __future__ import annotations

import re
import socket
import socketserver
import threading
import time
from dataclasses import dataclass, field

LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
NUMBER = re.compile(rb"UID (\d+)")


class Cut(Exception):
    """Send these last bytes and hang up."""

    def __init__(self, last: bytes = b""):
        self.last = last


@dataclass
class Talk:
    """One connection. `nth` counts them from 1."""
    nth: int
    sent: int = 0
    commands: list[bytes] = field(default_factory=list)

    @property
    def asked(self) -> bytes:
        """The last command."""
        return self.commands[-1] if self.commands else b""


class Fault:
    """What goes wrong; this one does nothing. `times`: on how many occasions, then the line is good."""

    drip = 0.0      # seconds between pieces of what is long

    def __init__(self, times: int = 1_000_000):
        self.times = times

    def heard(self, talk: Talk, line: bytes) -> bytes | None:
        """An answer to a command, in place of the server's."""
        return None

    def said(self, talk: Talk, line: bytes, literal: bytes | None) -> bytes:
        """What the client gets of what the server says. May raise Cut."""
        return line + (literal or b"")

    def once(self) -> bool:
        """Whether it happens this time."""
        self.times -= 1
        return self.times >= 0


class CutAfter(Fault):
    """Each connection ends after so many bytes."""

    def __init__(self, size: int, times: int):
        super().__init__(times)
        self.size, self.cut = size, set()

    def said(self, talk, line, literal):
        out = line + (literal or b"")
        if talk.nth <= self.times and talk.sent + len(out) > self.size:
            raise Cut(out[:max(0, self.size - talk.sent)])
        return out


class OnMail(Fault):
    """Something happens where the server gives the bytes of the mails with these UIDs."""

    def __init__(self, *uids: int, times: int = 1_000_000):
        super().__init__(times)
        self.uids = uids

    def said(self, talk, line, literal):
        found = NUMBER.search(line)
        if literal is not None and b"BODY[" in line and found and int(found[1]) in self.uids and self.once():
            return self.spoil(line, literal)
        return super().said(talk, line, literal)

    def spoil(self, line: bytes, literal: bytes) -> bytes:
        raise NotImplementedError


class Bye(OnMail):
    def spoil(self, line, literal):
        raise Cut(b"* BYE going down\r\n")


class HalfALiteral(OnMail):
    def spoil(self, line, literal):
        raise Cut(line + literal[:len(literal) // 2])


class Announces(OnMail):
    """A literal of another size than it has."""

    def __init__(self, by: int, *uids: int, times: int = 1_000_000):
        super().__init__(*uids, times=times)
        self.by = by

    def spoil(self, line, literal):
        return LITERAL.sub(b"{%d}\r\n" % (len(literal) + self.by), line) + literal


class Garbage(OnMail):
    def spoil(self, line, literal):
        return b"\x00\xff\x13 what was the question?\r\n" + line + literal


class Silence(OnMail):
    """The server stops in the middle and does not hang up."""

    def spoil(self, line, literal):
        time.sleep(1.5)
        raise Cut()


class Quoted(Fault):
    """A short body as a quoted string, and the UID behind it: allowed (RFC 9051, 9), and rarely seen."""

    def __init__(self):
        super().__init__()
        self.uid = b""

    def said(self, talk, line, literal):
        if literal is not None and b"BODY[]" in line and b"\n" not in literal and b"\r" not in literal:
            self.uid = NUMBER.search(line)[0]
            start = line[:line.index(b"BODY[]")].replace(self.uid + b" ", b"")
            return start + b'BODY[] "' + re.sub(rb'(["\\])', rb"\\\1", literal) + b'" ' + self.uid
        return super().said(talk, line, literal)


class Chatty(Fault):
    """Says what nobody asked for, between everything."""

    def said(self, talk, line, literal):
        noise = b"* 1 FETCH (FLAGS (\\Seen))\r\n* 99 EXISTS\r\n* OK still here\r\n* 1 FETCH (UID 1 FLAGS ())\r\n"
        return (noise if b"FETCH (" in line else b"") + line + (literal or b"")


class WrongSizes(Fault):
    """RFC822.SIZE as some servers guess it."""

    def said(self, talk, line, literal):
        return re.sub(rb"RFC822\.SIZE \d+", b"RFC822.SIZE 7", line) + (literal or b"")


class Poor(Fault):
    """A server that offers nothing, and searches only for dates."""
    EXTRAS = re.compile(rb" (?:IDLE|UIDPLUS|MOVE|ESEARCH|CONDSTORE|QRESYNC|ENABLE|UNSELECT|LITERAL\+)(?=[ \]\r])")

    def heard(self, talk, line):
        if b"SEARCH UID" in line.upper():
            return line.split()[0] + b" BAD no such search\r\n"
        return None

    def said(self, talk, line, literal):
        return (self.EXTRAS.sub(b"", line) if b"CAPABILITY" in line else line) + (literal or b"")


class Late(Fault):
    """Each answer takes a while."""

    def said(self, talk, line, literal):
        time.sleep(0.02)
        return line + (literal or b"")


class Drips(Fault):
    """Long answers come slowly, but never so slowly that the line seems dead."""
    drip = 0.05


class Refuses(Fault):
    """Does not give the mails with these UIDs, only their headers. `words` are its answer."""

    def __init__(self, *uids: int, words: bytes = b"NO [SERVERBUG] broken", times: int = 1_000_000):
        super().__init__(times)
        self.uids, self.words = uids, words

    def heard(self, talk, line):
        words = line.split()
        asks = words[1:3] == [b"UID", b"FETCH"] and b"BODY" in line and b"HEADER" not in line
        if asks and words[3].isdigit() and int(words[3]) in self.uids and self.once():
            return words[0] + b" " + self.words + b"\r\n"
        return None


class FaultyLine(socketserver.ThreadingTCPServer):
    """Listens on `port` and speaks with the server on `behind`. `talks` are its connections so far."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, behind: int, fault: Fault):
        super().__init__(("127.0.0.1", 0), _Session)
        self.behind, self.fault = behind, fault
        self.talks: list[Talk] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server_address[1]

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Session(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.talk = Talk(len(self.server.talks) + 1)
        self.server.talks.append(self.talk)
        with socket.create_connection(("127.0.0.1", self.server.behind), 10) as server:
            for line in (self.request, server):
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._commands, args=(server,), daemon=True)
            thread.start()
            try:
                self._answers(server)
            except Cut as cut:
                self._send(cut.last)
            except OSError:
                pass
            for line in (self.request, server):
                try:
                    line.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            thread.join(1)

    def _commands(self, server: socket.socket) -> None:
        try:
            with self.request.makefile("rb") as spoken:
                while line := spoken.readline():
                    self.talk.commands.append(line.rstrip())
                    if answer := self.server.fault.heard(self.talk, line):
                        self._send(answer)
                    else:
                        server.sendall(line)
        except (OSError, ValueError):
            pass

    def _answers(self, server: socket.socket) -> None:
        with server.makefile("rb") as spoken:
            while line := spoken.readline():
                size = LITERAL.search(line)
                literal = spoken.read(int(size[1])) if size else None
                self._send(self.server.fault.said(self.talk, line, literal))

    def _send(self, out: bytes) -> None:
        drip = self.server.fault.drip
        step = 40 if drip and len(out) > 200 else len(out) or 1
        for at in range(0, len(out), step):
            self.request.sendall(out[at:at + step])
            time.sleep(drip if step == 40 else 0)
        self.talk.sent += len(out)
