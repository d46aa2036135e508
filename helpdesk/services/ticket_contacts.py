"""Whose ticket is it? Giving it to another contact: the wrong person was taken, or wrote from a colleague's address."""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.errors import Conflict
from helpdesk.models import Contact, Event, Identity, Participant, Ticket
from helpdesk.services import identities, recipients, routes


def change(session: Session, ticket: Ticket, contact: Contact, actor: str, *, keep: bool = False) -> None:
    """The (locked) ticket is this contact's from now on, and answers go to them. What was said stays, and is not sent
    again.

    Who had it takes no part any more: what they write is an aside until an agent lets them in, in a chat or messenger
    it begins a new ticket. With `keep` they go on taking part beside the new contact. Raises Conflict when nothing
    would change.
    """
    contact, previous = identities.survivor(session, contact), ticket.contact
    if contact.id == previous.id:
        raise Conflict(f"It is {contact.label}’s ticket already.")
    theirs, roles = _addresses(session, ticket), {}
    for row, identity in theirs:
        if identity.contact_id == contact.id and row.role != "requester":
            roles[str(identity.id)], row.role = [row.role, "requester"], "requester"
        elif identity.contact_id == previous.id and row.role in recipients.INSIDE and not keep:
            roles[str(identity.id)], row.role = [row.role, "unverified"], "unverified"
    before = [ticket.reply_inbox_id, ticket.reply_identity_id]
    ticket.contact = contact
    session.flush()
    way = next((one for one in routes.routes(session, ticket) if one.identity.contact_id == contact.id), None)
    ticket.reply_inbox_id = way.inbox.id if way else ticket.reply_inbox_id
    ticket.reply_identity_id = way.identity.id if way else None
    if way and not session.get(Participant, (ticket.id, way.identity.id)):
        session.add(Participant(ticket_id=ticket.id, identity_id=way.identity.id, role="requester"))
        roles[str(way.identity.id)] = [None, "requester"]
    session.flush()
    _record(session, ticket, previous, roles, [before, [ticket.reply_inbox_id, ticket.reply_identity_id]], actor)


def change_back(session: Session, ticket: Ticket, actor: str) -> None:
    """Take the last change back: who took part how, and where answers go, unless that was changed since. Raises
    Conflict when there is none to take back."""
    last = session.scalar(select(Event).where(Event.ticket_id == ticket.id, Event.name == "ContactChanged")
                          .order_by(Event.seq.desc()).limit(1))
    now_is = identities.survivor(session, ticket.contact)
    if last is None or identities.survivor(session, session.get(Contact, last.data["to_id"])).id != now_is.id:
        raise Conflict("There is no change of the contact to take back.")
    previous, roles = ticket.contact, {}
    ticket.contact = identities.survivor(session, session.get(Contact, last.data["from_id"]))
    for who, (before, after) in last.data["roles"].items():
        row = session.get(Participant, (ticket.id, int(who)))
        if row is None or row.role != after:
            continue
        roles[who] = [after, before]
        if before:
            row.role = before
        else:
            session.delete(row)
    reply, (before, after) = [ticket.reply_inbox_id, ticket.reply_identity_id], last.data["reply"]
    if reply == after:
        ticket.reply_inbox_id, ticket.reply_identity_id = before
    session.flush()
    _record(session, ticket, previous, roles, [reply, [ticket.reply_inbox_id, ticket.reply_identity_id]], actor)


def _record(session: Session, ticket: Ticket, previous: Contact, roles: dict, reply: list, actor: str) -> None:
    events.record(session, events.ContactChanged(
        from_id=previous.id, to_id=ticket.contact.id, from_name=previous.label, to_name=ticket.contact.label,
        roles=roles, reply=reply), ticket=ticket, actor=actor)


def _addresses(session: Session, ticket: Ticket) -> list[tuple[Participant, Identity]]:
    return session.execute(select(Participant, Identity).join(Identity, Identity.id == Participant.identity_id).where(
        Participant.ticket_id == ticket.id).order_by(Identity.id)).all()
