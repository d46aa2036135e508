"""The single door for messages from outside.

`store` keeps the raw bytes under a unique key; only when that is committed is anything acknowledged. `process` turns
them into messages in a second transaction that may be repeated at will (RawInbound.state and the unique external id
see to it). What cannot be read is quarantined with its bytes.
"""
from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, defer

from channels.base import (
    Channel,
    Echo,
    Edited,
    Fact,
    Inbound,
    Order,
    Reaction,
    Receipt,
    Request,
    TemplatesChanged,
    Typing,
    Unsent,
)
from helpdesk import db, events, settings
from helpdesk.clock import now
from helpdesk.errors import Invalid, TooEarly
from helpdesk.models import (
    Attachment,
    Identity,
    Inbox,
    Message,
    Participant,
    RawInbound,
    Status,
    ThreadKey,
    Ticket,
)
from helpdesk.models.raw import MISSING
from helpdesk.services import (
    agent_answers,
    agent_notices,
    bounds,
    changes,
    echoes,
    files,
    following,
    identities,
    inboxes,
    ladder,
    late,
    originals,
    receipts,
    reopening,
    replies,
    senders,
    shop_orders,
    sla,
    spam,
    tasks,
    templates,
    tickets,
    typing,
)

log = logging.getLogger(__name__)

BLOB_LIMIT = 256_000                        # larger bodies lie in the file store
KEPT_HEADERS = ("content-type", "user-agent")       # signatures were checked; secrets do not belong in the store
DROPPED_QUERY = ("token",)
RETRY_SECONDS = (60, 300, 1800)
BATCH = 50
# Asked for each message, and therefore built once.
LOCKED = select(RawInbound, Inbox).join(Inbox, Inbox.id == RawInbound.inbox_id).where(
    RawInbound.id == bindparam("id")).options(defer(RawInbound.body)).with_for_update(of=RawInbound).execution_options(
    populate_existing=True)
DONE = update(RawInbound.__table__).where(RawInbound.__table__.c.id == bindparam("raw_id")).values(
    state="processed", processed_at=bindparam("at"), error="")
BY_EXTERNAL_ID = select(Message.id, Message.fingerprint).where(
    Message.inbox_id == bindparam("inbox_id"), Message.external_id == bindparam("external_id"))
LONG_AGO = timedelta(days=30)
PATIENCE, ASK_AGAIN = timedelta(minutes=2), timedelta(seconds=15)   # for what overtook the message that it speaks of


def store(session: Session, inbox: Inbox, request: Request, source_key: str, *, at_once: bool = False) -> int | None:
    """Keep one raw delivery for the worker; returns its id, or None when it is known already. `at_once`: it counts as
    processed, because process_now() follows in the same transaction."""
    source_key, large = bounds.source_key(source_key), len(request.body) > BLOB_LIMIT
    values = {
        "method": request.method, "body": None if large else request.body, "size": len(request.body),
        "sha256": files.save(request.body) if large else "",
        "headers": {k: bounds.clean(v) for k, v in request.headers.items() if k.lower() in KEPT_HEADERS},
        "query": {bounds.clean(k): bounds.clean(v) for k, v in request.query.items() if k not in DROPPED_QUERY}}
    if at_once:
        return db.insert_new(session, RawInbound, inbox_id=inbox.id, source_key=source_key, state="processed",
                             processed_at=now(), **values)
    db.tell(session, "worker", "inbound")
    raw_id = db.insert_new(session, RawInbound, inbox_id=inbox.id, source_key=source_key, **values)
    return raw_id or session.scalar(update(RawInbound).where(
        RawInbound.inbox_id == inbox.id, RawInbound.source_key == source_key, RawInbound.method == MISSING).values(
        state="new", attempts=0, error="", next_try_at=now(), **values).returning(RawInbound.id))


