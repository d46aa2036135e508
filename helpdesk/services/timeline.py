"""What happened in a ticket, in order."""
from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session, selectinload

from helpdesk import db
from helpdesk.models import Attachment, Delivery, Event, Message, Ticket

SHOWN_AS_MESSAGES = ("MessageReceived", "ReplySent", "NoteAdded", "MessageReacted")   # the message itself tells it
END = 2**31 - 1


def _between(model, *also):
    """The last ones of a ticket between two seqs. Built once: building costs more than asking."""
    return select(model).where(model.ticket_id == bindparam("ticket"), model.seq > bindparam("after"),
                               model.seq < bindparam("before"), *also
                               ).order_by(model.seq.desc()).limit(bindparam("most"))


_ROWS = _between(Message).with_only_columns(*Message.__table__.c)
_BY_ID = select(*Message.__table__.c).where(
    Message.ticket_id == bindparam("ticket"), Message.seq <= bindparam("until"),
    Message.id.in_(bindparam("ids", expanding=True))).order_by(Message.seq)
_EVENTS = _between(Event, Event.name.not_in(SHOWN_AS_MESSAGES)).with_only_columns(*Event.__table__.c)
_FILES, _DELIVERIES = (
    select(*model.__table__.c).where(model.message_id.in_(bindparam("ids", expanding=True))).order_by(model.id)
    for model in (Attachment, Delivery))
_PUBLIC = _between(Message, Message.kind == "message").options(
    selectinload(Message.attachments), selectinload(Message.deliveries))


class Said(namedtuple("Said", [*Message.__table__.c.keys(), "attachments", "deliveries"])):
    """A message to show: the columns of its row by their names, its files and its deliveries. A page has many of them,
    and as objects of the ORM they cost several times as much."""
    __slots__ = ()

    @property
    def note(self) -> bool:
        """Whether only agents may see it."""
        return self.kind == "note"


def items(session: Session, ticket: Ticket, after: int = 0, before: int | None = None,
          limit: int = 200) -> list[Said | Row]:
    """Messages, notes and events (rows of `event`) with a seq above `after` (and below `before`), oldest first; the
    last `limit` ones."""
    given = {"ticket": ticket.id, "after": after, "before": END if before is None else before, "most": limit}
    found = [*_said(session, db.rows(session, _ROWS, given)), *db.rows(session, _EVENTS, given)]
    return sorted(found, key=lambda item: item.seq)[-limit:]


def by_id(session: Session, ticket: Ticket, ids: Sequence[int], until: int) -> list[Said]:
    """Those of some messages that belong to the ticket and have a seq of at most `until`, oldest first."""
    return _said(session, db.rows(session, _BY_ID, {"ticket": ticket.id, "ids": ids, "until": until})) if ids else []


def public_items(session: Session, ticket: Ticket, after: int = 0, limit: int = 200,
                 reader: int | None = None) -> list[Message]:
    """The messages that a customer may read: never notes, never events. With a `reader` (an identity) only from where
    that address joined: a proof on one channel opens no other channel's history."""
    if reader is not None:
        since = joined_at(session, ticket, reader)
        if since is None:
            return []
        after = max(after, since - 1)
    found = session.scalars(_PUBLIC, {"ticket": ticket.id, "after": after, "before": END, "most": limit})
    return list(reversed(found.all()))


def joined_at(session: Session, ticket: Ticket, identity_id: int) -> int | None:
    """The seq of the first message from or to this address in the ticket; None when it never took part."""
    return session.scalar(select(func.min(Message.seq)).where(
        Message.ticket_id == ticket.id, Message.identity_id == identity_id, Message.kind == "message"))


def _said(session: Session, rows: Sequence[Row]) -> list[Said]:
    if not rows:
        return []
    ids = [row.id for row in rows]
    files, deliveries = (_by_message(db.rows(session, query, {"ids": ids})) for query in (_FILES, _DELIVERIES))
    return [Said(*row, files.get(row.id, ()), deliveries.get(row.id, ())) for row in rows]


def _by_message(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(row)
    return found
