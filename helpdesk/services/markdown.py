"""Articles are written in Markdown: as safe HTML for readers, and as plain words for channels that have nothing else.

Besides CommonMark there are tables, ~~struck~~ words, bare addresses that become links, and callouts as GitHub writes
them: a quotation that begins with [!NOTE], [!TIP], [!IMPORTANT], [!WARNING] or [!CAUTION]. HTML in an article is shown
as text. Pictures are our own ones (`PICTURES` and a token); one from elsewhere becomes a link, so that reading an
article tells nobody else.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

import mistune
import nh3
from mistune.core import BlockState
from mistune.renderers.html import HTMLRenderer

from helpdesk.services import slugs

PICTURES = "/help/pictures/"        # where articles' pictures are read; a token follows
ANCHOR = "part-"                    # begins the id of every heading, so that none is like an id of the page around it
CALLOUTS = ("note", "tip", "important", "warning", "caution")
CALLOUT_WORDS = {
    "en": ("Note", "Tip", "Important", "Warning", "Caution"),
    "id": ("Catatan", "Tips", "Penting", "Peringatan", "Hati-hati"),
    "es": ("Nota", "Consejo", "Importante", "Advertencia", "Cuidado"),
    "pt": ("Nota", "Dica", "Importante", "Aviso", "Cuidado"),
    "hi": ("ध्यान दें", "सुझाव", "महत्वपूर्ण", "चेतावनी", "सावधान"),
}
TABLE_WORDS = {"en": "Table", "id": "Tabel", "es": "Tabla", "pt": "Tabela", "hi": "तालिका"}
APART = {"list", "list_item", "block_quote", "table", "table_head", "table_body", "table_row"}      # tokens of blocks
SCHEMES = {"http", "https", "mailto", "tel"}
_CALLOUT = re.compile(r"\[!(" + "|".join(CALLOUTS) + r")\]\s*", re.I)
_PICTURE = re.compile(re.escape(PICTURES) + r"([A-Za-z0-9_-]{8,40})")
_SPACES = re.compile(r"[ \t]+")
_NEARBY = re.compile(r"[/#?](?![/\\])|[A-Za-z0-9][^:\s]*$")

_CLEANER = nh3.Cleaner(
    tags={"a", "blockquote", "br", "code", "del", "div", "em", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6",
          "hr", "img", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"},
    attributes={"a": {"href", "title"}, "img": {"src", "alt", "title", "width", "height", "loading"},
                "ol": {"start"}, "td": {"class"}, "th": {"class", "scope"},
                "div": {"class", "role", "tabindex", "aria-label"}, "p": {"class"},
                **{f"h{level}": {"id"} for level in range(2, 7)}},
    url_schemes=SCHEMES, link_rel="noopener noreferrer", strip_comments=True)
_parse = mistune.create_markdown(renderer=None, plugins=["table", "strikethrough", "url"])


@dataclass(frozen=True)
class Heading:
    """One heading of an article: `level` from 2 on, because the title is the first; `id` is its anchor."""
    level: int
    id: str
    text: str


def html(text: str, *, locale: str = "en", base: str = "", sizes: Mapping[str, tuple[int, int]] | None = None,
         pictures: str = PICTURES) -> str:
    """Safe HTML. `locale`: the language of the callouts' names. `base`: what stands before addresses of this site,
    for readers elsewhere (mail). `sizes`: width and height in pixels by the pictures' tokens. `pictures`: where they
    are read, for people of the house another place than for the world."""
    tokens = _tokens(text)
    return _CLEANER.clean(_Html(tokens, locale, base.rstrip("/"), sizes or {}, pictures)(tokens, BlockState()))


def headings(text: str) -> list[Heading]:
    """The headings of an article, as html() writes them: for a table of contents."""
    return _headings(_tokens(text))


def plain(text: str, *, locale: str = "en", base: str = "") -> str:
    """The words for a channel without HTML: lists keep their dashes and numbers, a link has its address behind it, a
    picture is its description, a row of a table is one line. `locale` and `base`: as for html()."""
    return re.sub(r"\n{3,}", "\n\n", _Plain(locale, base.rstrip("/")).blocks(_tokens(text))).strip()


def excerpt(text: str, length: int = 160) -> str:
    """The first words in one line of at most `length` characters, without headings and addresses."""
    words = " ".join(_words(token) for token in _tokens(text)
                     if token["type"] in ("paragraph", "list", "block_quote"))
    words = " ".join(_CALLOUT.sub("", words).split())
    return words if len(words) <= length else words[:length].rpartition(" ")[0].rstrip(",.;:– ") + "…"


def pictures(text: str) -> list[str]:
    """The tokens of our own pictures that the text speaks of, each once, in their order."""
    return list(dict.fromkeys(_PICTURE.findall(text)))


def _tokens(text: str) -> list[dict]:
    return _parse(text.replace("\r\n", "\n").replace("\0", ""))


def _inside(tokens: list[dict]) -> Iterator[dict]:
    for token in tokens:
        yield token
        yield from _inside(token.get("children", []))


def _words(token: dict) -> str:
    """The bare words in a token: of a picture its description."""
    if "children" not in token:
        return token.get("raw", " " if token["type"] in ("softbreak", "linebreak") else "")
    return (" " if token["type"] in APART else "").join(_words(child) for child in token["children"])


def _headings(tokens: list[dict]) -> list[Heading]:
    found = [token for token in _inside(tokens) if token["type"] == "heading"]
    top = min((token["attrs"]["level"] for token in found), default=1)
    taken: set[str] = set()
    made = []
    for token in found:
        words = " ".join(_words(token).split())
        name = ANCHOR + slugs.free(words, lambda slug: ANCHOR + slug in taken, "heading")
        taken.add(name)
        made.append(Heading(min(token["attrs"]["level"] - top + 2, 6), name, words))
    return made


def _callout(token: dict) -> str:
    """Which callout a quotation is, its mark taken out of the token; '' for a real quotation."""
    first = next((child for child in token["children"] if child["type"] == "paragraph"), None)
    if first is None or not first["children"]:
        return ""
    # Depending on what follows, mistune gives the mark as one text or as several.
    texts = []
    for child in first["children"]:
        if child["type"] != "text":
            break
        texts.append(child)
    found = _CALLOUT.match("".join(child["raw"] for child in texts))
    if found is None:
        return ""
    rest = first["children"][len(texts):]
    if rest and rest[0]["type"] in ("softbreak", "linebreak"):
        rest = rest[1:]
    left = "".join(child["raw"] for child in texts)[found.end():]
    first["children"] = ([{"type": "text", "raw": left}] if left else []) + rest
    return found[1].lower()


def _own_picture(url: str) -> str:
    """The token of one of our own pictures, '' for any other address."""
    found = _PICTURE.fullmatch(url)
    return found[1] if found else ""


def _callout_word(kind: str, locale: str) -> str:
    return _word(CALLOUT_WORDS, locale)[CALLOUTS.index(kind)]


def _word(table: dict, locale: str):
    return table.get(locale.split("-")[0], table["en"])


class _Html(HTMLRenderer):
    """Tokens as HTML; what it writes still goes through the cleaner."""

    def __init__(self, tokens: list[dict], locale: str, base: str, sizes: Mapping[str, tuple[int, int]],
                 pictures: str) -> None:
        super().__init__(escape=True)
        self.locale, self.base, self.sizes, self.pictures = locale, base, sizes, pictures
        self.headings = iter(_headings(tokens))

    def render_token(self, token: dict, state: BlockState) -> str:
        if token["type"] == "block_quote" and (kind := _callout(token)):
            name = _callout_word(kind, self.locale)
            return (f'<div class="callout {kind}" role="note"><p class="callout-name">{escape(name)}</p>\n'
                    f'{self.render_tokens(token["children"], state)}</div>\n')
        if token["type"] == "paragraph" and (figure := self._figure(token)):
            return figure
        if token["type"] == "table_cell":
            tag = "th" if token["attrs"]["head"] else "td"
            align = f' class="{token["attrs"]["align"]}"' if token["attrs"]["align"] else ""
            scope = ' scope="col"' if tag == "th" else ""
            return f"<{tag}{align}{scope}>{self.render_tokens(token['children'], state)}</{tag}>\n"
        return super().render_token(token, state)

    def heading(self, text: str, level: int, **attrs) -> str:
        found = next(self.headings)
        return f'<h{found.level} id="{found.id}">{text}</h{found.level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if not _followed(url):
            return text
        return super().link(text, self._there(url), title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        token = _own_picture(url)
        if not token:
            return self.link(text or escape(url), url, title)
        attrs = {"src": self.base + self.pictures + token, "alt": re.sub(r"<[^>]*>", "", text), "title": title,
                 "loading": "lazy"}
        if token in self.sizes:
            attrs["width"], attrs["height"] = self.sizes[token]
        # The description was escaped as text; render_attrs does not escape twice what is an entity.
        return "<img" + self.render_attrs(attrs) + ">"

    def table(self, text: str) -> str:
        name = escape(_word(TABLE_WORDS, self.locale))      # a wide one is scrolled, by keyboard too
        return f'<div class="table-scroll" role="region" tabindex="0" aria-label="{name}"><table>{text}</table></div>\n'

    def table_head(self, text: str) -> str:
        return f"<thead><tr>{text}</tr></thead>\n"

    def table_body(self, text: str) -> str:
        return f"<tbody>{text}</tbody>\n"

    def table_row(self, text: str) -> str:
        return f"<tr>{text}</tr>\n"

    def strikethrough(self, text: str) -> str:
        return f"<del>{text}</del>"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{escape(code)}</code></pre>\n"

    def _there(self, url: str) -> str:
        return self.base + url if url.startswith("/") else url

    def _figure(self, token: dict) -> str:
        """A paragraph that is one of our pictures alone; its title is the caption."""
        if len(token["children"]) != 1 or token["children"][0]["type"] != "image":
            return ""
        picture = token["children"][0]
        url, title = picture["attrs"]["url"], picture["attrs"].get("title")
        if not _own_picture(url):
            return ""
        caption = f"<figcaption>{escape(title)}</figcaption>" if title else ""
        return f"<figure>{self.image(escape(_words(picture)), url)}{caption}</figure>\n"


def _followed(url: str) -> bool:
    """Whether a link may lead there: a known scheme, or an address of this site."""
    scheme, colon, _ = url.strip().partition(":")
    return scheme.lower() in SCHEMES if colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme) \
        else bool(_NEARBY.match(url))


class _Plain:
    """Tokens as words."""

    def __init__(self, locale: str, base: str) -> None:
        self.locale, self.base = locale, base

    def blocks(self, tokens: list[dict]) -> str:
        return "\n\n".join(filter(None, (self.block(token) for token in tokens)))

    def block(self, token: dict) -> str:
        kind = token["type"]
        if kind in ("paragraph", "block_text", "heading"):
            return self.line(token["children"])
        if kind == "list":
            return self.list(token)
        if kind == "block_quote":
            return self.quote(token)
        if kind == "table":
            return self.table(token)
        if kind == "thematic_break":
            return "—"
        return token.get("raw", "").rstrip("\n") if "raw" in token else self.blocks(token.get("children", []))

    def list(self, token: dict) -> str:
        number = token["attrs"].get("start", 1)
        lines = []
        for count, item in enumerate(token["children"], number):
            mark = f"{count}. " if token["attrs"]["ordered"] else "- "
            inner = "\n".join(filter(None, (self.block(child) for child in item["children"])))
            lines.append(mark + inner.replace("\n", "\n" + " " * len(mark)))
        return "\n".join(lines)

    def quote(self, token: dict) -> str:
        if kind := _callout(token):
            return f"{_callout_word(kind, self.locale)}: {self.blocks(token['children'])}"
        return "\n".join("> " + line for line in self.blocks(token["children"]).split("\n"))

    def table(self, token: dict) -> str:
        """Each row under its headings: "Country: Spain, Days: 3"."""
        rows = {part["type"]: part["children"] for part in token["children"]}
        heads = [self.line(cell["children"]) for cell in rows.get("table_head", [])]
        lines = []
        for row in rows.get("table_body", []):
            cells = [self.line(cell["children"]) for cell in row["children"]]
            lines.append("- " + ", ".join(f"{head}: {cell}" if head else cell
                                          for head, cell in zip(heads, cells, strict=False) if cell))
        return "\n".join(lines)

    def line(self, tokens: list[dict]) -> str:
        return _SPACES.sub(" ", "".join(self.inline(token) for token in tokens)).strip()

    def inline(self, token: dict) -> str:
        kind = token["type"]
        if kind == "linebreak":
            return "\n"
        if kind == "softbreak":
            return " "
        if kind == "image":
            words = _words(token)
            return words if _own_picture(token["attrs"]["url"]) else self.link(words, token["attrs"]["url"])
        if kind == "link":
            return self.link("".join(self.inline(child) for child in token["children"]), token["attrs"]["url"])
        if "children" in token:
            return "".join(self.inline(child) for child in token["children"])
        return token.get("raw", "")

    def link(self, words: str, url: str) -> str:
        if not _followed(url) or url.startswith("#"):
            return words
        shown = self.base + url if url.startswith("/") else re.sub(r"^(mailto|tel):", "", url)
        return words if words in (shown, url) else f"{words} ({shown})" if words else shown
