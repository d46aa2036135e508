"""The one door to the network for channels and outgoing webhooks.

A host is resolved once, its addresses are checked, and the connection goes to the very address that was checked, so
that a second DNS answer cannot lead inside. Redirects are not followed and proxies of the environment are not used.
Error texts name the host only: paths and queries may carry secrets (a Telegram URL holds the bot's token).
"""
from __future__ import annotations

import json as jsonlib
import logging
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

from channels._address import is_public, resolve
from channels.base import SendError

CONNECT_SECONDS = 5
READ_SECONDS = 20
WHOLE_BODY_SECONDS = 60
MOST_BYTES = 25 * 1024 * 1024
PORTS = {80, 443, 8000, 8080, 8081, 8443}   # where the open internet offers HTTP; others are refused


@dataclass(frozen=True)
class Reply:
    """What the other side said. `headers` have lower-case names."""
    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The parsed body, or None when it is no JSON."""
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def retry_after(self) -> int | None:
        """Seconds of the Retry-After header (a number or a date, RFC 9110 10.2.3), if there is a usable one."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return min(int(value[:9]), 86_400)
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
        return min(max(int(seconds), 0), 86_400)


class Http:
    """`allow_private` permits loopback and private addresses and every port: for simulators on this machine.
    `ca_file` replaces the public certificate authorities."""

    def __init__(self, allow_private: bool = False, ca_file: str | None = None, limit: int = MOST_BYTES):
        self.allow_private, self.limit = allow_private, limit
        self._tls = _authorities(ca_file or certifi.where())

    def get(self, url: str, *, token: str = "", headers: Mapping[str, str] | None = None,
            timeout: float = READ_SECONDS) -> Reply:
        """Fetch `url`; `token` becomes a bearer token. Any status is a Reply; no answer at all is a SendError."""
        return self._call("GET", url, token=token, headers=headers, timeout=timeout)

    def post(self, url: str, *, json: Any = None, data: Any = None, files: Any = None, token: str = "",
             headers: Mapping[str, str] | None = None, timeout: float = READ_SECONDS) -> Reply:
        """Send `json`, form fields or raw bytes (`data`), or a multipart form (`files`, as in requests). A SendError
        is `uncertain` when the line broke after the request may have been received."""
        return self._call("POST", url, json=json, data=data, files=files, token=token, headers=headers,
                          timeout=timeout)

    def put(self, url: str, *, json: Any = None, token: str = "", headers: Mapping[str, str] | None = None,
            timeout: float = READ_SECONDS) -> Reply:
        """Put `json` in its place; as post(), but doing it twice does no harm."""
        return self._call("PUT", url, json=json, token=token, headers=headers, timeout=timeout)

    def _call(self, method: str, url: str, *, token: str, headers: Mapping[str, str] | None, timeout: float,
              **content) -> Reply:
        scheme, host, port = _checked(url)
        sent_headers = {"User-Agent": "helpdesk", "Connection": "close", **(headers or {})}
        if token:
            sent_headers["Authorization"] = f"Bearer {token}"
        for address in self._addresses(host, port):
            with requests.Session() as session:
                session.trust_env = False
                session.mount(f"{scheme}://", _Pinned(address, self._tls))
                try:
                    answer = session.request(method, url, headers=sent_headers, timeout=(CONNECT_SECONDS, timeout),
                                             allow_redirects=False, stream=True, **content)
                    return Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()},
                                 self._body(answer, method, host))
                except (requests.RequestException, UnicodeError) as error:
                    failure = _failure(error, host, method)
                    unreached = _never_connected(error)
            if not unreached:
                break
        raise failure from None

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = resolve(host, port)
        except OSError:
            raise SendError(f"{host} cannot be found") from None
        if self.allow_private:
            return found
        if port not in PORTS:
            raise SendError(f"port {port} of {host} is not one for HTTP", permanent=True)
        allowed = [address for address in found if is_public(address)]
        if not allowed:
            raise SendError(f"{host} is not on the public internet", permanent=True)
        return allowed

    def _body(self, answer: requests.Response, method: str, host: str) -> bytes:
        # A POST whose answer is cut short has been received: it must not simply be repeated.
        received = method == "POST"
        deadline = time.monotonic() + WHOLE_BODY_SECONDS
        body = bytearray()
        for chunk in answer.iter_content(65_536):
            body += chunk
            if len(body) > self.limit:
                raise SendError(f"the answer of {host} is larger than {self.limit} bytes", permanent=not received,
                                uncertain=received)
            if time.monotonic() > deadline:
                raise SendError(f"{host} answers too slowly", uncertain=received)
        return bytes(body)


@cache
def _authorities(ca_file: str) -> ssl.SSLContext:
    """Reading 140 certificates takes milliseconds, so it is done once."""
    return ssl.create_default_context(cafile=ca_file)


class _Pinned(HTTPAdapter):
    """Connects to one address while Host header, SNI and certificate check keep the name."""

    def __init__(self, address: str, tls: ssl.SSLContext):
        self.address, self.tls = address, tls
        super().__init__(max_retries=0)

    def build_connection_pool_key_attributes(self, request, verify, cert=None):
        url = urlsplit(request.url)
        request.headers.setdefault("Host", url.netloc)
        place = {"scheme": url.scheme, "host": self.address, "port": url.port}
        return place, {"ssl_context": self.tls, "server_hostname": url.hostname} if url.scheme == "https" else {}

    def cert_verify(self, conn, url, verify, cert):
        conn.cert_reqs = "CERT_REQUIRED"    # the context already holds the authorities


def _checked(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL that may be called at all; SendError(permanent) otherwise."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        raise SendError("only http and https addresses can be called", permanent=True) from None
    if not parts.hostname or parts.username is not None or re.search(r"[\s\\\x00-\x1f\x7f]", url):
        raise SendError("this address is not a plain web address", permanent=True)
    return parts.scheme, parts.hostname, port


def _failure(error: Exception, host: str, method: str) -> SendError:
    """Our own words, because requests puts the whole URL into its errors."""
    if isinstance(error, requests.exceptions.SSLError):
        return SendError(f"the certificate of {host} is not trusted, or TLS failed")
    if _never_connected(error):
        return SendError(f"{host} cannot be reached")
    if isinstance(error, (UnicodeError, requests.exceptions.InvalidURL, requests.exceptions.InvalidJSONError,
                          requests.exceptions.InvalidHeader)):
        return SendError(f"the request to {host} cannot be written", permanent=True)
    words = "did not answer in time" if isinstance(error, requests.Timeout) else "broke the connection"
    return SendError(f"{host} {words}", uncertain=method == "POST")


def _never_connected(error: Exception) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


class _NoSecrets(logging.Filter):
    """urllib3 logs every path at DEBUG level."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


def redact(text: str, *secrets: str) -> str:
    """`text` without the given secrets, bot tokens and access tokens."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return re.sub(r"(bot\d+:|access_token=)[\w-]+", r"\1***", text)


logging.getLogger("urllib3.connectionpool").addFilter(_NoSecrets())
