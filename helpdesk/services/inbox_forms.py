"""From what an admin typed to the values of an inbox: each field checked by itself, so that the form can say where."""
from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from channels.base import Channel, Setting
from helpdesk.services import chat_questions, widget_words

NO, YES = "no", "yes"
LONGEST = 5000
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
ORIGIN = re.compile(r"https?://[^\s/?#@]+")
OURS_TO_CHOOSE = ("verify_token", "webhook_secret")     # secrets that the provider is told, not ours from the provider


CHECKS = {"ask_fields": chat_questions.problem, "texts": widget_words.problem}


def values(cls: type[Channel], given: Mapping[str, str], *, stored: Mapping[str, str]) -> tuple[dict, dict]:
    """(values by key, what is wrong by key). `stored` holds what is there already: a secret left empty keeps it."""
    found, wrong = {}, {}
    for setting in cls.settings:
        value = given.get(setting.key, "").strip()
        if setting.kind == "bool":
            value = YES if value else NO
        problem = _problem(setting, value, stored)
        if problem:
            wrong[setting.key] = problem
        found[setting.key] = value
    kept = {s.key: stored[s.key] for s in cls.settings if s.secret and not found[s.key] and stored.get(s.key)}
    return found, cls.problems({**found, **kept}) | wrong


def suggestions(cls: type[Channel]) -> dict[str, str]:
    """What a new inbox's form starts with: defaults, and fresh random values for secrets that are ours to choose."""
    return {s.key: s.fresh() if s.fresh else secrets.token_urlsafe(24) if s.key in OURS_TO_CHOOSE else s.default
            for s in cls.settings}


def is_yes(value: str) -> bool:
    """Whether a stored switch is on."""
    return value.lower() in (YES, "1", "true", "on")


def _problem(setting: Setting, value: str, stored: Mapping[str, str]) -> str:
    if not value:
        kept = setting.secret and stored.get(setting.key)
        return "Please fill this in." if setting.required and not setting.default and not kept else ""
    if len(value) > LONGEST:
        return f"At most {LONGEST} characters."
    if any(ord(c) < 32 and c not in "\r\n\t" for c in value):
        return "This holds characters that cannot be typed."
    if setting.kind == "number" and not (value.isascii() and value.isdigit() and int(value[:9]) < 1_000_000):
        return "A whole number."
    if setting.kind == "choice" and value not in setting.choices:
        return f"One of {', '.join(setting.choices)}."
    if setting.key == "color" and not COLOR.fullmatch(value):
        return "A colour is written as #2557d6."
    if setting.key == "origins" and not all(ORIGIN.fullmatch(one) for one in value.split()):
        return "Each site is written as https://shop.example, without a path."
    if setting.key == "identity_secret" and any(len(one) < 32 for one in value.split()):
        return "32 characters or more."
    if setting.key == "identity_secret" and len(value.split()) > 2:
        return "At most two: the new one and the one before."
    if setting.key == "ask_order" and set(value.replace(",", " ").split()) - {"name", "email", "phone", "topic"}:
        return "The words name, email, phone and topic, in the order in which they are asked."
    if setting.key in CHECKS:
        return CHECKS[setting.key](value)
    return ""
