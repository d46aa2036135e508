"""The widget's socket. A visitor's token opens the room of that one browser; what is written goes the same way as over
HTTP, and is acknowledged when it is stored."""
from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from flask import request
from flask_socketio import ConnectionRefusedError, disconnect, join_room
from sqlalchemy import bindparam, select

from helpdesk import db
from helpdesk.errors import Forbidden, HelpdeskError
from helpdesk.models import Identity, Inbox, Participant, Ticket, Visitor
from helpdesk.realtime import AGENT, WIDGET, socketio
from helpdesk.services import chats, inboxes, visitors

TOKEN = select(Visitor.token_hash).where(Visitor.id == bindparam("id"))
NOBODY = {"ok": False, "status": 401, "error": ""}
EVENTS, PER_SECONDS = 20, 10        # of one socket


@dataclass
class Seat:
    """Who sits at the other end of a socket. The token's hash shows whether they still may."""
    inbox: Inbox
    visitor_id: int
    token_hash: str
    identity_id: int
    recent: deque = field(default_factory=lambda: deque(maxlen=EVENTS))

    def busy(self) -> bool:
        """Whether they say too much at once."""
        at = time.monotonic()
        if len(self.recent) == EVENTS and at - self.recent[0] < PER_SECONDS:
            return True
        self.recent.append(at)
        return False


_seats: dict[str, Seat] = {}


@socketio.on("connect", namespace=WIDGET)
def connect(auth=None) -> None:
    """With {"inbox": key, "token": …}. Foreign origins were turned away before (helpdesk.app)."""
    given = auth if isinstance(auth, dict) else {}
    with db.reading() as session:
        try:
            inbox = inboxes.by_key(session, str(given.get("inbox", "")), "web")
        except HelpdeskError:
            raise ConnectionRefusedError("no such inbox") from None
        visitor = visitors.by_token(session, inbox, given.get("token"))
    if visitor is None:
        raise ConnectionRefusedError("start a session first")
    _seats[request.sid] = Seat(inbox, visitor.id, visitor.token_hash, visitor.identity_id)
    join_room(f"visitor:{visitor.identity_id}")


@socketio.on("disconnect", namespace=WIDGET)
def gone(reason=None) -> None:
    """Forget the socket."""
    _seats.pop(request.sid, None)


@socketio.on("message", namespace=WIDGET)
def message(data=None) -> dict:
    """One message; answered with {"ok", "client_id"} or {"ok": false, "status", "error", "retry_after"}."""
    seat = _seats.get(request.sid)
    if seat is None:
        return NOBODY
    if seat.busy():
        return {"ok": False, "status": 429, "error": "Too many messages at once.", "retry_after": PER_SECONDS}
    try:
        db.run(chats.write, seat.inbox, seat.visitor_id, data, seat.token_hash)     # the token is checked on the way
    except Forbidden:
        disconnect()
        return NOBODY
    except HelpdeskError as error:
        return {"ok": False, "status": error.status, "error": str(error),
                "retry_after": getattr(error, "retry_after", 0)}
    return {"ok": True, "client_id": data["client_id"]}


@socketio.on("typing", namespace=WIDGET)
def typing(data=None) -> None:
    """Shown to the agents who look at the conversation."""
    seat = _seat()
    if seat is None or seat.busy():
        return
    with db.reading() as session:
        visitor = session.get(Visitor, seat.visitor_id)
        ticket = visitors.ticket_of(session, visitor)
        name = visitors.contact_of(session, visitor).label
    if ticket:
        socketio.emit("typing", {"ticket": ticket.id, "name": name}, to=ticket.room, namespace=AGENT)


@socketio.on("seen", namespace=WIDGET)
def seen(data=None) -> None:
    """They have read up to {"seq"}, if {"conversation"} is still their current one."""
    seat = _seat()
    if seat is None or seat.busy() or not isinstance(data, dict) or not visitors.is_place(data.get("seq")):
        return
    with db.transaction() as session:
        visitor = session.get(Visitor, seat.visitor_id)
        ticket = visitors.ticket_of(session, visitor)
        if ticket and data.get("conversation") in (None, ticket.id):
            visitors.seen(session, visitor, ticket, data["seq"])


def agent_present(ticket_id: int, name: str, state: str) -> None:
    """An agent views or answers a ticket: its visitors see that they are read, and that somebody types."""
    with db.reading() as session:
        ticket = session.get(Ticket, ticket_id)
        ids = session.scalars(select(Participant.identity_id).join(Identity, Identity.id == Participant.identity_id)
                              .where(Participant.ticket_id == ticket_id, Participant.role == "requester",
                                     Identity.kind == "visitor")).all()
    for identity_id in ids:
        room = f"visitor:{identity_id}"
        socketio.emit("read", {"conversation": ticket_id, "seq": ticket.seq}, to=room, namespace=WIDGET)
        if state == "replying":
            socketio.emit("typing", {"name": name}, to=room, namespace=WIDGET)


def _seat() -> Seat | None:
    """Who speaks, if their token is still good; otherwise the line is closed."""
    seat = _seats.get(request.sid)
    if seat is None:
        return None
    with db.reading() as session:
        found = db.rows(session, TOKEN, {"id": seat.visitor_id})
    if not found or found[0].token_hash != seat.token_hash:
        disconnect()
        return None
    return seat
