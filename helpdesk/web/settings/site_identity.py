"""How a site says who is signed in: the secret, made here and shown once, and what its makers copy."""
from __future__ import annotations

from flask import Blueprint, flash, g, make_response, redirect, request, url_for

from helpdesk import db
from helpdesk.models import Inbox
from helpdesk.rendering import page
from helpdesk.services import identity_secrets, site_identity
from helpdesk.web.access import needs
from helpdesk.web.settings.snippets import snippets

pages = Blueprint("settings_site_identity", __name__, url_prefix="/settings/inboxes")


@pages.post("/<int:inbox_id>/identity-secret")
@needs("inboxes")
def change(inbox_id: int):
    """do=new makes a secret and shows it this once; do=retire ends the one before."""
    if request.form.get("do") == "retire":
        db.run(identity_secrets.retire, inbox_id, g.agent.actor)
        flash("The old secret is retired.", "good")
        return redirect(url_for("settings_inboxes.show", inbox_id=inbox_id))
    fresh = db.run(identity_secrets.renew, inbox_id, g.agent.actor)
    with db.reading() as session:
        inbox = session.get(Inbox, inbox_id)
    response = make_response(page("settings/inboxes/secret.html", inbox=inbox, fresh=fresh))
    response.headers["Cache-Control"] = "no-store"
    return response


def shown(inbox: Inbox | None) -> dict:
    """For the form of a chat: how many secrets the site may sign with, whether hashes count, and what to copy."""
    if inbox is None or inbox.channel != "web":
        return {}
    try:
        live = len(site_identity.secrets_of(inbox))
    except ValueError:      # sealed with another key; the page says so
        live = 0
    return {"identity": {"live": live, "hashes": site_identity.accepts_hashes(inbox)}, "snippets": snippets(inbox.key)}
