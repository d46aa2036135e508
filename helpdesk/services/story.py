"""The order of a story that has several parts: tickets that were merged, each with its own numbers.

Everything keeps the number it has in its own ticket. To be shown in one line it gets a place: the surviving ticket's
own items keep their numbers, and what came from elsewhere lies between them, by the time at which it arrived, as a
fraction. What was merged gets nothing new, so places stay as they are and a browser can go on counting.
"""
from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Sequence
from heapq import merge

from sqlalchemy import bindparam, literal, select, union_all
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.models import Event, Message, Ticket

Entry = namedtuple("Entry", "place ticket_id seq kind id")       # kind: event, or the message's: message, note, aside
_IDS = bindparam("ids", expanding=True)


def index(hidden: Sequence[str]):
    """The statement that finds everything of some tickets but events of the hidden names. Built once by who asks."""
    return union_all(
        select(Message.kind, Message.id, Message.ticket_id, Message.seq, Message.created_at).where(
            Message.ticket_id.in_(_IDS)),
        select(literal("event"), Event.id, Event.ticket_id, Event.seq, Event.created_at).where(
            Event.ticket_id.in_(_IDS), Event.name.not_in(hidden)))


def order(session: Session, ticket: Ticket, ids: Sequence[int], statement) -> list[Entry]:
    """Everything in its place. `ids`: the ticket and its parts; `statement`: made by index()."""
    tracks: dict[int, list] = {one: [] for one in ids}
    for row in sorted(db.rows(session, statement, {"ids": list(ids)}), key=lambda row: row.seq):
        track = tracks[row.ticket_id]
        at = max(row.created_at, track[-1][0]) if track else row.created_at     # each part keeps its own order
        track.append((at, row.ticket_id != ticket.id, row.ticket_id, row.seq, row))
    return list(_placed(ticket.id, (item[-1] for item in merge(*tracks.values(), key=lambda item: item[:4]))))


def _placed(own: int, rows: Iterable) -> Iterable[Entry]:
    slot, waiting = 0, []
    for row in rows:
        if row.ticket_id == own:
            yield from _between(slot, waiting)
            slot, waiting = row.seq, []
            yield Entry(row.seq, row.ticket_id, row.seq, row.kind, row.id)
        else:
            waiting.append(row)
    yield from _between(slot, waiting)


def _between(slot: int, rows: list) -> Iterable[Entry]:
    for n, row in enumerate(rows, 1):
        yield Entry(slot + n / (len(rows) + 1), row.ticket_id, row.seq, row.kind, row.id)
