"""Places in a text that are filled in when it is used: {{ contact.first_name | default("there") }}.

A fixed list and plain replacing, no template engine: nothing that a text says can run or read anything else. What
stands between backticks is code and stays. A place that is unknown, or empty without a default, is a problem: nobody
gets "Dear {{ contact.name }}".
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from sqlalchemy.orm import Session

from helpdesk import settings
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Inbox, Ticket
from helpdesk.services import expected_answer, handover, local_time
from helpdesk.services.person_names import TITLES
from helpdesk.services.routes import Route

PLACE = re.compile(r"""\{\{\s*([\w.]+)\s*(?:\|\s*default\(\s*(?:"([^"{}]*)"|'([^'{}]*)')\s*\)\s*)?\}\}""")
LEFT = re.compile(r"\{\{[^{}\n]{0,80}\}\}")
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)

NAMES = {
    "contact.first_name": "The customer's first name", "contact.name": "The customer's name",
    "agent.first_name": "Your first name", "agent.name": "Your name", "ticket.number": "The number of the ticket",
    "ticket.subject": "The subject", "company": "The name of your company",
    "inbox.name": "The inbox that the answer leaves by", "date.today": "Today's date",
    "date.tomorrow": "Tomorrow's date", "expected_answer": "When the customer may expect an answer"}


@dataclass(frozen=True)
class Filled:
    """A text with its places filled; `problems`: a sentence for each place that could not be."""
    text: str
    problems: tuple[str, ...] = ()


def fill(session: Session, ticket: Ticket, agent: Agent, text: str, route: Route | None = None) -> Filled:
    """The text for this ticket's customer as this agent would send it over `route`."""
    if "{{" not in text:
        return Filled(text)
    source, problems = _Values(session, ticket, agent, route), []

    def put(match: re.Match) -> str:
        name, default = match[1], match[2] if match[2] is not None else match[3]
        if name not in NAMES:
            problems.append(f"There is no {{{{ {name} }}}}.")
            return match[0]
        value = source.value(name) or default
        if value:
            return value
        problems.append(f"{NAMES[name]} is not known here. Write it yourself, or give a default.")
        return match[0]

    done = []
    for part in CODE.split(text):
        if not part.startswith("`"):
            kept = PLACE.sub("", part)
            problems += [f"{place} cannot be read." for place in LEFT.findall(kept)]
            part = PLACE.sub(put, part)
        done.append(part)
    return Filled("".join(done), tuple(dict.fromkeys(problems)))


def filled(session: Session, ticket: Ticket, agent: Agent, text: str, route: Route | None = None) -> str:
    """The same, where nothing may be left open. Raises Invalid."""
    found = fill(session, ticket, agent, text, route)
    if found.problems:
        raise Invalid("Not sent: " + " ".join(found.problems))
    return found.text


def unknown(text: str) -> list[str]:
    """What a text that is kept for later names and nothing can fill."""
    parts = [part for part in CODE.split(text) if not part.startswith("`")]
    named = [match[1] for part in parts for match in PLACE.finditer(part)]
    broken = [place for part in parts for place in LEFT.findall(PLACE.sub("", part))]
    return list(dict.fromkeys([*(f"{{{{ {name} }}}}" for name in named if name not in NAMES), *broken]))


def first_name(name: str) -> str:
    """What somebody is called without title and family; '' for a name that is an address."""
    words = [word for word in name.split() if word.strip(".,").lower() not in TITLES]
    return words[0].strip(",") if words and "@" not in name else ""


class _Values:
    """What the places stand for, each looked up when it is asked for."""

    def __init__(self, session: Session, ticket: Ticket, agent: Agent, route: Route | None):
        self.session, self.ticket, self.agent, self.route = session, ticket, agent, route
        self.found: dict[str, str] = {}

    def value(self, name: str) -> str:
        if name not in self.found:
            # A value is never read for places itself.
            self.found[name] = " ".join(_SOURCES[name](self).replace("{{", "").split())
        return self.found[name]

    def language(self) -> str:
        return handover.customer_language(self.session, self.ticket)

    def inbox(self) -> str:
        if self.route:
            return self.route.inbox.name
        inbox = self.session.get(Inbox, self.ticket.reply_inbox_id) if self.ticket.reply_inbox_id else None
        return inbox.name if inbox else ""

    def date(self, days: int) -> str:
        contact, at = self.ticket.contact, now() + timedelta(days=days)
        there = local_time.local_time(at, contact.time_zone, (), contact.locale)
        day = there.at if there else at.astimezone(ZoneInfo(settings.current().time_zone))
        return format_date(day.date(), "long", locale=Locale.parse(self.language()))


_SOURCES: Mapping[str, Callable[[_Values], str]] = {
    "contact.first_name": lambda v: first_name(v.ticket.contact.name),
    "contact.name": lambda v: v.ticket.contact.name,
    "agent.first_name": lambda v: v.agent.name.split(" ")[0],
    "agent.name": lambda v: v.agent.name,
    "ticket.number": lambda v: str(v.ticket.id),
    "ticket.subject": lambda v: v.ticket.subject,
    "company": lambda v: settings.current().company_name,
    "inbox.name": _Values.inbox,
    "date.today": lambda v: v.date(0),
    "date.tomorrow": lambda v: v.date(1),
    "expected_answer": lambda v: expected_answer.sentence(v.session, v.ticket, v.language(), v.route),
}
