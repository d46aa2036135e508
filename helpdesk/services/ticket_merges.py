"""Two tickets that are one matter.

A merge is a pointer: the merged ticket keeps its messages, numbers and Message-IDs, and points to the one that goes on
(docs/decisions/0023-merge-by-pointer.md). What changes on the survivor is written into the event, and only that is
changed back: un-merged, both are as they were. What has changed since by other hands stays.
"""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.models import (
    Agent,
    Event,
    Identity,
    Message,
    Participant,
    Status,
    Ticket,
    TicketTag,
)
from helpdesk.services import message_moves, parts, recipients, sla, tickets
from helpdesk.services import ticket_states as states

MOST_OPEN_FIRST = (Status.OPEN, Status.PENDING, Status.RESOLVED, Status.CLOSED)
BEST_FIRST = ("requester", "cc")        # roles; all others are outside


def merge(session: Session, ticket_id: int, into_id: int, actor: str, *, together: bool = False) -> Ticket:
    """The one ticket goes into the other, which is returned. Of merged ones their survivors are meant.

    Tickets of two customers are kept apart: the merged one's customer neither reads what is written from now on nor is
    answered by it, unless an agent wants them to be in it `together`. Raises NotFound, Conflict when both are one
    already, Invalid for a chain of merges that could not be followed any more.
    """
    ticket, into = _both(session, ticket_id, into_id)
    if parts.depth(session, ticket) + 2 >= parts.STEPS:
        raise Invalid(f"Too many tickets were merged one after another. Merge #{into.id} into #{ticket.id} instead.")
    together, at = together or ticket.contact_id == into.contact_id, now()
    before, clocks_before, owed = states.columns(into), states.clocks(session, into), states.clocks(session, ticket)
    sla.stand_still(session, ticket, at)
    events.record(session, events.TicketMergedInto(into_ticket_id=into.id, together=together), ticket=ticket,
                  actor=actor)
    ticket.merged_into_id, ticket.merged_aside, into.has_merged = into.id, not together, True
    _carry(session, ticket, into, together, at)
    _take_promises(session, into, owed)
    joined, tags = _join(session, ticket, into, together), _tag(session, ticket, into)
    session.flush()
    changed = states.changes(before, states.columns(into))
    events.record(session, events.TicketsMerged(
        merged_id=ticket.id, together=together, changed=changed, participants=joined, tags=tags,
        clocks=states.changes(clocks_before, states.clocks(session, into)), **_standing(into, changed)),
        ticket=into, actor=actor)
    return into


def unmerge(session: Session, ticket_id: int, actor: str) -> Ticket:
    """The merged ticket is one of its own again; returned. What came to it meanwhile goes along: messages that answer
    one of its own, and all that was said with an address that only it had. Raises NotFound, or Conflict when it is not
    merged (any more)."""
    ticket = session.get(Ticket, ticket_id, with_for_update=True, populate_existing=True)
    if ticket is None:
        raise NotFound("There is no such ticket.")
    if ticket.merged_into_id is None:
        raise Conflict(f"Ticket #{ticket.id} is not merged into another one.")
    chain = _chain(session, ticket)
    into, record = chain[0], _record(session, chain[0], ticket)
    ticket.merged_into_id, ticket.merged_aside = None, False
    session.flush()
    into.has_merged = session.scalar(select(exists().where(Ticket.merged_into_id == into.id)))
    moved = _came_meanwhile(session, ticket, chain, record)
    _part(session, ticket, chain, record)
    events.record(session, events.TicketUnmergedFrom(from_ticket_id=into.id), ticket=ticket, actor=actor)
    sla.status_changed(session, ticket, ticket.status, ticket.status)
    _bring_home(session, ticket, moved, actor)
    changed = _restore(session, into, record)
    events.record(session, events.TicketsUnmerged(merged_id=ticket.id, message_ids=tuple(one.id for one in moved),
                                                  **_standing(into, changed)), ticket=into, actor=actor)
    live = chain[-1]
    db.tell(session, live.room, "ticket", ticket=live.id, seq=live.seq, event="TicketsUnmerged")
    return ticket


def merged(session: Session, ticket: Ticket) -> list[Ticket]:
    """What went into this ticket, also by way of others; the latest first."""
    ids = [one for one in parts.all_ids(session, ticket) if one != ticket.id]
    return list(session.scalars(select(Ticket).where(Ticket.id.in_(ids)).order_by(Ticket.id.desc()))) if ids else []


