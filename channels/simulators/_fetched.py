"""What a platform does with a file that is named by its address."""
from __future__ import annotations

from urllib.parse import unquote

from channels._http import Http
from channels.base import SendError
from channels.simulators._memory import StoredFile


def fetched(url: str, name: str = "") -> StoredFile:
    """The file at an address with https, or on this machine. Raises SendError."""
    if not url.startswith(("https://", "http://127.0.0.1", "http://[::1]", "http://localhost")):
        raise SendError("this is no address with https")
    reply = Http(allow_private=True).get(url)
    if not reply.ok:
        raise SendError(f"HTTP {reply.status}")
    return StoredFile(name or unquote(url.rpartition("/")[2]),
                      reply.headers.get("content-type", "").partition(";")[0], reply.body)
