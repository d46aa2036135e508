"""The one policy for HTML from outside: what a mail may show, and nothing that runs, loads or escapes its box."""
from __future__ import annotations

import re
from html import unescape

import nh3

TAGS = {
    "a", "abbr", "address", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col",
    "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s",
    "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time",
    "tr", "tt", "u", "ul", "var", "wbr",
}
DROPPED_WHOLE = {"script", "style", "title", "head", "template", "noscript", "iframe", "object", "svg", "math", "xml",
                 "textarea", "select", "audio", "video"}
ATTRIBUTES = {
    "*": {"dir", "lang", "style", "align", "valign", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "blockquote": {"type"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"}, "ul": {"type"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "td": {"colspan", "rowspan", "width", "height", "bgcolor"}, "th": {"colspan", "rowspan", "width", "bgcolor"},
    "tr": {"bgcolor"}, "col": {"span", "width"},
}
STYLES = {"color", "background-color", "font-weight", "font-style", "font-size", "text-align", "text-decoration",
          "white-space", "padding-left", "border-left", "border-collapse"}
SCHEMES = {"http", "https", "mailto", "tel", "cid"}

IMG = re.compile(r'<img((?:\s+[^\s=>"]+="[^"]*")*)\s*>')
ATTRIBUTE = re.compile(r'(\s+[^\s=>"]+)(="[^"]*")')
TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.I)
ANY_TAG = re.compile(r"<[^<>]*>")
NEVER_DEEP = {"br", "hr", "img", "p", "li", "td", "th", "tr", "tbody", "meta", "link", "input", "col", "dt", "dd",
              "wbr", "area", "base", "option", "o"}
DEEPEST, LARGEST = 5_000, 2_000_000     # nesting takes quadratic time: 50,000 open divs are 5 seconds
LONG_RUN = re.compile(r"[^<>]{50000,}")  # and so do ampersands in one run of text: 400,000 are 7 seconds
CLEANER = nh3.Cleaner(
    tags=TAGS, clean_content_tags=DROPPED_WHOLE - TAGS, attributes=ATTRIBUTES, strip_comments=True,
    link_rel="noopener noreferrer nofollow", url_schemes=SCHEMES, url_relative="deny",
    filter_style_properties=STYLES, set_tag_attribute_values={"a": {"target": "_blank"}})


def clean(html: str) -> str:
    """HTML that is safe to put into a page. Images keep their address in `data-src`, so that nothing loads by itself.
    """
    return IMG.sub(_hold_image, CLEANER.clean(bounded(html))) if html else ""


def bounded(html: str) -> str:
    """The same HTML where it can be parsed in reasonable time, otherwise its text alone."""
    html = LONG_RUN.sub(lambda run: unescape(run[0]).replace("&", "\uff06"), html[:LARGEST])
    depth = 0
    for end, tag in TAG.findall(html):
        if tag.lower() not in NEVER_DEEP:
            depth += -1 if end else 1
            if depth > DEEPEST:
                return ANY_TAG.sub(" ", html)
    return html


def _hold_image(image: re.Match) -> str:
    held = ATTRIBUTE.sub(lambda a: f" data-src{a[2]}" if a[1].strip() == "src" else a[0], image[1])
    return f"<img{held}>"
