"""Where the helpdesk listens, and how people are told to reach it. Looks at settings only."""
from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from helpdesk.checks import Finding, fail, good, warn
from helpdesk.settings import Settings


def findings(config: Settings) -> Iterator[Finding]:
    """Every check of this file."""
    yield base_url(config)
    yield proxies(config)
    yield hosts(config)


def base_url(config: Settings) -> Finding:
    """An address that others use needs HTTPS: cookies, webhooks and the widget depend on it."""
    parts, name = urlsplit(config.base_url), "Address"
    here = local(parts.hostname or "")
    if parts.scheme != "https" and not here:
        return warn(name, f"People use {config.base_url}, without HTTPS: passwords can be read on the way, and "
                          "providers refuse such a webhook.",
                    "Put a reverse proxy with a certificate in front (config/deploy has samples) and set base_url to "
                    "its https:// address.")
    if here and not local(config.host):
        return warn(name, f"The server listens on {config.host}, but links in mails and in the widget say "
                          f"{config.base_url}.", "Set base_url to the address people use.")
    if not here and not local(config.host):
        return warn(name, f"The server listens on {config.host}: others can reach it without the proxy and its HTTPS.",
                    "Set host to 127.0.0.1, unless only the proxy can reach this machine.")
    return good(name, f"{config.base_url}, listening on {config.host}:{config.port}.")


def proxies(config: Settings) -> Finding:
    """The number must be right: too few and all visitors share one address, too many and theirs can be forged."""
    name, behind = "Proxies", config.base_url.startswith("https://")
    if behind and not config.trusted_proxies:
        return warn(name, "A proxy seems to stand in front (base_url is https), but trusted_proxies is 0: everybody "
                          "counts as one address, and limits meant for one person hit all.",
                    "Set trusted_proxies to the number of proxies in front, usually 1.")
    if config.trusted_proxies and not behind and not local(config.host):
        return warn(name, f"trusted_proxies is {config.trusted_proxies}, but the server can be reached directly: "
                          "anybody can invent their address.", "Set trusted_proxies to 0, or host to 127.0.0.1.")
    return good(name, f"{config.trusted_proxies or 'None'} trusted.")


def hosts(config: Settings) -> Finding:
    """The host people use must be among those that are answered."""
    host = urlsplit(config.base_url).hostname or ""
    if config.trusted_hosts and not any(host == one or one.startswith(".") and f".{host}".endswith(one)
                                        for one in config.trusted_hosts):
        return fail("Host names", f"{host} (of base_url) is not one of trusted_hosts: every request is refused.",
                    f"Add {host} to trusted_hosts.")
    return good("Host names", ", ".join(config.trusted_hosts) or "All are answered.")


def local(host: str) -> bool:
    """Whether a host name means this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
