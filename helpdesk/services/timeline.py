"""What happened in a ticket, in order, together with what was merged into it."""
from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.models import Attachment, Delivery, Event, Message, Ticket
from helpdesk.services import parts, story

SHOWN_AS_MESSAGES = ("MessageReceived", "ReplySent", "NoteAdded", "MessageReacted",
                     "AgentMailRefused")     # the message itself tells it
TOLD_BY_THE_OTHER = ("TicketMergedInto", "TicketUnmergedFrom")      # the ticket that it went into says the same
END = 2**31 - 1


def _between(model, *also):
    """The last ones of a ticket between two seqs. Built once: building costs more than asking."""
    return select(model).where(model.ticket_id == bindparam("ticket"), model.seq > bindparam("after"),
                               model.seq < bindparam("before"), *also
                               ).order_by(model.seq.desc()).limit(bindparam("most"))


_IDS = bindparam("ids", expanding=True)
_MESSAGE = (*Message.__table__.c, Message.seq.label("place"))
_EVENT = (*Event.__table__.c, Event.seq.label("place"))
_ROWS = _between(Message).with_only_columns(*_MESSAGE)
_EVENTS = _between(Event, Event.name.not_in(SHOWN_AS_MESSAGES)).with_only_columns(*_EVENT)
_BY_ID = select(*_MESSAGE).where(
    Message.ticket_id == bindparam("ticket"), Message.seq <= bindparam("until"), Message.id.in_(_IDS)).order_by(
    Message.seq)
_MESSAGES_OF, _EVENTS_OF = (select(*columns).where(model.id.in_(_IDS)) for model, columns in (
    (Message, _MESSAGE), (Event, _EVENT)))
_FILES, _DELIVERIES = (
    select(*model.__table__.c).where(model.message_id.in_(_IDS)).order_by(model.id) for model in (Attachment, Delivery))
_PUBLIC = _between(Message, Message.kind == "message").with_only_columns(*_MESSAGE)
_INDEX = story.index((*SHOWN_AS_MESSAGES, *TOLD_BY_THE_OTHER))
_MERGES = select(Event.ticket_id, Event.seq, Event.data).where(
    Event.ticket_id.in_(_IDS), Event.name == "TicketsMerged").order_by(Event.id)


class Said(namedtuple("Said", [*Message.__table__.c.keys(), "place", "attachments", "deliveries"])):
    """A message to show: the columns of its row by their names, its place in the whole story, its files and its
    deliveries. A page has many of them, and as objects of the ORM they cost several times as much."""
    __slots__ = ()

    @property
    def note(self) -> bool:
        """Whether only agents may see it."""
        return self.kind == "note"


Told = namedtuple("Told", [*Event.__table__.c.keys(), "place"])     # an event to show, its place not its own number


class Items(list):
    """Some of a story, oldest first. `earlier`: whether there is more before it."""
    earlier = False


def items(session: Session, ticket: Ticket, after: float = 0, before: float | None = None, limit: int = 200) -> Items:
    """Messages, notes and events (rows of `event`) with a place above `after` (and below `before`), oldest first; the
    last `limit` ones. Where nothing was merged, an item's place is its seq."""
    before = END if before is None else before
    if ticket.has_merged:
        return _whole(session, ticket, after, before, limit)
    given = {"ticket": ticket.id, "after": after, "before": before, "most": limit}
    found = Items([*_said(session, db.rows(session, _ROWS, given)), *db.rows(session, _EVENTS, given)])
    found.sort(key=lambda item: item.seq)
    del found[:-limit]
    found.earlier = bool(found) and found[0].seq > 1
    return found


def by_id(session: Session, ticket: Ticket, ids: Sequence[int], until: float = END) -> list[Said]:
    """Those of some messages that belong to the ticket or its parts and have a place of at most `until`, oldest
    first."""
    if not ids:
        return []
    if not ticket.has_merged:
        return _said(session, db.rows(session, _BY_ID, {"ticket": ticket.id, "ids": ids, "until": until}))
    wanted = set(ids)
    return _fetch(session, [one for one in _order(session, ticket) if one.kind != "event" and one.id in wanted
                            and one.place <= until])


