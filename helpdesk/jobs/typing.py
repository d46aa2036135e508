"""Showing a customer on their own platform that an agent is writing. A hint: nothing waits for it, nothing is kept."""
from __future__ import annotations

import logging
import threading
import time

from sqlalchemy import select

from channels.base import Channel, SendError
from helpdesk import db
from helpdesk.models import Identity, Inbox, Message, Ticket
from helpdesk.services import inboxes, routes

log = logging.getLogger(__name__)
EVERY = 6       # seconds; the platforms show it for 5 to 25
_shown: dict[int, float] = {}       # ticket id → when, on this process's own clock


def show_soon(ticket_id: int) -> None:
    """Tell the customer of this ticket in the background, unless that was done a moment ago."""
    at = time.monotonic()
    if at - _shown.get(ticket_id, -EVERY) < EVERY:
        return
    for old in [one for one, shown in _shown.items() if at - shown >= EVERY]:
        del _shown[old]
    _shown[ticket_id] = at
    threading.Thread(target=show, args=(ticket_id,), name="typing", daemon=True).start()


def show(ticket_id: int) -> None:
    """Over the way on which the next answer would go, if that platform shows it and may be used now."""
    try:
        with db.reading() as session:
            found = _way(session, ticket_id)
        if found:
            channel, address, said_last = found
            channel.typing(address, said_last)
    except SendError as error:
        log.info("typing is not shown for ticket %s: %s", ticket_id, error)
    except Exception:       # it must never stand in the way of the answer itself
        log.exception("typing for ticket %s", ticket_id)


def _way(session, ticket_id: int) -> tuple[Channel, str, tuple[str, ...]] | None:
    ticket = session.get(Ticket, ticket_id)
    inbox = session.get(Inbox, ticket.reply_inbox_id) if ticket and ticket.reply_inbox_id else None
    if inbox is None or not inboxes.kind(inbox.channel).can.typing:
        return None
    route = routes.default(session, ticket)
    if route is None or route.inbox.id != inbox.id:
        return None
    identity = session.get(Identity, route.identity.id)
    last = session.scalar(select(Message.external_id).where(
        Message.inbox_id == inbox.id, Message.identity_id == identity.id, Message.direction == "in")
        .order_by(Message.id.desc()).limit(1))
    return inboxes.open_channel(inbox), identity.value, (last,) if last else ()
