"""Saying something: to the customer, or among agents."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Button
from helpdesk import events
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Attachment, Message, Status, Ticket
from helpdesk.services import following, outbox, pledges, recipients, sla, tickets
from helpdesk.services import routes as ways
from helpdesk.services.files import StoredFile

TEXT_LIMIT = 100_000
NOBODY_ELSE = recipients.Others()


def send(session: Session, ticket: Ticket, text: str, *, by: str = "agent", agent: Agent | None = None,
         route: ways.Route | None = None, html: str = "", files: Sequence[StoredFile] = (),
         buttons: Sequence[Button] = (), client_id: str | None = None, payload: dict | None = None,
         subject: str = "", others: recipients.Others = NOBODY_ELSE) -> Message:
    """Answer the customer over `route`, or over the best open way.

    `by`: agent, assistant or system. Sent again with the same client_id it gives the first message back. An agent's
    answer meets the first-response promise and silences the assistant; the others do neither. `others`: further
    readers of a mail. Raises Invalid when
    there is nothing to send or no open way.
    """
    if known := same(session, ticket, client_id):
        return known
    text = clean(text, files)
    route = route or ways.default(session, ticket, by)
    check(route, files, others, template=bool((payload or {}).get("template")))
    readers = recipients.invite(session, ticket, route.identity, others, agent.actor if agent else by)
    payload = {**(payload or {}), **(recipients.header(route.identity, readers) if readers else {})}
    at = now()
    message = add(session, ticket, Message(
        direction="out", kind="message", author_kind=by, author_id=agent.id if agent else None,
        author_name=agent.name if agent else "", inbox_id=route.inbox.id, channel=route.inbox.channel,
        identity_id=route.identity.id, subject=subject[:300], text=text, html=html, client_id=client_id, sent_at=at,
        payload={**payload, **({"buttons": [{"label": b.label, "payload": b.payload} for b in buttons]}
                                       if buttons else {})}), files)
    first = outbox.enqueue(session, ticket, message, route)
    for reader in readers:
        outbox.enqueue(session, ticket, message, replace(route, identity=reader.identity), reader.role, first.mail_id)
    actor = agent.actor if agent else by
    if by == "agent":
        following.plan(session, ticket, "answered", actor)
    if by == "agent":
        human_answered(session, ticket, message)
    if by != "system":
        ticket.preview, ticket.preview_author = text[:200], by
        ticket.last_message_at, ticket.channel = at, route.inbox.channel
    events.record(session, events.ReplySent(message_id=message.id, channel=route.inbox.channel, by=by), ticket=ticket,
                  actor=actor)
    return message


def note(session: Session, ticket: Ticket, text: str, agent: Agent, client_id: str | None = None,
         files: Sequence[StoredFile] = ()) -> Message:
    """Write something that only agents see."""
    if known := same(session, ticket, client_id):
        return known
    message = add(session, ticket, Message(
        direction="out", kind="note", author_kind="agent", author_id=agent.id, author_name=agent.name,
        text=clean(text, files), client_id=client_id, sent_at=now()), files)
    events.record(session, events.NoteAdded(message_id=message.id), ticket=ticket, actor=agent.actor)
    return message


def same(session: Session, ticket: Ticket, client_id: str | None) -> Message | None:
    """The message that was sent under this id before."""
    if not client_id:
        return None
    return session.scalar(select(Message).where(Message.ticket_id == ticket.id, Message.client_id == client_id))


def clean(text: str, files: Sequence[StoredFile]) -> str:
    """The text as it is kept. Raises Invalid when there is nothing to send, or too much."""
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not text and not files:
        raise Invalid("Write something, or attach a file.")
    if len(text) > TEXT_LIMIT:
        raise Invalid(f"That is too long: {len(text)} characters, at most {TEXT_LIMIT} can be sent.")
    return text


def check(route: ways.Route | None, files: Sequence[StoredFile] = (), others: recipients.Others = NOBODY_ELSE,
          template: bool = False) -> None:
    """Raise Invalid when an answer could not go this way."""
    if route is None:
        raise Invalid("There is no open way to reach this contact. Ask for an address, or wait until they write.")
    if not route.open and not template:
        raise Invalid(route.why)
    _check_files(route, files)
    if others and not route.can.subject:
        raise Invalid("Only a mail can have further readers. Choose a mail inbox, or leave To, Cc and Bcc empty.")


def _check_files(route: ways.Route, files: Sequence[StoredFile]) -> None:
    if files and not route.can.files:
        raise Invalid(f"{route.inbox.name} cannot carry files.")
    for file in files:
        if route.can.file_limit and file.size > route.can.file_limit:
            raise Invalid(f"{file.name} is too large for {route.inbox.name}: at most "
                          f"{route.can.file_limit // 1_000_000} MB.")


def add(session: Session, ticket: Ticket, message: Message, files: Sequence[StoredFile]) -> Message:
    """Put a message at the end of its ticket."""
    ticket.seq += 1
    message.ticket_id, message.seq = ticket.id, ticket.seq
    message.attachments = [Attachment(name=f.name, content_type=f.content_type, size=f.size, sha256=f.sha256)
                           for f in files]
    session.add(message)
    session.flush()
    return message


def human_answered(session: Session, ticket: Ticket, message: Message) -> None:
    """What an agent's public answer changes about its ticket, wherever it was written."""
    at = message.sent_at
    ticket.with_assistant = False
    ticket.waiting_since = None
    if ticket.first_response_at is None:
        ticket.first_response_at = at
    ticket.reply_inbox_id, ticket.reply_identity_id = message.inbox_id, message.identity_id
    sla.replied(session, ticket, at)
    pledges.answered(session, ticket.contact_id, message)
    tickets.wake(session, ticket, "agent")
    if ticket.status == Status.CLOSED:
        tickets.set_status(session, ticket, Status.OPEN, "system", why="answered")
