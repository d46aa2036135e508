"""A ticket and those that were merged into it.

A merged ticket keeps its messages and points to the one it went into, so whoever reads a whole story asks here for its
parts first. A ticket that nothing went into, as nearly all are, is answered without asking the database.
"""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, literal, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.models import Ticket

STEPS = 50          # how far a chain of merges is followed; a longer one is refused when it would come to be


def _below(*also):
    root = select(Ticket.id, literal(0).label("depth")).where(Ticket.id == bindparam("id")).cte(recursive=True)
    tree = root.union_all(select(Ticket.id, root.c.depth + 1).where(
        Ticket.merged_into_id == root.c.id, Ticket.merged_into_id.is_not(None), root.c.depth < STEPS, *also))
    return select(tree.c.id, tree.c.depth).order_by(tree.c.depth, tree.c.id)


_CONVERSATION, _EVERYTHING = _below(Ticket.merged_aside.is_(False)), _below()


def ids(session: Session, ticket: Ticket) -> list[int]:
    """The tickets that make up the conversation with this one's customer, itself first. What went into it as somebody
    else's is not among them: nothing that leaves the house may be taken from there."""
    return _ids(session, ticket, _CONVERSATION)


def all_ids(session: Session, ticket: Ticket) -> list[int]:
    """The same with what went into it as somebody else's: what agents see, and nobody outside."""
    return _ids(session, ticket, _EVERYTHING)


def depth(session: Session, ticket: Ticket) -> int:
    """How many steps the longest chain has that ends at this ticket."""
    return db.rows(session, _EVERYTHING, {"id": ticket.id})[-1].depth if ticket.has_merged else 0


def live(session: Session, ticket: Ticket) -> Ticket:
    """The ticket that a merged one went into in the end; without holding it."""
    for _ in range(STEPS):
        if ticket.merged_into_id is None:
            break
        ticket = session.get(Ticket, ticket.merged_into_id)
    return ticket


def _ids(session: Session, ticket: Ticket, statement) -> list[int]:
    if not ticket.has_merged:
        return [ticket.id]
    rows: Sequence = db.rows(session, statement, {"id": ticket.id})
    return list(dict.fromkeys(row.id for row in rows))
