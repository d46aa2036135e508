"""A browser as people call it, from what it says of itself."""
from __future__ import annotations

import re

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"),
            ("SamsungBrowser", "Samsung"), ("Chrome", "Chrome"), ("CriOS", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
           ("Mac OS X", "macOS"), ("Linux", "Linux"))


def browser_name(said: str) -> str:
    """`Firefox, Windows`; what cannot be told is shown as it was said, shortened."""
    browser = next((name for mark, name in BROWSERS if re.search(rf"\b{mark}/", said)), "")
    system = next((name for mark, name in SYSTEMS if mark in said), "")
    return ", ".join(part for part in (browser, system) if part) or said[:60]