def public_items(session: Session, ticket: Ticket, after: float = 0, limit: int = 200,
                 reader: int | None = None) -> list[Said]:
    """The messages that a customer may read: never notes, never events. With a `reader` (an identity) only from where
    that address joined: a proof on one channel opens no other channel's history."""
    since = dict.fromkeys(parts.ids(session, ticket), 1) if reader is None else readable(session, ticket, reader)
    if ticket.has_merged:
        return _fetch(session, [one for one in _order(session, ticket) if one.kind == "message" and one.place > after
                                and one.seq >= since.get(one.ticket_id, END)][-limit:])
    if ticket.id not in since:
        return []
    given = {"ticket": ticket.id, "after": max(after, since[ticket.id] - 1), "before": END, "most": limit}
    return list(reversed(_said(session, db.rows(session, _PUBLIC, given))))


def public_at(session: Session, ticket: Ticket, place: float) -> Said | None:
    """The message that stands in this place, if a customer may read it."""
    if ticket.has_merged:
        return next(iter(_fetch(session, [one for one in _order(session, ticket)
                                          if one.kind == "message" and one.place == place])), None)
    given = {"ticket": ticket.id, "after": place - 1, "before": place + 1, "most": 1}
    return next(iter(_said(session, db.rows(session, _PUBLIC, given))), None)


def readable(session: Session, ticket: Ticket, reader: int) -> dict[int, int]:
    """What an address may read of a ticket and its parts: by ticket, the seq from which on. Of each part from where it
    joined it; of what a part went into from then on, since that is where its matter goes on."""
    ids = parts.ids(session, ticket)
    since = dict(session.execute(select(Message.ticket_id, func.min(Message.seq)).where(
        Message.ticket_id.in_(ids), Message.identity_id == reader, Message.kind == "message").group_by(
        Message.ticket_id)).all())
    if ticket.has_merged:
        merges = {(row.ticket_id, row.data["merged_id"]): row.seq
                  for row in db.rows(session, _MERGES, {"ids": ids})}       # the last one, where there were several
        into = dict(session.execute(select(Ticket.id, Ticket.merged_into_id).where(Ticket.id.in_(ids))).all())
        for one in [one for one in ids if one in since]:
            while one != ticket.id and into.get(one) in into:
                seq = merges.get((into[one], one), END)
                one = into[one]
                since[one] = min(since.get(one, END), seq)
    return since


def place_of(session: Session, ticket: Ticket, message: Message) -> float:
    """Where a message of the ticket or its parts stands in the whole story."""
    if message.ticket_id == ticket.id:
        return message.seq
    return next((one.place for one in _order(session, ticket) if one.kind != "event" and one.id == message.id), 0)


def _whole(session: Session, ticket: Ticket, after: float, before: float, limit: int) -> Items:
    everything = _order(session, ticket)
    wanted = [one for one in everything if after < one.place < before][-limit:]
    found = Items(_fetch(session, wanted))
    found.earlier = bool(wanted) and wanted[0] != everything[0]
    return found


def _order(session: Session, ticket: Ticket) -> list[story.Entry]:
    return story.order(session, ticket, parts.all_ids(session, ticket), _INDEX)


def _fetch(session: Session, wanted: Sequence[story.Entry]) -> list[Said | Told]:
    """The rows behind some entries, in their places."""
    events = [one.id for one in wanted if one.kind == "event"]
    messages = [one.id for one in wanted if one.kind != "event"]
    told = {row.id: Told(*row) for row in db.rows(session, _EVENTS_OF, {"ids": events})} if events else {}
    rows = db.rows(session, _MESSAGES_OF, {"ids": messages}) if messages else ()
    said = {one.id: one for one in _said(session, rows)}
    return [(told if one.kind == "event" else said)[one.id]._replace(place=one.place) for one in wanted]


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
