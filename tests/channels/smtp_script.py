"""A mail server on loopback that answers by a script, for the moments that real servers reach only in trouble."""
from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path

CUT = "cut the line"


class ScriptedServer(socketserver.ThreadingTCPServer):
    """`answers`: verb → reply line, for what is not answered with 250. Verbs: GREETING, EHLO, AUTH, MAIL, "MAIL a@b",
    "RCPT a@b", DATA, END (after the final dot), NOOP. CUT closes the connection instead. Keeps what it heard."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, answers: Mapping[str, str] | None = None, tls: tuple[Path, Path] | None = None,
                 offers: tuple[str, ...] = ()):
        super().__init__(("127.0.0.1", 0), _Session)
        self.answers, self.offers = dict(answers or {}), offers
        self.heard: list[str] = []
        self.mails: list[bytes] = []
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def settings(self, **more: str) -> dict[str, str]:
        """The settings of an inbox that sends through this server."""
        return {"address": "support@example.org", "name": "Support", "smtp_host": "localhost", "smtp_security": "none",
                "smtp_port": str(self.server_address[1])} | more


class _Session(socketserver.StreamRequestHandler):
    timeout = 20

    def setup(self) -> None:
        if self.server.context:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        if not self._say("GREETING", "220 scripted"):
            return
        while line := self.rfile.readline().decode().strip():
            self.server.heard.append(line)
            verb = line.split()[0].upper()
            if verb == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            if verb == "EHLO":
                going = self._say("EHLO", "\r\n".join(f"250-{o}" for o in ("localhost", *self.server.offers))
                                  + "\r\n250 HELP")
            elif verb == "RCPT":
                going = self._say(f"RCPT {line[8:].split('>')[0].strip('<')}", "250 ok")
            elif verb == "MAIL":
                sender = f"MAIL {line[10:].split('>')[0].strip('<')}"
                going = self._say(sender if sender in self.server.answers else "MAIL", "250 ok")
            elif verb == "DATA":
                going = self._say("DATA", "354 go on") and ("DATA" in self.server.answers or self._data())
            else:
                going = self._say(verb, "235 ok" if verb == "AUTH" else "250 ok")
            if not going:
                return

    def _data(self) -> bool:
        raw = b""
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            raw += line[1:] if line.startswith(b"..") else line
        self.server.mails.append(raw)
        return self._say("END", "250 kept")

    def _say(self, moment: str, usual: str) -> bool:
        answer = self.server.answers.get(moment, usual)
        if answer == CUT:
            return False
        self.wfile.write(answer.encode() + b"\r\n")
        return True
