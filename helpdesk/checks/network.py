"""What can only be known by asking others: our own address, the accounts of inboxes, Redis. Never more than a warning,
because a line that is down for a moment is nothing to mend here."""
from __future__ import annotations

import base64
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import select

from channels.base import SendError
from helpdesk import db
from helpdesk.checks import Finding, fail, good, warn
from helpdesk.models import Inbox
from helpdesk.services import inboxes
from helpdesk.settings import Settings

SECONDS = 5
TEST_SECONDS = 10
PROXY = "Let the proxy pass WebSocket upgrades for /socket.io/ (config/deploy has samples)."


def website(config: Settings) -> Finding:
    """The address people use answers, and lets live connections through (Engine.IO 4)."""
    name, url = "Website", urlsplit(config.base_url)
    try:
        alive = ask(url, "/health/live")
    except (OSError, ValueError) as problem:
        return warn(name, f"{config.base_url} does not answer: {problem}.",
                    "Start it with helpdesk serve, or check the proxy.")
    if not alive.startswith(b"HTTP/1.1 200") or b'"status"' not in alive:
        return warn(name, f"Something else than this helpdesk answers at {config.base_url}.",
                    "Check base_url and the proxy.")
    try:
        if b'0{"sid"' not in ask(url, "/socket.io/?EIO=4&transport=polling"):
            return warn(name, "It answers, but /socket.io/ does not: pages do not refresh by themselves.", PROXY)
        key = base64.b64encode(os.urandom(16)).decode()     # RFC 6455, 4.1
        upgraded = ask(url, "/socket.io/?EIO=4&transport=websocket", "Connection: Upgrade", "Upgrade: websocket",
                        f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", until=b'0{"sid"')
    except (OSError, ValueError) as problem:
        return warn(name, f"It answers, but the live connection fails: {problem}.", PROXY)
    if b" 101 " not in upgraded.split(b"\r\n", 1)[0] or b'0{"sid"' not in upgraded:
        return warn(name, "It answers, but WebSockets do not come through: pages refresh more slowly.", PROXY)
    return good(name, f"{config.base_url} answers, also over WebSocket.")


def redis(config: Settings) -> Iterator[Finding]:
    """Only when it is configured."""
    if not config.redis_url:
        return
    try:
        import redis as driver  # an optional one
        driver.Redis.from_url(config.redis_url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS).ping()
    except ImportError:
        yield fail("Redis", "redis_url is set, but the driver is missing.", "pip install 'helpdesk[redis]'")
    except Exception as problem:    # whatever the driver, the network or the server complains of
        yield warn("Redis", f"Redis does not answer: {problem}.", "Start it, or check redis_url.")
    else:
        yield good("Redis", "Redis answers.")


def accounts(ask: bool = True) -> Iterator[Finding]:
    """Each enabled inbox opens; with `ask` it is also tried against its provider, all at the same time."""
    with db.reading() as session:
        found = session.scalars(select(Inbox).where(Inbox.enabled).order_by(Inbox.id)).all()
    if not found:
        yield warn("Inboxes", "There are no inboxes yet: nobody can write to you.", "Add one under Settings, Inboxes.")
    opened = {}
    for inbox in found:
        try:
            opened[inbox.id] = inboxes.open_channel(inbox)
        except (ValueError, LookupError) as problem:
            yield fail(f"Inbox {inbox.name}", f"It cannot be opened: {problem}.",
                       "Put the old secret key back, or type this inbox's secrets in again.")
        except Exception as problem:        # a channel that is not installed any more
            yield fail(f"Inbox {inbox.name}", f"It cannot be opened: {problem}", "Install its channel, or disable it.")
    tries = {key: start(channel.test) for key, channel in opened.items()} if ask else {}
    for inbox in found:
        if inbox.id in opened:
            yield _account(inbox, tries[inbox.id]() if ask else None)


def _account(inbox: Inbox, outcome: str | Exception | None) -> Finding:
    name = f"Inbox {inbox.name}"
    if isinstance(outcome, SendError) and outcome.broken:
        return warn(name, f"The account is refused: {outcome}", "Renew its token or password under Settings, Inboxes.")
    if isinstance(outcome, Exception):
        return warn(name, f"The account cannot be tried: {outcome}", "Check its settings, and the network.")
    if inbox.error:
        return warn(name, f"It last failed: {inbox.error}", "Test it under Settings, Inboxes.")
    return good(name, outcome or "No errors.")


def start(call: Callable[[], str]) -> Callable[[], str | Exception]:
    """Begin a call beside this one; the returned function waits for its outcome, but not for long."""
    outcome: list[str | Exception] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as problem:    # a channel's own words, or a defect in it: both are for the report
            outcome.append(problem)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait() -> str | Exception:
        thread.join(TEST_SECONDS)
        return outcome[0] if outcome else TimeoutError(f"no answer within {TEST_SECONDS} seconds")
    return wait


def ask(url: SplitResult, path: str, *headers: str, until: bytes = b"") -> bytes:
    """One GET by hand, because an upgrade to WebSocket is none of an HTTP client's business. Returns status line,
    headers and body, up to `until` where the line stays open."""
    secure = url.scheme == "https"
    port = url.port or (443 if secure else 80)
    with socket.create_connection((url.hostname, port), SECONDS) as line:
        if secure:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=url.hostname)
        with line:
            lines = (f"GET {url.path}{path} HTTP/1.1", f"Host: {url.netloc}", f"Origin: {url.scheme}://{url.netloc}",
                     "Accept: */*", *(headers or ("Connection: close",)))
            line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            answer = b""
            while len(answer) < 65_536 and not (until and until in answer):
                if not (more := line.recv(4096)):
                    break
                answer += more
                if until and b" 101 " not in answer[:20]:
                    break
    return answer
