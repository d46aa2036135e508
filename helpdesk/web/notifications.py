"""What an agent should look at: the bell's list, its count, and having seen it."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Agent
from helpdesk.rendering import page
from helpdesk.services import agent_preferences, notifications
from helpdesk.services.notice_groups import groups
from helpdesk.web.access import needs, wants_fragment

pages = Blueprint("notifications", __name__)
EARLIER = 50
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
AFTER = ((0, "Never"), *((minutes, f"After {minutes} minutes") for minutes in (5, 15, 30, 60)))


@pages.get("/notifications")
@needs("see")
def index():
    """What is new, and below it what was seen before, with `before` from that notice on; as a fragment, only what is
    new."""
    before = request.args.get("before", type=int)
    with db.reading() as session:
        fresh = [] if before else groups(notifications.unseen(session, g.agent))
        earlier = [] if wants_fragment() else notifications.earlier(session, g.agent, before, EARLIER + 1)
    return page("notifications/index.html", "notifications/_list.html", fresh=fresh, before=before,
                earlier=groups(earlier[:EARLIER]), more=earlier[EARLIER - 1].id if len(earlier) > EARLIER else None)


@pages.get("/notifications/count")
@needs("see")
def count():
    """How many are new, for the bell."""
    with db.reading() as session:
        return render_template("notifications/_count.html", count=notifications.count_unseen(session, g.agent))


@pages.post("/notifications/seen")
@needs("see")
def seen():
    """They looked: at ticket=<id>, at only=<notice>, or at the whole list; upto=<notice>: the newest they saw."""
    given = {name: request.form.get(name, type=int) for name in ("only", "upto")}
    with db.transaction() as session:
        notifications.mark_seen(session, g.agent, request.form.get("ticket", type=int), **given)
        fresh = groups(notifications.unseen(session, g.agent))
    if wants_fragment():
        return render_template("notifications/_list.html", fresh=fresh)
    return redirect(url_for("notifications.index"))


@pages.get("/account/news")
@needs("see")
def choices(error: str = ""):
    """When mails about what waits come."""
    names = ("unseen_mail", "digest", "quiet")
    kept = {name: agent_preferences.of(g.agent, name) for name in names}
    given = {"unseen": kept["unseen_mail"], "digest": kept["digest"], "from": kept["quiet"].get("from", ""),
             "to": kept["quiet"].get("to", ""), "days": kept["quiet"].get("days", [])}
    if error:
        given = {**request.form, "days": request.form.getlist("days", type=int)}
    return page("notifications/choices.html", given=given, error=error, after=AFTER, days=list(enumerate(DAYS)))


@pages.post("/account/news")
@needs("see")
def choose():
    """unseen=<minutes>, digest=<time>, from, to, days (any number, Monday as 0)."""
    given = request.form
    try:
        with db.transaction() as session:
            agent = session.get(Agent, g.agent.id)
            agent_preferences.choose(session, agent, "unseen_mail", given.get("unseen", 0, type=int))
            agent_preferences.choose(session, agent, "digest", given.get("digest", ""))
            agent_preferences.choose(session, agent, "quiet", {
                "from": given.get("from", ""), "to": given.get("to", ""), "days": given.getlist("days", type=int)})
    except Invalid as problem:
        return choices(str(problem)), 422
    flash("Saved.", "good")
    return redirect(url_for("notifications.choices"))
