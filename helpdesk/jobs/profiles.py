"""Asking a platform for the name of somebody whose messages carry none (Messenger, Instagram)."""
from __future__ import annotations

from channels.base import Channel, SendError
from helpdesk import db
from helpdesk.models import Contact, Identity, Inbox, Ticket
from helpdesk.services import bounds, inboxes


def fetch(ticket_id: int, **_) -> None:
    """Give a nameless contact the name that the platform knows. A refusal is no harm: they stay nameless."""
    with db.reading() as session:
        ticket = session.get(Ticket, ticket_id)
        inbox = session.get(Inbox, ticket.reply_inbox_id) if ticket.reply_inbox_id else None
        identity = session.get(Identity, ticket.reply_identity_id) if ticket.reply_identity_id else None
        contact = session.get(Contact, ticket.contact_id)
    if contact.name or not inbox or not identity or inboxes.kind(inbox.channel).profile is Channel.profile:
        return
    try:
        name = inboxes.open_channel(inbox).profile(identity.value)
    except SendError as error:
        if not error.permanent:
            raise
        return
    if name:
        with db.transaction() as session:
            found = session.get(Contact, contact.id)
            found.name = found.name or bounds.clean(name)[:200]
            db.tell(session, "agents", "ticket", ticket=ticket_id)
