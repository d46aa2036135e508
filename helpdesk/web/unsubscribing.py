"""The page behind List-Unsubscribe. Opening it changes nothing, because scanners open every link; one POST does it,
which mail programs send by themselves (RFC 8058), and so does the page's button."""
from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from helpdesk import db, settings
from helpdesk.errors import NotFound, TooMany
from helpdesk.services import limits, survey_words, unsubscribing
from helpdesk.web.access import public
from helpdesk.web.ratings import _private

pages = Blueprint("unsubscribing", __name__)
PER_ADDRESS, WINDOW = 200, 600


@pages.get("/u/<token>")
@public
def show(token: str) -> Response:
    """Asks once more."""
    try:
        with db.reading() as session:
            identity = unsubscribing.find(session, token)
            return _page(identity, "stopped" if unsubscribing.stopped(session, identity) else "ask")
    except NotFound:
        return _page(None, "gone", 404)


@pages.post("/u/<token>")
@public
def change(token: str) -> Response:
    """List-Unsubscribe=One-Click, or stop=1, or resume=1."""
    try:
        with db.transaction() as session:
            limits.hit(session, f"unsubscribe:{request.remote_addr}", PER_ADDRESS, WINDOW)
        with db.transaction() as session:
            identity = unsubscribing.find(session, token)
            again = "resume" in request.form
            (unsubscribing.resume if again else unsubscribing.stop)(session, identity)
            return _page(identity, "resumed" if again else "stopped")
    except NotFound:
        return _page(None, "gone", 404)
    except TooMany as error:
        response = _page(None, "gone", 429)
        response.headers["Retry-After"] = str(error.retry_after)
        return response


def _page(identity, state: str, status: int = 200) -> Response:
    browser = survey_words.accepted(request.headers.get("Accept-Language", ""))
    lang = survey_words.language(identity.contact.locale if identity else "", *browser,
                                 settings.current().default_locale)
    return _private(make_response(render_template(
        "unsubscribing/page.html", lang=lang, words=survey_words.WORDS[lang], state=state,
        address=identity.value if identity else ""), status))
