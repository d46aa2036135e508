"""What becomes of a settled ticket whose customer writes again.

A team's rule comes before the inbox's, and that before the house's (`reopen_days`, its agent keeps it): the team knows
the work, the inbox only where it came in. Resolved and closed are the same here: both say that nothing is left to do.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from helpdesk import settings
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Inbox, Team, Ticket
from helpdesk.services import tickets

RULES = ("", "always", "days", "never")     # '': the next one's
MOST_DAYS = 3650


@dataclass(frozen=True)
class Rule:
    """`rule`: always, days or never. `of` says in words whose it is. `keeps`: its agent still has it afterwards."""
    rule: str
    days: int
    keeps: bool
    of: str

    @property
    def words(self) -> str:
        """As it stands in the reasons of a message."""
        return {"always": f"always opened again ({self.of})", "never": f"never opened again ({self.of})"}.get(
            self.rule, f"opened again within {self.days} day{'' if self.days == 1 else 's'} ({self.of})")


def house() -> Rule:
    """What holds where nobody chose anything."""
    return Rule("days", settings.current().reopen_days, True, "the house's rule")


def rule(session: Session, ticket: Ticket, inbox: Inbox) -> Rule:
    """What holds for this ticket, when its customer writes to this inbox."""
    team = session.get(Team, ticket.team_id) if ticket.team_id else None
    for one, of in ((team, "the team"), (inbox, "the inbox")):
        if one is not None and one.reopen:
            days = one.reopen_days if one.reopen_days is not None else settings.current().reopen_days
            return Rule(one.reopen, days, one.reopen_keeps, f"rule of {of} {one.name}")
    return house()


def stays_settled(ticket: Ticket, rule: Rule) -> str:
    """Why this ticket is not opened again, in words; '' when it may be, or is open."""
    if ticket.active or rule.rule == "always":
        return ""
    if rule.rule == "days" and (ticket.resolved_at or ticket.last_message_at) >= now() - timedelta(days=rule.days):
        return ""
    return f"ticket {ticket.id} is {ticket.status}, and {rule.words}"


def silent_too_long(ticket: Ticket) -> bool:
    """Whether nothing was said for so long that nothing finds its way in any more, open or not: a token or a Message-ID
    that somebody finds years later opens nothing."""
    return ticket.last_message_at < now() - timedelta(days=settings.current().thread_days)


def over(ticket: Ticket) -> bool:
    """Whether it cannot be gone on with by the house's own rule, whatever an inbox or a team says."""
    return silent_too_long(ticket) or bool(stays_settled(ticket, house()))


def leaves(session: Session, ticket: Ticket, rule: Rule) -> str:
    """Why its agent does not have it any more when it is opened again, in words; '' when they do."""
    agent = session.get(Agent, ticket.agent_id) if ticket.agent_id else None
    if agent is None:
        return ""
    if agent.disabled_at:
        return f"{agent.name} no longer works here"
    if agent.away_since:
        return f"{agent.name} is away"
    return "" if rule.keeps else rule.of


def give_back(session: Session, ticket: Ticket) -> None:
    """Back into the queue."""
    tickets.assign(session, ticket, None, "system")


def choose(place: Inbox | Team, given: Mapping[str, str]) -> str:
    """Take a rule over from a form: reopen, reopen_days, reopen_keeps. Returns it in words. Raises Invalid."""
    wanted, days = given.get("reopen", ""), given.get("reopen_days", "").strip()
    if wanted not in RULES:
        raise Invalid(f"There is no such rule: {wanted[:20]!r}.")
    if wanted == "days" and not days:
        raise Invalid("Within how many days is a ticket opened again?")
    place.reopen, place.reopen_keeps = wanted, bool(given.get("reopen_keeps"))
    place.reopen_days = number(days, MOST_DAYS, "days") if wanted == "days" else None
    return f"reopen {wanted or 'as the house'} {place.reopen_days or ''}".strip()


def number(text: str, most: int, what: str) -> int:
    """A whole number of something. Raises Invalid."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most):
        raise Invalid(f"A whole number of {what}, at most {most:,}.")
    return int(text)
