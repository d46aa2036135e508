"""A message as it was written, ready for a frame without rights: pictures in their places or held back, the answered
mail folded. Reads only."""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import unquote

from channels._html import ATTRIBUTE, OPENED, REMOTE, judged
from helpdesk.services.quotes import folded

MOST_PICTURES = 200
PIXEL = re.compile(r'\s(?:width|height)="\s*[01](?:px)?\s*"')
HIDDEN = re.compile(r"(?:width|height)\s*:\s*[01]px")
# A mail that chose no colours of its own wears the console's; what is near black on nothing is no choice.
COLOURED = re.compile(r'bgcolor="|data-background="|background(?:-color)?:(?!\s*(?:transparent|none|inherit)\b)')
COLOUR = re.compile(r'((?:^|[";])\s*)color:\s*([^;"]+);?')
NO_CHOICE = re.compile(r"black|windowtext|inherit|initial|currentcolor"
                       r"|#(?:[0-3]{3}|[0-3][0-9a-f][0-3][0-9a-f][0-3][0-9a-f])"
                       r"|rgb\(\s*[0-5]?\d\s*,\s*[0-5]?\d\s*,\s*[0-5]?\d\s*\)", re.I)
CID = re.compile(r'"cid:([^"]+)"', re.I)
FONT_COLOUR = re.compile(r'<font[^>]*\scolor="')


@dataclass(frozen=True)
class Shown:
    """`html` for the frame; how many remote pictures are `held` back; whether it has colours of its `own`."""
    html: str
    held: int
    own: bool


def shown(html: str, embedded: dict[str, str], remote: Callable[[str], str] | None) -> Shown:
    """`embedded`: Content-ID → our address of that picture. `remote`: what to load instead of a picture's http(s)
    address; None holds them back. The policy is applied once more, whoever stored the HTML."""
    places = _Places(embedded, remote)
    html = folded(OPENED.sub(places.put, judged(html)))
    own = bool(COLOURED.search(html) or FONT_COLOUR.search(html)
               or any(not NO_CHOICE.fullmatch(m[2].strip()) for m in COLOUR.finditer(html)))
    return Shown(html if own else COLOUR.sub(r"\1", html), places.held, own)


def shows(html: str, cid: str) -> bool:
    """Whether cleaned HTML refers to the part with this Content-ID (RFC 2392)."""
    return bool(cid) and "cid:" in html and cid.lower() in {unquote(unescape(m)).lower() for m in CID.findall(html)}


class _Places:
    """Puts pictures into their places, and counts those that stay out."""

    def __init__(self, embedded: dict[str, str], remote: Callable[[str], str] | None):
        self.embedded = {cid.lower(): address for cid, address in embedded.items()}
        self.remote, self.held, self.loaded = remote, 0, 0

    def put(self, opened: re.Match) -> str:
        tag, rest = opened[1], opened[2]
        if "data-src=" not in rest and "data-background=" not in rest:
            return opened[0]
        attributes = dict(ATTRIBUTE.findall(rest))
        source, background = attributes.pop("data-src", ""), attributes.pop("data-background", "")
        if background and (address := self._remote(unescape(background))):
            attributes["style"] = f"{attributes.get('style', '')};background-image:url({escape(address)})".lstrip(";")
        if source:
            attributes |= self._image(unescape(source).strip(), rest)
        return f"<{tag}{''.join(f' {name}={chr(34)}{value}{chr(34)}' for name, value in attributes.items())}>"

    def _image(self, source: str, rest: str) -> dict[str, str]:
        if source.lower().startswith("cid:"):
            address = self.embedded.get(unquote(source[4:]).lower(), "")
        elif PIXEL.search(rest) or HIDDEN.search(rest):     # it shows nothing and only tells that the mail was read
            address = ""
        else:
            address = self._remote(source)
            if not address:
                return {"class": "held"}
        return {"src": escape(address)} if address else {"class": "missing"}

    def _remote(self, source: str) -> str:
        if not REMOTE.match(source):
            return ""
        if self.remote is None:
            self.held += 1
            return ""
        self.loaded += 1
        return self.remote(source) if self.loaded <= MOST_PICTURES else ""
