"""What people share beside words (places, cards, stickers): found again in the line that the channels write for it."""
from __future__ import annotations

import re
from typing import NamedTuple

PLACE = re.compile(r"\[location\] (?:(?P<name>.*) )?\((?P<where>[^()]*)\) (?P<link>https://www\.openstreetmap\.org/\S+)")
CARD = re.compile(r"\[contact\] (?P<name>[^+\d]*)(?P<phone>[+\d].*)?")


class Shared(NamedTuple):
    """One line of a message. `icon` names the mark before it, '' for plain words; `link` leads to a map or a call."""
    icon: str
    words: str
    detail: str = ""
    link: str = ""


def shared(text: str) -> list[Shared]:
    """The lines of a message in which something was shared; empty when nothing was."""
    if not any(mark in text for mark in ("[location] ", "[contact] ", "[sticker]")):
        return []
    found = [_line(line) for line in text.split("\n")]
    return found if any(one.icon for one in found) else []


def _line(line: str) -> Shared:
    if place := PLACE.fullmatch(line):
        return Shared("pin", place["name"] or "A place", place["where"], place["link"])
    if card := CARD.fullmatch(line):
        phone = card["phone"] or ""
        call = f"tel:{re.sub(r'[^+0-9]', '', phone)}" if phone else ""
        return Shared("contacts", card["name"].strip() or "A contact", phone, call)
    if line.startswith("[sticker]"):
        return Shared("smile", line.removeprefix("[sticker]").strip() or "Sticker")
    return Shared("", line)
