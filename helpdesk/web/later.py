"""Replies that have not left: taking them back, sending them now."""
from __future__ import annotations

from flask import Blueprint, flash, g, jsonify, redirect

from helpdesk import db
from helpdesk.models import Agent, Draft
from helpdesk.services import later
from helpdesk.web.access import needs, wants_fragment
from helpdesk.web.drafts import shown
from helpdesk.web.ticket_verbs import way_back

pages = Blueprint("later", __name__)


@pages.post("/later/<int:later_id>/back")
@needs("answer")
def take_back(later_id: int):
    """It becomes a draft again; a script gets that draft."""
    with db.transaction() as session:
        agent = session.get(Agent, g.agent.id)
        row = later.take_back(session, agent, later_id)
        draft = session.get(Draft, (row.ticket_id, agent.id, row.mode))
        answer = {"mode": row.mode, **shown(session, draft)}
        ticket_id = row.ticket_id
    if wants_fragment():
        return jsonify(answer)
    flash("It has not left, and stands in the composer again.", "good")
    return redirect(way_back(ticket_id))


@pages.post("/later/<int:later_id>/now")
@needs("answer")
def send_now(later_id: int):
    """It leaves at once."""
    return _changed(later.send_now, later_id, "It leaves now.")


def _changed(verb, later_id: int, said: str):
    with db.transaction() as session:
        ticket_id = verb(session, session.get(Agent, g.agent.id), later_id).ticket_id
    if wants_fragment():
        return "", 204
    flash(said, "good")
    return redirect(way_back(ticket_id))
