"""Many Socket.IO clients in one process (Engine.IO protocol 4 over websocket only), on asyncio."""
from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, RejectConnection, Request, TextMessage

AT_ONCE = 50        # handshakes in progress


class Line(asyncio.Protocol):
    """One client. `heard(name, data)` is called for each event of the server."""

    def __init__(self, url: str, namespace: str, auth: dict | None = None, cookie: str = ""):
        self.host, self.namespace, self.auth, self.cookie = urlsplit(url).netloc, namespace, auth, cookie
        self.ready = asyncio.get_running_loop().create_future()
        self.heard: Callable[[str, dict], None] = lambda name, data: None
        self.prefix = "" if namespace == "/" else f"{namespace},"
        self.websocket, self.text = WSConnection(ConnectionType.CLIENT), ""

    def connection_made(self, transport) -> None:
        """Ask for the websocket."""
        self.transport = transport
        headers = [("Cookie", self.cookie)] if self.cookie else []
        self._write(Request(host=self.host, target="/socket.io/?EIO=4&transport=websocket", extra_headers=headers))

    def connection_lost(self, error) -> None:
        """Whoever waits is told."""
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was open"))

    def data_received(self, data: bytes) -> None:
        """Bytes to messages."""
        self.websocket.receive_data(data)
        for event in self.websocket.events():
            if isinstance(event, TextMessage):
                self.text += event.data
                if event.message_finished:
                    text, self.text = self.text, ""
                    self._packet(text)
            elif isinstance(event, Ping):
                self._write(event.response())
            elif isinstance(event, RejectConnection | CloseConnection):
                self.transport.close()
            elif not isinstance(event, AcceptConnection):
                raise RuntimeError(f"unexpected {event}")

    def emit(self, name: str, data: dict) -> None:
        """Say something to the server."""
        self._say(f"42{self.prefix}{json.dumps([name, data])}")

    def close(self) -> None:
        """Hang up."""
        self.transport.abort()

    def _packet(self, text: str) -> None:
        if text[0] == "0":
            self._say(f"40{self.prefix}{json.dumps(self.auth) if self.auth else ''}")
        elif text[0] == "2":
            self._say("3")
        elif text[:2] == "40":
            self.ready.set_result(self)
        elif text[:2] == "44":
            self.ready.set_exception(ConnectionError(text))
        elif text[:2] == "42":
            self.heard(*json.loads(text[2 + len(self.prefix):])[:2])

    def _say(self, text: str) -> None:
        self._write(TextMessage(data=text))

    def _write(self, event) -> None:
        self.transport.write(self.websocket.send(event))


async def opened(url: str, namespace: str, auths: Sequence[dict | None], cookie: str = "") -> list[Line]:
    """One line for each of `auths`, all connected."""
    where, loop, waiting = urlsplit(url), asyncio.get_running_loop(), iter(auths)
    lines: list[Line] = []

    async def some() -> None:
        for auth in waiting:
            _, line = await loop.create_connection(lambda auth=auth: Line(url, namespace, auth, cookie), where.hostname,
                                                   where.port)
            lines.append(await asyncio.wait_for(line.ready, 60))
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return lines


async def heard(line: Line, wanted: Callable[[str, dict], bool], act: Callable[[], None], seconds: float = 20) -> float:
    """act(), and how many seconds later the line hears what is wanted."""
    return (await all_heard([line], wanted, act, seconds))[0]


async def all_heard(lines: Sequence[Line], wanted: Callable[[str, dict], bool], act: Callable[[], None],
                    seconds: float = 20) -> list[float]:
    """The same for many lines: when each of them heard it."""
    loop, found, done = asyncio.get_running_loop(), [], asyncio.Event()
    start = 0.0

    def listener(line: Line) -> Callable[[str, dict], None]:
        def listen(name: str, data: dict) -> None:
            if wanted(name, data):
                line.heard = lambda name, data: None
                found.append(loop.time() - start)
                if len(found) == len(lines):
                    done.set()
        return listen
    for line in lines:
        line.heard = listener(line)
    start = loop.time()
    act()
    await asyncio.wait_for(done.wait(), seconds)
    return found
