"""The wire between channels and platforms while the demo's history is told: function calls in place of sockets."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import Client

from channels._http import Reply
from channels._mail_compose import compose
from channels._mail_parse import parse_mail
from channels.base import Channel, Inbound, Outbound, Receipt, Request
from channels.simulators._courier import Headers
from helpdesk.clock import now
from helpdesk.demo.platforms import Platforms


class Post:
    """Takes the platforms' webhooks as their courier does, and keeps them until it is asked."""

    def __init__(self):
        self.waiting: list[tuple[str, Mapping[str, str], bytes]] = []
        self.undelivered = ()

    def owe(self, url: str, headers: Headers, body: bytes, delay: float = 0) -> None:
        """Keep one webhook."""
        self.waiting.append((url, headers() if callable(headers) else headers, body))


class Line:
    """Speaks HTTP to the platforms without a network; stands where a channel expects channels._http.Http."""

    def __init__(self, platforms: Platforms):
        self._apps = {path: Client(platform) for path, platform in platforms.mounted.items()}

    def get(self, url: str, **content: Any) -> Reply:
        """As Http.get()."""
        return self._call("GET", url, **content)

    def post(self, url: str, **content: Any) -> Reply:
        """As Http.post(), for JSON and raw bytes."""
        return self._call("POST", url, **content)

    def _call(self, method: str, url: str, *, token: str = "", headers: Mapping[str, str] | None = None,
              timeout: float = 0, **content: Any) -> Reply:
        path = urlsplit(url).path
        mount = next(one for one in self._apps if path.startswith(one))
        sent = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        answer = self._apps[mount].open(path.removeprefix(mount), method=method, headers=sent, **content)
        return Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.get_data())


def send(channel: Channel, part: Outbound, platforms: Platforms, line: Line) -> str:
    """channel.send(), with a mail laid straight into its mailbox."""
    if channel.name != "email":
        channel.http = line
        return channel.send(part)
    mail = compose(part, channel.config, now())
    platforms.mail.put(mail.data, True, mail.recipients, now())
    return mail.message_id


def read(channel: Channel, request: Request) -> list[Inbound | Receipt]:
    """channel.read(); our own mails need no child process to be parsed safely."""
    return parse_mail(request.body, channel.own_addresses) if channel.name == "email" else channel.read(request)
