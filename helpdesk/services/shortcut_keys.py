"""The console's keys: what they do, which are shipped, and how an agent may change them.

Single keys, because Ctrl and Alt write letters on many layouts and belong to browsers. They do nothing while somebody
types, with a modifier, or while an input method composes, and can be changed or switched off: WCAG 2.2, 2.1.4.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpdesk.errors import Invalid


@dataclass(frozen=True)
class Key:
    """One action: its name, what it does in words, its shipped keys, and where it works."""
    action: str
    words: str
    keys: tuple[str, ...]
    group: str
    fixed: bool = False         # Ctrl combinations and Escape cannot be changed


MOVE, TICKET, WRITE, GO, HELP = "Move", "The ticket", "Write", "Go to", "Help"

KEYS: tuple[Key, ...] = (
    Key("next", "Next ticket", ("j",), MOVE), Key("previous", "Previous ticket", ("k",), MOVE),
    Key("open", "Open the ticket", ("o", "Enter"), MOVE), Key("back", "Back to the list", ("u", "Escape"), MOVE),
    Key("select", "Select the ticket", ("x",), MOVE), Key("search", "Search", ("/",), MOVE),
    Key("resolve", "Resolve", ("e",), TICKET), Key("resolve_next", "Resolve and go to the next", ("E",), TICKET),
    Key("take", "Assign to me", ("i",), TICKET), Key("assign", "Assign to somebody", ("a",), TICKET),
    Key("team", "Team", ("T",), TICKET), Key("tag", "Tag", ("t",), TICKET), Key("priority", "Priority", ("p",), TICKET),
    Key("status", "Status", ("s",), TICKET), Key("snooze", "Snooze", ("b",), TICKET),
    Key("undo", "Undo the last action", ("z",), TICKET), Key("panel", "Show or hide the customer", ("]",), TICKET),
    Key("reply", "Write a reply", ("r",), WRITE), Key("note", "Write a note for colleagues", ("n",), WRITE),
    Key("forward", "Forward", ("f",), WRITE), Key("macro", "Choose a macro", ("m",), WRITE),
    Key("new", "New conversation", ("c",), WRITE), Key("articles", "Search the articles", ("h",), WRITE),
    Key("suggestion", "Insert the first suggested answer", ("y",), WRITE),
    Key("send", "Send", ("Ctrl Enter",), WRITE, True), Key("send_resolve", "Send and resolve", ("Ctrl Shift Enter",),
                                                           WRITE, True),
    Key("go_inbox", "Inbox", ("g i",), GO), Key("go_mine", "Mine", ("g m",), GO),
    Key("go_unassigned", "Unassigned", ("g u",), GO), Key("go_contacts", "Contacts", ("g c",), GO),
    Key("go_articles", "Articles", ("g a",), GO), Key("go_reports", "Reports", ("g r",), GO),
    Key("go_settings", "Settings", ("g s",), GO), Key("go_news", "News", ("g n",), GO),
    Key("palette", "Everything you may do", ("Ctrl k",), HELP, True), Key("keys", "This list", ("?",), HELP))
BY_ACTION = {key.action: key for key in KEYS}
PRINTABLE = 1           # a key that is pressed alone is one character


def remapped(value: Any) -> dict[str, str]:
    """What an agent changed, checked: action → one character, "g" and one character, or '' for no key. Raises Invalid
    for an action that is none or is fixed, for what is no key, and for a key that two actions would share."""
    if not isinstance(value, dict):
        raise Invalid("Keys are given by action.")
    changed = {}
    for action, key in value.items():
        known = BY_ACTION.get(action)
        if known is None or known.fixed:
            raise Invalid(f"There is no key to change for {action!r}.")
        if not isinstance(key, str) or not _is_key(key):
            raise Invalid(f"{known.words}: one character, or g and one character, or nothing.")
        if (key,) != known.keys[:1]:
            changed[action] = key
    _without_clash(changed)
    return changed


def in_use(changed: dict[str, str]) -> dict[str, list[str]]:
    """The keys of every action for somebody who changed these; an action without a key has an empty list."""
    return {key.action: ([one for one in (changed[key.action], *key.keys[1:]) if one] if key.action in changed
                         else list(key.keys)) for key in KEYS}


def translation(changed: dict[str, str]) -> dict[str, str]:
    """For a keyboard with these changes: what was pressed → the shipped key that it stands for, '' for none. Keys that
    mean what they always did are not in it."""
    freed = {BY_ACTION[action].keys[0]: "" for action in changed}
    return {**freed, **{key: BY_ACTION[action].keys[0] for action, key in changed.items() if key}}


def _is_key(key: str) -> bool:
    one = key.removeprefix("g ")
    return key == "" or len(one) == PRINTABLE and one.isprintable() and not one.isspace() and key != "g"


def _without_clash(changed: dict[str, str]) -> None:
    taken: dict[str, Key] = {}
    for action, keys in in_use(changed).items():
        for one in keys:
            if one in taken:
                raise Invalid(f"{one!r} would be both “{taken[one].words}” and “{BY_ACTION[action].words}”.")
            taken[one] = BY_ACTION[action]
