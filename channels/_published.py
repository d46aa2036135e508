"""Files for platforms that take no uploads but fetch: the helpdesk gives each an address (Channel.publish)."""
from __future__ import annotations

from channels.base import Channel, SendError


def address_of(channel: Channel, default_base: str, name: str, content_type: str, content: bytes) -> str:
    """Where the platform can fetch this file. Raises SendError when it could not: the real platforms, those behind
    `default_base`, want https."""
    real = (channel.config.get("api_base") or default_base).rstrip("/") == default_base
    return fetchable(channel, name, content_type, content, https=real)


def fetchable(channel: Channel, name: str, content_type: str, content: bytes, *, https: bool) -> str:
    """The same for whoever fetches; `https`: they take nothing less."""
    url = channel.publish(name, content_type, content) if channel.publish else ""
    if not url or https and not url.startswith("https://"):
        raise SendError(f"{channel.label} fetches files from this helpdesk, which needs an address with https for "
                        "that: set base_url", permanent=True)
    return url
