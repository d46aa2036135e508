"""The console's socket: signed-in agents only, one room for lists, one per ticket, one per agent."""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from flask import request
from flask_socketio import ConnectionRefusedError, emit, join_room, leave_room

from helpdesk import db
from helpdesk.jobs import typing
from helpdesk.models import Ticket
from helpdesk.realtime import AGENT, socketio, widget
from helpdesk.services import accounts, parts
from helpdesk.web.access import cookie_name

log = logging.getLogger(__name__)
LOOK_SECONDS = 3
PRESENCE_STATES = ("viewing", "replying", "gone")
_agents: dict[str, tuple[int, str, int]] = {}       # socket id → agent id, name, session id


@socketio.on("connect", namespace=AGENT)
def connect(auth=None) -> None:
    """Only with a living session. Its end closes the socket: see `drop_sessions`."""
    token = request.cookies.get(cookie_name(), "")
    with db.reading() as session:
        found = accounts.session_of(session, token) if token else None
    if found is None:
        raise ConnectionRefusedError("sign in")
    agent, signed_in = found
    _agents[request.sid] = (agent.id, agent.name, signed_in.id)
    for room in ("agents", f"agent:{agent.id}"):
        join_room(room)


@socketio.on("disconnect", namespace=AGENT)
def gone(reason=None) -> None:
    """Forget the socket; presence elsewhere runs out by itself."""
    _agents.pop(request.sid, None)


@socketio.on("watch", namespace=AGENT)
def watch(data) -> dict:
    """Look at a ticket, and at no other: its changes and who else is there will be told."""
    if request.sid not in _agents or not isinstance(data, dict):
        return {"ok": False}
    for room in [r for r in socketio.server.rooms(request.sid, AGENT) if r.startswith("ticket:")]:
        leave_room(room)
    if data.get("ticket") is None:
        return {"ok": True}
    ticket_id = _ticket_id(data)
    with db.reading() as session:
        ticket = session.get(Ticket, ticket_id) if ticket_id else None
        whole = parts.all_ids(session, ticket) if ticket else ()
    if ticket is None:
        return {"ok": False}
    for one in whole:       # receipts of what was merged into it are told where it was said
        join_room(f"ticket:{one}")
    emit("who", {"ticket": ticket_id}, to=f"ticket:{ticket_id}", include_self=False)
    return {"ok": True, "seq": ticket.seq}


@socketio.on("presence", namespace=AGENT)
def presence(data) -> None:
    """Relay that an agent views or answers a ticket. Nothing is stored: every browser repeats itself while it is so."""
    ticket_id = _ticket_id(data)
    if request.sid not in _agents or ticket_id is None or data.get("state") not in PRESENCE_STATES:
        return
    state = data["state"]
    agent_id, name, _ = _agents[request.sid]
    emit("presence", {"ticket": ticket_id, "agent": {"id": agent_id, "name": name}, "state": state}, to="agents",
         include_self=False)
    if state != "gone":
        widget.agent_present(ticket_id, name.split()[0] if name else "", state)
    if state == "replying":
        typing.show_soon(ticket_id)


def drop_sessions(ended: set[int]) -> None:
    """Close every socket of sessions that have ended."""
    for sid, (_, _, sockets_session) in list(_agents.items()):
        if sockets_session in ended:
            socketio.server.disconnect(sid, namespace=AGENT)


def drop_ended() -> None:
    """The same for sessions that ended without this process being told: by another process, by the command line, or
    because nobody used them for too long."""
    here = {session_id for _, _, session_id in list(_agents.values())}
    if here:
        with db.reading() as session:
            alive = accounts.alive(session, here)
        drop_sessions(here - alive)


def keep_watch() -> Callable[[], None]:
    """Look every few seconds, in the background; returns a function that stops it."""
    stopping = threading.Event()

    def look() -> None:
        while not stopping.wait(LOOK_SECONDS):
            try:
                drop_ended()
            except Exception:       # the database is away: the next look will do
                log.exception("looking for ended sessions")

    threading.Thread(target=look, name="ended-sessions", daemon=True).start()
    return stopping.set


def _ticket_id(data) -> int | None:
    """The ticket that a browser speaks of, if it can be one."""
    number = data.get("ticket") if isinstance(data, dict) else None
    return number if type(number) is int and 0 < number < 2**31 else None
