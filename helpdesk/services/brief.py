"""The context brief: what whoever answers, an agent or the assistant, should know of a person before they write.

Computed by plain queries and rules, without any model, and always by the same three statements, however much there is
(docs/decisions/0021-a-brief-without-a-model.md). Nothing of it is stored.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Contact
from helpdesk.services import brief_facts
from helpdesk.services.local_time import LocalTime, local_time
from helpdesk.services.questions import questions
from helpdesk.services.standing import Standing, standing

MOST = {"matters": 8, "pledges": 8, "ratings": 3, "messages": 15}
ASKED = 5
LOOKED_BACK = timedelta(days=180)       # what nobody answered half a year ago is not asked any more

@dataclass(frozen=True)
class Promised:
    """What an agent said they would do. `state`: kept, late (kept, but after its day), overdue, open."""
    id: int
    ticket_id: int
    message_id: int
    said_at: datetime
    due_at: datetime | None
    kept_at: datetime | None
    judged: str
    text: str
    channel: str
    author: str
    state: str


@dataclass(frozen=True)
class Asked:
    """A question that nobody has answered in public."""
    ticket_id: int
    message_id: int
    at: datetime
    text: str
    channel: str


@dataclass(frozen=True)
class Brief:
    """Everything at one glance. `matters` are the last tickets, those that are not done first, without the one that is
    looked at; `open_elsewhere` those of them that are not done."""
    contact: Contact
    at: datetime
    standing: Standing
    local_time: LocalTime | None
    identities: Sequence[Row]
    matters: Sequence[Row]
    promised: Sequence[Promised]
    ratings: Sequence[Row]
    asked: Sequence[Asked]

    @property
    def scores(self) -> dict[int, int]:
        """The last scores, by ticket."""
        return {one.ticket_id: one.score for one in self.ratings}

    @property
    def open_elsewhere(self) -> list[Row]:
        """Their other tickets that somebody still has to do something about."""
        return [one for one in self.matters if one.is_active]

    @property
    def due(self) -> list[Promised]:
        """Promises that are not kept yet, the overdue ones first."""
        return sorted((one for one in self.promised if one.state in ("overdue", "open")),
                      key=lambda one: (one.state != "overdue", one.due_at or self.at + LOOKED_BACK))

    @property
    def overdue(self) -> list[Promised]:
        """Promises whose day has passed without an answer."""
        return [one for one in self.promised if one.state == "overdue"]


def brief(session: Session, contact: Contact, ticket_id: int | None = None) -> Brief:
    """What there is to know of a contact now; with `ticket_id` beside that ticket."""
    at = now()
    given = {**MOST, "contact_id": contact.id, "since": at - LOOKED_BACK}
    addresses, matters, facts = (db.rows(session, statement, given) for statement in (
        brief_facts.ADDRESSES, brief_facts.MATTERS, brief_facts.FACTS))
    first = matters[0] if matters else None
    phones = [one.value for one in addresses if one.kind == "phone"]
    return Brief(
        contact, at, standing(first.of if first else 0, int(first.active or 0) if first else 0,
                              first.since if first else None, at),
        local_time(at, contact.time_zone, phones, contact.locale), addresses,
        [one for one in matters if one.id != ticket_id],
        [_promised(one, at) for one in facts if one.sort == "pledge" and one.text],
        [one for one in facts if one.sort == "rating"], _asked(one for one in facts if one.sort == "said"))


def _promised(row: Row, at: datetime) -> Promised:
    if row.judged == "kept" or row.kept_at and (row.due_at is None or row.kept_at <= row.due_at):
        state = "kept"
    elif row.kept_at:
        state = "late"
    else:
        state = "overdue" if row.due_at and row.due_at < at else "open"
    return Promised(row.id, row.ticket_id, row.message_id, row.at, row.due_at, row.kept_at, row.judged,
                    " ".join(row.text.split()), row.channel, row.author, state)


def _asked(rows) -> list[Asked]:
    """The last questions, the newest first; one that was asked twice stands there once."""
    found: dict[str, Asked] = {}
    for row in rows:
        for text in reversed(questions(row.text)):
            found.setdefault(text.casefold(), Asked(row.ticket_id, row.message_id, row.at, text, row.channel))
    return list(found.values())[:ASKED]
