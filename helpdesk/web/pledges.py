"""Saying of a promise whether it was kept."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for

from helpdesk import db
from helpdesk.services import pledges
from helpdesk.web.access import needs, same_site, wants_fragment

pages = Blueprint("pledges", __name__)

SAID = {"kept": "Noted as kept.", "none": "Noted: it was no promise.", "": "Taken back."}


@pages.post("/pledges/<int:pledge_id>")
@needs("work")
def judge(pledge_id: int):
    """judgement=kept, none or nothing; back: where to go on. A script learns of the change by the notice."""
    judgement = request.form.get("judgement", "")
    with db.transaction() as session:
        ticket = pledges.judge(session, pledge_id, judgement, g.agent)
    if wants_fragment():
        return "", 204
    flash(SAID[judgement], "good")
    return redirect(same_site(request.form.get("back")) or url_for("tickets.ticket", ticket_id=ticket.id))
