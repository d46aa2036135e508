"""What a platform fetches that takes no uploads: files that were sent to people there."""
from __future__ import annotations

from flask import Blueprint, send_file

from helpdesk.services import files
from helpdesk.services import published as services
from helpdesk.web.access import public

pages = Blueprint("published", __name__)

CSP = "default-src 'none'; sandbox"


@pages.get("/published/<signature>/<until>/<sha256>/<kind>/<name>")
@public
def published(signature: str, until: str, sha256: str, kind: str, name: str):
    """One file, under the address that was made for it."""
    services.find(signature, until, sha256, kind, name)
    content_type = services.content_type(kind)
    response = send_file(files.path(sha256), mimetype=content_type, download_name=name, max_age=86_400, etag=sha256,
                         as_attachment=content_type == "application/octet-stream", conditional=True)
    response.headers["Content-Security-Policy"] = CSP
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
