"""A mail that somebody passed on becomes the ticket of who wrote it: an agent decides that, and can take it back.

The words are all that says who wrote it, so nothing is proved: the writer's address counts as claimed. What was said
with the one who passed it on turns into asides, so that none of it is ever quoted to the writer.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels import _mail_forward
from channels._mail_phrases import FORWARD_SUBJECT
from helpdesk import events
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Contact, Identity, Message, Participant, Ticket
from helpdesk.services import bounds, identities, replies, senders

KIND = "email"


@dataclass(frozen=True)
class Original:
    """The mail inside. `words`: what stands above it, of the one who passed it on; `apart`: whether it can be told what
    is whose. If not, all of it becomes the writer's."""
    name: str
    address: str
    text: str
    words: str
    said_at: datetime
    apart: bool


def message_of(session: Session, ticket: Ticket, message_id: int) -> Message:
    """A message of this ticket. Raises NotFound."""
    message = session.get(Message, message_id)
    if message is None or message.ticket_id != ticket.id:
        raise NotFound("There is no such message in this ticket.")
    return message


def inside(message: Message, parsed: Mapping[str, str] | None = None) -> Original:
    """What was passed on in a message. `parsed`: its mail taken apart again (Inbound.passed_on), where the bytes are
    still there. Raises Invalid where there is nothing, or nobody is named."""
    payload = message.payload or {}
    name, address = payload.get("forwarded_from") or ("", "")
    if message.direction != "in" or payload.get("passed_on_by") or not address:
        raise Invalid("This message does not say who wrote it first.")
    given = dict(parsed or {}) or _mail_forward.parts(message.subject, message.full_text or message.text)
    text = bounds.clean(given.get("text", "")).strip()
    words = bounds.clean(given.get("above", "")) if text else ""
    return Original(name or address, address, text or message.text, words,
                    senders.said_at(given, message.sent_at), bool(text))


def hindrance(session: Session, ticket: Ticket, message: Message, original: Original) -> str:
    """Why it cannot be made the writer's; '' where it can."""
    sender = session.get(Identity, message.identity_id)
    if not senders.may_be_writer(session, KIND, sender.value, original.address):
        return (f"{original.address} cannot be a customer: it is the sender's, an agent's, an inbox of ours, or no "
                "address.")
    others = session.scalar(select(Message.id).where(
        Message.ticket_id == ticket.id, Message.direction == "in", Message.kind == "message",
        Message.identity_id != sender.id).limit(1))
    return "Other people wrote in this ticket too. Split this message off first." if others else ""


def give_to_writer(session: Session, ticket: Ticket, message: Message, original: Original, actor: str) -> Message:
    """The ticket is about the writer now, and answers go to them. Raises Invalid where that cannot be."""
    if why := hindrance(session, ticket, message, original):
        raise Invalid(why)
    carrier = session.get(Identity, message.identity_id)
    writer = identities.resolve(session, KIND, original.address, name=original.name)
    before = {"contact_id": ticket.contact_id, "identity_id": carrier.id, "author_id": message.author_id,
              "author_name": message.author_name, "text": message.text, "full_text": message.full_text,
              "html": message.html, "sent_at": message.sent_at.isoformat(), "subject": ticket.subject,
              "preview": ticket.preview, "message_subject": message.subject,
              "reply_identity_id": ticket.reply_identity_id,
              "asides": _set_aside(session, ticket, carrier, message),
              "role": _take_part(session, ticket, carrier, "third"),
              "writer_role": _take_part(session, ticket, writer, "requester")}
    message.identity_id, message.author_id, message.author_name = writer.id, writer.contact_id, original.name
    if original.apart:
        message.text, message.full_text, message.html = original.text, "", ""
    message.sent_at = original.said_at
    message.payload = {**message.payload, "passed_on_by": before["author_name"], "before": before}
    message.subject, ticket.subject = _bare(message.subject), _bare(ticket.subject)
    ticket.preview = original.text[:200] if ticket.preview == before["text"][:200] else ticket.preview
    _belongs_to(session, ticket, writer.contact, writer.id)
    if original.words and not _noted(session, ticket, original.words):
        replies.add(session, ticket, Message(
            direction="out", kind="note", author_kind="contact", author_id=before["author_id"],
            author_name=before["author_name"], text=original.words,
            sent_at=datetime.fromisoformat(before["sent_at"])), ())
    events.record(session, events.WriterNamed(message_id=message.id, address=writer.value, carrier=carrier.value),
                  ticket=ticket, contact=writer.contact, actor=actor)
    return message


def give_back(session: Session, ticket: Ticket, message: Message, actor: str) -> None:
    """All as it was; only the note with the words above stays. Raises Invalid once the writer has been spoken with."""
    before = (message.payload or {}).get("before")
    if not before:
        raise Invalid("This message was not given to anybody else.")
    writer = session.get(Identity, message.identity_id)
    if session.scalar(select(Message.id).where(Message.ticket_id == ticket.id, Message.identity_id == writer.id,
                                               Message.id != message.id).limit(1)):
        raise Invalid(f"{writer.value} has been written to, or has written, since: it stays theirs.")
    carrier = session.get(Identity, before["identity_id"])
    for name in ("identity_id", "author_id", "author_name", "text", "full_text", "html"):
        setattr(message, name, before[name])
    message.sent_at = datetime.fromisoformat(before["sent_at"])
    message.payload = {k: v for k, v in message.payload.items() if k not in ("passed_on_by", "before")}
    for one in session.scalars(select(Message).where(Message.id.in_(before["asides"]))):
        one.kind = "message"
    _restore_role(session, ticket, carrier, before["role"])
    _restore_role(session, ticket, writer, before["writer_role"])
    message.subject, ticket.subject, ticket.preview = before["message_subject"], before["subject"], before["preview"]
    _belongs_to(session, ticket, identities.survivor(session, carrier.contact), before["reply_identity_id"])
    events.record(session, events.WriterNamed(message_id=message.id, address=writer.value, carrier=carrier.value,
                                              undone=True), ticket=ticket, contact=ticket.contact, actor=actor)


def _bare(subject: str) -> str:
    return FORWARD_SUBJECT.sub("", subject).strip() or subject


def _noted(session: Session, ticket: Ticket, words: str) -> bool:
    """Whether the note stands there from an earlier time that was undone."""
    return session.scalar(select(Message.id).where(
        Message.ticket_id == ticket.id, Message.kind == "note", Message.author_kind == "contact",
        Message.text == words).limit(1)) is not None


def _belongs_to(session: Session, ticket: Ticket, contact: Contact, reply_identity_id: int | None) -> None:
    ticket.contact, ticket.reply_identity_id = contact, reply_identity_id
    session.flush()


def _set_aside(session: Session, ticket: Ticket, carrier: Identity, message: Message) -> list[int]:
    rows = session.scalars(select(Message).where(
        Message.ticket_id == ticket.id, Message.identity_id == carrier.id, Message.kind == "message",
        Message.id != message.id)).all()
    for row in rows:
        row.kind = "aside"
    return [row.id for row in rows]


def _take_part(session: Session, ticket: Ticket, identity: Identity, role: str) -> str:
    """Give them a role in the ticket; returns the one they had, '' for none."""
    row = session.get(Participant, (ticket.id, identity.id))
    if row is None:
        session.add(Participant(ticket_id=ticket.id, identity_id=identity.id, role=role))
        return ""
    had, row.role = row.role, role
    return had


def _restore_role(session: Session, ticket: Ticket, identity: Identity, role: str) -> None:
    row = session.get(Participant, (ticket.id, identity.id))
    if row and role:
        row.role = role
    elif row:
        session.delete(row)
