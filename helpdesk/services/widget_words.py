"""What the chat says, by language: config/widget, with what an inbox words in its own way."""
from __future__ import annotations

import json
import re
from functools import cache

from helpdesk import paths, settings
from helpdesk.models import Inbox

SOURCE = "en"
OWN = ("title", "privacy")          # what the inbox's form says in one language, and `texts` in others
RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
LINE = re.compile(r"([A-Za-z]{2}(?:-[A-Za-z]{2})?)[ .](\w+)\s*=\s*(.+)")


@cache
def _all() -> dict[str, dict[str, str]]:
    return {file.stem: json.loads(file.read_text(encoding="utf-8"))
            for file in sorted((paths.CONFIG / "widget").glob("*.json"))}


def locales() -> list[str]:
    """The languages the chat speaks."""
    return sorted(_all())


def nearest(wanted: list[str], otherwise: str = SOURCE) -> str:
    """The shipped language nearest to one of these, the first that has one; otherwise the house's or English."""
    shipped = {one.lower(): one for one in _all()}
    for name in [*wanted, otherwise]:
        name = name.strip().replace("_", "-").lower()
        language = name.split("-")[0]
        found = shipped.get(name) or next((one for low, one in shipped.items() if low.split("-")[0] == language), None)
        if found:
            return found
    return SOURCE


def direction(locale: str) -> str:
    """rtl or ltr."""
    return "rtl" if locale.split("-")[0] in RIGHT_TO_LEFT else "ltr"


def words(inbox: Inbox, locale: str) -> dict[str, str]:
    """Every sentence of the chat in a shipped language, the inbox's own ones in place."""
    chosen = inbox.settings or {}
    said = {"title": chosen.get("title") or settings.current().company_name, "greeting": chosen.get("greeting", ""),
            "privacy": chosen.get("privacy_text", "").strip()[:1000]}
    return {**_all()[locale], "privacy": "", **{name: text for name, text in said.items() if text},
            **own(inbox).get(locale, {})}


def own(inbox: Inbox) -> dict[str, dict[str, str]]:
    """What the inbox says in its own words: by language and name."""
    found: dict[str, dict[str, str]] = {}
    for line in (inbox.settings or {}).get("texts", "").splitlines():
        if match := LINE.fullmatch(line.strip()):
            found.setdefault(nearest([match[1]]), {})[match[2]] = match[3][:1000]
    return found


def problem(text: str) -> str:
    """What is wrong with an inbox's own words; '' for nothing."""
    for line in filter(None, map(str.strip, text.splitlines())):
        match = LINE.fullmatch(line)
        if match is None:
            return f"“{line[:60]}” is not written as: es greeting = ¡Hola!"
        if match[1].lower() not in {one.lower() for one in _all()}:
            return f"There is no language {match[1]}; there are {', '.join(locales())}."
        if match[2] not in _all()[SOURCE] and match[2] not in OWN:
            return f"There is no sentence called {match[2]}."
    return ""