def _both(session: Session, ticket_id: int, into_id: int) -> tuple[Ticket, Ticket]:
    """Both survivors, held. Somebody else may join the two, or turn them, before they are ours: then we look again."""
    for _ in range(parts.STEPS):
        first, second = _live_id(session, ticket_id), _live_id(session, into_id)
        if first == second:
            raise Conflict("A ticket cannot be merged into itself." if ticket_id == into_id else
                           f"#{ticket_id} and #{into_id} are one ticket already.")
        held = {one.id: one for one in session.scalars(
            select(Ticket).where(Ticket.id.in_((first, second))).order_by(Ticket.id).with_for_update()
            .execution_options(populate_existing=True))}
        if all(one.merged_into_id is None for one in held.values()):
            return held[first], held[second]
    raise Conflict("Somebody else is merging these tickets just now. Try again.")


def _live_id(session: Session, ticket_id: int) -> int:
    for _ in range(parts.STEPS):
        row = session.execute(select(Ticket.id, Ticket.merged_into_id).where(Ticket.id == ticket_id)).first()
        if row is None:
            raise NotFound("There is no such ticket.")
        if row.merged_into_id is None:
            break
        ticket_id = row.merged_into_id
    return ticket_id


def _chain(session: Session, ticket: Ticket) -> list[Ticket]:
    """Where it went, step by step, each held: in the order in which tickets.lock holds them."""
    found = []
    while ticket.merged_into_id is not None and len(found) < parts.STEPS:
        ticket = session.get(Ticket, ticket.merged_into_id, with_for_update=True, populate_existing=True)
        found.append(ticket)
    return found


def _record(session: Session, into: Ticket, ticket: Ticket) -> Event | None:
    """The event that tells of the last merge of `ticket` into `into`."""
    merges = session.scalars(select(Event).where(Event.ticket_id == into.id, Event.name == "TicketsMerged")
                             .order_by(Event.seq.desc()))
    return next((one for one in merges if one.data["merged_id"] == ticket.id), None)


def _carry(session: Session, ticket: Ticket, into: Ticket, together: bool, at: datetime) -> None:
    """The survivor stands as the more urgent of the two: open if one of them is, waiting as long as the longer one."""
    stood = (into.status, into.snoozed_until)
    if MOST_OPEN_FIRST.index(ticket.status) < MOST_OPEN_FIRST.index(into.status):
        into.status, into.resolved_at = ticket.status, None
    if ticket.status == Status.OPEN and not ticket.snoozed_until:
        into.snoozed_until = None
    if (into.status, into.snoozed_until) != stood:
        sla.status_changed(session, into, stood[0], into.status, at)
    if ticket.waiting_since:
        into.waiting_since = min(into.waiting_since or ticket.waiting_since, ticket.waiting_since)
    if into.agent_id is None and ticket.agent_id and not session.get(Agent, ticket.agent_id).disabled_at:
        into.agent_id = ticket.agent_id
        session.flush()
        session.expire(into, ["agent"])
    if into.with_assistant and not ticket.with_assistant:       # people have it
        into.with_assistant, into.handed_over_at = False, into.handed_over_at or at
        sla.handed_over(session, into, at)
    if ticket.last_message_at > into.last_message_at:
        into.last_message_at = ticket.last_message_at
        into.preview, into.preview_author = ticket.preview, ticket.preview_author
        if together:
            into.channel = ticket.channel
            into.reply_inbox_id, into.reply_identity_id = ticket.reply_inbox_id, ticket.reply_identity_id


def _take_promises(session: Session, into: Ticket, owed: dict[str, dict]) -> None:
    """A promise that is due earlier goes over to the survivor; what it has kept or broken already stays."""
    mine = {clock.kind: clock for clock in session.scalars(sla.CLOCKS, {"ticket_id": into.id})}
    for kind, theirs in owed.items():
        clock, due_at = mine.get(kind), theirs["due_at"] and datetime.fromisoformat(theirs["due_at"])
        if due_at is None or clock is None or clock.met_at or clock.due_at is None or clock.due_at <= due_at:
            continue
        states.set_clock(clock, theirs)
    session.flush()
    into.due_at = min((clock.due_at for clock in mine.values() if clock.due_at), default=None)


def _join(session: Session, ticket: Ticket, into: Ticket, together: bool) -> dict[str, list]:
    """Who takes part in the one takes part in the other: as they did, or as third parties."""
    here = {row.identity_id: row for row in _participants(session, into)}
    changed = {}
    for row in _participants(session, ticket):
        role, known = row.role, here.get(row.identity_id)
        if not together:
            if session.get(Identity, row.identity_id).kind != "email":      # an aside can only be mailed
                continue
            role = "third" if role in recipients.INSIDE else role
        if known and (role not in BEST_FIRST or known.role in BEST_FIRST[:BEST_FIRST.index(role) + 1]):
            continue
        changed[str(row.identity_id)] = [known.role if known else None, role]
        if known:
            known.role = role
        else:
            session.add(Participant(ticket_id=into.id, identity_id=row.identity_id, role=role))
    return changed


