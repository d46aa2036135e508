"""Questions of an inbox's own before a chat, one per line of its form: `Order number | text | required`, or
`Size | list | S, M, L`. An answer is a fact about the visitor under the question's words, as a site's own facts are."""
from __future__ import annotations

import math
from datetime import date

from helpdesk.errors import Invalid
from helpdesk.services import attributes, bounds, identities

KINDS = ("text", "number", "date", "checkbox", "phone", "list")
STANDARD = ("name", "email", "phone", "topic")
MOST, MOST_OPTIONS = 10, 50


def read(line: str) -> tuple[str, str, bool, tuple[str, ...]]:
    """(label, kind, required, options) of a line. Raises Invalid with what is wrong with it."""
    label, *rest = (part.strip() for part in line.split("|"))
    if not attributes.KEY.fullmatch(label) or label.lower() in STANDARD:
        raise Invalid(f"“{label[:60]}” cannot be asked under this name: letters, digits, spaces, dots, - and _.")
    kind = (rest.pop(0) if rest else "text").lower()
    if kind not in KINDS:
        raise Invalid(f"“{label}”: {kind} is none of {', '.join(KINDS)}.")
    required = "required" in [part.lower() for part in rest]
    options = tuple(dict.fromkeys(one.strip()[:80] for part in rest if part.lower() not in ("required", "optional")
                                  for one in part.split(",") if one.strip()))
    if (kind == "list") != bool(options):
        raise Invalid(f"“{label}”: a list, and nothing else, has things to choose from, as: Size | list | S, M, L")
    if len(options) > MOST_OPTIONS:
        raise Invalid(f"“{label}”: at most {MOST_OPTIONS} things to choose from.")
    return label, kind, required, options


def lines(text: str) -> list[str]:
    """The lines that ask something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def problem(text: str) -> str:
    """What is wrong with an inbox's questions; '' for nothing."""
    given = lines(text)
    try:
        labels = [read(line)[0].lower() for line in given]
    except Invalid as error:
        return str(error)
    if len(set(labels)) < len(labels):
        return "Each question needs words of its own."
    return f"At most {MOST} questions." if len(given) > MOST else ""


def answer(label: str, kind: str, options: tuple[str, ...], given: object) -> str | float | bool | None:
    """An answer as it is kept; None for none. Raises Invalid for what is no answer to that."""
    if kind == "checkbox":
        return True if given in (True, "true", "yes", "on") else None
    if given in (None, ""):
        return None
    if not isinstance(given, str):
        raise Invalid(f"{label}: this must be text.")
    text = bounds.clean(given).strip()[:attributes.TEXT_LIMIT]
    if not text:
        return None
    if kind == "number":
        return _number(label, text)
    if kind == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise Invalid(f"{label}: please write a date as 2026-12-24.") from None
    if kind == "phone":
        return identities.normal("phone", text)
    if kind == "list" and text not in options:
        raise Invalid(f"{label}: please choose one of the list.")
    return text


def _number(label: str, text: str) -> int | float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise Invalid(f"{label}: please write a number.") from None
    if not math.isfinite(value) or abs(value) > attributes.BIGGEST:
        raise Invalid(f"{label}: this number is too large.")
    return int(value) if value.is_integer() else value
