"""OpenPGP text inside a plain mail (RFC 9580 §6 and §7): what an agent can read of it."""
from __future__ import annotations

import re

SIGNED = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[A-Za-z-]{1,20}: [^\n]{0,200}\n)*\n?", re.M)
BLOCK = re.compile(r"^-----BEGIN PGP (SIGNATURE|MESSAGE)-----[ \t]*$", re.M)
DASHED = re.compile(r"^- (?=-)", re.M)
DEEPEST = 3
SEALED = "[Encrypted text, in the attached file]"


def readable(text: str, depth: int = 0) -> str:
    """The text without its armour: signatures are left out, what is encrypted is named. Signed text in signed text is
    read three deep."""
    if "-----BEGIN PGP " not in text or depth > DEEPEST:
        return text
    signed = SIGNED.search(text)
    pieces, at = [], 0
    while block := BLOCK.search(text, at):
        end = text.find(f"-----END PGP {block[1]}-----", block.end())
        pieces += [text[at:block.start()], SEALED if block[1] == "MESSAGE" else ""]
        at = len(text) if end < 0 else end + len(f"-----END PGP {block[1]}-----")
    text = "".join([*pieces, text[at:]])
    return readable(DASHED.sub("", SIGNED.sub("", text)), depth + 1) if signed else text
