"""HTML to plain text, with quoted parts marked as in plain mail (`> `), so that one reply scanner serves both."""
from __future__ import annotations

import re
from html import unescape

import nh3

from channels._html import DROPPED_WHOLE, TAGS, bounded
from channels._mail_marks import OUTLOOK_LINE, QUOTE_AFTER, QUOTE_INSIDE, SIGNATURE
from channels._mail_phrases import WROTE

BLOCKS = {"address", "blockquote", "center", "dd", "div", "dl", "dt", "figure", "h1", "h2", "h3", "h4", "h5", "h6",
          "hr", "li", "ol", "p", "pre", "table", "tr", "ul", "caption"}
SPACED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"}
PIECE = re.compile(r'<(/?)([a-z0-9]+)((?:\s+[^\s=>"]+="[^"]*")*)\s*>|([^<]+)|<')
ATTR = re.compile(r'\s([^\s=>"]+)="([^"]*)"')
SPACES = re.compile(r"[ \t\r\n\f\u200b\u2060\u00ad]+")
CLEANER = nh3.Cleaner(tags=TAGS, clean_content_tags=DROPPED_WHOLE - TAGS, strip_comments=True, link_rel=None,
                      attributes={"*": {"class", "id", "style"}, "a": {"href"}, "img": {"alt"}},
                      url_schemes={"http", "https", "mailto", "tel"}, url_relative="deny")


def html_to_text(html: str) -> str:
    """The text of an HTML body: paragraphs as blank lines, list items as `- `, links as `words <address>`, and each
    quoted line marked by `> `."""
    return _Writer().text_of(CLEANER.clean(bounded(html)))


class _Writer:
    """One pass over well-formed HTML (the sanitiser's output)."""

    def __init__(self):
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0             # open containers of quoted text
        self.open: list[tuple[str, str]] = []   # (tag, what its end does)
        self.pre = 0

    def text_of(self, html: str) -> str:
        for piece in PIECE.finditer(html):
            if piece[4] is not None:
                self._words(unescape(piece[4]))
            elif piece[2]:
                (self._end if piece[1] else self._start)(piece[2], piece[3])
        self._break()
        return re.sub(r"\n(?:>? ?\n){3,}", "\n\n\n", "\n".join(self.lines)).strip("\n")

    def _words(self, text: str) -> None:
        text = text.replace("\xa0", " ")
        if self.pre:
            for n, line in enumerate(text.split("\n")):
                if n:
                    self._break(force=True)
                self.line.append(line)
            return
        text = SPACES.sub(" ", text)
        if not self.line or self.line[-1].endswith(" "):
            text = text.lstrip(" ")
        if text:
            self.line.append(text)

    def _start(self, tag: str, attributes: str) -> None:
        if tag == "br":
            return self._break(force=True)
        marks = dict(ATTR.findall(attributes)) if attributes else {}
        if tag == "img":
            return self.line.append(f"[{unescape(marks['alt'])}]") if marks.get("alt", "").strip() else None
        if tag in BLOCKS:
            self._break()
            if tag in SPACED:
                self._blank()
        elif tag in ("td", "th") and self.line:
            self.line.append(" ")
        if tag in ("hr", "col", "wbr"):
            return None
        if tag == "li":
            self.line.append("- ")
        self.pre += tag == "pre"
        self.open.append((tag, self._container(tag, marks)))

    def _container(self, tag: str, marks: dict[str, str]) -> str:
        name = f"{marks.get('class', '')} {marks.get('id', '')}"
        if tag == "blockquote" or QUOTE_INSIDE.search(name):
            self._break()
            if tag == "blockquote" and "gmail_quote" in name and self._set_in():
                return ""
            self.quotes += 1
            return "quote"
        if QUOTE_AFTER.search(name) or OUTLOOK_LINE.search(marks.get("style", "")):
            self._break()
            self.quotes += 1
        elif SIGNATURE.search(name) and not self.quotes:
            self._break()
            self.lines.append("-- ")
        if tag == "a" and "href" in marks:
            return f"link {marks['href']}"
        return "gmail_quote" if "gmail_quote" in name or "gmail_extra" in name else ""

    def _set_in(self) -> bool:
        """Gmail's button for "quote" gives the writer's own words the look of an answered mail, but no line above says
        who wrote them."""
        if self.quotes or any("gmail_quote" in does for _, does in self.open):
            return False
        above = next((line for line in reversed(self.lines[-6:]) if line.strip()), "")
        return bool(above) and not WROTE.search(above) and not ("@" in above and above.rstrip()[-1] in ":>)")

    def _end(self, tag: str, _attributes: str) -> None:
        opened, does = self.open.pop() if self.open else ("", "")
        if does.startswith("link "):
            self._link(unescape(does[5:]))
        if tag in BLOCKS or does == "quote":
            self._break()
        if does == "quote":
            self.quotes = max(0, self.quotes - 1)
        self.pre = max(0, self.pre - (opened == "pre"))
        if tag in SPACED:
            self._blank()

    def _link(self, address: str) -> None:
        shown = "".join(self.line[-9:]).rstrip()     # a bounded look back keeps a line of 10,000 links linear
        bare = re.sub(r"^(?:mailto:|tel:|https?://(?:www\.)?)|/$", "", address)
        if bare and bare not in shown:
            self.line.append(f" <{address}>" if shown else address)

    def _break(self, force: bool = False) -> None:
        text = "".join(self.line)
        self.line = []
        text = text.rstrip() if self.pre else text.strip()
        if text or force:
            self.lines.append("> " * min(self.quotes, 9) + text if self.quotes else text)

    def _blank(self) -> None:
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append("> " * min(self.quotes, 9) if self.quotes else "")