def _tag(session: Session, ticket: Ticket, into: Ticket) -> tuple[int, ...]:
    ids = [select(TicketTag.tag_id).where(TicketTag.ticket_id == one.id) for one in (ticket, into)]
    new = tuple(session.scalars(ids[0].where(TicketTag.tag_id.not_in(ids[1])).order_by(TicketTag.tag_id)))
    session.add_all(TicketTag(ticket_id=into.id, tag_id=one) for one in new)
    session.flush()
    session.expire(into, ["tags"])
    return new


def _came_meanwhile(session: Session, ticket: Ticket, chain: Sequence[Ticket], record: Event | None) -> list[Message]:
    """The messages that are the merged ticket's, although they were written when it was not there."""
    if record is None:
        return []
    only = [int(one) for one, (before, _) in record.data["participants"].items() if before is None]
    found: list[Message] = []
    for step, one in enumerate(chain):
        since = record if step == 0 else _record(session, one, chain[step - 1])
        later = select(Message).where(Message.ticket_id == one.id, Message.seq > (since.seq if since else 0))
        found += session.scalars(later.where(
            Message.identity_id.in_(only) | (Message.direction == "in")).order_by(Message.seq))
    return [one for one in found if one.identity_id in only or (one.trace or {}).get("through") == ticket.id]


def _part(session: Session, ticket: Ticket, chain: Sequence[Ticket], record: Event | None) -> None:
    """Who and what came in by the merge leaves again, all the way up, unless it was changed since."""
    people = record.data["participants"] if record else {}
    tags = record.data["tags"] if record else ()
    for step, one in enumerate(chain):
        if step:
            above = _record(session, one, chain[step - 1])
            people = {who: above.data["participants"][who] for who in people if who in above.data["participants"]
                      } if above else {}
            tags = [tag for tag in tags if tag in above.data["tags"]] if above else ()
        for who, (before, after) in people.items():
            row = session.get(Participant, (one.id, int(who)), populate_existing=True)
            if row is None or row.role != after:
                continue
            if before:
                row.role = before
            else:
                session.delete(row)
        session.execute(delete(TicketTag).where(TicketTag.ticket_id == one.id, TicketTag.tag_id.in_(tags)))
        session.flush()
        session.expire(one, ["tags"])


def _bring_home(session: Session, ticket: Ticket, moved: list[Message], actor: str) -> None:
    """What came meanwhile stands at the end of its own ticket again, as a part of its conversation."""
    if not moved:
        return
    left = {one.ticket_id for one in moved}
    message_moves.move(session, moved, ticket)
    inside = {row.identity_id for row in _participants(session, ticket) if row.role in recipients.INSIDE}
    for one in moved:
        if one.kind == "aside" and one.identity_id in inside:
            one.kind, one.trace = "message", {k: v for k, v in (one.trace or {}).items() if k != "role"}
    session.flush()
    for one in session.scalars(select(Ticket).where(Ticket.id.in_(left))):
        message_moves.show_last(session, one)
    message_moves.show_last(session, ticket)
    if moved[-1].direction == "in" and ticket.status != Status.OPEN:
        tickets.set_status(session, ticket, Status.OPEN, actor, why="customer wrote")
        ticket.waiting_since = message_moves.waiting_since(session, ticket)


def _restore(session: Session, into: Ticket, record: Event | None) -> dict[str, list]:
    """What the merge changed is changed back where nobody has changed it since; returns what was. Where people have
    written since, it stays as open as it is."""
    if record is None:
        return {}
    said_since = session.scalar(select(exists().where(Message.ticket_id == into.id, Message.seq > record.seq)))
    now_is, done = states.columns(into), {}
    for name, (before, after) in record.data["changed"].items():
        if now_is[name] == after and not (said_since and name != "agent_id"):
            setattr(into, name, states.read(name, before))
            done[name] = [after, before]
    session.flush()
    session.expire(into, ["agent"])
    if said_since:
        message_moves.show_last(session, into)
    elif "last_message_at" in done:
        message_moves.preview(session, into)
    mine = {clock.kind: clock for clock in session.scalars(sla.CLOCKS, {"ticket_id": into.id})}
    stays_open = said_since and "status" in record.data["changed"]
    for kind, (before, after) in record.data["clocks"].items():
        if kind in mine and states.clock(mine[kind]) == after and not stays_open:
            if before is None:
                session.delete(mine[kind])
            else:
                states.set_clock(mine[kind], before)
    session.flush()
    if into.merged_into_id is None:
        sla.status_changed(session, into, into.status, into.status)
    return done


def _participants(session: Session, ticket: Ticket) -> Sequence[Participant]:
    return session.scalars(select(Participant).where(Participant.ticket_id == ticket.id).order_by(
        Participant.identity_id)).all()


def _standing(into: Ticket, changed: dict[str, list]) -> dict[str, Any]:
    """For the event, when the survivor's status changed with it."""
    if not changed.keys() & {"status", "snoozed_until"}:
        return {}
    return {"status": str(into.status), "snoozed": into.snoozed_until is not None}
