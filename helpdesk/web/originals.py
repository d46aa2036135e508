"""Messages as they were written: the frame they are shown in, and their remote pictures.

The frame has no scripts, whatever the HTML holds: its policy names none, and `sandbox` switches them off even when it
is opened by itself. It keeps our origin only so that the page around it can see how high it is; scripts and our origin
together would be dangerous, one alone is not.
"""
from __future__ import annotations

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for

from channels.base import SendError
from helpdesk import db
from helpdesk.errors import NotFound
from helpdesk.models import Message
from helpdesk.services import originals, pictures
from helpdesk.web.access import needs, same_site, wants_fragment
from helpdesk.web.attachments import harmless

pages = Blueprint("originals", __name__)

RIGHTS = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
FRAME_CSP = ("default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
             f"form-action 'none'; frame-ancestors 'self'; sandbox {RIGHTS}")


@pages.get("/messages/<int:message_id>/html")
@needs("see")
def original(message_id: int):
    """A message as it was written. Embedded pictures come from our store, remote ones through us when wanted."""
    with db.reading() as session:
        message = _message(session, message_id)
        wanted = pictures.wanted(session, message)
        survey = message.payload.get("survey") if isinstance(message.payload, dict) else None
        html = message.html.replace(survey["url"], "about:blank") if isinstance(survey, dict) else message.html
        shown = originals.shown(
            html, {one.cid: f"/attachments/{one.id}" for one in message.attachments if one.cid and one.sha256},
            pictures.addresses(message.id) if wanted else None)
    response = make_response(render_template("tickets/original.html", shown=shown, theme=g.agent.theme,
                                             subject=message.subject))
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Referrer-Policy"] = "no-referrer"
    return harmless(response, FRAME_CSP)


@pages.post("/messages/<int:message_id>/pictures")
@needs("see")
def show(message_id: int):
    """Show the remote pictures of this message; always=1: of all mail from its sender."""
    with db.transaction() as session:
        message = _message(session, message_id)
        pictures.show(session, message, g.agent.actor, always=request.form.get("always") == "1")
        ticket_id = message.ticket_id
    if wants_fragment():
        return "", 204
    return redirect(same_site(request.form.get("back")) or url_for("tickets.ticket", ticket_id=ticket_id))


@pages.post("/identities/<int:identity_id>/pictures")
@needs("contacts")
def trust(identity_id: int):
    """wanted=0 or 1: whether remote pictures in mail from this address are always shown."""
    with db.transaction() as session:
        wanted = request.form.get("wanted") == "1"
        contact_id = pictures.trust_sender(session, identity_id, wanted, g.agent.actor).contact_id
    flash("Saved.", "good")
    return redirect(url_for("contacts.show", contact_id=contact_id))


@pages.get("/messages/<int:message_id>/pictures/<signature>")
@needs("see")
def picture(message_id: int, signature: str):
    """A remote picture, fetched by us. Only addresses that a frame of ours wrote are fetched."""
    url = request.args.get("url", "")
    if not pictures.signed(message_id, url, signature):
        raise NotFound("There is no such picture.")
    try:
        kind, content = pictures.fetched(url)
    except SendError as error:
        return harmless(Response(f"This picture cannot be shown: {error}.", 502, mimetype="text/plain"))
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = "inline; filename=picture"
    return harmless(response)


def _message(session, message_id: int) -> Message:
    message = session.get(Message, message_id)
    if message is None or not message.html or (message.payload or {}).get("unsent_at"):
        raise NotFound("This message has no original to show.")
    return message