def process_now(session: Session, raw_id: int, inbox: Inbox, request: Request) -> None:
    """Process a delivery in the very transaction that stores it (`at_once`): whoever waits for it is told a commit
    earlier. For what our own code wrote, so that reading it is nothing. When it fails it is kept all the same, and the
    worker tries it as any other. The caller sees to it that nothing of the same sender waits, or is being processed,
    before it."""
    raw = RawInbound(id=raw_id, inbox_id=inbox.id, received_at=now())      # as it was stored: it need not be read back
    try:
        channel = inboxes.open_channel(inbox)
        with db.savepoint(session):
            if _early(session, raw, inbox, channel, channel.read(request)):
                raise TooEarly("It speaks of a message that is not here yet.")
    except Exception as error:
        if db.away(error):
            raise
        log.warning("delivery %s to inbox %s is left to the worker", raw_id, inbox.id, exc_info=True)
        session.execute(update(RawInbound).where(RawInbound.id == raw_id).values(state="new", processed_at=None))
        db.tell(session, "worker", "inbound")


def body(raw: RawInbound) -> bytes:
    """The bytes as they came."""
    return raw.body if raw.body is not None else files.content(raw.sha256)


def due(session: Session) -> list[tuple[RawInbound, Inbox]]:
    """The oldest deliveries to be processed now, in the order in which they came."""
    query = select(RawInbound, Inbox).join(Inbox, Inbox.id == RawInbound.inbox_id).where(
        RawInbound.state == "new", RawInbound.next_try_at <= now())
    return [(raw, inbox) for raw, inbox in session.execute(query.order_by(RawInbound.id).limit(BATCH))]


def process(session: Session, raw_id: int, channel: Channel, items: list[Fact]) -> None:
    """Turn one raw delivery, already read, into messages, changes and receipts. Nothing happens when it was done
    before. What speaks of a message that is not here yet is asked again for a while, then let go: it is about something
    that we never had."""
    raw, inbox = session.execute(LOCKED, {"id": raw_id}).one()
    if raw.state != "new":
        return
    early = _early(session, raw, inbox, channel, items)
    if early and now() - raw.received_at < PATIENCE:
        raw.next_try_at = now() + ASK_AGAIN
        return
    for item in early:
        if isinstance(item, Edited):        # all that we will ever see of this message
            receive(session, receipts.sibling(session, inbox, item), channel, _as_message(item), raw)
    db.write_later(session, DONE, raw_id=raw.id, at=now())


def _early(session: Session, raw: RawInbound, inbox: Inbox, channel: Channel, items: list[Fact]) -> list[Fact]:
    """Take all facts that can be taken; returns those that come too early."""
    return [item for item in items if not _took(session, inbox, channel, item, raw)]


def _took(session: Session, inbox: Inbox, channel: Channel, item: Fact, raw: RawInbound) -> bool:
    """One fact into the store; False when it comes too early."""
    try:
        match item:
            case Receipt():
                receipts.report(session, inbox, item)
            case Inbound():
                receive(session, receipts.sibling(session, inbox, item), channel, item, raw)
            case _:
                _CHANGES[type(item)](session, receipts.sibling(session, inbox, item), channel, item)
    except TooEarly:
        return False
    return True


_CHANGES = {Edited: changes.edit, Unsent: changes.unsend, Reaction: changes.react, Echo: echoes.hear,
            Typing: typing.show, TemplatesChanged: templates.changed, Order: shop_orders.receive}


def _as_message(edit: Edited) -> Inbound:
    return Inbound(external_id=edit.external_id, address=edit.address, sent_at=edit.at, text=edit.text,
                   account=edit.account)


def failed(session: Session, raw_id: int, error: str, *, final: bool) -> None:
    """It could not be processed: try again later, or quarantine it with its bytes."""
    raw = session.get(RawInbound, raw_id, with_for_update=True)
    if raw.state != "new":
        return
    raw.attempts, raw.error = raw.attempts + 1, error[:2000]
    if final or raw.attempts >= settings.current().quarantine_after_attempts:
        raw.state = "quarantined"
        db.tell(session, "agents", "quarantine")
    else:
        raw.next_try_at = now() + timedelta(seconds=RETRY_SECONDS[min(raw.attempts, len(RETRY_SECONDS)) - 1])


def replay(session: Session, raw: RawInbound, actor: str) -> None:
    """Process a quarantined delivery again."""
    if raw.state not in ("quarantined", "discarded"):
        raise Invalid("Only what lies in quarantine can be replayed.")
    if raw.method == MISSING:
        late.ask_again(session, raw)
    else:
        raw.state, raw.attempts, raw.next_try_at = "new", 0, now()
    events.record(session, events.SettingsChanged(what="quarantine", detail=f"replayed {raw.id}"), actor=actor)
    db.tell(session, "worker", "inbound")


