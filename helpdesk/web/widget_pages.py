"""The chat on other people's sites: the script they embed, and the page inside its frame."""
from __future__ import annotations

from flask import Blueprint, jsonify, make_response, render_template, request, send_from_directory

from helpdesk import db, paths, settings
from helpdesk.models import Inbox
from helpdesk.services import inboxes, visitors, widget_words
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
        locale = spoken()
        config = view.config(session, inbox, request.host_url.rstrip("/"), locale)
    response = make_response(render_template("widget/frame.html", config=config, lang=locale,
                                             direction=widget_words.direction(locale)))
    response.headers["Content-Language"] = locale
    response.headers["Content-Security-Policy"] = _frame_policy(inbox)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@pages.get("/widget/<key>/words/<locale>")
@public
def words(key: str, locale: str):
    """What the chat says in another language, for a page that changes it."""
    with db.reading() as session:
        inbox = inboxes.by_key(session, key, "web")
        locale = widget_words.nearest([locale])
        return jsonify(locale=locale, words=widget_words.words(inbox, locale))


def spoken() -> str:
    """The language this request wants: ?locale=, then what the browser asks for, then the house's."""
    wanted = [request.args.get("locale", ""), *(one for one, _ in request.accept_languages)]
    return widget_words.nearest(wanted, settings.current().default_locale)


def _frame_policy(inbox: Inbox) -> str:
    sockets = f"{'wss' if request.is_secure else 'ws'}://{request.host}"
    ancestors = " ".join(["'self'", *visitors.allowed_origins(inbox)]) if visitors.allowed_origins(inbox) else "*"
    return (f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
            f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; object-src 'none'; "
            f"frame-ancestors {ancestors}")
