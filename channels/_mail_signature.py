"""Signatures: plain substitution of a fixed list of words, so that whoever writes one can reach nothing else."""
from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

VARIABLE = re.compile(r"\{\{\s*([^{}]{0,60}?)\s*\}\}")
KNOWN = ("agent.name", "agent.first_name", "company.name", "inbox.name", "inbox.address", "contact.name",
         "ticket.number")
HELP = "You can use " + ", ".join(f"{{{{{name}}}}}" for name in KNOWN) + "."


def unknown(template: str) -> str:
    """The first variable in it that is not on the list; '' when all are."""
    return next((name for name in VARIABLE.findall(template) if name not in KNOWN), "")


def filled(template: str, values: Mapping[str, str], html: bool = False) -> str:
    """The signature with its words in. What has no value leaves nothing, and a line that held nothing else goes."""
    lines = []
    for line in template.replace("\r\n", "\n").split("\n"):
        new = VARIABLE.sub(lambda found: _value(values.get(found[1], ""), html), line)
        if new.strip() or not line.strip():
            lines.append(new)
    return "\n".join(lines).strip("\n")


def _value(value: str, html: bool) -> str:
    plain = " ".join(value.split())
    return escape(plain) if html else plain
