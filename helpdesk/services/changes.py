"""What the customer changed about messages that stand already: corrected, taken back, marked with a sign.

Platforms repeat themselves and mix up the order, so each verb can be asked twice, and one that comes before its message
raises TooEarly: it is asked again a little later.
"""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Change, Channel, Edited, Reaction, Unsent
from helpdesk import events
from helpdesk.errors import TooEarly
from helpdesk.models import Attachment, Delivery, Event, Identity, Inbox, Message, RawInbound, ThreadKey, Ticket
from helpdesk.services import bounds, identities, outbox, tasks, tickets

EMOJI = 32      # characters: one sign may be made of many


def edit(session: Session, inbox: Inbox, channel: Channel, change: Edited) -> None:
    """The message says something else now; what it said before stays for the agents to see."""
    message, identity = _own_message(session, inbox, channel, change)
    ticket = tickets.lock(session, message.ticket_id)
    payload, at, text = message.payload or {}, change.at.isoformat(), bounds.clean(change.text)
    if "unsent_at" in payload or payload.get("edited_at", "") >= at or text == message.text:
        return
    earlier = [*payload.get("edits", ()), {"text": message.text, "until": at}]
    message.payload = {**payload, "edits": earlier, "edited_at": at}
    _reword(ticket, message, text)
    events.record(session, events.MessageEdited(message_id=message.id), ticket=ticket, contact=identity.contact,
                  actor=identity.contact.actor)


def unsend(session: Session, inbox: Inbox, channel: Channel, change: Unsent) -> None:
    """Forget what the message said and its files, as the platforms ask of everyone who keeps messages."""
    message, identity = _own_message(session, inbox, channel, change)
    ticket = tickets.lock(session, message.ticket_id)
    if "unsent_at" in (message.payload or {}):
        return
    message.payload = {"unsent_at": change.at.isoformat()}
    _reword(ticket, message, "")
    _forget_bytes(session, message)
    events.record(session, events.MessageUnsent(message_id=message.id), ticket=ticket, contact=identity.contact,
                  actor=identity.contact.actor)


def react(session: Session, inbox: Inbox, channel: Channel, change: Reaction) -> None:
    """Put a sign on a message or take it off: one per person, the latest counts."""
    identity = identities.known(session, channel, change)
    message = _inbound(session, inbox, change.external_id) or _sent(session, inbox, change)
    if message is None or identity is None:
        raise TooEarly(f"a reaction to {change.external_id}, which is not known")
    ticket = tickets.lock(session, message.ticket_id)
    payload, key, at = message.payload or {}, str(identity.id), change.at.isoformat()
    reactions = payload.get("reactions", {})
    emoji, known = bounds.clean(change.emoji)[:EMOJI], reactions.get(key, {"emoji": "", "at": ""})
    if known["at"] > at or known["emoji"] == emoji:
        return
    message.payload = {**payload, "reactions": {**reactions, key: {"emoji": emoji, "at": at}}}
    events.record(session, events.MessageReacted(message_id=message.id, emoji=emoji), ticket=ticket,
                  contact=identity.contact, actor=identity.contact.actor)


def _reword(ticket: Ticket, message: Message, text: str) -> None:
    """The message's words, and the ticket's where they were taken from it."""
    if ticket.preview == message.text[:200]:
        ticket.preview = text[:200]
    if ticket.subject == tickets.subject_from(message.text):
        ticket.subject = tickets.subject_from(text)
    message.text, message.full_text, message.html = text, "", ""


def _forget_bytes(session: Session, message: Message) -> None:
    """Files and raw bytes. The file store is swept afterwards, by a row: a rolled-back transaction takes no file."""
    attachments = session.scalars(select(Attachment).where(Attachment.message_id == message.id)).all()
    raw = session.get(RawInbound, message.raw_id) if message.raw_id else None
    hashes = {one.sha256 for one in (*attachments, raw) if one and one.sha256}
    for attachment in attachments:
        session.delete(attachment)
    if raw:
        raw.body, raw.sha256 = b"", ""
    if hashes:
        tasks.plan(session, "jobs.attachments.forget", message.ticket_id, {"hashes": sorted(hashes)})


def _own_message(session: Session, inbox: Inbox, channel: Channel, change: Change) -> tuple[Message, Identity]:
    """The message and its writer. Nobody changes what another has said."""
    message, identity = _inbound(session, inbox, change.external_id), identities.known(session, channel, change)
    if message is None or identity is None or message.identity_id != identity.id:
        raise TooEarly(f"a change of {change.external_id}, which this person has not written")
    return message, identity


def _inbound(session: Session, inbox: Inbox, external_id: str) -> Message | None:
    return session.scalar(select(Message).where(Message.inbox_id == inbox.id,
                                                Message.external_id == bounds.key(external_id)))


def _sent(session: Session, inbox: Inbox, change: Reaction) -> Message | None:
    """What we said. A long message went out in parts, of which only the last one's id stands with its delivery; the
    others lead to their ticket, and to the last message that went that way before."""
    external_id = bounds.key(change.external_id)
    if delivery := outbox.find_by_external(session, inbox.id, external_id):
        return session.get(Message, delivery.message_id)
    key = session.get(ThreadKey, (external_id, inbox.id))
    if key is None or not key.secret:
        return None
    return session.scalar(select(Message).join(Delivery, Delivery.message_id == Message.id).where(
        Delivery.ticket_id == key.ticket_id, Delivery.inbox_id == inbox.id, Delivery.parts_sent > 1,
        Delivery.sent_at <= change.at).order_by(Delivery.sent_at.desc()).limit(1))


def changed_since(session: Session, ticket: Ticket, seq: int) -> list[int]:
    """The ids of earlier messages that were changed after `seq`."""
    rows = session.scalars(select(Event.data).where(Event.ticket_id == ticket.id, Event.seq > seq,
                                                    Event.name.in_(events.CHANGES)))
    return list({data["message_id"] for data in rows})
