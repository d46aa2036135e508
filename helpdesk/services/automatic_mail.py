"""How much a machine may mail to one address: against loops with other machines (RFC 3834), and against strangers who
would have us mail a victim.

Counted are the deliveries themselves, whoever wrote them: the assistant, surveys, chat answers that nobody saw. What is
refused stands in the ticket as not sent, with the reason, and an agent can send it all the same.
"""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from channels.base import Status as DeliveryStatus
from helpdesk.clock import now
from helpdesk.models import Delivery, Identity, Inbox, Message, Ticket, Trust
from helpdesk.services import identities, inboxes, mail_pause, unsubscribing
from helpdesk.services.routes import Route

WINDOW, PER_WINDOW = timedelta(minutes=10), 3
DAY, PER_DAY = timedelta(days=1), 10
OF_THE_ASSISTANT = 3            # in one ticket; more is a loop


def refusal(session: Session, ticket: Ticket, route: Route, code: bool = False) -> str:
    """Why no machine may mail over this route now; '' when one may, and for every other medium. A `code` that proves an
    address goes there however many matters there are today: it has a cap of its own."""
    identity = route.identity
    if not inboxes.is_mail(route.inbox.channel):
        return ""
    if identity.failing_since:
        return "Not sent: mail to this address has come back."
    if identity.unwanted:
        return f"Not sent: the reader {identity.unwanted}."
    for span, most in ((WINDOW, PER_WINDOW), (DAY, PER_DAY)):
        if _sent(session, identity.id, Delivery.created_at > now() - span) >= most:
            return f"Not sent: this address had {most} automatic mails within {_words(span)}."
    if not code and not proved(ticket, identity) and _sent(session, identity.id, Delivery.created_at > now() - DAY,
                                              Delivery.ticket_id != ticket.id):
        return "Not sent: this address is not proved yet, and it was mailed about another matter today."
    if _sent(session, identity.id, Delivery.ticket_id == ticket.id,
             Message.author_kind == "assistant") >= OF_THE_ASSISTANT:
        return f"Not sent: the assistant mails at most {OF_THE_ASSISTANT} times about one matter."
    return ""


def ended(session: Session, message: Message, identity: Identity) -> str:
    """Why this kind of mail may not go to this address: its reader ended it. '' when it may."""
    return "Not sent: this address wants no such mails." if unsubscribing.due(message) and unsubscribing.stopped(
        session, identity) else ""


def blocked(session: Session, ticket: Ticket, route: Route) -> str:
    """The same, or that all automatic mail is paused: for whoever would rather do something else then."""
    why = refusal(session, ticket, route)
    if not why and inboxes.is_mail(route.inbox.channel) and mail_pause.paused(session):
        return mail_pause.HELD
    return why


def proved(ticket: Ticket, identity: Identity) -> bool:
    """Whether the owner of this address has answered something that only they had received, and is the one whom this
    ticket is about. Typed in a form or written in a From, it may be anybody's."""
    return identity.contact_id == ticket.contact_id and Trust(identity.trust).covers(Trust.REPLIED)


def bare(ticket: Ticket, message: Message, identity: Identity, inbox: Inbox) -> bool:
    """Whether this mail must repeat nothing that the requester chose: a machine sends it, and to an address that they
    may have picked. Otherwise whoever wants to mail strangers could have us do it. What answers a mail may name its
    subject, except for a confirmation, which anybody gets."""
    if not inboxes.is_mail(inbox.channel) or message.author_kind == "agent" and message.inbox_id == inbox.id:
        return False
    confirms = bool((message.payload or {}).get("acknowledgement")) and not proved(ticket, identity)
    return confirms or typed(ticket, identity)


def typed(ticket: Ticket, identity: Identity) -> bool:
    """Whether nobody has written about this from the address: it was only named, by whoever the contact is."""
    return identity.source == identities.TYPED or identity.contact_id != ticket.contact_id


def written_by_machine(message: Message, route: Route) -> bool:
    """Whether this mail leaves without a person having sent it as a mail."""
    return message.author_kind != "agent" or message.inbox_id != route.inbox.id


def _sent(session: Session, identity_id: int, *conditions: ColumnElement[bool]) -> int:
    """The automatic mails to this address, without those that were refused here."""
    return session.scalar(select(func.count()).select_from(Delivery).join(
        Message, Message.id == Delivery.message_id).join(Inbox, Inbox.id == Delivery.inbox_id).where(
        Delivery.identity_id == identity_id, Inbox.channel.in_(inboxes.mail_channels()),
        or_(Message.author_kind != "agent", Message.inbox_id != Delivery.inbox_id),
        or_(Delivery.status != DeliveryStatus.FAILED, Delivery.attempts > 0), *conditions))


def _words(span: timedelta) -> str:
    return "a day" if span == DAY else f"{int(span.total_seconds() // 60)} minutes"
