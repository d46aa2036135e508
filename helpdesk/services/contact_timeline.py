"""Everything that was ever said with a person and happened to their tickets, over all channels, in the order it came.

A place in it is (when it reached us, ticket, the ticket's own number): unique, the same for messages and events, and in
agreement with each ticket's order. Pages are cut by that place in both directions, so a new message shifts nothing.
First only places are read (helpdesk.services.contact_places), then the rows of one page.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Attachment, Contact, Event, Message, Ticket
from helpdesk.services.contact_places import KINDS, Found, Narrowed, Place, places

PAGE = 40
LATER = 10              # shown after a place that somebody jumps to
READ = 20_000           # characters of a message
EVERYTHING = Narrowed()
_IDS = bindparam("ids", expanding=True)
_MESSAGES = select(Message.id, Message.channel, Message.direction, Message.kind, Message.author_kind, Message.author_id,
                   Message.author_name, Message.subject, func.substr(Message.text, 1, READ).label("text"),
                   Message.payload, Message.trace, Message.sent_at).where(Message.id.in_(_IDS))
_EVENTS = select(Event.id, Event.name, Event.actor, Event.data, Event.created_at).where(Event.id.in_(_IDS))
_TICKETS = select(Ticket.id, Ticket.subject, Ticket.preview, Ticket.contact_id).where(Ticket.id.in_(_IDS))
_FILES = select(Attachment.id, Attachment.message_id, Attachment.name, Attachment.sha256).where(
    Attachment.message_id.in_(_IDS)).order_by(Attachment.id)


@dataclass(frozen=True)
class Item:
    """A message or an event; its ticket (None for what belongs to none), its files, and its place. `own` is false for
    what they wrote in a ticket of somebody else."""
    place: Place
    message: Row | None
    event: Row | None
    ticket: Row | None
    files: Sequence[Row]
    own: bool


@dataclass(frozen=True)
class Page:
    """Some items, the newest first. `older` and `newer` are the places to go on from, None where nothing follows."""
    items: Sequence[Item]
    older: Place | None = None
    newer: Place | None = None


def page(session: Session, contact: Contact, narrowed: Narrowed = EVERYTHING, *, before: Place | None = None,
         after: Place | None = None, around: Place | None = None, limit: int = PAGE) -> Page:
    """The newest items; or those before a place, after it, or around it. Raises Invalid for an unknown kind."""
    if narrowed.kind not in KINDS:
        raise Invalid("There is no such part of the timeline.")
    if after:
        found = places(session, contact, narrowed, after=after, limit=limit + 1)
        return Page(_items(session, contact, found[-limit:]), newer=found[-limit].place if len(found) > limit else None)
    later: list[Found] = []
    if around:
        later = places(session, contact, narrowed, after=around, limit=LATER + 1)
        before = around.next
    newer = later[-LATER].place if len(later) > LATER else None
    found = places(session, contact, narrowed, before=before, limit=limit + 1)
    older = found[limit - 1].place if len(found) > limit else None
    return Page(_items(session, contact, [*later[-LATER:], *found[:limit]]), older, newer)


def channels(session: Session, contact: Contact) -> list[str]:
    """The channels that their tickets came by, to choose from."""
    return sorted(session.scalars(select(Ticket.channel).where(
        Ticket.contact_id == contact.id, Ticket.channel != "").distinct()))


def _items(session: Session, contact: Contact, found: Sequence[Found]) -> list[Item]:
    """The rows at some places."""
    messages = [one.id for one in found if one.sort == "message"]
    said = _by_id(session, _MESSAGES, messages)
    told = _by_id(session, _EVENTS, [one.id for one in found if one.sort == "event"])
    tickets = _by_id(session, _TICKETS, list({one.place.ticket_id for one in found}))
    files: dict[int, list[Row]] = {}
    for row in db.rows(session, _FILES, {"ids": messages}):
        files.setdefault(row.message_id, []).append(row)
    return [Item(one.place, said[one.id] if one.sort == "message" else None,
                 told[one.id] if one.sort == "event" else None, ticket := tickets.get(one.place.ticket_id),
                 files.get(one.id, ()) if one.sort == "message" else (),
                 ticket is None or ticket.contact_id == contact.id)
            for one in found if one.id in (said if one.sort == "message" else told)]


def _by_id(session: Session, statement, ids: Sequence[int]) -> dict[int, Row]:
    return {row.id: row for row in db.rows(session, statement, {"ids": ids})}