def discard(session: Session, raw: RawInbound, actor: str) -> None:
    """Take a delivery out of quarantine for good; its bytes stay until they are too old."""
    if raw.state != "quarantined":
        raise Invalid("Only what lies in quarantine can be discarded.")
    raw.state = "discarded"
    events.record(session, events.SettingsChanged(what="quarantine", detail=f"discarded {raw.id}"), actor=actor)


def receive(session: Session, inbox: Inbox, channel: Channel, item: Inbound, raw: RawInbound) -> Message | None:
    """One message from outside into its ticket. None when it is known, or only opened the line."""
    item = bounds.fitted(item)
    if item.reports:
        return receipts.returned(session, inbox, item)
    external_id = _new_external_id(session, inbox, item)
    if external_id is None:
        return None
    senders.refuse_ourselves(session, channel, item)
    if taken := agent_answers.take(session, inbox, item, raw, external_id):
        return taken.message
    item, carrier = senders.original(session, inbox, channel, item)
    identity = identities.resolve(session, channel.identity_kind, item.address, scope=channel.scope(item),
                                  name=item.name, locale=item.locale,
                                  how="platform" if channel.proves_sender else "wrote")
    if item.start:
        return None
    decision = ladder.decide(session, inbox, channel, item, identity)
    if item.forged:
        decision.doubt(item.forged)
    if carrier:
        decision.steps.insert(0, f"{carrier.agent.name} passed it on ({item.proof}): its writer is taken from the "
                                 "text, and not proved")
    sent_at = _when(item.sent_at, raw)
    item = replace(item, sent_at=sent_at, automatic=item.automatic or decision.silence(inbox, sent_at))
    ticket = decision.ticket or _open(session, inbox, channel, item, identity, decision)
    message = _add_message(session, inbox, channel, item, identity, ticket, decision, raw, external_id)
    if decision.spam == "blocked" and not decision.ticket:
        spam.mark(session, ticket, "system", "blocked")
    if decision.ticket:
        _join(session, ticket, identity, decision)
    if identity.failing_since and not item.by_machine and not carrier:
        identity.failing_since = None       # whoever writes from an address can be written to
    if decision.secret and not channel.proves_sender and not decision.unverified and not carrier:
        identities.replied(session, identity)
    if not item.automatic and not carrier:
        identity.unwanted = ""          # who writes wants to hear from us
    _move_ticket(session, inbox, ticket, identity, item, message, decision)
    if channel.can.subject:
        for key in (external_id, *([carrier.message_id] if carrier and carrier.message_id else ())):
            db.insert_later(session, ThreadKey, unless_there=True, key=key, inbox_id=inbox.id, ticket_id=ticket.id)
    if carrier:
        message.payload = {**message.payload, "passed_on_by": carrier.agent.name}
        message.sent_at = carrier.said_at       # the clocks run from when we heard of it
        if carrier.words:
            replies.note(session, ticket, carrier.words[:replies.TEXT_LIMIT], carrier.agent)
    events.record(session, events.MessageReceived(message_id=message.id, channel=inbox.channel,
                                                  automatic=item.automatic),
                  ticket=ticket, contact=identity.contact, actor=identity.contact.actor)
    if decision.ticket and not item.by_machine:
        following.plan(session, ticket, "wrote", identity.contact.actor)
    if ticket.agent_id and not item.by_machine:
        agent_notices.plan_about(session, ticket, message)
    return message


def _new_external_id(session: Session, inbox: Inbox, item: Inbound) -> str | None:
    """The id to store, or None for a redelivery. An id that comes back with other content is another message."""
    for external_id in (item.external_id, f"{item.external_id}#{item.fingerprint[:16]}"):
        known = session.execute(BY_EXTERNAL_ID, {"inbox_id": inbox.id, "external_id": external_id}).first()
        if known is None:
            return external_id
        if not item.fingerprint or known.fingerprint == item.fingerprint:
            return None
    return None


def _open(session, inbox, channel, item, identity, decision) -> Ticket:
    subject = item.subject or tickets.subject_from(item.text)
    ticket = tickets.open_ticket(session, identity.contact, channel=inbox.channel, subject=subject, inbox=inbox,
                                 identity_id=identity.id, at=item.sent_at, why=decision.rung,
                                 follows=decision.follows, with_assistant=inbox.assistant and not item.automatic)
    if not identity.contact.name and type(channel).profile is not Channel.profile:
        tasks.plan(session, "jobs.profiles.fetch", ticket.id)
    return ticket


