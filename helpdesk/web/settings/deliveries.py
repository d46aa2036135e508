"""Deliveries: what has not arrived, why, and sending it again; and the outbox that a restore holds."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.checks import many
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Delivery, Identity, Inbox, Ticket
from helpdesk.rendering import page
from helpdesk.services import mail_pause, outbox
from helpdesk.web.access import needs

pages = Blueprint("settings_deliveries", __name__, url_prefix="/settings/deliveries")
SHOWN = 200
TABS = {"failed": ("Failed", ("failed",)), "uncertain": ("May not have arrived", ("uncertain",)),
        "waiting": ("Waiting", ("queued", "sending"))}


@pages.get("")
@needs("deliveries")
def index():
    """state=failed, uncertain or waiting; the newest first."""
    state = request.args.get("state", "failed")
    if state not in TABS:
        raise NotFound("There is no such list.")
    with db.reading() as session:
        rows = session.execute(select(Delivery, Identity.value, Inbox, Ticket.subject)
                               .join(Identity, Identity.id == Delivery.identity_id)
                               .join(Inbox, Inbox.id == Delivery.inbox_id).join(Ticket, Ticket.id == Delivery.ticket_id)
                               .where(Delivery.status.in_(TABS[state][1])).order_by(Delivery.id.desc())
                               .limit(SHOWN)).all()
        return page("settings/deliveries.html", rows=rows, state=state, tabs=TABS, counts=_counts(session),
                    held=outbox.held(session), paused=mail_pause.paused(session), paused_count=mail_pause.held(session),
                    held_count=session.scalar(select(func.count()).where(Delivery.held,
                                                                         Delivery.error != mail_pause.HELD)))


@pages.post("/retry")
@needs("deliveries")
def retry():
    """delivery=<id>, any number of times."""
    numbers = request.form.getlist("delivery", type=int)
    with db.transaction() as session:
        found = session.scalars(select(Delivery).where(Delivery.id.in_(numbers)).with_for_update()).all()
        if not found:
            raise NotFound("There is no such delivery.")
        for delivery in found:
            outbox.retry(session, delivery, g.agent.actor)
    flash(f"{len(found)} are being sent again." if len(found) > 1 else "It is being sent again.", "good")
    return redirect(url_for("settings_deliveries.index", state=request.form.get("state", "failed")))


@pages.post("/release")
@needs("inboxes")
def release():
    """Let everything go that was held after a restore."""
    with db.transaction() as session:
        count = outbox.release(session, g.agent.actor)
    flash(f"The outbox is open again; {many(count, 'message')} released.", "good")
    return redirect(url_for("settings_deliveries.index"))


@pages.post("/pause")
@needs("inboxes")
def end_pause():
    """End the pause of automatic mail. what=send or drop."""
    send = request.form.get("what") == "send"
    if not send and request.form.get("what") != "drop":
        raise Invalid("Send what waits, or drop it?")
    with db.transaction() as session:
        count = mail_pause.release(session, g.agent.actor, send)
    flash(f"Automatic mail goes on; {many(count, 'message')} {'are being sent' if send else 'dropped'}.", "good")
    return redirect(url_for("settings_deliveries.index", state="waiting" if send else "failed"))


def _counts(session: Session) -> dict[str, int]:
    found = dict(session.execute(select(Delivery.status, func.count()).group_by(Delivery.status)).all())
    return {key: sum(found.get(status, 0) for status in statuses) for key, (_, statuses) in TABS.items()}
