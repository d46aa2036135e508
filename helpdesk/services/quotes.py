"""Folding away the mail that was answered, in cleaned HTML whose beginnings are marked by `data-quote`."""
from __future__ import annotations

import re

PIECE = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:\s+[^\s=>"]+="[^"]*")*)\s*>|([^<]+)')
EMPTY = {"br", "hr", "img", "col", "wbr"}
CITED = re.compile(r'\stype="cite"')
MARK = re.compile(r'\sdata-quote="(inside|after)"')
VISIBLE = re.compile(r"[^\s\xa0\u200b]")
PARTS_OF_TABLES = {"tr", "td", "th", "tbody", "thead", "tfoot", "caption", "col", "colgroup", "li", "dt", "dd"}
BEFORE = '<details class="quoted"><summary title="Show the quoted mail"><span>…</span></summary>'
AFTER = "</details>"


def folded(html: str) -> str:
    """The same HTML with the answered mail behind a “…”: when there is one stretch of it beside something new, or the
    last of several when nothing new follows it. Answers between the lines stay open with what they answer."""
    regions, text_after = _regions(html) if "data-quote" in html or 'type="cite"' in html else ([], [])
    if not regions or len(regions) > 1 and text_after[-1]:
        return html
    start, end = regions[-1]
    return f"{html[:start]}{BEFORE}{html[start:end]}{AFTER}{html[end:]}"


def _regions(html: str) -> tuple[list[tuple[int, int]], list[bool]]:
    """The stretches of quoted mail, and for each whether something visible stands between it and the next one or the
    end. Empty when there is nothing but quoted mail, or a stretch cannot be wrapped."""
    walk = _Walk()
    for piece in PIECE.finditer(html):
        if piece[4] is not None:
            walk.words(piece[4].replace("&nbsp;", " "))
        elif piece[1]:
            walk.close(piece.start(), piece.end())
        else:
            walk.open(piece[2], piece[3], piece.start())
    walk.end(len(html))
    joined, after = [], []
    for (start, end), text in zip(walk.found, walk.text_after, strict=True):
        if joined and not after[-1]:
            joined[-1], after[-1] = (joined[-1][0], end), text
        else:
            joined.append((start, end))
            after.append(text)
    new = walk.text_before or any(after)
    return (joined, after) if new and not walk.unwrappable else ([], [])


class _Walk:
    """One pass over the tags. A stretch that began inside a marked container ends with it; one that everything follows
    ends with what it stands in, and begins with the outermost tag that holds nothing new."""

    def __init__(self):
        self.tags: list[tuple[str, int]] = []       # open ones, each with where it began
        self.holding = 0                            # how many of them hold something new
        self.found: list[tuple[int, int]] = []
        self.text_after: list[bool] = []
        self.text_before = self.unwrappable = False
        self.start: int | None = None               # of the stretch we are in
        self.floor, self.with_parent = 0, False     # how many tags are open around it; whether it ends with the last

    def words(self, text: str) -> None:
        if VISIBLE.search(text):
            self._seen()

    def open(self, tag: str, attributes: str, at: int) -> None:
        if tag == "img":
            self._seen()
        if tag in EMPTY:
            return
        mark = MARK.search(attributes)
        if self.start is None and (mark or tag == "blockquote" and CITED.search(attributes)):
            self.with_parent = bool(mark) and mark[1] == "after"
            self.floor = min(self.holding, len(self.tags)) if self.with_parent else len(self.tags)
            outermost, self.start = self.tags[self.floor] if self.floor < len(self.tags) else (tag, at)
            self.unwrappable |= outermost in PARTS_OF_TABLES
        self.tags.append((tag, at))

    def close(self, start: int, end: int) -> None:
        if self.tags:
            self.tags.pop()
        self.holding = min(self.holding, len(self.tags))
        if self.start is not None and len(self.tags) == self.floor - self.with_parent:
            self._finish(start if self.with_parent else end)

    def end(self, at: int) -> None:
        if self.start is not None:
            self._finish(at)

    def _seen(self) -> None:
        if self.start is None:
            self.holding = len(self.tags)
            if self.found:
                self.text_after[-1] = True
            else:
                self.text_before = True

    def _finish(self, at: int) -> None:
        self.found.append((self.start, at))
        self.text_after.append(False)
        self.start = None
