"""A house's colour, readable on light and dark paper: relative luminance and contrast as WCAG 2.2 defines them."""
from __future__ import annotations

TEXT = 4.5          # the least contrast of text (success criterion 1.4.3)


def luminance(colour: str) -> float:
    """0 for black to 1 for white; `colour` as #rrggbb."""
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black on white)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def text_on(colour: str) -> str:
    """White where it can be read on this colour, else black: one of them always can."""
    return "#ffffff" if contrast(colour, "#ffffff") >= TEXT else "#000000"


def readable(colour: str, paper: str, wanted: float = TEXT) -> str:
    """The colour, moved towards black or white until text in it can be read on `paper`."""
    towards = 0 if luminance(paper) > 0.5 else 255
    found = colour
    for step in range(18):
        if contrast(found, paper) >= wanted:
            break
        parts = [int(colour[at:at + 2], 16) for at in (1, 3, 5)]
        found = "#" + "".join(f"{round(part + (towards - part) * step * 0.06):02x}" for part in parts)
    return found