def _add_message(session, inbox, channel, item, identity, ticket, decision, raw, external_id) -> Message:
    ticket.seq += 1
    payload = {"pressed": item.payload} if item.payload else {}
    if item.reply_token:
        payload["reply_token"] = item.reply_token
    if item.to or item.cc:
        payload |= {"to": list(item.to), "cc": list(item.cc)}
    if item.marks:
        payload |= {"marks": list(item.marks), "forwarded_from": [bounds.clean(one) for one in item.forwarded_from]}
    message = Message(
        ticket_id=ticket.id, seq=ticket.seq, inbox_id=inbox.id, identity_id=identity.id, channel=inbox.channel,
        direction="in", kind="aside" if decision.aside else "message", author_kind="contact",
        author_id=identity.contact_id, author_name=(item.name or identity.contact.label)[:200],
        subject=item.subject[:300], text=item.text,
        full_text=item.full_text if item.full_text != item.text else "", html=item.html, payload=payload,
        external_id=external_id, fingerprint=item.fingerprint, raw_id=raw.id, trace=decision.trace(),
        sent_at=item.sent_at)
    db.add(session, message)
    if item.files:
        message.attachments.extend(_attachment(file, item.html) for file in item.files)
        session.flush()
    if any(file.content is None for file in item.files):
        tasks.plan(session, "jobs.attachments.fetch", ticket.id, {"message_id": message.id})
    return message


def _when(sent_at: datetime, raw: RawInbound) -> datetime:
    """When it was said. The sender's clock may be wrong: nothing comes from the future, and what claims to have been on
    its way for a month was said when it came."""
    return raw.received_at if sent_at < raw.received_at - LONG_AGO else min(sent_at, now())


def _attachment(file, html: str) -> Attachment:
    name = files.safe_name(file.name)
    if file.content is None:
        return Attachment(name=name, content_type=file.content_type, size=file.size, cid=file.cid, ref=file.ref)
    return Attachment(name=name, content_type=file.content_type, size=len(file.content), cid=file.cid,
                      inline=originals.shows(html, file.cid) and bool(files.picture_type(file.content)),
                      sha256=files.save(file.content))


def _join(session: Session, ticket: Ticket, identity: Identity, decision: ladder.Decision) -> None:
    if decision.known:
        return
    role = "unverified" if decision.unverified else decision.role
    db.insert_later(session, Participant, unless_there=True, ticket_id=ticket.id, identity_id=identity.id, role=role)
    if decision.unverified:
        events.record(session, events.ParticipantJoined(identity_id=identity.id, address=identity.value, role=role),
                      ticket=ticket, contact=identity.contact, actor=identity.contact.actor)


def _move_ticket(session, inbox, ticket, identity, item, message, decision) -> None:
    """What the message changes about its ticket. A machine's mail reopens nothing and makes nobody wait."""
    if decision.switched and ticket.channel != inbox.channel:
        events.record(session, events.ChannelSwitched(previous=ticket.channel, channel=inbox.channel,
                                                      message_id=message.id), ticket=ticket,
                      actor=identity.contact.actor)
    ticket.preview, ticket.preview_author = (item.text or _file_names(item))[:200], "contact"
    ticket.channel, ticket.last_message_at = inbox.channel, max(ticket.last_message_at, message.sent_at)
    if decision.leads:
        ticket.reply_inbox_id, ticket.reply_identity_id = inbox.id, identity.id
    if item.by_machine or decision.spam:
        return
    tickets.wake(session, ticket, "customer wrote" if not decision.aside else "somebody else wrote")
    if decision.given_back:
        reopening.give_back(session, ticket)
    if ticket.status != Status.OPEN:
        tickets.set_status(session, ticket, Status.OPEN, identity.contact.actor,
                           why="customer wrote" if not decision.aside else "somebody else wrote")
    if decision.role in ("third", "bcc"):       # their answer is no question of the customer's
        return
    ticket.waiting_since = ticket.waiting_since or message.sent_at
    if decision.ticket:
        sla.customer_wrote(session, ticket, message.sent_at)


def _file_names(item: Inbound) -> str:
    return ", ".join(file.name for file in item.files)
