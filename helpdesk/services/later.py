"""Replies that do not leave at once: for a few seconds, so that they can be taken back, or until a chosen time.

A row waits (models.drafts.LaterReply) and is worked off by a tick. What it becomes and that it is done are one
transaction on a locked row, and the message carries the row's client_id, so that a crash at any point sends it once.
What cannot leave, or should not because the customer wrote meanwhile, is held: its writer is told and decides, and
the text stays where it is until then.
"""
from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Conflict, Forbidden, HelpdeskError, Invalid, NotFound
from helpdesk.models import Agent, Event, Inbox, LaterFile, LaterReply, Message, Ticket
from helpdesk.services import (
    actions,
    drafts,
    files,
    inboxes,
    macros,
    notifications,
    replies,
    routes,
    tickets,
)
from helpdesk.services.files import StoredFile
from helpdesk.services.recipients import Others

log = logging.getLogger(__name__)

MAIL_SECONDS = 10               # of an inbox that says nothing; others send at once
MOST_SECONDS = 120
FARTHEST = timedelta(days=365)
RETRY = timedelta(minutes=1)    # after something nobody expected
BATCH = 50
ENDS = ("resolved", "pending")  # what becomes of the ticket, or snooze:<when>
WROTE = "The customer wrote after you had chosen the time. Look first, then send it or change it."
_OPEN = select(LaterReply.id).where(LaterReply.ticket_id == bindparam("ticket"), or_(
    LaterReply.done_at.is_(None), LaterReply.error != "")).order_by(LaterReply.due_at, LaterReply.id)


def grace(inbox: Inbox) -> int:
    """For how many seconds a reply by this inbox can be taken back."""
    if inbox.undo_seconds is not None:
        return inbox.undo_seconds
    return MAIL_SECONDS if inboxes.is_mail(inbox.channel) else 0


def plan(session: Session, ticket: Ticket, agent: Agent, text: str, *, client_id: str, due_at: datetime,
         mode: str = "reply", chosen: bool = False, then: str = "", fields: Mapping | None = None,
         attached: Sequence[StoredFile] = (), route: routes.Route | None = None,
         others: Others = replies.NOBODY_ELSE) -> LaterReply:
    """Keep a reply that leaves at `due_at`; planned again with the same client_id it is the first one. `fields`: route,
    to, cc, bcc and the actions that are done with it. Raises Invalid for what could not be sent now either, over
    `route` to `others`."""
    known = session.scalar(select(LaterReply).where(LaterReply.ticket_id == ticket.id,
                                                    LaterReply.client_id == client_id))
    if known is not None:
        return known
    if mode == "reply":
        replies.check(route or routes.default(session, ticket), attached, others)
    if chosen and not now() < due_at <= now() + FARTHEST:
        raise Invalid("Choose a time that is still to come, within a year.")
    row = LaterReply(ticket_id=ticket.id, agent_id=agent.id, mode=mode, client_id=client_id, due_at=due_at,
                     text=replies.clean(text, attached), fields=dict(fields or {}), then=ending(then), chosen=chosen)
    row.files = [LaterFile(name=one.name, content_type=one.content_type, size=one.size, sha256=one.sha256)
                 for one in attached]
    session.add(row)
    session.flush()
    _tell(session, row)
    return row


def ending(then: str) -> str:
    """What becomes of the ticket, checked; '' for nothing. Raises Invalid."""
    if then in ENDS or not then:
        return then
    if then.startswith("snooze:"):
        actions.moment(then.removeprefix("snooze:"))
        return then[:60]
    raise Invalid("After sending a ticket is resolved, waits for the customer, or is snoozed.")


def end(session: Session, ticket: Ticket, agent: Agent, then: str) -> None:
    """Do to the ticket what was chosen with the sending."""
    if then in ENDS:
        tickets.set_status(session, ticket, then, agent.actor)
    elif then.startswith("snooze:"):
        tickets.snooze(session, ticket, actions.moment(then.removeprefix("snooze:")), agent.actor)


def waiting(session: Session, ticket: Ticket) -> Sequence[LaterReply]:
    """Those of a ticket that have not left, and those that were held, the next one first."""
    ids = [row.id for row in db.rows(session, _OPEN, {"ticket": ticket.id})]
    return session.scalars(select(LaterReply).where(LaterReply.id.in_(ids)).order_by(
        LaterReply.due_at, LaterReply.id)).all() if ids else ()


def due(session: Session) -> list[int]:
    """The ids of those whose time has come."""
    at = now()
    return list(session.scalars(select(LaterReply.id).where(
        LaterReply.done_at.is_(None), LaterReply.due_at <= at,
        or_(LaterReply.lease_until.is_(None), LaterReply.lease_until < at)).order_by(
        LaterReply.due_at, LaterReply.id).limit(BATCH)))


