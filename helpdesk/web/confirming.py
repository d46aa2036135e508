"""The page behind a link that asks the owner of an address whether it was them. Opening it changes nothing, because
mail scanners open every link; what counts is the button."""
from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from helpdesk import db, settings, texts
from helpdesk.errors import NotFound, TooMany
from helpdesk.services import limits, proofs, survey_words
from helpdesk.web.access import public
from helpdesk.web.ratings import _private

pages = Blueprint("confirming", __name__)
PER_ADDRESS, WINDOW = 100, 600


@pages.get("/confirm/<token>")
@public
def show(token: str) -> Response:
    """Asks, or says what was answered."""
    try:
        with db.reading() as session:
            row, identity = proofs.by_link(session, token)
            state = "ask" if proofs.answerable(row) else row.state
            return _page(state, identity.value, identity.contact.locale)
    except NotFound:
        return _page("gone", status=404)


@pages.post("/confirm/<token>")
@public
def answer(token: str) -> Response:
    """mine=yes or no."""
    mine = request.form.get("mine") == "yes"
    try:
        with db.transaction() as session:
            limits.hit(session, f"confirm:{request.remote_addr}", PER_ADDRESS, WINDOW)
        state = db.run(proofs.answer, token, mine)
        with db.reading() as session:
            _, identity = proofs.by_link(session, token)
            return _page(state, identity.value, identity.contact.locale)
    except NotFound:
        return _page("gone", status=404)
    except TooMany as error:
        response = _page("gone", status=429)
        response.headers["Retry-After"] = str(error.retry_after)
        return response


def _page(state: str, address: str = "", locale: str = "", status: int = 200) -> Response:
    browser = survey_words.accepted(request.headers.get("Accept-Language", ""))
    lang = survey_words.language(locale, *browser, settings.current().default_locale)
    words = {name: texts.text(f"confirm_{name}", lang, address=address)
             for name in ("title", "ask", "yes", "no", "used", "denied", "over")}
    return _private(make_response(render_template("confirming/page.html", lang=lang, words=words, state=state,
                                                  gone=survey_words.WORDS[lang]), status))
