"""The one policy for HTML from outside, and for what we write ourselves: what may be shown, and nothing that runs,
loads or escapes its box."""
from __future__ import annotations

import re
from html import unescape

import nh3

from channels._css import inlined, safe_style
from channels._mail_marks import OUTLOOK_LINE, QUOTE_AFTER, QUOTE_INSIDE, QUOTE_WHOLE

TAGS = {
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center",
    "cite", "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark",
    "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
}
DROPPED_WHOLE = {"script", "style", "title", "head", "template", "noscript", "iframe", "object", "svg", "math", "xml",
                 "textarea", "select", "audio", "video"}
CELL = {"colspan", "rowspan", "width", "height", "bgcolor", "background", "nowrap"}
ATTRIBUTES = {
    "*": {"dir", "lang", "style", "align", "valign", "title", "class", "id", "data-quote", "data-background"},
    "a": {"href"},
    "img": {"src", "data-src", "alt", "width", "height", "border", "hspace", "vspace"},
    "blockquote": {"type"}, "br": {"clear"}, "hr": {"width", "size", "color", "noshade"},
    "font": {"color", "face", "size"}, "div": {"bgcolor", "background"},
    "ol": {"start", "type"}, "ul": {"type"}, "li": {"type", "value"},
    "table": {"border", "cellpadding", "cellspacing", "width", "height", "bgcolor", "background", "rules", "frame"},
    "td": CELL, "th": CELL, "tr": {"bgcolor", "height"}, "tbody": {"bgcolor"}, "thead": {"bgcolor"},
    "col": {"span", "width"}, "colgroup": {"span", "width"},
}
CLEANER = nh3.Cleaner(
    tags=TAGS, clean_content_tags=DROPPED_WHOLE - TAGS, attributes=ATTRIBUTES, strip_comments=True,
    link_rel="noopener noreferrer nofollow", url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
    url_relative="deny", set_tag_attribute_values={"a": {"target": "_blank"}})
TEXT_ALONE = nh3.Cleaner(tags=set(), clean_content_tags=DROPPED_WHOLE, strip_comments=True)

# What the cleaner writes is well-formed: quotes stand around every value and in none, so these find tags and nothing
# else.
OPENED = re.compile(r'<([a-z][a-z0-9]*)((?:\s+[^\s=>"]+="[^"]*")+)\s*/?>')
ATTRIBUTE = re.compile(r'\s+([^\s=>"]+)="([^"]*)"')
JUDGED = re.compile(r'\s(?:style|class|id|src|data-[a-z]+|href|background)="')
LINK = re.compile(r"\s*(?:https?|mailto|tel):", re.I)
HELD = re.compile(r"\s*(?:https?://|cid:)\S", re.I)
REMOTE = re.compile(r"\s*https?://\S", re.I)
SMALL_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]{1,350000}", re.I)
LARGE_PICTURE = re.compile(r"data:image/[a-z+.-]{1,20};base64,[A-Za-z0-9+/=\s]{350001,}", re.I)
MARKS = {"inside", "after"}

SAME_SCHEME = re.compile(r"""(\s(?:src|background|href)\s{0,9}=\s{0,9}["']?)//(?=\w)""", re.I)
BODY = re.compile(r"<body(?=\s)", re.I)
TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.I)
A_LINK = re.compile(r"<a[\s/]", re.I)
NEW_LINE = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/table|/blockquote)\b", re.I)
ANY_TAG = re.compile(r"<[^<>]*>")
NEVER_DEEP = {"br", "hr", "img", "p", "li", "td", "th", "tr", "tbody", "meta", "link", "input", "col", "dt", "dd",
              "wbr", "area", "base", "option", "o"}
DEEPEST, LARGEST, MOST_LINKS = 5_000, 2_000_000, 5_000  # nesting takes quadratic time: 50,000 open divs are 5 seconds
RUN, LONG_RUN = re.compile(r"[^<>]+"), 50_000   # and so do ampersands in one run of text: 400,000 are 7 seconds


