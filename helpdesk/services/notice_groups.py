"""News that belong together: one line for each ticket, the newest first."""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from helpdesk.models import Notification

KINDS = {           # one of them, and more
    "handover": ("handover", "handovers"), "assigned": ("assignment", "assignments"),
    "held": ("reply that has not left", "replies that have not left"),
    "mention": ("mention", "mentions"), "refused": ("mail that was not taken", "mails that were not taken"),
    "rating": ("rating", "ratings"), "breach": ("overdue promise", "overdue promises"),
    "failure": ("message that did not arrive", "messages that did not arrive"), "followed": ("change", "changes")}


@dataclass(frozen=True)
class Group:
    """What an agent was told of one ticket, newest first. What is about no ticket stands alone."""
    news: list[Notification]

    @property
    def newest(self) -> Notification:
        """The one that is shown."""
        return self.news[0]

    @property
    def at(self) -> datetime:
        """When the newest came."""
        return self.newest.created_at

    @property
    def words(self) -> str:
        """How many there are of each kind, as "3 changes and 1 mention in #12"; '' for a single one."""
        if len(self.news) < 2:
            return ""
        counts = Counter(KINDS.get(one.kind, ("notice", "notices")) for one in self.news)
        *others, last = [f"{count} {names[count > 1]}" for names, count in counts.items()]
        return f"{', '.join(others)}{' and ' if others else ''}{last} in #{self.newest.ticket_id}"


def groups(news: list[Notification]) -> list[Group]:
    """These notices, given newest first, by ticket; a ticket stands where its newest stands."""
    found: dict[object, list[Notification]] = {}
    for one in news:
        found.setdefault(one.ticket_id or ("alone", one.id), []).append(one)
    return [Group(each) for each in found.values()]
