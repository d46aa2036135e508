"""The console's socket: signed-in agents only, one room for lists, one per ticket, one per agent."""
from __future__ import annotations

from flask import request
from flask_socketio import ConnectionRefusedError, disconnect, emit, join_room, leave_room

from helpdesk import db
from helpdesk.models import Ticket
from helpdesk.realtime import AGENT, socketio, widget
from helpdesk.services import accounts
from helpdesk.web.access import cookie_name

PRESENCE_STATES = ("viewing", "replying", "gone")
_agents: dict[str, tuple[int, str, int]] = {}       # socket id → agent id, name, session id


@socketio.on("connect", namespace=AGENT)
def connect(auth=None) -> None:
    """Only with a living session. Its end closes the socket: see `drop_session`."""
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
    ticket_id = data.get("ticket")
    if ticket_id is None:
        return {"ok": True}
    with db.reading() as session:
        ticket = session.get(Ticket, ticket_id) if isinstance(ticket_id, int) else None
    if ticket is None:
        return {"ok": False}
    join_room(f"ticket:{ticket_id}")
    emit("who", {"ticket": ticket_id}, to=f"ticket:{ticket_id}", include_self=False)
    return {"ok": True, "seq": ticket.seq}


@socketio.on("presence", namespace=AGENT)
def presence(data) -> None:
    """Relay that an agent views or answers a ticket. Nothing is stored: every browser repeats itself while it is so."""
    if request.sid not in _agents or not isinstance(data, dict):
        return
    ticket_id, state = data.get("ticket"), data.get("state")
    if not isinstance(ticket_id, int) or state not in PRESENCE_STATES:
        return
    agent_id, name, _ = _agents[request.sid]
    emit("presence", {"ticket": ticket_id, "agent": {"id": agent_id, "name": name}, "state": state}, to="agents",
         include_self=False)
    if state != "gone":
        widget.agent_present(ticket_id, name.split()[0] if name else "", state)


def drop_session(session_id: int) -> None:
    """Close every socket of a session that has ended."""
    for sid, (_, _, sockets_session) in list(_agents.items()):
        if sockets_session == session_id:
            disconnect(sid, namespace=AGENT)
