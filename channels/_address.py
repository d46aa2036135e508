"""Which network addresses an outgoing request may go to (server-side request forgery).

`ipaddress.is_global` alone is not enough: it calls several forms global that lead back inside, such as the IPv6
forms that carry an IPv4 address (NAT64, 6to4, Teredo, IPv4-translated) and 192.0.0.8.
"""
from __future__ import annotations

import ipaddress
import socket

INWARD = [ipaddress.ip_network(network) for network in (
    "64:ff9b::/96", "64:ff9b:1::/48",       # NAT64, RFC 6052 and RFC 8215
    "2002::/16", "2001::/32",               # 6to4, Teredo
    "::/96", "::ffff:0:0:0/96",             # IPv4-compatible, IPv4-translated
    "100.64.0.0/10", "192.0.0.0/24",        # carrier-grade NAT, protocol assignments
)]


def is_public(address: str) -> bool:
    """Whether `address` (an IP literal as getaddrinfo returns it) lies on the open internet."""
    ip = ipaddress.ip_address(address)
    if ip.version == 6 and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    inward = any(ip in network for network in INWARD if network.version == ip.version)
    return ip.is_global and not ip.is_multicast and not inward


def resolve(host: str, port: int) -> list[str]:
    """Every address of `host` in the order the system prefers. Raises OSError when there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:           # a label that is empty or too long
        raise OSError("not a host name") from error
    return list(dict.fromkeys(entry[4][0] for entry in found))
