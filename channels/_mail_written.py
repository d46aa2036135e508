"""The body of a mail that we write: plain text, and the same as HTML, each with signature and quoted history below.

The HTML is kept to what every mail program shows alike: paragraphs, lists, links, and quotes as `blockquote type=cite`,
which programs fold. Whatever designed form comes from elsewhere passes the one policy of channels._html.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from channels._charset import without_refused
from channels._html import clean_own
from channels.base import Outbound, Quote

LINK = re.compile(r"""https?://[^\s<>"'`]{1,2000}|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}""")
TRAILING = re.compile(r"[.,;:!?…\"'»”’)\]}]+\Z")
BULLET = re.compile(r"[ \t]{0,8}[-*•–][ \t]+(?=\S)")
NUMBER = re.compile(r"[ \t]{0,8}(\d{1,4})[.)][ \t]+(?=\S)")
QUOTED_BYTES = 200_000              # of history in one mail; older messages are left out whole
QUOTE_STYLE = "margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex"


def plain_body(message: Outbound) -> str:
    """What people read who prefer text: the answer, `-- ` and the signature (RFC 3676 §4.3), and the quotes."""
    parts = [without_refused(message.text).rstrip()]
    if message.signature:
        parts.append(f"-- \n{without_refused(message.signature).strip()}")
    for quote in fitting(message.history):
        lines = without_refused(quote.text).strip().split("\n")
        if quote.forwarded:
            parts += [without_refused(quote.attribution), "\n".join(lines)]
        else:
            parts.append("\n".join([without_refused(quote.attribution), *map(_quoted_line, lines)]))
    return "\n\n".join(part for part in parts if part) + "\n"


def html_body(message: Outbound) -> str:
    """The same, designed. `message.html` is taken as the answer's own design where there is one."""
    own = clean_own(message.html) if message.html else as_html(message.text)
    signature = clean_own(message.signature_html) if message.signature_html else as_html(message.signature)
    parts = [f"<div>{own}</div>"]
    if signature:
        parts.append(f'<div class="signature"><p>-- </p>{signature}</div>')
    parts += map(_quote, fitting(message.history))
    return ('<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n'
            + without_refused("\n".join(parts)) + "\n</body></html>\n")


def _quote(quote: Quote) -> str:
    said = clean_own(quote.html) if quote.html else as_html(quote.text)
    if quote.forwarded:
        return f'<div class="gmail_quote">{as_html(quote.attribution)}{said}</div>'
    return (f'<div class="gmail_quote"><p dir="auto">{_inline(quote.attribution)}</p>'
            f'<blockquote type="cite" style="{QUOTE_STYLE}">{said}</blockquote></div>')


def as_html(text: str) -> str:
    """Plain text as HTML: blank lines part paragraphs, `- ` and `1. ` begin list items, addresses become links."""
    return "\n".join(_block(block) for block in re.split(r"\n[ \t]*\n+", text.strip("\n")) if block.strip())


def fitting(history: Sequence[Quote]) -> list[Quote]:
    """The latest quotes that fit into one mail."""
    kept, size = [], 0
    for quote in history:
        size += len(quote.text.encode("utf-8", "surrogatepass"))
        if size > QUOTED_BYTES:
            break
        kept.append(quote)
    return kept


def _quoted_line(line: str) -> str:
    return f">{line}" if line.startswith(">") else f"> {line}".rstrip()


def _block(block: str) -> str:
    return "".join(_list(kind, lines) if kind else f'<p dir="auto">{"<br>".join(map(_inline, lines))}</p>'
                   for kind, lines in _runs(block.split("\n")))


def _runs(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Neighbouring lines of one kind: "ul", "ol", or "" for plain ones. A line that is set in goes on in its item."""
    kind, run = "", []
    for line in lines:
        here = "ul" if BULLET.match(line) else "ol" if NUMBER.match(line) else ""
        if not here and kind and line[:1] in " \t" and run:
            run[-1] += f"\n{line.strip()}"
        elif here == kind:
            run.append(line)
        else:
            if run:
                yield kind, run
            kind, run = here, [line]
    if run:
        yield kind, run


def _list(kind: str, lines: list[str]) -> str:
    first = NUMBER.match(lines[0])
    start = f' start="{int(first[1])}"' if first and int(first[1]) != 1 else ""
    mark = BULLET if kind == "ul" else NUMBER
    items = "".join(f'<li dir="auto">{"<br>".join(map(_inline, mark.sub("", line, count=1).split(chr(10))))}</li>'
                    for line in lines)
    return f"<{kind}{start}>{items}</{kind}>"


def _inline(line: str) -> str:
    pieces, at = [], 0
    for found in LINK.finditer(line):
        words = found[0]
        if end := TRAILING.search(words):
            closes = end[0].startswith(")") and "(" in words        # .../Kettle_(kitchen) keeps its bracket
            words = words[:end.start() + closes]
        target = words if "://" in words else f"mailto:{words}"
        pieces += [escape(line[at:found.start()]), f'<a href="{escape(target)}">{escape(words)}</a>']
        at = found.start() + len(words)
    return "".join([*pieces, escape(line[at:])])
