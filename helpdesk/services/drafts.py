"""What an agent has begun to write: kept as they write, per ticket, and a reply apart from a note.

Each draft has a version. A browser says which one it has seen, so that two windows of one agent notice each other and
neither overwrites the other's words in silence.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid
from helpdesk.models import Agent, Draft, Ticket
from helpdesk.services import replies

MODES = ("reply", "note")
FIELD_LIMIT = 20_000
NAMES = ("route", "to", "cc", "bcc", "files", "actions")
_OF = select(*Draft.__table__.c).where(Draft.ticket_id == bindparam("ticket"), Draft.agent_id == bindparam("agent"))


class Elsewhere(Conflict):
    """The draft is another one by now: `theirs` what another window saved, None when it was sent or emptied there."""

    def __init__(self, theirs: Draft | None):
        super().__init__("You wrote here in another window, too." if theirs else
                         "This was sent or emptied in another window.")
        self.theirs = theirs


def of(session: Session, ticket: Ticket, agent: Agent) -> dict[str, Draft]:
    """This agent's drafts in this ticket by mode, as rows."""
    return {row.mode: row for row in db.rows(session, _OF, {"ticket": ticket.id, "agent": agent.id})}


def tickets_with(session: Session, agent: Agent, ticket_ids: Iterable[int]) -> set[int]:
    """Those of the tickets in which this agent has begun to write: for the marks of a list."""
    return set(session.scalars(select(Draft.ticket_id).where(
        Draft.agent_id == agent.id, Draft.ticket_id.in_(list(ticket_ids)))))


def save(session: Session, ticket: Ticket, agent: Agent, mode: str, text: str, fields: Mapping | None = None,
         seen: int = 0) -> int:
    """Keep what was written and return its version; 0 when it is empty and nothing is kept. `seen`: the version that
    the window has, 0 when it knows of none. The same again changes nothing. Raises Elsewhere, Invalid."""
    if mode not in MODES:
        raise Invalid("A draft is of a reply or of a note.")
    text = text.replace("\0", "").replace("\r\n", "\n")
    fields = {name: value for name, value in (fields or {}).items() if name in NAMES and value}
    if len(text) > replies.TEXT_LIMIT or len(str(fields)) > FIELD_LIMIT:
        raise Invalid("This is too long to be kept as a draft.")
    draft = session.get(Draft, (ticket.id, agent.id, mode), with_for_update=True, populate_existing=True)
    empty = not text.strip() and not fields.get("files") and not fields.get("actions")
    if draft is None:
        if empty:
            return 0
        if seen:
            raise Elsewhere(None)
        draft = Draft(ticket_id=ticket.id, agent_id=agent.id, mode=mode, version=0)
        session.add(draft)
    elif draft.text == text and draft.fields == fields:
        return draft.version
    elif draft.version != seen:
        session.expunge(draft)
        raise Elsewhere(draft)
    if empty:
        session.delete(draft)
        return 0
    draft.text, draft.fields, draft.version, draft.updated_at = text, fields, draft.version + 1, now()
    return draft.version


def forget(session: Session, ticket: Ticket, agent: Agent, mode: str) -> None:
    """It was sent."""
    draft = session.get(Draft, (ticket.id, agent.id, mode), with_for_update=True)
    if draft is not None:
        session.delete(draft)


def put_back(session: Session, ticket: Ticket, agent: Agent, mode: str, text: str, fields: Mapping) -> int:
    """What did not leave is a draft again, above what was written since; returns the draft's version."""
    draft = session.get(Draft, (ticket.id, agent.id, mode), with_for_update=True, populate_existing=True)
    if draft is None:
        return save(session, ticket, agent, mode, text, fields)
    both = {**fields, **draft.fields}
    for name in ("files", "actions"):
        if together := [*fields.get(name, ()), *(one for one in draft.fields.get(name, ())
                                                 if one not in fields.get(name, ()))]:
            both[name] = together
    text = text if draft.text.strip() in text else f"{text}\n\n{draft.text}"
    return save(session, ticket, agent, mode, text, both, seen=draft.version)
