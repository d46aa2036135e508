"""HTML of other help centres as Markdown. It is cleaned first, so that nothing hides in it."""
from __future__ import annotations

import base64
import binascii
import re
from html import escape, unescape

import nh3
from markdownify import MarkdownConverter

LARGEST = 500_000           # characters of one article
FRAME = re.compile(r"<(?:iframe|video|embed)\b[^>]{0,2000}?\bsrc\s*=\s*[\"']([^\"']{1,2000})[\"'][^>]{0,2000}>", re.I)
LOOKS = re.compile(r"<(?:p|br|div|ul|ol|h[1-6]|strong|b|em|a|img|table|span)\b[^<>]{0,500}>", re.I)
INLINE = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,([A-Za-z0-9+/=\s]+)")
BLANK = re.compile(r"\n{3,}")
TAGS = {"a", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2",
        "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "s", "section", "span", "strike",
        "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"}
CLEANER = nh3.Cleaner(tags=TAGS, attributes={"a": {"href"}, "img": {"src", "alt"}}, link_rel=None,
                      url_schemes={"http", "https", "mailto", "tel", "data"}, strip_comments=True)


def is_html(text: str) -> bool:
    """Whether a text that may be either is HTML."""
    return bool(LOOKS.search(text))


def markdown_of(html: str) -> tuple[str, dict[str, bytes]]:
    """The text as Markdown, and the pictures that stood in it as data, by the address that it has for them now."""
    pictures: dict[str, bytes] = {}

    def take(found: re.Match) -> str:
        try:
            content = base64.b64decode(found[1], validate=False)
        except (binascii.Error, ValueError):
            return ""
        name = f"inline-{len(pictures) + 1}"
        pictures[name] = content
        return name

    html = INLINE.sub(take, html[:LARGEST * 20])
    html = FRAME.sub(lambda found: _link(found[1]), html)[:LARGEST]
    clean = CLEANER.clean(html)
    try:
        text = _Converter(heading_style="ATX", bullets="-", strong_em_symbol="*", escape_misc=False).convert(clean)
    except RecursionError:      # nested deeper than anything that people wrote
        text = unescape(re.sub(r"<[^<>]*>", " ", clean))
    text = "\n".join(line.rstrip() for line in text.replace("\xa0", " ").split("\n"))
    return BLANK.sub("\n\n", text).strip(), pictures


def _link(url: str) -> str:
    url = "https:" + unescape(url) if url.startswith("//") else unescape(url)
    return f'<p><a href="{escape(url)}">{escape(url)}</a></p>'


class _Converter(MarkdownConverter):
    """A table without a head gets its first row as one, because Markdown has no other tables."""

    class DefaultOptions(MarkdownConverter.DefaultOptions):
        """The options that markdownify documents in its README."""
        table_infer_header = True
