"""Which tickets could be meant when an agent says "merge with …". Reads only."""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from helpdesk.models import Contact, Status, Ticket
from helpdesk.services import search

MOST = 20
COLUMNS = (Ticket.id, Ticket.subject, Ticket.preview, Ticket.status, Ticket.channel, Ticket.last_message_at,
           Ticket.contact_id, Contact.name.label("contact_name"))


def of_the_same_contact(session: Session, ticket: Ticket) -> Sequence[Row]:
    """The customer's other tickets: open ones first, then the last touched."""
    query = _others(ticket).where(Ticket.contact_id == ticket.contact_id)
    done = Ticket.status.in_((Status.RESOLVED, Status.CLOSED))
    return session.execute(query.order_by(done, Ticket.last_message_at.desc(), Ticket.id.desc()).limit(MOST)).all()


def found(session: Session, ticket: Ticket, words: str) -> Sequence[Row]:
    """Whatever fits the words, as the search box finds it."""
    query = _others(ticket).where(Ticket.id.in_(search.ticket_ids(words)))
    return session.execute(query.order_by(Ticket.last_message_at.desc(), Ticket.id.desc()).limit(MOST)).all()


def _others(ticket: Ticket):
    return select(*COLUMNS).join(Contact, Contact.id == Ticket.contact_id).where(
        Ticket.id != ticket.id, Ticket.merged_into_id.is_(None))
