"""The words of a query in a text, as the search finds them: whatever the case and accents, also as beginnings. Pure."""
from __future__ import annotations

from helpdesk.services.search import WORD, fold

AROUND = 160            # characters before the first word that is found


def marked(text: str, query: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it was looked for."""
    wanted = tuple(fold(word) for word in WORD.findall(query)[:10])
    pieces: list[tuple[str, bool]] = []
    at = 0
    for match in WORD.finditer(text) if wanted else ():
        if fold(match[0]).startswith(wanted):
            pieces += [(text[at:match.start()], False)] if match.start() > at else []
            pieces.append((match[0], True))
            at = match.end()
    return [*pieces, (text[at:], False)] if at < len(text) else pieces


def excerpt(text: str, query: str, length: int) -> str:
    """At most `length` characters of a text, from shortly before the first word that is looked for."""
    if len(text) <= length:
        return text
    start, at = 0, 0
    for piece, hit in marked(text, query):
        if hit:
            start = max(0, at - AROUND)
            break
        at += len(piece)
    cut = text[start:start + length].strip()
    return f"{'…' if start else ''}{cut}{'…' if start + length < len(text) else ''}"
