"""Tickets that belong together and stay two: a part of a larger matter, related, or what came after.

Parts and related ones are rows of `ticket_link`; what a ticket follows stands on the ticket itself, where the inbound
ladder writes it. Links of what was merged are shown on the survivor.
"""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, bindparam, delete, exists, literal, select, union_all
from sqlalchemy.orm import Session

from helpdesk import db, events
from helpdesk.errors import Conflict, Invalid
from helpdesk.models import Status, Ticket, TicketLink
from helpdesk.services import parts, tickets

OTHER_SIDE = {"parent": "child", "child": "parent", "related": "related", "follows": "followed", "followed": "follows"}
STEPS = 20          # how many generations are looked through
_IDS = bindparam("ids", expanding=True)
_ENDS = union_all(
    select(literal("parent").label("kind"), TicketLink.to_id.label("other")).where(
        TicketLink.kind == "parent", TicketLink.from_id.in_(_IDS)),
    select(literal("child"), TicketLink.from_id).where(TicketLink.kind == "parent", TicketLink.to_id.in_(_IDS)),
    select(literal("related"), TicketLink.to_id).where(TicketLink.kind == "related", TicketLink.from_id.in_(_IDS)),
    select(literal("related"), TicketLink.from_id).where(TicketLink.kind == "related", TicketLink.to_id.in_(_IDS)),
    select(literal("follows"), Ticket.follows_ticket_id).where(Ticket.id.in_(_IDS),
                                                                Ticket.follows_ticket_id.is_not(None)),
    select(literal("followed"), Ticket.id).where(Ticket.follows_ticket_id.in_(_IDS),
                                                 Ticket.follows_ticket_id.is_not(None))).subquery()
LINKS = select(_ENDS.c.kind, Ticket.id, Ticket.subject, Ticket.preview, Ticket.status, Ticket.channel,
               Ticket.merged_into_id).join(Ticket, Ticket.id == _ENDS.c.other).where(
    Ticket.id.not_in(_IDS)).order_by(Ticket.id)


def links(session: Session, ids: Sequence[int]) -> dict[str, list[Row]]:
    """What a ticket is linked with, by kind as seen from it: parent, child, related, follows, followed. `ids`: the
    ticket and its parts. One statement."""
    found: dict[str, list[Row]] = {}
    for row in db.rows(session, LINKS, {"ids": list(ids)}):
        if row.id not in {one.id for one in found.setdefault(row.kind, [])}:
            found[row.kind].append(row)
    return found


def link(session: Session, ticket_id: int, other_id: int, kind: str, actor: str) -> Ticket:
    """The other ticket is from now on the parent, a child, or related to this one; returns this one. Linked twice it
    stays so. Raises NotFound, Invalid for itself, an unknown kind, a second parent or a circle."""
    if kind not in ("parent", "child", "related"):
        raise Invalid(f"There is no link {kind[:20]!r}; use parent, child or related.")
    ticket, other = _both(session, ticket_id, other_id)
    lower, upper = (ticket, other) if kind == "parent" else (other, ticket)
    if kind == "related":
        lower, upper = sorted((ticket, other), key=lambda one: one.id)
    stored = "related" if kind == "related" else "parent"
    if session.get(TicketLink, (stored, lower.id, upper.id)):
        return ticket
    if stored == "parent":
        _refuse_circle(session, lower, upper)
    session.add(TicketLink(kind=stored, from_id=lower.id, to_id=upper.id))
    session.flush()
    _tell(session, events.TicketLinked, ticket, other, kind, actor)
    return ticket


def unlink(session: Session, ticket_id: int, other_id: int, kind: str, actor: str) -> Ticket:
    """They are no longer linked this way; returns the ticket. Raises Conflict when they were not."""
    ticket, other = _both(session, ticket_id, other_id)
    mine, theirs = parts.all_ids(session, ticket), parts.all_ids(session, other)
    gone = 0
    if kind in ("follows", "followed"):
        after, before = (mine, theirs) if kind == "follows" else (theirs, mine)
        for one in session.scalars(select(Ticket).where(Ticket.id.in_(after), Ticket.follows_ticket_id.in_(before))):
            one.follows_ticket_id, gone = None, gone + 1
    else:
        both = {"parent": ((mine, theirs),), "child": ((theirs, mine),),
                "related": ((mine, theirs), (theirs, mine))}.get(kind, ())
        for lower, upper in both:
            gone += session.execute(delete(TicketLink).where(
                TicketLink.kind == ("related" if kind == "related" else "parent"), TicketLink.from_id.in_(lower),
                TicketLink.to_id.in_(upper))).rowcount
    if not gone:
        raise Conflict("These two tickets are not linked like that (any more).")
    session.flush()
    _tell(session, events.TicketUnlinked, ticket, other, kind, actor)
    return ticket


def resolve_children(session: Session, ticket_id: int, actor: str) -> int:
    """Resolve every part of this ticket that is not done; returns how many."""
    ids = parts.all_ids(session, session.get(Ticket, ticket_id) or tickets.lock(session, ticket_id))
    children = session.scalars(select(TicketLink.from_id).where(
        TicketLink.kind == "parent", TicketLink.to_id.in_(ids)).order_by(TicketLink.from_id)).all()
    count = 0
    for one in children:
        child = tickets.lock(session, one)
        if child.active:
            tickets.set_status(session, child, Status.RESOLVED, actor)
            count += 1
    return count


def _both(session: Session, ticket_id: int, other_id: int) -> tuple[Ticket, Ticket]:
    """Held in the order of their numbers, as merges hold them."""
    found = {one: tickets.lock(session, one) for one in sorted((ticket_id, other_id))}
    if found[ticket_id].id == found[other_id].id:
        raise Invalid("A ticket cannot be linked with itself.")
    return found[ticket_id], found[other_id]


def _refuse_circle(session: Session, child: Ticket, parent: Ticket) -> None:
    if session.scalar(select(exists().where(TicketLink.kind == "parent", TicketLink.from_id == child.id))):
        raise Invalid(f"#{child.id} is a part of another ticket already. Remove that link first.")
    at: list[int] = [parent.id]
    for _ in range(STEPS):
        if child.id in at:
            raise Invalid(f"#{parent.id} is itself a part of #{child.id}, directly or by others.")
        at = list(session.scalars(select(TicketLink.to_id).where(TicketLink.kind == "parent",
                                                                 TicketLink.from_id.in_(at)).with_for_update()))
        if not at:
            return
    raise Invalid(f"More than {STEPS} tickets stand above one another.")


def _tell(session: Session, fact, ticket: Ticket, other: Ticket, kind: str, actor: str) -> None:
    events.record(session, fact(other_id=other.id, kind=kind), ticket=ticket, actor=actor)
    events.record(session, fact(other_id=ticket.id, kind=OTHER_SIDE[kind]), ticket=other, actor=actor)
