"""What the law lets people ask for: their consents, everything that is held of them, and being forgotten."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, send_file, url_for
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.models import Agent, Contact, Identity
from helpdesk.services import consents, contacts, erasure, exports
from helpdesk.web.access import needs
from helpdesk.web.attachments import harmless

pages = Blueprint("privacy", __name__)
WORDS = {"erase": "ERASE", "pseudonymise": "PSEUDONYMISE"}      # what has to be typed
SHOWN = 30


def about(session: Session, contact: Contact) -> dict:
    """What the card on a contact's page shows."""
    words = consents.history(session, contact, SHOWN)
    return {"standing": consents.standing(words, contact.identities), "words": words, "sources": consents.SOURCES,
            "purposes": {key: consents.PURPOSES[key] for key in consents.MANUAL},
            "options": [(key, consents.PURPOSES[key].label) for key in consents.MANUAL],
            "places": [("", "Everywhere"), *((one.id, one.value) for one in contact.identities
                                             if one.kind != "visitor")],
            "exports": exports.recent(session, contact) if g.agent.may("export") else [],
            "erasure": erasure.last(session, contact) if contact.erased_at else None}


@pages.post("/contacts/<int:contact_id>/consents")
@needs("contacts")
def consent(contact_id: int):
    """purpose, given=1 or 0, identity=<id> where it is about one address, note: what they told an agent."""
    form, number = request.form, request.form.get("identity", type=int)
    with db.transaction() as session:
        contact = _living(session, contact_id)
        identity = session.get(Identity, number) if number else None
        if number and identity is None:
            raise NotFound("There is no such address.")
        if form.get("given") not in ("0", "1"):
            raise Invalid("Did they agree, or end it?")
        consents.record(session, contact, form.get("purpose", ""), form["given"] == "1", source="agent",
                        identity=identity, note=form.get("note", ""), actor=g.agent.actor)
    flash("Written down.", "good")
    return _back(contact_id)


@pages.post("/contacts/<int:contact_id>/exports")
@needs("export")
def export(contact_id: int):
    """notes=1 to put in what only agents saw."""
    with db.transaction() as session:
        exports.ask(session, _living(session, contact_id), session.get(Agent, g.agent.id),
                    request.form.get("notes") == "1")
    flash("The archive is being made. It is offered here for a week.", "good")
    return _back(contact_id)


@pages.get("/contacts/exports/<int:export_id>")
@needs("export")
def download(export_id: int):
    """The archive, while it is there."""
    with db.reading() as session:
        found = exports.ready(session, export_id)
    return harmless(send_file(exports.path(found), mimetype="application/zip", as_attachment=True, max_age=0,
                              download_name=f"contact-{found.contact_id}.zip"))


@pages.post("/contacts/<int:contact_id>/hold")
@needs("erase")
def hold(contact_id: int):
    """why: a legal hold, or '' to release it."""
    with db.transaction() as session:
        erasure.hold(session, _living(session, contact_id), request.form.get("why", ""), g.agent.actor)
    flash("Saved.", "good")
    return _back(contact_id)


@pages.get("/contacts/<int:contact_id>/erase")
@needs("erase")
def preview(contact_id: int, problem: str = ""):
    """What would go."""
    with db.reading() as session:
        contact = _living(session, contact_id)
        return render_template("contacts/erase.html", contact=contact, found=erasure.preview(session, contact),
                               words=WORDS, mode=request.values.get("mode", "erase"), problem=problem, at=now())


@pages.post("/contacts/<int:contact_id>/erase")
@needs("erase")
def erase(contact_id: int):
    """mode=erase or pseudonymise, typed=the word that confirms it."""
    mode = request.form.get("mode", "")
    if request.form.get("typed", "").strip().upper() != WORDS.get(mode):
        return preview(contact_id, f"Type {WORDS.get(mode, 'ERASE')} to confirm. Nothing was changed."), 422
    try:
        with db.transaction() as session:
            erasure.begin(session, _living(session, contact_id).id, mode, g.agent.actor)
    except Conflict as problem:
        return preview(contact_id, str(problem)), problem.status
    flash("They cannot be found any more. The rest goes in the background.", "good")
    return _back(contact_id)


def _living(session: Session, contact_id: int) -> Contact:
    contact = contacts.by_id(session, contact_id)
    if contact.erased_at:
        raise Conflict("This person was erased: there is nothing left of them.")
    return contact


def _back(contact_id: int):
    return redirect(url_for("contacts.show", contact_id=contact_id, _anchor="privacy"))
