"""How an agent likes to work: kept with their account, so that every browser of theirs knows it.

Each preference has a name, a default and a check that returns the value as it is kept or raises Invalid. What is like
the default is not kept, so that a better default reaches everybody who never chose.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent
from helpdesk.services import quiet_hours, shortcut_keys


@dataclass(frozen=True)
class Preference:
    """What holds for somebody who never chose, and what may be chosen."""
    default: Any
    check: Callable[[Any], Any]


def one_of(*choices: Any) -> Callable[[Any], Any]:
    """A check that takes these values and no other."""
    def check(value):
        if value not in choices:
            raise Invalid("Choose one of the list.")
        return value
    return check


def yes_or_no(value: Any) -> bool:
    """A check of a box that is ticked or not."""
    if not isinstance(value, bool):
        raise Invalid("That is either on or off.")
    return value


PREFERENCES: dict[str, Preference] = {
    "single_keys": Preference(True, yes_or_no),
    "keys": Preference({}, shortcut_keys.remapped),         # what they changed: action → key, '' for none
    "enter_sends": Preference("never", one_of("never", "chat")),     # by channel: in chats and messengers, or nowhere
    "sending": Preference("", one_of("", "resolved", "pending")),    # what the send button did last
    "unseen_mail": Preference(0, one_of(0, 5, 15, 30, 60)),         # minutes; 0: never
    "digest": Preference("", quiet_hours.clock),                    # when their day begins; '' for none
    "quiet": Preference({}, quiet_hours.checked),
    "density": Preference("comfortable", one_of("comfortable", "compact")),
}


def of(agent: Agent, name: str) -> Any:
    """This agent's choice, or the default. Raises NotFound for a name that is none."""
    return (agent.preferences or {}).get(name, _known(name).default)


def choose(session: Session, agent: Agent, name: str, value: Any) -> None:
    """Keep a choice. Raises Invalid for one that cannot be, NotFound for a name that is none."""
    known = _known(name)
    value = known.check(value)
    kept = {key: one for key, one in (agent.preferences or {}).items() if key != name}
    agent.preferences = kept if value == known.default else {**kept, name: value}


def key_changes(agent: Agent) -> dict[str, Any]:
    """What the console's script must know of this agent's keys: {"off": …, "changed": pressed key → shipped key}."""
    return {"off": not of(agent, "single_keys"), "changed": shortcut_keys.translation(of(agent, "keys"))}


def _known(name: str) -> Preference:
    if name not in PREFERENCES:
        raise NotFound(f"There is no preference {name!r}.")
    return PREFERENCES[name]
