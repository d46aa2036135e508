"""What our own account said, as the platform tells it back: our deliveries, and answers that somebody wrote in the
platform's own app, which are answers all the same."""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Channel, Echo
from channels.base import Status as DeliveryStatus
from helpdesk import events
from helpdesk.errors import TooEarly
from helpdesk.models import Attachment, Delivery, Identity, Inbox, Message, Status, Ticket
from helpdesk.services import bounds, files, identities, ladder, outbox, reopening, replies, tasks, tickets


def hear(session: Session, inbox: Inbox, channel: Channel, echo: Echo) -> None:
    """Match it with our delivery, or add it to the person's ticket as an answer from elsewhere.

    Raises TooEarly while a message to this person is being handed over: this may be its echo, overtaking the answer
    that names its id.
    """
    external_id = bounds.key(echo.external_id)
    if delivery := _ours(session, inbox, echo, external_id):
        return outbox.heard(session, delivery, external_id, echo.delivery_id)
    if session.scalar(select(Message.id).where(Message.inbox_id == inbox.id, Message.external_id == external_id)):
        return None
    identity = identities.resolve(session, channel.identity_kind, echo.address, scope=channel.scope(echo),
                                  how="platform" if channel.proves_sender else "wrote")
    if session.scalar(select(Delivery.id).where(
            Delivery.identity_id == identity.id, Delivery.inbox_id == inbox.id,
            Delivery.status.in_((DeliveryStatus.SENDING, DeliveryStatus.UNCERTAIN)))):
        raise TooEarly(f"{external_id} may be the echo of a message that is being sent")
    _add(session, inbox, echo, external_id, identity, _ticket(session, inbox, channel, echo, identity))


def _ours(session: Session, inbox: Inbox, echo: Echo, external_id: str) -> Delivery | None:
    if delivery := outbox.find_by_external(session, inbox.id, external_id):
        return delivery
    number, _, _ = echo.delivery_id.partition(".")      # parts are called 7, 7.1, 7.2 …
    delivery = session.get(Delivery, int(number)) if number.isdecimal() and len(number) < 10 else None
    return delivery if delivery and delivery.inbox_id == inbox.id else None


def _ticket(session: Session, inbox: Inbox, channel: Channel, echo: Echo, identity: Identity) -> Ticket:
    """Where the conversation with this person stands; a new ticket, waiting for them, where there is none."""
    ticket = ladder.conversation(session, inbox, identity)
    if ticket and not reopening.over(ticket):
        return ticket
    opened = tickets.open_ticket(session, identity.contact, channel=inbox.channel, inbox=inbox, at=echo.sent_at,
                                 subject=tickets.subject_from(echo.text), identity_id=identity.id, why="elsewhere",
                                 actor="system", follows=ticket)
    tickets.set_status(session, opened, Status.PENDING, "system")
    return opened


def _add(session: Session, inbox: Inbox, echo: Echo, external_id: str, identity: Identity, ticket: Ticket) -> None:
    ticket.seq += 1
    message = Message(
        ticket_id=ticket.id, seq=ticket.seq, inbox_id=inbox.id, identity_id=identity.id, channel=inbox.channel,
        direction="out", author_kind="agent", author_name="", text=bounds.clean(echo.text), external_id=external_id,
        payload={"elsewhere": True}, sent_at=echo.sent_at,
        attachments=[Attachment(name=files.safe_name(f.name), content_type=f.content_type[:150], size=f.size,
                                ref=bounds.clean(f.ref), sha256=files.save(f.content) if f.content is not None else "")
                     for f in echo.files])
    session.add(message)
    session.flush()
    session.add(Delivery(message_id=message.id, ticket_id=ticket.id, inbox_id=inbox.id, identity_id=identity.id,
                         status=DeliveryStatus.SENT, external_id=external_id, sent_at=echo.sent_at, parts_sent=1))
    if any(file.content is None for file in echo.files):
        tasks.plan(session, "jobs.attachments.fetch", ticket.id, {"message_id": message.id})
    replies.human_answered(session, ticket, message)
    ticket.preview, ticket.preview_author = echo.text[:200], "agent"
    ticket.last_message_at, ticket.channel = max(ticket.last_message_at, echo.sent_at), inbox.channel
    events.record(session, events.ReplySent(message_id=message.id, channel=inbox.channel, by="agent"), ticket=ticket,
                  actor="elsewhere")
