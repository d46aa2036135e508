"""What an agent should look at: the bell's list, its count, and having seen it."""
from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Notification
from helpdesk.rendering import page
from helpdesk.services import notifications
from helpdesk.web.access import needs, wants_fragment

pages = Blueprint("notifications", __name__)
EARLIER = 50


@pages.get("/notifications")
@needs("agent")
def index():
    """What is new, and below it what was seen before; as a fragment, only what is new."""
    with db.reading() as session:
        fresh = notifications.unseen(session, g.agent)
        earlier = [] if wants_fragment() else session.scalars(select(Notification).where(
            Notification.agent_id == g.agent.id, Notification.seen_at.is_not(None))
            .order_by(Notification.id.desc()).limit(EARLIER)).all()
    return page("notifications/index.html", "notifications/_list.html", fresh=fresh, earlier=earlier)


@pages.get("/notifications/count")
@needs("agent")
def count():
    """How many are new, for the bell."""
    with db.reading() as session:
        return render_template("notifications/_count.html", count=notifications.count_unseen(session, g.agent))


@pages.post("/notifications/seen")
@needs("agent")
def seen():
    """They looked: at ticket=<id>, or at the whole list."""
    with db.transaction() as session:
        notifications.mark_seen(session, g.agent, request.form.get("ticket", type=int))
        fresh = notifications.unseen(session, g.agent)
    if wants_fragment():
        return render_template("notifications/_list.html", fresh=fresh)
    return redirect(url_for("notifications.index"))
