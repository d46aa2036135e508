"""Telling browsers *that* something changed. They fetch it: one renderer, one permission check."""
from __future__ import annotations

import logging

from flask_socketio import SocketIO

from helpdesk.db import Notice

log = logging.getLogger(__name__)

AGENT, WIDGET = "/agent", "/widget"
FRAME_LIMIT = 64_000        # bytes of one socket message; files go over HTTP

socketio = SocketIO()


def push(notices: list[Notice]) -> None:
    """Emit each notice once, to its room. `visitor:` rooms are the widget's, all others are agents'."""
    told = set()
    for notice in notices:
        key = (notice.room, notice.name, repr(notice.data))
        if notice.room == "worker" or key in told:
            continue
        told.add(key)
        socketio.emit(notice.name, notice.data, to=notice.room,
                      namespace=WIDGET if notice.room.startswith("visitor:") else AGENT)
    if told:
        socketio.sleep(0)       # emit() only queues: whoever writes to the lines shall not wait for what comes next
