"""`python -m channels._smtp_child <fd>`: speaks SMTP or LMTP on a listening socket and asks its parent about
everything that matters. It holds no mail: a mail is accepted when the parent says so."""
from __future__ import annotations

import asyncio
import json
import logging
import re
import signal
import socket
import ssl
import sys
from itertools import count

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

from channels._mail_frames import HEAD

PARENT_SECONDS = 120
CONNECTIONS = 200
RECIPIENTS = 100
LONGEST_LINE = 1 << 20      # RFC 5321 says 1,000; real programs write HTML in one line
TRY_LATER = "451 4.3.0 Please try again later"


class Parent:
    """Questions to the parent process, many at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader, self.writer = reader, writer
        self.ids, self.waiting = count(1), {}

    async def ask(self, about: dict, blob: bytes = b"") -> str:
        """The parent's SMTP reply; a temporary refusal when it does not answer in time."""
        number = next(self.ids)
        answer = self.waiting[number] = asyncio.get_running_loop().create_future()
        head = json.dumps({**about, "id": number}).encode()
        self.writer.write(HEAD.pack(len(head), len(blob)) + head + blob)
        try:
            return await asyncio.wait_for(answer, PARENT_SECONDS)
        except TimeoutError:
            return TRY_LATER
        finally:
            self.waiting.pop(number, None)

    async def listen(self) -> None:
        """Hand answers to who waits for them, until the parent has gone."""
        try:
            while True:
                head, _ = HEAD.unpack(await self.reader.readexactly(HEAD.size))
                answer = json.loads(await self.reader.readexactly(head))
                if (future := self.waiting.get(answer["id"])) and not future.done():
                    future.set_result(answer["reply"])
        except (asyncio.IncompleteReadError, OSError):
            pass


class Handler:
    """aiosmtpd's hooks."""

    def __init__(self, parent: Parent, lmtp: bool):
        self.parent, self.lmtp = parent, lmtp

    async def handle_RCPT(self, server, session, envelope, address, options):
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        reply = await self.parent.ask({"ask": "rcpt", "address": address})
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return reply

    async def handle_DATA(self, server, session, envelope):
        sender = re.sub(r"[\s<>]", "", envelope.mail_from or "")
        peer = session.peer[0] if isinstance(session.peer, tuple) else ""
        about = {"ask": "mail", "sender": sender, "recipients": envelope.rcpt_tos, "peer": peer}
        reply = await self.parent.ask(about, envelope.content)
        return "\r\n".join([reply] * len(envelope.rcpt_tos)) if self.lmtp else reply    # RFC 2033: one for each


def _protocol(options: dict, parent: Parent, open_ones: set):
    class Counted(LMTP if options["lmtp"] else SMTP):
        line_length_limit = LONGEST_LINE

        def connection_made(self, transport):
            if len(open_ones) >= CONNECTIONS:
                transport.write(b"421 4.3.2 Too many connections, please try again later\r\n")
                return transport.close()
            open_ones.add(self)
            return super().connection_made(transport)

        def connection_lost(self, error):
            if self in open_ones:
                open_ones.discard(self)
                super().connection_lost(error)

    context = None
    if options.get("certificate"):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options["certificate"], options.get("key") or None)
    return lambda: Counted(Handler(parent, options["lmtp"]), data_size_limit=options["max_size"], enable_SMTPUTF8=True,
                           hostname=options["hostname"], ident="helpdesk", timeout=300, tls_context=context)


async def _serve(listening: socket.socket, control: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=control)
    head, _ = HEAD.unpack(await reader.readexactly(HEAD.size))
    options = json.loads(await reader.readexactly(head))
    parent = Parent(reader, writer)
    server = await asyncio.get_running_loop().create_server(_protocol(options, parent, set()), sock=listening)
    await parent.listen()
    server.close()


def main() -> None:
    """Serve until the parent's end of file descriptor 0 closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    control, listening = socket.socket(fileno=0), socket.socket(fileno=int(sys.argv[1]))
    control.setblocking(False)
    listening.setblocking(False)
    try:
        asyncio.run(_serve(listening, control))
    except (asyncio.IncompleteReadError, OSError):
        pass


if __name__ == "__main__":
    main()
