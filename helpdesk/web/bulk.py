"""One action on many tickets: the bar below the list, what is asked for, how far it is, and stopping it."""
from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Agent
from helpdesk.rendering import page, zone
from helpdesk.services import bulk, views
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs

pages = Blueprint("bulk", __name__)


@pages.get("/bulk/bar")
@needs("work")
def bar():
    """What can be done to the chosen tickets, and how many there are in the view."""
    with db.reading() as session:
        return render_template("bulk/_bar.html", people=ctx.directory(session), whole=len(_whole_view(session)))


@pages.post("/bulk")
@needs("work")
def start():
    """act=<name>:<value> (with tag=, until= or a choice of their own as the value), ticket=<id> as often as needed, or
    all=1 with view= and the narrowing of the list."""
    do, _, value = request.form.get("act", "").partition(":")
    value = value or request.form.get({"tag": "tag", "untag": "tag", "snooze": "until"}.get(do, ""), "")
    with db.transaction() as session:
        chosen = (_whole_view(session, request.form) if request.form.get("all") == "1" else
                  [int(one) for one in request.form.getlist("ticket") if one.isdecimal()])
        change = bulk.start(session, session.get(Agent, g.agent.id), do, value or None, chosen, zone())
        change_id = change.id
    return answer(change_id)


@pages.get("/bulk/<int:change_id>")
@needs("work")
def show(change_id: int):
    """How far it is, and which tickets were left as they are; as a fragment, in one line."""
    with db.reading() as session:
        return page("bulk/show.html", "bulk/_progress.html", **progress(session, change_id))


@pages.post("/bulk/<int:change_id>/stop")
@needs("work")
def stop(change_id: int):
    """No more tickets are changed."""
    with db.transaction() as session:
        bulk.stop(session, bulk.one(session, g.agent, change_id))
    return answer(change_id)


def progress(session, change_id: int) -> dict:
    """What the line and the page show."""
    change = bulk.one(session, g.agent, change_id)
    back = change.undoing
    return {"change": change, "said": change.action["said"], "back": back,
            "at": bulk.taken_back(session, change) if back else change.done + change.failed,
            "of": change.done if back else change.total,
            "ended": bool(change.undone_at if back else change.done_at),
            "problems": bulk.problems(session, change)}


def answer(change_id: int):
    """The line that shows how far it is, or its page."""
    if not request.headers.get("HX-Request") and not request.headers.get("X-Fragment"):
        return redirect(url_for("bulk.show", change_id=change_id))
    with db.reading() as session:
        return render_template("bulk/_progress.html", **progress(session, change_id))


def _whole_view(session, given=None) -> list[int]:
    given = request.args if given is None else given
    view = views.find_view(given.get("view", ""))
    filters = views.Filters(channel=given.get("channel", "")[:32], team=given.get("team", type=int),
                            tag=given.get("tag_filter", "")[:50], q=given.get("q", "")[:200].strip())
    found = views.ids(session, view, g.agent.id, filters, bulk.MOST + 1)
    if len(found) > bulk.MOST and request.method == "POST":
        raise Invalid(f"This view holds more than {bulk.MOST:,} tickets. Narrow it first.")
    return found
