"""Files and original mails. Both come from strangers: they are never given the console's rights."""
from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template, send_file

from helpdesk import db
from helpdesk.errors import NotFound
from helpdesk.models import Attachment, Message
from helpdesk.services import files
from helpdesk.web.access import needs

pages = Blueprint("attachments", __name__)

FILE_CSP = "default-src 'none'; sandbox"
MAIL_CSP = ("default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox")
HEAD = 16


@pages.get("/attachments/<int:attachment_id>")
@needs("agent")
def attachment(attachment_id: int):
    """A file. Only pictures, told by their bytes and not by their name, are shown; all else is downloaded."""
    with db.reading() as session:
        found = session.get(Attachment, attachment_id)
    if found is None or not found.sha256:
        raise NotFound("There is no such file." if found is None
                       else found.error or "This file is still being fetched.")
    path = files.path(found.sha256)
    if not path.exists():
        raise NotFound("The bytes of this file are gone from the store; ask an admin for a backup.")
    with path.open("rb") as file:
        kind = files.picture_type(file.read(HEAD))
    response = send_file(path, mimetype=kind or "application/octet-stream", as_attachment=kind is None,
                         download_name=found.name, etag=found.sha256, max_age=0)
    return _harmless(response, FILE_CSP)


@pages.get("/messages/<int:message_id>/html")
@needs("agent")
def original(message_id: int):
    """A mail as it was written, for a sandboxed frame. Pictures embedded in it come from our own store."""
    with db.reading() as session:
        message = session.get(Message, message_id)
        if message is None or not message.html:
            abort(404, "This message has no original to show.")
        html = message.html
        for one in message.attachments:
            if one.cid and one.sha256:
                html = html.replace(f"cid:{one.cid}", f"/attachments/{one.id}")
    return _harmless(make_response(render_template("tickets/original.html", html=html)), MAIL_CSP)


def _harmless(response: Response, csp: str) -> Response:
    response.headers["Content-Security-Policy"] = csp
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
