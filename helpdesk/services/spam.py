"""What nobody wants to read: tickets marked as spam, and addresses whose messages go there by themselves.

A ticket that is spam is closed and stands in no view but Spam; no machine answers it, nobody is asked how it went, and
reports leave it out. Nothing is thrown away: an agent can say that it was no spam, and it is a ticket as any other.
"""
from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Identity, Message, Status, Survey, Ticket
from helpdesk.services import tickets

WHY_SILENT = "spam"         # why no machine answers (Inbound.automatic)
_HELD = select(Ticket).join(Message, Message.ticket_id == Ticket.id).where(
    Message.identity_id == bindparam("identity"), Message.direction == "in", Ticket.spam_at.is_not(None),
    Ticket.merged_into_id.is_(None)).order_by(Ticket.id.desc()).limit(1)


def mark(session: Session, ticket: Ticket, actor: str, why: str = "agent") -> None:
    """It is spam: closed, with nobody asked how it went. The same again does nothing."""
    if ticket.spam_at:
        return
    previous = str(ticket.status)
    tickets.set_status(session, ticket, Status.CLOSED, actor)
    ticket.spam_at, ticket.with_assistant, ticket.snoozed_until, ticket.waiting_since = now(), False, None, None
    for survey in session.scalars(select(Survey).where(Survey.ticket_id == ticket.id, Survey.state == "planned")):
        survey.state, survey.reason = "skipped", "marked as spam"
    events.record(session, events.TicketMarkedSpam(previous=previous, why=why), ticket=ticket, actor=actor)


def release(session: Session, ticket: Ticket, actor: str, status: Status | str = Status.OPEN) -> None:
    """It was no spam: open again, and waiting for us where its customer had the last word."""
    if ticket.spam_at is None:
        return
    ticket.spam_at = None
    tickets.set_status(session, ticket, status, actor, why="no spam")
    last = session.scalar(select(Message).where(Message.ticket_id == ticket.id, Message.kind == "message").order_by(
        Message.seq.desc()).limit(1))
    if last is not None and last.direction == "in" and ticket.status == Status.OPEN:
        ticket.waiting_since = last.sent_at
    events.record(session, events.TicketNotSpam(status=str(ticket.status)), ticket=ticket, actor=actor)


def block(session: Session, identity: Identity, actor: str, blocked: bool = True) -> None:
    """What comes from this address goes to spam from now on; with blocked=False it no longer does."""
    if bool(identity.blocked_at) == blocked:
        return
    identity.blocked_at = now() if blocked else None
    events.record(session, events.AddressBlocked(kind=identity.kind, value=identity.value, blocked=blocked),
                  contact=identity.contact, actor=actor)


def sender(session: Session, ticket: Ticket) -> Identity:
    """The address that a ticket came from: what is blocked with it. Raises Invalid where nobody wrote."""
    found = session.scalar(select(Identity).join(Message, Message.identity_id == Identity.id).where(
        Message.ticket_id == ticket.id, Message.direction == "in").order_by(Message.seq.desc()).limit(1))
    if found is None:
        raise Invalid("Nobody outside has written in this ticket, so there is no address to block.")
    return found


def held(session: Session, identity: Identity) -> Ticket | None:
    """The ticket in which the spam of this address is gathered, locked; None before the first."""
    found = session.scalar(_HELD, {"identity": identity.id})
    return tickets.lock(session, found.id) if found is not None else None
