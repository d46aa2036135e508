"""The chat on other people's sites: the script they embed, and the page inside its frame."""
from __future__ import annotations

from flask import Blueprint, make_response, render_template, request, send_from_directory

from helpdesk import db, paths
from helpdesk.models import Inbox
from helpdesk.services import inboxes, visitors
from helpdesk.web import widget_view as view
from helpdesk.web.access import public

pages = Blueprint("widget_pages", __name__)


@pages.get("/widget.js")
@public
def loader():
    """The script that sites embed; the same address for ever."""
    response = send_from_directory(paths.DIST, "widget.js", max_age=300, mimetype="text/javascript")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Access-Control-Allow-Origin"] = "*"       # public, and needed for an integrity attribute
    return response


@pages.get("/widget/<key>/frame")
@public
def frame(key: str):
    """The chat's page. Its policy lets only the inbox's sites embed it; all, while none is named."""
    with db.reading() as session:
        inbox = inboxes.by_key(session, key, "web")
        config = view.config(session, inbox, request.host_url.rstrip("/"))
    response = make_response(render_template("widget/frame.html", config=config))
    response.headers["Content-Security-Policy"] = _frame_policy(inbox)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _frame_policy(inbox: Inbox) -> str:
    sockets = f"{'wss' if request.is_secure else 'ws'}://{request.host}"
    ancestors = " ".join(["'self'", *visitors.allowed_origins(inbox)]) if visitors.allowed_origins(inbox) else "*"
    return (f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
            f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; object-src 'none'; "
            f"frame-ancestors {ancestors}")
