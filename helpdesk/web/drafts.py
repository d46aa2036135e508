"""What an agent has begun to write, kept while they write."""
from __future__ import annotations

import json

from flask import Blueprint, g, jsonify, request

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Agent
from helpdesk.services import actions, drafts, files, tickets
from helpdesk.web import kept_files
from helpdesk.web.access import needs

pages = Blueprint("drafts", __name__)


def actions_given(session) -> list[dict]:
    """What macros do with the sending, as the form shows it. Raises Invalid."""
    try:
        return actions.validate(session, json.loads(request.form.get("actions") or "[]"))
    except ValueError:
        raise Invalid("What was to be done with the ticket got lost on the way. Choose the macro again.") from None


@pages.post("/tickets/<int:ticket_id>/drafts")
@needs("note")
def save_draft(ticket_id: int):
    """mode, text, route, to, cc, bcc, kept, actions; seen=<version that this window has>. Answers with the version, or
    409 with what another window saved."""
    form = request.form
    fields = {name: form.get(name, "") for name in ("route", "to", "cc", "bcc")}
    fields["files"] = [[one.name, one.content_type, one.size, one.sha256] for one in kept_files.given()]
    try:
        with db.transaction() as session:
            fields["actions"] = actions_given(session)
            ticket, agent = tickets.lock(session, ticket_id), session.get(Agent, g.agent.id)
            if ticket.id != ticket_id:
                raise Invalid("This ticket was merged into another one.")
            version = drafts.save(session, ticket, agent, form.get("mode", ""), form.get("text", ""), fields,
                                  form.get("seen", 0, type=int))
    except drafts.Elsewhere as other:
        with db.reading() as session:
            return jsonify({"said": str(other), **shown(session, other.theirs)}), other.status
    return jsonify({"version": version})


def shown(session, draft) -> dict:
    """A draft as the composer takes it; files as words that only this agent can send back."""
    if draft is None:
        return {"version": 0, "text": "", "kept": [], "actions": []}
    stored = [files.StoredFile(*one) for one in draft.fields.get("files", ())]
    return {"version": draft.version, "text": draft.text,
            **{name: draft.fields.get(name, "") for name in ("route", "to", "cc", "bcc")},
            "kept": [{"word": kept_files.ticket(one), "name": one.name, "size": one.size} for one in stored],
            "actions": [{"action": action, "words": actions.describe(session, action)}
                        for action in draft.fields.get("actions", ())]}


def all_shown(session, ticket) -> dict[str, dict]:
    """This agent's drafts in a ticket, by mode."""
    return {mode: shown(session, row) for mode, row in drafts.of(session, ticket, g.agent).items()}
