"""Writing to somebody outside the customer's conversation: a supplier, a courier, a colleague elsewhere.

What goes there and what comes back are asides: they stand in the ticket, and no customer ever sees them. Whoever is
written to takes part as a third party; only an agent can let them into the conversation itself.
"""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels.base import Can
from helpdesk import events, settings, texts
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Attachment, Identity, Inbox, Message, Participant, Ticket
from helpdesk.services import identities, inboxes, outbox, parts, recipients, replies
from helpdesk.services.files import StoredFile
from helpdesk.services.routes import Route

MOST_MESSAGES = 200
NOTHING, TICKET, MESSAGE = "nothing", "ticket", "message"


def mail_inboxes(session: Session, ticket: Ticket) -> list[Inbox]:
    """The inboxes that can carry a mail to anybody, the ticket's own first."""
    found = session.scalars(select(Inbox).where(Inbox.enabled, Inbox.channel.in_(inboxes.mail_channels()))
                            .order_by(Inbox.id))
    return sorted(found, key=lambda inbox: inbox.id != ticket.reply_inbox_id)


def files_of(session: Session, ticket: Ticket, messages: Sequence[int]) -> list[Attachment]:
    """The files of these messages of the ticket that can be sent on; none of a note's."""
    return list(session.scalars(select(Attachment).join(Message, Message.id == Attachment.message_id).where(
        Message.ticket_id.in_(parts.all_ids(session, ticket)), Message.kind != "note", Message.id.in_(messages),
        Attachment.sha256 != "")
        .order_by(Attachment.id)))


def contained(session: Session, ticket: Ticket, message_id: int | None) -> list[int]:
    """The messages that would go along: the one, or with None all of the customer's conversation. Raises Invalid for
    what is no message of this ticket, or a note."""
    if message_id is None:
        return list(session.scalars(_conversation(session, ticket).order_by(Message.id).limit(MOST_MESSAGES)))
    found = list(session.scalars(select(Message.id).where(
        Message.ticket_id.in_(parts.all_ids(session, ticket)), Message.id == message_id, Message.kind != "note")))
    if not found:
        raise Invalid("That message cannot be forwarded: it is a note, or not of this ticket.")
    return found


def send(session: Session, ticket: Ticket, to: str, note: str, agent: Agent, inbox: Inbox, *, what: str = NOTHING,
         message_id: int | None = None, attachments: Sequence[int] = (), files: Sequence[StoredFile] = (),
         client_id: str | None = None) -> Message:
    """Mail `note`, with a message or the whole conversation below, to the addresses in `to`. `attachments`: ids of the
    ticket's files that go along. Raises Invalid when nobody or nothing is named, or for somebody who takes part in the
    conversation already."""
    if known := replies.same(session, ticket, client_id):
        return known
    people = [identities.mentioned(session, "email", address, name) for name, address in recipients.typed(to)]
    if not people:
        raise Invalid("Write down who shall get it.")
    for one in people:
        recipients.refuse_own(session, one.value)
        _refuse_insider(session, ticket, one)
    ids = [] if what == NOTHING else contained(session, ticket, message_id if what == MESSAGE else None)
    enclosed = [*files, *_enclosed(session, ticket, attachments)]
    if not note.strip() and not ids and not enclosed:
        raise Invalid("Write something, or choose what to forward.")
    can = inboxes.kind(inbox.channel).can
    _check_size(can, enclosed)
    for one in people:
        recipients.join(session, ticket, one, "third", agent.actor)
    named = {"to": [one.value for one in people], "cc": [], "bcc": []}
    message = replies.add(session, ticket, Message(
        direction="out", kind="aside", author_kind="agent", author_id=agent.id, author_name=agent.name,
        inbox_id=inbox.id, channel=inbox.channel, identity_id=people[0].id, client_id=client_id, sent_at=now(),
        subject=_subject(ticket, what), text=replies.clean(note, enclosed) if note.strip() or not ids else "",
        payload={**named, "forwarded": ids}), enclosed)
    _deliver(session, ticket, message, inbox, can, people)
    events.record(session, events.TicketForwarded(message_id=message.id, addresses=tuple(named["to"]), what=what),
                  ticket=ticket, actor=agent.actor)
    return message


def _deliver(session: Session, ticket: Ticket, message: Message, inbox: Inbox, can: Can,
             people: Sequence[Identity]) -> None:
    mail_id = ""
    for one in people:
        route = Route(inbox, one, can, True, None, "")
        mail_id = outbox.enqueue(session, ticket, message, route, mail_id=mail_id).mail_id


def _refuse_insider(session: Session, ticket: Ticket, identity: Identity) -> None:
    row = session.get(Participant, (ticket.id, identity.id))
    if row and row.role in recipients.INSIDE or identity.contact_id == ticket.contact_id:
        raise Invalid(f"{identity.value} takes part in this conversation: answer, with them in copy.")


def _enclosed(session: Session, ticket: Ticket, attachments: Sequence[int]) -> list[StoredFile]:
    """Files of this ticket by their ids; an id of another ticket's, or of a note's, is refused."""
    if not attachments:
        return []
    everything = select(Message.id).where(Message.ticket_id.in_(parts.all_ids(session, ticket)))
    found = {one.id: one for one in files_of(session, ticket, list(session.scalars(everything)))}
    if not set(attachments) <= set(found):
        raise Invalid("One of the files is gone, or does not belong to this ticket.")
    return [StoredFile(found[n].name, found[n].content_type, found[n].size or 0, found[n].sha256)
            for n in dict.fromkeys(attachments)]


def _check_size(can: Can, files: Sequence[StoredFile]) -> None:
    total = sum(file.size for file in files)
    if can.file_limit and total > can.file_limit:
        raise Invalid(f"The files have {total // 1_000_000} MB together; a mail can carry "
                      f"{can.file_limit // 1_000_000} MB. Leave some out.")


def _subject(ticket: Ticket, what: str) -> str:
    name = "reply_subject" if what == NOTHING else "forward_subject"
    subject = ticket.subject or f"#{ticket.id}"
    locale = settings.current().default_locale
    return texts.text(name, locale, subject=subject)[:300]


def third_parties(session: Session, ticket: Ticket) -> list[str]:
    """Addresses that were written to beside this conversation, or wrote into it."""
    return list(session.scalars(select(Identity.value).join(Participant, Participant.identity_id == Identity.id).where(
        Participant.ticket_id == ticket.id, Identity.kind == "email",
        Participant.role.not_in(recipients.INSIDE)).order_by(Participant.added_at.desc())))


def count_of(session: Session, ticket: Ticket) -> int:
    """How many messages the whole conversation has."""
    return session.scalar(select(func.count()).select_from(_conversation(session, ticket).subquery()))


def _conversation(session: Session, ticket: Ticket):
    return select(Message.id).where(Message.ticket_id.in_(parts.ids(session, ticket)), Message.kind == "message",
                                    Message.author_kind != "system")
