"""Files. They come from strangers: they are never given the console's rights."""
from __future__ import annotations

from flask import Blueprint, Response, send_file

from helpdesk import db
from helpdesk.errors import NotFound
from helpdesk.models import Attachment
from helpdesk.services import files
from helpdesk.web.access import needs

pages = Blueprint("attachments", __name__)

FILE_CSP = "default-src 'none'; sandbox"
HEAD = 16


@pages.get("/attachments/<int:attachment_id>")
@needs("see")
def attachment(attachment_id: int):
    """A file. Only pictures, sounds and films, told by their bytes and not by their name, are shown; all else is
    downloaded."""
    with db.reading() as session:
        found = session.get(Attachment, attachment_id)
    if found is None or not found.sha256:
        raise NotFound("There is no such file." if found is None
                       else found.error or "This file is still being fetched.")
    path = files.path(found.sha256)
    if not path.exists():
        raise NotFound("The bytes of this file are gone from the store; ask an admin for a backup.")
    with path.open("rb") as file:
        kind = files.shown_type(file.read(HEAD))
    response = send_file(path, mimetype=kind or "application/octet-stream", as_attachment=kind is None,
                         download_name=found.name, etag=found.sha256, max_age=0)
    return harmless(response)


def harmless(response: Response, csp: str = FILE_CSP) -> Response:
    """The response with headers that take every right from what strangers sent."""
    response.headers["Content-Security-Policy"] = csp
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
