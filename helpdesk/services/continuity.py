"""Chat to mail: an answer that the visitor has not seen reaches them where they can read it."""
from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Status as DeliveryStatus
from helpdesk import events, settings, texts
from helpdesk.clock import now
from helpdesk.models import Delivery, Message, Ticket
from helpdesk.services import automatic_mail, inboxes, outbox, routes, tasks, tickets

SEEN = (DeliveryStatus.READ, DeliveryStatus.FAILED)


def watch(session: Session, ticket_id: int, *, message_id: int, channel: str, by: str, **_) -> None:
    """After an answer over the web chat: look again in a while whether it was read. Several answers make one mail."""
    if channel == "web" and by != "assistant":
        _look_again(session, ticket_id, now() + timedelta(seconds=settings.current().continuity_seconds))


def mail_unseen(session: Session, ticket_id: int, **_) -> None:
    """Mail what the visitor has not seen to the address they gave, if they gave one, in one mail. When that address
    has had enough mail for now, what is unseen waits."""
    ticket = tickets.lock(session, ticket_id)
    unseen = session.scalars(select(Message).join(Delivery, Delivery.message_id == Message.id).where(
        Delivery.ticket_id == ticket.id, Message.channel == "web", Message.author_kind.in_(("agent", "system")),
        Delivery.status.not_in(SEEN)).order_by(Message.seq)).all()
    unseen = [m for m in unseen if not (m.payload or {}).get("mailed")]
    route = next((r for r in routes.routes(session, ticket) if inboxes.is_mail(r.inbox.channel) and r.open), None)
    if not unseen or route is None:
        return
    if automatic_mail.blocked(session, ticket, route):
        final = route.identity.failing_since or route.identity.unwanted
        return None if final else _look_again(session, ticket.id, now() + automatic_mail.WINDOW)
    mail = _mail(session, ticket, unseen, route)
    for message in unseen:
        message.payload = {**(message.payload or {}), "mailed": mail.id}
    events.record(session, events.AnswerMailed(address=route.identity.value,
                                               message_ids=tuple(m.id for m in unseen)), ticket=ticket)


def _look_again(session: Session, ticket_id: int, at: datetime) -> None:
    tasks.plan(session, "services.continuity.mail_unseen", ticket_id, {}, at, key=f"continuity:{ticket_id}")


def _mail(session: Session, ticket: Ticket, unseen: list[Message], route: routes.Route) -> Delivery:
    """A second delivery of the last unseen message, by mail, with the text and files of all of them. Not a message of
    its own: the timeline and the widget show each answer once."""
    delivery = outbox.enqueue(session, ticket, unseen[-1], route)
    footer = texts.text("continuity", ticket.contact.locale, company=settings.current().company_name)
    text = "\n\n".join(m.text for m in unseen if m.text)
    unseen[-1].payload = {**(unseen[-1].payload or {}), "mail_text": f"{text}\n\n-- \n{footer}",
                          "mail_messages": [m.id for m in unseen]}
    return delivery
