"""Taking back what was done."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from helpdesk import db
from helpdesk.services import bulk, undoing
from helpdesk.web import bulk as bulk_pages
from helpdesk.web.access import needs, same_site, wants_fragment

pages = Blueprint("undoing", __name__)


@pages.post("/undo")
@pages.post("/undo/<int:change_id>")
@needs("work")
def undo(change_id: int | None = None):
    """This change of mine, or the last one; one of many tickets goes back in the background."""
    with db.transaction() as session:
        change = undoing.one(session, g.agent, change_id or undoing.last(session, g.agent).id)
        many = change.id if "do" in (change.action or {}) else None
        if many:
            bulk.undo(session, change)
        else:
            ticket_id, left = undoing.undo(session, change, g.agent)
            words = f"Undone: {change.action.get('said', '')}".rstrip(" :") if not left else undoing.words(left)
    if many:
        return bulk_pages.answer(many)
    tone = "warn" if left else "good"
    if wants_fragment():
        return render_template("tickets/_toast.html", said=words, tone=tone)
    flash(words, tone)
    back = same_site(request.form.get("back"))
    return redirect(back or (url_for("tickets.in_view", key="all", ticket_id=ticket_id) if ticket_id else "/inbox"))
