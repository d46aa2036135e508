"""Taking back what an agent did to a ticket, for ten minutes, as far as nobody has changed it since.

Every verb of an agent is kept as a change with one item (models.bulk_changes); one over many tickets has many. An item
holds what differed, by name: [before, after]. It is put back by the same verbs, so that clocks, events and notices
follow; what is no longer as the change left it stays, and is named.
"""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.errors import HelpdeskError, Invalid, NotFound
from helpdesk.models import Agent, BulkChange, BulkItem, Team, Ticket
from helpdesk.services import following, handover, spam, ticket_merges, tickets

FOR = timedelta(minutes=10)
COLUMNS = ("spam_at", "status", "with_assistant", "agent_id", "team_id", "priority", "snoozed_until", "waiting_since")
WORDS = {"spam_at": "whether it is spam", "status": "its status", "with_assistant": "who answers it",
         "agent_id": "whom it is assigned to", "team_id": "its team", "priority": "its priority",
         "snoozed_until": "until when it is snoozed", "tags": "its tags", "merged_into_id": "what it was merged into"}
FOLLOWS = ("waiting_since",)        # goes with the status


def standing(ticket: Ticket) -> dict[str, Any]:
    """How a ticket stands, as plain data."""
    found = {name: getattr(ticket, name) for name in COLUMNS}
    return {name: value.isoformat() if isinstance(value, datetime) else str(value) if name == "status" else value
            for name, value in found.items()} | {"tags": [tag.name for tag in ticket.tags]}


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list]:
    """What differs: name → [before, after]."""
    return {name: [before[name], after[name]] for name in before if before[name] != after[name]}


def remember(session: Session, agent: Agent, ticket_id: int, changed: dict[str, list], said: str) -> BulkChange | None:
    """Keep what was changed just now, so that it can be taken back; None when nothing was. `said`: in words."""
    if not changed.keys() - {*FOLLOWS}:
        return None
    change = BulkChange(agent_id=agent.id, action={"said": said}, total=1, done=1, done_at=now())
    session.add(change)
    session.flush()
    session.add(BulkItem(bulk_id=change.id, ticket_id=ticket_id, before=changed, done_at=change.done_at))
    return change


def last(session: Session, agent: Agent) -> BulkChange:
    """What this agent did last, and can still take back. Raises NotFound."""
    found = session.scalar(select(BulkChange).where(
        BulkChange.agent_id == agent.id, BulkChange.undone_at.is_(None), BulkChange.undoing.is_(False),
        BulkChange.created_at > now() - FOR).order_by(BulkChange.id.desc()).limit(1))
    if found is None:
        raise NotFound("You have done nothing in the last ten minutes that could be undone.")
    return found


def one(session: Session, agent: Agent, change_id: int) -> BulkChange:
    """This change of this agent, held. Raises NotFound, or Invalid when it is too late."""
    change = session.get(BulkChange, change_id, with_for_update=True, populate_existing=True)
    if change is None or change.agent_id != agent.id:
        raise NotFound("There is no such change of yours.")
    if change.undoing or change.undone_at:
        raise Invalid("That was undone already.")
    if (change.done_at or now()) < now() - FOR:
        raise Invalid("It is too late to undo that: ten minutes have passed.")
    return change


def undo(session: Session, change: BulkChange, agent: Agent) -> tuple[int, list[str]]:
    """Take back a change of one ticket; returns the ticket, and in words what stays because it was changed since."""
    item = session.scalar(select(BulkItem).where(BulkItem.bulk_id == change.id))
    left = put_back(session, item.ticket_id, item.before, agent)
    change.undoing, change.undone_at = True, now()
    item.undone_at, item.error = change.undone_at, words(left)
    return item.ticket_id, left


def put_back(session: Session, ticket_id: int, changed: dict[str, list], agent: Agent) -> list[str]:
    """Let a ticket stand as it did, where it still stands as the change left it; returns the names of what stays."""
    actor = agent.actor
    if "merged_into_id" in changed:
        row = session.get(Ticket, ticket_id, populate_existing=True)
        if row.merged_into_id is None:
            return ["merged_into_id"]
        ticket_merges.unmerge(session, ticket_id, actor)
        return []
    ticket = tickets.lock(session, ticket_id)
    if ticket.id != ticket_id:
        return ["merged_into_id"]
    if "blocked" in changed:
        spam.block(session, spam.sender(session, ticket), actor, changed["blocked"][0])
    if "following" in changed:
        following.unfollow(session, ticket, agent)
    stands, left = standing(ticket), []
    mine = {name for name in changed if name in stands and (name == "tags" or stands[name] == changed[name][1])}
    for name in (*COLUMNS, "tags"):
        if name not in changed:
            continue
        try:
            if name not in mine:
                raise Invalid("It was changed since.")
            _PUT[name](session, ticket, *changed[name], actor)
        except HelpdeskError:
            left.append(name)
    return [name for name in left if name not in FOLLOWS]


def words(left: Sequence[str]) -> str:
    """What stays as it is, as a sentence; '' when nothing does."""
    named = [WORDS.get(name, name) for name in left]
    return f"Somebody has changed {' and '.join(named)} since: that stays." if named else ""


def _assigned(session, ticket, before, after, actor) -> None:
    tickets.assign(session, ticket, session.get(Agent, before) if before else None, actor)


def _team(session, ticket, before, after, actor) -> None:
    tickets.set_team(session, ticket, session.get(Team, before) if before else None, actor)


def _spam(session, ticket, before, after, actor) -> None:
    if before:
        spam.mark(session, ticket, actor)
    else:
        spam.release(session, ticket, actor)


def _assistant(session, ticket, before, after, actor) -> None:
    if before:
        handover.hand_back(session, ticket, actor)
    else:
        handover.take_over(session, ticket, actor)


def _snoozed(session, ticket, before, after, actor) -> None:
    until = datetime.fromisoformat(before) if before else None
    if until is None or until > now():
        tickets.snooze(session, ticket, until, actor)


def _tags(session, ticket, before, after, actor) -> None:
    tickets.tag(session, ticket, [name for name in before if name not in after],
                [name for name in after if name not in before], actor)


def _waiting(session, ticket, before, after, actor) -> None:
    ticket.waiting_since = datetime.fromisoformat(before) if before else None


_PUT = {"spam_at": _spam, "with_assistant": _assistant, "agent_id": _assigned, "team_id": _team, "tags": _tags,
        "snoozed_until": _snoozed, "waiting_since": _waiting,
        "status": lambda session, ticket, before, after, actor: tickets.set_status(session, ticket, before, actor,
                                                                                   why="undone"),
        "priority": lambda session, ticket, before, after, actor: tickets.set_priority(session, ticket, before, actor)}