def clean(html: str) -> str:
    """HTML that is safe to put into a page, as `parse` of a channel stores it. A mail's own style sheets are put into
    its elements. Pictures keep their address in `data-src` (backgrounds in `data-background`), so that nothing loads
    by itself; small embedded ones stay. Where an answered mail begins is marked by `data-quote`. What has too many
    links, or is too large or too deep to be shown, becomes its text with a line that says so. Twice is as once."""
    if not html:
        return ""
    html = SAME_SCHEME.sub(r"\1https://", LARGE_PICTURE.sub("", html))
    if reason := _absurd(html):
        return _text_alone(html, reason)
    return judged(BODY.sub("<div", inlined(_short_runs(html)), count=1))


def clean_own(html: str) -> str:
    """The same policy for what we send (articles, signatures, macros): pictures are not held back, only judged."""
    return released(clean(html))


def released(html: str) -> str:
    """Cleaned HTML with its pictures back in place, as it is sent on in an answer or a forward."""
    return OPENED.sub(lambda m: f"<{m[1]}{m[2].replace(' data-src=', ' src=')}>" if m[1] == "img" else m[0], html)


def judged(html: str) -> str:
    """What the policy leaves of HTML without style sheets, without the bounds that mail needs."""
    return OPENED.sub(_tag, CLEANER.clean(html))


def bounded(html: str) -> str:
    """The same HTML where it can be parsed in reasonable time, otherwise its text alone."""
    html = _short_runs(html[:LARGEST])
    return ANY_TAG.sub(" ", html) if _too_deep(html) else html


def _absurd(html: str) -> str:
    if len(html) >= LARGEST:
        return f"it is larger than {LARGEST // 1_000_000} MB"
    if sum(1 for _ in A_LINK.finditer(html)) > MOST_LINKS:
        return f"it has more than {MOST_LINKS:,} links"
    return "its parts are nested too deeply" if _too_deep(html) else ""


def _text_alone(html: str, reason: str) -> str:
    text = TEXT_ALONE.clean(bounded(NEW_LINE.sub(r"\n\g<0>", html)))
    return (f"<p><em>The formatting of this message is not shown: {reason}. This is its text.</em></p>"
            f'<div style="white-space:pre-wrap">{text.strip()}</div>')


def _short_runs(html: str) -> str:
    if len(html) < LONG_RUN:
        return html
    return RUN.sub(lambda run: run[0] if len(run[0]) < LONG_RUN else unescape(run[0]).replace("&", "\uff06"), html)


def _too_deep(html: str) -> bool:
    depth = 0
    for end, tag in TAG.findall(html):
        if tag.lower() not in NEVER_DEEP:
            depth += -1 if end else 1
            if depth > DEEPEST:
                return True
    return False


def _tag(opened: re.Match) -> str:
    tag, rest = opened[1], opened[2]
    if not JUDGED.search(rest):
        return opened[0]
    kept, names, background = [], "", ""
    for name, value in ATTRIBUTE.findall(rest):
        if name == "style":
            style, picture = safe_style(value)
            background = picture or background
            if style:
                kept.append(f' style="{style}"')
            names += " data-line" if OUTLOOK_LINE.search(value) else ""
        elif name in ("class", "id"):
            names += f" {value}"
        elif name in ("background", "data-background"):
            background = background or value
        elif name in ("src", "data-src"):
            kept.append(_picture(value))
        elif name != "data-quote" and (name != "href" or LINK.match(value)) or name == "data-quote" and value in MARKS:
            kept.append(f' {name}="{value}"')
    if background and REMOTE.match(background):
        kept.append(f' data-background="{background}"')
    if names and (mark := _mark(names)):
        kept.append(f' data-quote="{mark}"')
    return f"<{tag}{''.join(kept)}>"


def _picture(address: str) -> str:
    """The attribute that keeps an image's address: held, or in place where the picture is in the address itself."""
    if HELD.match(address):
        return f' data-src="{address}"'
    return f' src="{address}"' if SMALL_PICTURE.fullmatch(address) else ""


def _mark(names: str) -> str:
    if QUOTE_AFTER.search(names) or names.endswith(" data-line"):
        return "after"
    return "inside" if QUOTE_WHOLE.search(names) or QUOTE_INSIDE.search(names) else ""
