"""Making a forwarded mail the ticket of who wrote it first: a preview, the deed, and the way back."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, url_for
from sqlalchemy.orm import Session

from channels.base import ChannelError, Inbound
from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Identity, Inbox, RawInbound
from helpdesk.rendering import page
from helpdesk.services import identities, inbound, inboxes, passed_on, tickets
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs

pages = Blueprint("passed_on", __name__, url_prefix="/tickets/<int:ticket_id>/messages/<int:message_id>/writer")


@pages.get("")
@needs("work")
def preview(ticket_id: int, message_id: int):
    """Who would be the customer, and what would be whose."""
    parsed = _taken_apart(ticket_id, message_id)
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        message = passed_on.message_of(session, ticket, message_id)
        original = passed_on.inside(message, parsed)
        return page("tickets/writer.html", ticket=ticket, message=message, original=original,
                    carrier=session.get(Identity, message.identity_id), known=_known(session, original.address),
                    hindrance=passed_on.hindrance(session, ticket, message, original))


@pages.post("")
@needs("work")
def give(ticket_id: int, message_id: int):
    """Do what the preview says."""
    parsed = _taken_apart(ticket_id, message_id)
    with db.transaction() as session:
        ticket = tickets.lock(session, ticket_id)
        message = passed_on.message_of(session, ticket, message_id)
        original = passed_on.inside(message, parsed)
        passed_on.give_to_writer(session, ticket, message, original, g.agent.actor)
    flash(f"This is {original.name}'s ticket now. Their address is not proved. You can give it back in the message.",
          "good")
    return redirect(url_for("tickets.in_view", key="all", ticket_id=ticket_id))


@pages.post("/undo")
@needs("work")
def undo(ticket_id: int, message_id: int):
    """All as it was before."""
    with db.transaction() as session:
        ticket = tickets.lock(session, ticket_id)
        passed_on.give_back(session, ticket, passed_on.message_of(session, ticket, message_id), g.agent.actor)
    flash("As it was before. The note stays.", "good")
    return redirect(url_for("tickets.in_view", key="all", ticket_id=ticket_id))


def _known(session: Session, address: str) -> Identity | None:
    try:
        return identities.find(session, passed_on.KIND, identities.normal(passed_on.KIND, address))
    except Invalid:
        return None


def _taken_apart(ticket_id: int, message_id: int) -> dict[str, str]:
    """The mail read once more, outside of any transaction, while its bytes are kept: an attached one tells more than
    the text does."""
    with db.reading() as session:
        message = passed_on.message_of(session, ctx.find_ticket(session, ticket_id), message_id)
        raw = session.get(RawInbound, message.raw_id) if message.raw_id else None
        inbox = session.get(Inbox, message.inbox_id) if raw else None
    if raw is None or not inboxes.is_mail(inbox.channel):
        return {}
    try:
        found = inboxes.open_channel(inbox).read(raw.request(inbound.body(raw)))
    except (ChannelError, ValueError, OSError):
        return {}
    return next((dict(one.passed_on) for one in found if isinstance(one, Inbound) and one.fingerprint ==
                 message.fingerprint), {})
