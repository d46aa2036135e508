"""A merged record becomes a person of its own again.

Back go the addresses and tickets that it brought and that are still with the record that went on, whatever was filled
in from it and was not changed since, and each ticket that was opened since from one of those addresses. What one of
them wrote in a ticket of the other's stays there; from then on it takes part as somebody whom nobody has let in.
"""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.errors import Conflict, NotFound
from helpdesk.models import Contact, Event, Identity, Message, Participant, Ticket
from helpdesk.services import told_apart
from helpdesk.services.contact_merges import last_merge
from helpdesk.services.parts import STEPS
from helpdesk.services.recipients import INSIDE

CHUNK = 500


def unmerge(session: Session, contact_id: int, actor: str, *, apart: bool = False) -> Contact:
    """Returns the record that stands for itself again. With `apart` they are two people, and not suggested again.
    Raises NotFound, or Conflict when it is not merged (any more), or was erased since."""
    contact, chain = _held(session, contact_id)
    if contact.erased_at:       # what was filled from where is forgotten too
        raise Conflict("This person was erased: there is nothing to take apart.")
    record, into, live = last_merge(session, contact), chain[0], chain[-1]
    contact.merged_into_id = None
    back = _return(session, Identity, record.data["identity_ids"] if record else (), live, contact)
    mine = {one.id for one in back}
    tickets = _return(session, Ticket, record.data["ticket_ids"] if record else (), live, contact)
    if record:
        tickets += _opened_since(session, live, contact, record, mine)
        _restore(session, contact, into, record)
        session.flush()
        _part(session, (contact, live), record.created_at)
    session.flush()
    if apart:
        told_apart.tell(session, contact, live, actor)
    events.record(session, events.ContactsUnmerged(
        unmerged_id=contact.id, identity_ids=tuple(sorted(mine)), ticket_ids=tuple(one.id for one in tickets)),
        contact=live, actor=actor)
    return contact


def _held(session: Session, contact_id: int) -> tuple[Contact, list[Contact]]:
    """The record and all that it points to, locked in the order of their ids, as merges do."""
    for _ in range(STEPS):
        ids, one = [contact_id], session.get(Contact, contact_id, populate_existing=True)
        if one is None:
            raise NotFound("There is no such contact.")
        while one.merged_into_id is not None and len(ids) <= STEPS:
            ids.append(one.merged_into_id)
            one = session.get(Contact, one.merged_into_id, populate_existing=True)
        if len(ids) == 1:
            raise Conflict(f"{one.label} is not merged with anybody.")
        held = {one.id: one for one in session.scalars(select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id)
                .with_for_update(key_share=True).execution_options(populate_existing=True))}
        rows = [held[n] for n in ids]
        if [one.merged_into_id for one in rows] == [*ids[1:], None]:
            return rows[0], rows[1:]
    raise Conflict("Somebody else is merging these records just now. Try again.")


def _return(session: Session, model, ids: Sequence[int], live: Contact, contact: Contact) -> list:
    """Those that are still with the record that went on."""
    found = []
    for at in range(0, len(ids), CHUNK):
        found += session.scalars(select(model).where(model.id.in_(ids[at:at + CHUNK]), model.contact_id == live.id)
                                 .order_by(model.id).with_for_update())
    for one in found:
        one.contact = contact
    return found


def _opened_since(session: Session, live: Contact, contact: Contact, record: Event, mine: set[int]) -> list[Ticket]:
    """The tickets since the merge that began with a message from, or to, one of the addresses that go back."""
    opened = select(Event.ticket_id).where(Event.name == "TicketOpened", Event.id > record.id,
                                           Event.created_at >= record.created_at)
    since = session.scalars(select(Ticket).where(Ticket.contact_id == live.id, Ticket.id.in_(opened))
                            .order_by(Ticket.id).with_for_update()).all()
    found = [one for one in since if session.scalar(select(Message.identity_id).where(
        Message.ticket_id == one.id, Message.identity_id.is_not(None)).order_by(Message.seq).limit(1)) in mine]
    for one in found:
        one.contact = contact
    return found


def _restore(session: Session, contact: Contact, into: Contact, record: Event) -> None:
    for field, (before, after) in (record.data.get("changed") or {}).items():
        if getattr(into, field) != after:
            continue
        setattr(into, field, before)
        if field == "external_id":
            session.flush()         # it is unique
            contact.external_id = after


def _part(session: Session, both: tuple[Contact, Contact], merged_at: datetime) -> None:
    """Since the merge an address of the one may have come into a ticket of the other's: what it writes there is an
    aside from now on, and it is not answered by default."""
    ids = [one.id for one in both]
    strangers = session.execute(
        select(Participant, Ticket).join(Identity, Identity.id == Participant.identity_id)
        .join(Ticket, Ticket.id == Participant.ticket_id)
        .where(Identity.contact_id.in_(ids), Ticket.contact_id.in_(ids), Identity.contact_id != Ticket.contact_id,
               Participant.role.in_(INSIDE), Participant.added_at >= merged_at)).all()
    for row, ticket in strangers:
        row.role = "unverified"
        events.record(session, events.ParticipantJoined(
            identity_id=row.identity_id, address=session.get(Identity, row.identity_id).value, role=row.role),
            ticket=ticket)
    session.flush()
    for ticket in session.scalars(select(Ticket).join(Identity, Identity.id == Ticket.reply_identity_id).where(
            Ticket.contact_id.in_(ids), Identity.contact_id.in_(ids), Identity.contact_id != Ticket.contact_id)):
        row = session.get(Participant, (ticket.id, ticket.reply_identity_id))
        if row is None or row.role not in INSIDE:
            heard = session.execute(select(Message.inbox_id, Message.identity_id, Message.channel).join(
                Identity, Identity.id == Message.identity_id).where(
                Message.ticket_id == ticket.id, Message.direction == "in", Identity.contact_id == ticket.contact_id)
                .order_by(Message.seq.desc()).limit(1)).first()
            ticket.reply_inbox_id, ticket.reply_identity_id = (heard.inbox_id, heard.identity_id) if heard else (
                ticket.reply_inbox_id, None)
    session.flush()
