"""The one policy for CSS from outside: what gives words their look stays, what loads, moves or covers anything goes.

Style sheets are first put into the elements they are for (css-inline), so that one list of properties judges all and
no selector, at-rule or web font is left over.
"""
from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape

import css_inline

PROPERTIES = {
    "background", "background-color", "border-collapse", "border-spacing", "box-sizing", "caption-side", "clear",
    "color", "direction", "display", "empty-cells", "float", "font", "height", "hyphens", "letter-spacing",
    "line-height", "list-style", "list-style-position", "list-style-type", "max-height", "max-width", "min-height",
    "min-width", "object-fit", "opacity", "overflow", "overflow-wrap", "table-layout", "unicode-bidi",
    "vertical-align", "visibility", "white-space", "width", "word-break", "word-spacing", "word-wrap",
}
FAMILIES = re.compile(r"(?:margin|padding|font|text|border)(?:-[a-z]+)*")
NOT_OF_THESE = re.compile(r"border-image|text-combine|font-(?:feature|variation|palette)")
FUNCTIONS = {"rgb", "rgba", "hsl", "hsla", "calc"}
# Letters of any script for font names; no backslash, which could spell anything.
VALUE = re.compile(r"""[\w\s#%.,+*/'"()!-]{1,300}""")
CALL = re.compile(r"([\w-]*)\(")
# Heights told by the window's size would grow with the frame that is made as high as its content.
WINDOW_SIZES = re.compile(r"\d[sld]?v(?:[hwib]|min|max)\b", re.I)
COMMENT = re.compile(r"/\*.*?\*/", re.S)
URL = re.compile(r"""url\(\s*["']?(https?://[^"'()\s\\]{1,2000})["']?\s*\)""", re.I)

SHEET = "<style"
STYLE_VALUE = re.compile(r'(\sstyle\s*=\s*")([^"]*)(")', re.I)
# One level of braces inside, as every mail has it. The library itself knows no conditions and would drop all.
MEDIA = re.compile(r"@media([^{}<>]{0,300})\{((?:[^{}<>]{0,2000}\{[^{}<>]{0,5000}\}){0,300})[^{}<>]{0,300}\}", re.I)
LEAST_WIDTH, WIDE = re.compile(r"min-width\s*:\s*(\d{1,5})"), 700
A_TAG = re.compile("<[a-z]", re.I)
MOST_DECLARATIONS, MOST_WORK = 1_500, 500_000_000   # elements × declarations²: about a second and a half at worst
INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_link_tags=False)


@lru_cache(4096)
def safe_style(style: str) -> tuple[str, str]:
    """The harmless part of a style attribute's value, escaped as it stands in HTML, and the http(s) address of its
    background picture ('' for none), which is taken out."""
    kept, background = [], ""
    for declaration in COMMENT.sub(" ", unescape(style)).split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if name in ("background", "background-image") and (picture := URL.search(value)):
            background = picture[1]
            value = URL.sub(" ", value).strip()
        if value and _allowed(name) and _harmless(value):
            kept.append(f"{name}:{value}")
    return escape(";".join(kept)), background


def inlined(html: str) -> str:
    """The same HTML with its style sheets put into the elements; without any effect of theirs where that would take
    too long, or where they cannot be read. Nothing is fetched."""
    sheets = [part.partition("</style")[0] for part in html.lower().split(SHEET)[1:]]
    if not sheets:
        return html
    tags, declarations = len(A_TAG.findall(html)), sum(sheet.count(":") for sheet in sheets)
    if declarations > MOST_DECLARATIONS or tags * declarations ** 2 > MOST_WORK:
        return html
    if any("@media" in sheet for sheet in sheets):
        html = MEDIA.sub(_on_a_wide_screen, html)
    done = _inline(html) or _inline(STYLE_VALUE.sub(lambda m: f"{m[1]}{safe_style(m[2])[0]}{m[3]}", html)) or html
    return done if len(done) < 4 * len(html) + 100_000 else html


def _on_a_wide_screen(block: re.Match) -> str:
    """The rules of an @media block that a window of WIDE pixels would follow; '' for all others."""
    condition, rules = block[1].lower(), block[2]
    follows = all(int(pixels) <= WIDE for pixels in LEAST_WIDTH.findall(condition))
    plain = not re.search(r"max-|not|print|prefers|orientation|hover|,|device", condition)
    return rules if follows and plain else ""


def _inline(html: str) -> str:
    """'' when the library cannot: it gives up at the first style attribute that is none."""
    try:
        return INLINER.inline(html)
    except (css_inline.InlineError, ValueError):
        return ""
    except BaseException as error:      # a panic of the library is no Exception
        if type(error).__name__ != "PanicException":
            raise
        return ""


def _allowed(name: str) -> bool:
    return name in PROPERTIES or bool(FAMILIES.fullmatch(name)) and not NOT_OF_THESE.match(name)


def _harmless(value: str) -> bool:
    return (bool(VALUE.fullmatch(value)) and value.count('"') % 2 == 0 and value.count("'") % 2 == 0
            and value.count("(") == value.count(")") and not WINDOW_SIZES.search(value)
            and all(name.lower() in FUNCTIONS for name in CALL.findall(value)))
