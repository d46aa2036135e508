"""What somebody may do here: a fixed list of rights, and the roles that come with the helpdesk.

A right is a word in the code (`needs("erase")`). A role is a set of them; houses may make roles of their own from the
same list (helpdesk.services.roles). The name of a role is a need, too: it stands for all that this role may do.
"""
from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from helpdesk.i18n import gettext, mark

SEE = "see"             # tickets, contacts and articles are read: everybody who works here may
ANY_SETTING = "settings"        # the overview of the settings: for whoever may change something there


@dataclass(frozen=True)
class Right:
    """One thing that may be allowed, how it is called, and under which heading it stands."""
    name: str
    label: str
    area: str


TICKETS, PEOPLE, KNOWLEDGE, FIGURES, HOUSE = (mark("Tickets"), mark("People"), mark("Knowledge"), mark("Figures"),
                                              mark("Settings"))
RIGHTS = (
    Right("note", mark("Write internal notes"), TICKETS),
    Right("answer", mark("Answer customers and forward"), TICKETS),
    Right("work", mark("Change tickets: assignment, status, tags, snooze, spam"), TICKETS),
    Right("merge", mark("Merge, split and link tickets"), TICKETS),
    Right("contacts", mark("Change contacts and block addresses"), PEOPLE),
    Right("merge_contacts", mark("Merge contacts, prove addresses"), PEOPLE),
    Right("erase", mark("Erase people, and keep them from being erased"), PEOPLE),
    Right("export", mark("Export a person's data and lists of tickets"), PEOPLE),
    Right("articles", mark("Write and publish articles"), KNOWLEDGE),
    Right("macros", mark("Write macros for everybody"), KNOWLEDGE),
    Right("topics", mark("Topics that people handle"), KNOWLEDGE),
    Right("reports", mark("Reports"), FIGURES),
    Right("tags", mark("Tags"), HOUSE),
    Right("hours", mark("Business hours and promises"), HOUSE),
    Right("help_centre", mark("Help centre"), HOUSE),
    Right("quarantine", mark("Quarantine"), HOUSE),
    Right("deliveries", mark("Deliveries"), HOUSE),
    Right("inboxes", mark("Inboxes and channels"), HOUSE),
    Right("agents", mark("Agents, teams and roles"), HOUSE),
    Right("assistant", mark("Assistant"), HOUSE),
    Right("privacy", mark("Privacy and retention"), HOUSE),
    Right("system", mark("System status and backups"), HOUSE),
    Right("audit", mark("Audit log"), HOUSE))

ALL = frozenset(right.name for right in RIGHTS)
_AGENT = frozenset({"note", "answer", "work", "merge", "contacts"})
_MANAGER = _AGENT | {"merge_contacts", "erase", "export", "articles", "macros", "topics", "reports", "tags", "hours",
                     "help_centre", "quarantine", "deliveries"}
BUILT_IN = {"light": frozenset({"note"}), "agent": _AGENT, "manager": _MANAGER, "admin": ALL}
NAMES = {"light": mark("Light"), "agent": mark("Agent"), "manager": mark("Manager"), "admin": mark("Admin")}
ABOUT = {"light": mark("Reads everything and writes internal notes."),
         "agent": mark("Answers customers and works on tickets."),
         "manager": mark("Also sees reports, writes articles, exports and erases, sets hours."),
         "admin": mark("May do everything.")}
CUSTOM = "custom"       # what `agent.role` says of somebody who has a role that the house made
SETTINGS = frozenset(right.name for right in RIGHTS if right.area in (HOUSE,)) | {"topics"}


def of(role: str, own: Collection[str] = ()) -> frozenset[str]:
    """What a role may do; `own` are the rights of a role that the house made."""
    return BUILT_IN.get(role, frozenset(own) & ALL)


def covers(held: frozenset[str], need: str) -> bool:
    """Whether these rights meet a need: a right, or the name of a role, which needs all that this role may do."""
    if need == SEE:
        return True
    if need == ANY_SETTING:
        return bool(held & SETTINGS)
    return BUILT_IN[need] <= held if need in BUILT_IN else need in held


def words(need: str) -> str:
    """A need, as people call it."""
    for right in RIGHTS:
        if right.name == need:
            return gettext(right.label)
    return gettext(NAMES[need]) if need in NAMES else gettext(HOUSE)
