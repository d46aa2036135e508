"""S/MIME wraps a whole mail into one binary part (RFC 8551). What is only signed can be read by anyone: this takes it
out of its ASN.1 wrapping (RFC 5652, BER and DER). It verifies nothing."""
from __future__ import annotations

SIGNED = bytes.fromhex("06092a864886f70d010702")
SEALED = (bytes.fromhex("06092a864886f70d010703"), bytes.fromhex("060b2a864886f70d0109100117"))
SEQUENCE, SET, OCTETS, OCTETS_OF_PARTS, CONTEXT = 0x30, 0x31, 0x04, 0x24, 0xA0
DEEPEST = 40


def is_encrypted(data: bytes) -> bool:
    """Whether the content can only be read with a key."""
    return any(oid in data[:64] for oid in SEALED)


def signed_content(data: bytes) -> bytes | None:
    """The mail inside a signed part; None when this is something else, or a signature alone."""
    if SIGNED not in data[:64]:
        return None
    try:
        _, body, _ = _element(data, 0)                              # ContentInfo
        at = _skip(body, 0)                                         # its type
        _, wrapped, _ = _element(body, at)                          # [0]
        _, signed, _ = _element(wrapped, 0)                         # SignedData
        at = _skip(signed, _skip(signed, 0))                        # version, digest algorithms
        _, inner, _ = _element(signed, at)                          # EncapsulatedContentInfo
        at = _skip(inner, 0)                                        # its type
        if at >= len(inner):
            return None
        tag, content, _ = _element(inner, at)
        return b"".join(_strings(content, 0)) if tag == CONTEXT else None
    except (IndexError, ValueError, RecursionError):
        return None


def _element(data: bytes, at: int, depth: int = 0) -> tuple[int, bytes, int]:
    """Tag and content of the element at `at`, and where the next one begins."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    tag, size, at = data[at], data[at + 1], at + 2
    if size == 0x80:                                                # until two zero bytes
        begin = at
        while data[at:at + 2] != b"\0\0":
            at = _element(data, at, depth + 1)[2]
        return tag, data[begin:at], at + 2
    if size & 0x80:
        count = size & 0x7F
        if count > 8:
            raise ValueError("a length that cannot be")
        size, at = int.from_bytes(data[at:at + count]), at + count
    if at + size > len(data):
        raise ValueError("cut short")
    return tag, data[at:at + size], at + size


def _skip(data: bytes, at: int) -> int:
    return _element(data, at)[2]


def _strings(data: bytes, depth: int) -> list[bytes]:
    """The octet strings in here, in order; one may be made of parts."""
    found, at = [], 0
    while at < len(data):
        tag, content, at = _element(data, at)
        if tag == OCTETS:
            found.append(content)
        elif tag == OCTETS_OF_PARTS and depth < DEEPEST:
            found += _strings(content, depth + 1)
    return found
