"""A mail server on loopback that keeps what it is given, or refuses it as told. Speaks SMTP in a few plain lines."""
from __future__ import annotations

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage


class Sink(socketserver.ThreadingTCPServer):
    """`mails` are (sender, recipients, raw). `answers` are what DATA is answered with, next first; then 250.
    "cut" breaks the line after the mail was taken."""
    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.answers: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server_address[1]

    def parsed(self) -> list[EmailMessage]:
        """The mails, read."""
        return [message_from_bytes(raw, policy=policy.default) for _, _, raw in self.mails]


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 sink")
        sender, recipients = "", []
        while line := self.rfile.readline().decode("utf-8", "replace").strip():
            verb = line.upper()
            if verb.startswith("EHLO"):
                self._say("250-sink\r\n250-SMTPUTF8\r\n250 8BITMIME")
            elif verb.startswith("MAIL"):
                sender, recipients = line[10:].split(">")[0].lstrip("<"), []
                self._say("250 ok")
            elif verb.startswith("RCPT"):
                recipients.append(line[8:].split(">")[0].lstrip("<"))
                self._say("250 ok")
            elif verb == "DATA":
                self._say("354 go on")
                raw = b""
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    raw += part[1:] if part.startswith(b"..") else part
                answer = self.server.answers.pop(0) if self.server.answers else "250 kept"
                if answer.startswith("250") or answer == "cut":
                    self.server.mails.append((sender, recipients, raw))
                if answer == "cut":
                    return
                self._say(answer)
            elif verb == "QUIT":
                return self._say("221 bye")
            else:
                self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
