"""Chat to mail: an answer that the visitor has not seen reaches them where they can read it."""
from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from channels.base import Status as DeliveryStatus
from helpdesk import db, events, settings, texts
from helpdesk.clock import now
from helpdesk.models import Delivery, Identity, Inbox, Message, Participant, Ticket
from helpdesk.services import automatic_mail, inboxes, outbox, parts, routes, tasks, tickets

SEEN = (DeliveryStatus.READ, DeliveryStatus.FAILED)


def watch(session: Session, ticket_id: int, *, message_id: int, channel: str, by: str, **_) -> None:
    """After an answer over the web chat: look again in a while whether it was read. Several answers make one mail."""
    if channel != "web":
        return show_in_chat(session, ticket_id)
    if by == "assistant":
        return
    message = session.get(Message, message_id)
    inbox = session.get(Inbox, message.inbox_id) if message else None
    if inbox is not None and inbox.mail_unseen:
        _look_again(session, ticket_id, now() + patience(inbox))


def show_in_chat(session: Session, ticket_id: int, **_) -> None:
    """What was said over another channel stands in the chat of whoever takes part from there: tell open windows."""
    for identity_id in session.scalars(select(Participant.identity_id).join(
            Identity, Identity.id == Participant.identity_id).where(
            Participant.ticket_id == ticket_id, Participant.role == "requester", Identity.kind == "visitor")):
        db.tell(session, f"visitor:{identity_id}", "message", seq=0)


def address_given(session: Session, ticket: Ticket) -> None:
    """The visitor told where to write: what they have not seen until now need not wait for the next answer."""
    _look_again(session, ticket.id, now() + timedelta(seconds=settings.current().continuity_seconds))


def patience(inbox: Inbox | Row) -> timedelta:
    """How long an answer in this chat may stay unseen before it is mailed."""
    seconds = inbox.mail_after_seconds
    return timedelta(seconds=settings.current().continuity_seconds if seconds is None else seconds)


def mail_unseen(session: Session, ticket_id: int, **_) -> None:
    """Mail what the visitor has not seen to the address they gave, if they gave one, in one mail. When that address
    has had enough mail for now, what is unseen waits."""
    ticket = tickets.lock(session, ticket_id)
    unseen = session.scalars(select(Message).join(Delivery, Delivery.message_id == Message.id).where(
        Delivery.ticket_id.in_(parts.ids(session, ticket)), Message.channel == "web",
        Message.author_kind.in_(("agent", "system")),
        Message.inbox_id.in_(select(Inbox.id).where(Inbox.mail_unseen)),
        Delivery.status.not_in(SEEN)).order_by(Message.id)).all()
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