def leave(session: Session, later_id: int) -> None:
    """Send one whose time has come, or hold it and tell its writer why it could not go."""
    row = session.get(LaterReply, later_id, with_for_update=True, populate_existing=True)
    if row is None or row.done_at or row.due_at > now():
        return
    try:
        with db.savepoint(session):
            message = _send(session, row)
    except HelpdeskError as problem:
        return _hold(session, session.get(LaterReply, later_id, with_for_update=True), str(problem))
    row.done_at, row.message_id, row.error = now(), message.id, ""
    _tell(session, row)


def postpone(session: Session, later_id: int) -> None:
    """Something nobody expected went wrong: not again before a while."""
    session.execute(update(LaterReply).where(LaterReply.id == later_id).values(lease_until=now() + RETRY))


def hold_answered(session: Session) -> int:
    """Hold the replies with a chosen time whose customer wrote after they were planned; returns how many."""
    wrote = exists().where(Event.ticket_id == LaterReply.ticket_id, Event.name == "MessageReceived",
                           Event.created_at > LaterReply.created_at)
    rows = session.scalars(select(LaterReply).where(
        LaterReply.done_at.is_(None), LaterReply.chosen, wrote).limit(BATCH).with_for_update(skip_locked=True)).all()
    held = [row for row in rows if not row.fields.get("despite")]
    for row in held:
        _hold(session, row, WROTE)
    return len(held)


def _send(session: Session, row: LaterReply) -> Message:
    ticket, agent = tickets.lock(session, row.ticket_id), session.get(Agent, row.agent_id)
    if ticket.id != row.ticket_id:
        raise Invalid(f"The ticket was merged into #{ticket.id}. Send it there if it still fits.")
    if agent.disabled_at:
        raise Invalid(f"{agent.name} no longer works here.")
    attached = _files(row)
    if row.mode == "note":
        message = replies.note(session, ticket, row.text, agent, client_id=row.client_id, files=attached)
    else:
        key = row.fields.get("route", "")
        route = routes.by_key(session, ticket, key) if key else routes.default(session, ticket)
        if route is None:
            raise Invalid("The way that was chosen to reach the customer is gone.")
        message = replies.send(session, ticket, row.text, agent=agent, route=route, files=attached,
                               client_id=row.client_id,
                               others=Others(*(row.fields.get(name, "") for name in ("to", "cc", "bcc"))))
    macros.run(session, ticket, agent, row.fields.get("actions", ()))
    end(session, ticket, agent, row.then)
    return message


def _files(row: LaterReply) -> list[StoredFile]:
    for file in row.files:
        if not files.path(file.sha256).exists():
            raise Invalid(f"{file.name} is not there any more. Attach it again.")
    return [StoredFile.of(one) for one in row.files]


def _hold(session: Session, row: LaterReply, why: str) -> None:
    row.done_at, row.error = now(), why[:1000]
    ticket = session.get(Ticket, row.ticket_id)
    notifications.alert_held(session, ticket, session.get(Agent, row.agent_id), why)
    _tell(session, row)


def take_back(session: Session, agent: Agent, later_id: int) -> LaterReply:
    """Its writer wants it back: it is their draft again, with its files. Raises Conflict when it has left."""
    row = _mine(session, agent, later_id)
    if row.done_at and not row.error:
        raise Conflict("It has left already." if row.message_id else "It was taken back already.")
    row.done_at, row.error = now(), ""
    ticket = tickets.lock(session, row.ticket_id)
    stored = [[one.name, one.content_type, one.size, one.sha256] for one in row.files]
    kept = {name: row.fields[name] for name in ("route", "to", "cc", "bcc", "actions") if row.fields.get(name)}
    drafts.put_back(session, ticket, agent, row.mode, row.text, {**kept, "files": stored})
    _tell(session, row)
    return row


def send_now(session: Session, agent: Agent, later_id: int) -> LaterReply:
    """Its writer does not want to wait, or sends it although the customer wrote. It leaves within a second."""
    row = _mine(session, agent, later_id)
    if row.done_at and not row.error:
        raise Conflict("It has left already." if row.message_id else "It was taken back.")
    row.done_at, row.error, row.due_at, row.lease_until = None, "", now(), None
    row.fields = {**row.fields, "despite": True}
    _tell(session, row)
    return row


def _mine(session: Session, agent: Agent, later_id: int) -> LaterReply:
    row = session.get(LaterReply, later_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("There is no such reply.")
    if row.agent_id != agent.id:
        raise Forbidden("Only its writer can change a reply that has not left.")
    return row


def _tell(session: Session, row: LaterReply) -> None:
    ticket = session.get(Ticket, row.ticket_id)
    db.tell(session, ticket.room, "ticket", ticket=ticket.id, seq=ticket.seq, event="LaterReply")
