"""What a mail server of ours found about a mail, as it wrote it down: Authentication-Results (RFC 8601).

Anybody can write such a field into a mail. Only the topmost one is looked at, because a server puts its own above
whatever came; and only when it names the server that an admin trusts.
"""
from __future__ import annotations

import re
from collections.abc import Iterator

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"();=]+)|([;=])|(\s+)')
BUILT_IN = "built-in.invalid"       # the listener's own mark on what no server of ours had before
NAMELESS = "-"              # how an admin names a server that does not write its name (Microsoft 365)
LONGEST = 10_000


def server_of(field: str) -> str:
    """Who wrote it (authserv-id), in lower case; '' where it does not say, or cannot be read."""
    try:
        return _read(field)[0]
    except ValueError:
        return ""


def failed(field: str, server: str) -> bool:
    """Whether the topmost field is by `server`, and says that DMARC failed: the From is perhaps forged."""
    try:
        wrote, results = _read(field)
    except ValueError:
        return False
    return wrote == _name(server) and any(method == "dmarc" and result == "fail" for method, result, _ in results)


def doubt(field: str, server: str, domain: str) -> str:
    """Why the topmost field does not show that a mail truly comes from `domain`; '' where it does: `server` wrote it,
    and says that DMARC passed for this very domain (RFC 7489 §11.1)."""
    if not field.strip():
        return "no mail server has checked it: it has no Authentication-Results"
    try:
        wrote, results = _read(field)
    except ValueError as error:
        return f"its Authentication-Results cannot be read ({error})"
    if wrote == BUILT_IN:
        return "it came straight to the built-in mail server, which checks nobody"
    if wrote != _name(server):
        return f"it was checked by {wrote or 'a server without a name'}, and we trust {server} only"
    found = [(result, given) for method, result, given in results if method == "dmarc"]
    if not found:
        return f"{server} has not checked DMARC"
    if len(found) > 1:
        return f"{server} says two things about DMARC"
    result, given = found[0]
    if result != "pass":
        return f"{server} says: DMARC {result}"
    if given.get("header.from", "").lower() != domain:
        return f"{server} has checked {given.get('header.from') or 'another domain'}, not {domain}"
    return ""


def _name(server: str) -> str:
    return "" if server == NAMELESS else server.lower()


def _read(field: str) -> tuple[str, list[tuple[str, str, dict[str, str]]]]:
    """(who wrote it, what was found as (method, result, properties)). Raises ValueError."""
    segments: list[list[str]] = [[]]
    for token in _tokens(_bare(field)):
        if token == ";":
            segments.append([])
        else:
            segments[-1].append(token)
    wrote = ""
    if "=" not in segments[0]:
        words, segments = segments[0], segments[1:]
        wrote = words[0].lower() if words else ""
    return wrote, [_result(words) for words in segments if len(words) >= 3 and words[1] == "="]


def _result(words: list[str]) -> tuple[str, str, dict[str, str]]:
    given = {}
    for at in range(3, len(words) - 2):
        if words[at + 1] == "=" and words[at] != "=":
            given.setdefault(words[at].lower(), words[at + 2])
    return words[0].partition("/")[0].lower(), words[2].lower(), given


def _tokens(text: str) -> Iterator[str]:
    """Words, `;` and `=`. What was quoted never counts as one of the two."""
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise ValueError("an open quote")
        at = match.end()
        if match[1] is not None:
            yield f'"{match[1]}"' if match[1] in (";", "=") else match[1]
        elif match[2] or match[3]:
            yield match[2] or match[3]


def _bare(field: str) -> str:
    """Without comments, which may stand in each other."""
    if len(field) > LONGEST:
        raise ValueError("too long")
    kept, depth, at, quoted = [], 0, 0, False
    for n, character in enumerate(field):
        if n < at:
            continue
        if character == "\\" and (quoted or depth):
            at = n + 2
            if not depth:
                kept.append(field[n:at])
        elif character == '"' and not depth:
            quoted = not quoted
            kept.append(character)
        elif character in "()" and not quoted:
            depth += 1 if character == "(" else -1
            if depth < 0:
                raise ValueError("a comment that never began")
        elif not depth:
            kept.append(character)
    if depth or quoted:
        raise ValueError("a comment or quote that never ends")
    return "".join(kept)
