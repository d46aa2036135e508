"""What can be done to a ticket by a macro or to many at once: one list, so that both offer and mean the same.

An action is {"do": name, "value": what with}, as it is kept in rows and sent by forms. It is checked before it is kept
and once more before it runs, since agents and teams come and go. Taking back is services.undoing's.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Status, Team, Ticket
from helpdesk.models.tickets import PRIORITIES
from helpdesk.services import following, replies, tickets, variables

MOST = 20                       # actions of one list
LONGEST_TAG = 50
ME, NOBODY = "me", "nobody"
PERIOD = re.compile(r"([1-9]\d{0,2})([hdw])")
UNITS = {"h": ("hour", timedelta(hours=1)), "d": ("day", timedelta(days=1)), "w": ("week", timedelta(weeks=1))}
STATUS_WORDS = {"open": "Open the ticket", "pending": "Wait for the customer", "resolved": "Resolve the ticket",
                "closed": "Close the ticket"}


@dataclass(frozen=True)
class Kind:
    """One thing that can be done. check(session, value) → the value as it is kept; run(session, ticket, value, agent);
    words(session, value) → the action as a sentence without full stop."""
    check: Callable[[Session, Any], Any]
    run: Callable[[Session, Ticket, Any, Agent], None]
    words: Callable[[Session, Any], str]


def validate(session: Session, actions: Sequence[Mapping[str, Any]]) -> list[dict]:
    """The actions as they are kept. Raises Invalid, naming the action that cannot be."""
    if not isinstance(actions, list | tuple) or len(actions) > MOST:
        raise Invalid(f"At most {MOST} actions, each with a name and a value.")
    return [one(session, action, f"Action {number}: ") for number, action in enumerate(actions, 1)]


def one(session: Session, action: Mapping[str, Any], where: str = "") -> dict:
    """One action as it is kept. Raises Invalid."""
    kind = KINDS.get(action.get("do")) if isinstance(action, Mapping) else None
    if kind is None:
        raise Invalid(f"{where}There is no such action. Choose one of {', '.join(KINDS)}.")
    try:
        return {"do": action["do"], "value": kind.check(session, action.get("value"))}
    except Invalid as problem:
        raise Invalid(f"{where}{problem}") from None


def run(session: Session, ticket: Ticket, action: Mapping[str, Any], agent: Agent) -> None:
    """Do it to a ticket that is held, as this agent. The same again changes nothing, but for notes and replies. Raises
    Invalid where it cannot be done, also for an action that has become wrong since it was kept."""
    checked = one(session, action)
    KINDS[checked["do"]].run(session, ticket, checked["value"], agent)


def describe(session: Session, action: Mapping[str, Any]) -> str:
    """The action in words, or what is wrong with it."""
    try:
        checked = one(session, action)
    except Invalid as problem:
        return f"Cannot be done: {problem}"
    return KINDS[checked["do"]].words(session, checked["value"])


def _nothing(session: Session, value: Any) -> None:
    return None


def _one_of(*choices: str, called: str) -> Callable[[Session, Any], str]:
    def check(session: Session, value: Any) -> str:
        if value not in choices:
            raise Invalid(f"There is no {called} {value!r}; choose one of {', '.join(choices)}.")
        return str(value)
    return check


def _assignee(session: Session, value: Any) -> str | int:
    if value in (ME, NOBODY):
        return value
    agent = session.get(Agent, _number(value, "agent"))
    if agent is None or agent.disabled_at:
        raise Invalid("This agent does not work here any more." if agent else "There is no such agent.")
    return agent.id


def _team(session: Session, value: Any) -> str | int:
    if value == NOBODY:
        return value
    team = session.get(Team, _number(value, "team"))
    if team is None:
        raise Invalid("There is no such team.")
    return team.id


def _number(value: Any, called: str) -> int:
    if isinstance(value, bool) or not str(value).isdecimal() or len(str(value)) > 9:
        raise Invalid(f"Choose the {called}.")
    return int(value)


def _tag_name(session: Session, value: Any) -> str:
    name = " ".join(str(value or "").lower().split())
    if not 1 <= len(name) <= LONGEST_TAG or "," in name:
        raise Invalid(f"A tag has 1 to {LONGEST_TAG} characters and no comma.")
    return name


def _time(session: Session, value: Any) -> str:
    """A period from now ("4h", "3d", "1w"), or a moment in ISO form with its zone."""
    if PERIOD.fullmatch(str(value)):
        return str(value)
    moment(str(value))
    return str(value)


def moment(value: str) -> datetime:
    """When a snooze for this value ends, in UTC. Raises Invalid."""
    if period := PERIOD.fullmatch(value):
        return now() + int(period[1]) * UNITS[period[2]][1]
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid("Say until when: 4h, 3d or 1w from now, or a day and time.")
    return at.astimezone(UTC)


def _text(session: Session, value: Any) -> str:
    return replies.clean(str(value or ""), ())


def _assign(session: Session, ticket: Ticket, value: Any, agent: Agent) -> None:
    chosen = agent if value == ME else None if value == NOBODY else session.get(Agent, value)
    tickets.assign(session, ticket, chosen, agent.actor)


def _assign_words(session: Session, value: Any) -> str:
    return {ME: "Assign to whoever uses it", NOBODY: "Assign to nobody"}.get(value) or (
        f"Assign to {session.get(Agent, value).name}")


def _period_words(session: Session, value: str) -> str:
    if period := PERIOD.fullmatch(value):
        number, name = int(period[1]), UNITS[period[2]][0]
        return f"Snooze for {number} {name}{'s' if number > 1 else ''}"
    return f"Snooze until {moment(value):%d %b %Y, %H:%M} UTC"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line[:80]}…”" if len(line) > 80 else f"“{line}”"


KINDS: dict[str, Kind] = {
    "status": Kind(_one_of(*Status, called="status"),
                   lambda session, ticket, value, agent: tickets.set_status(session, ticket, value, agent.actor),
                   lambda session, value: STATUS_WORDS[value]),
    "assign": Kind(_assignee, _assign, _assign_words),
    "team": Kind(_team, lambda session, ticket, value, agent: tickets.set_team(
        session, ticket, None if value == NOBODY else session.get(Team, value), agent.actor),
        lambda session, value: "Take out of its team" if value == NOBODY
        else f"Move to the team {session.get(Team, value).name}"),
    "priority": Kind(_one_of(*PRIORITIES, called="priority"),
                     lambda session, ticket, value, agent: tickets.set_priority(session, ticket, value, agent.actor),
                     lambda session, value: f"Set the priority to {value}"),
    "tag": Kind(_tag_name, lambda session, ticket, value, agent: tickets.tag(session, ticket, [value], [], agent.actor),
                lambda session, value: f"Add the tag {value}"),
    "untag": Kind(_tag_name,
                  lambda session, ticket, value, agent: tickets.tag(session, ticket, [], [value], agent.actor),
                  lambda session, value: f"Take off the tag {value}"),
    "snooze": Kind(_time,
                   lambda session, ticket, value, agent: tickets.snooze(session, ticket, moment(value), agent.actor),
                   _period_words),
    "follow": Kind(_nothing, lambda session, ticket, value, agent: following.follow(session, ticket, agent),
                   lambda session, value: "Follow the ticket"),
    "note": Kind(_text, lambda session, ticket, value, agent: replies.note(
        session, ticket, variables.filled(session, ticket, agent, value), agent),
                 lambda session, value: f"Add the note {_shortened(value)}"),
    "reply": Kind(_text, lambda session, ticket, value, agent: replies.send(
        session, ticket, variables.filled(session, ticket, agent, value), agent=agent),
                  lambda session, value: f"Answer {_shortened(value)}"),
}
