"""The page behind a survey's link. It works without scripts and without cookies; opening it stores nothing, because
mail scanners open every link."""
from __future__ import annotations

from babel.dates import format_date
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from helpdesk import db, rendering, security, settings
from helpdesk.errors import Conflict, Invalid, NotFound, TooMany
from helpdesk.services import limits, ratings, survey_words
from helpdesk.services.ratings import COMMENT_LIMIT, Answer
from helpdesk.web.access import public

pages = Blueprint("ratings", __name__)
PER_LINK, PER_ADDRESS, WINDOW = 20, 200, 600       # tries and seconds; an office may share one address


@pages.get("/r/<token>")
@public
def show(token: str) -> Response:
    """The question, with a star chosen by ?score=4 but not stored; or, once answered, what was stored."""
    try:
        with db.reading() as session:
            answer = ratings.show(session, token)
    except NotFound:
        return _page("ratings/gone.html", 404)
    wanted = request.args.get("score", "")
    chosen = int(wanted) if wanted in ("1", "2", "3", "4", "5") else None
    if answer.score and (not answer.editable or not (chosen or "edit" in request.args)):
        return _page("ratings/thanks.html", answer=answer)
    return _form(answer, chosen or answer.score, answer.comment)


@pages.post("/r/<token>")
@public
def rate(token: str) -> Response:
    """Store the rating, then show the page again."""
    comment, answer = request.form.get("comment", ""), None
    try:
        with db.reading() as session:
            answer = ratings.show(session, token)
        for key, limit in ((security.token_hash(token), PER_LINK), (request.remote_addr, PER_ADDRESS)):
            with db.transaction() as session:
                limits.hit(session, f"rating:{key}", limit, WINDOW)
        score = request.form.get("score", "")
        db.run(ratings.rate, token, int(score) if score.isascii() and score.isdigit() else 0, comment)
    except NotFound:
        return _page("ratings/gone.html", 404)
    except Conflict:
        return _page("ratings/thanks.html", 409, answer=answer)
    except Invalid:
        return _form(answer, None, comment, 422, "too_long" if len(comment.strip()) > COMMENT_LIMIT else "choose")
    except TooMany as error:
        response = _form(answer, None, comment, 429, "too_many")
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    return _private(redirect(url_for("ratings.show", token=token), 303))


def _form(answer: Answer, chosen: int | None, comment: str, status: int = 200, problem: str = "") -> Response:
    posted = request.form.get("score", "")
    if chosen is None and posted in ("1", "2", "3", "4", "5"):
        chosen = int(posted)
    return _page("ratings/rate.html", status, answer=answer, chosen=chosen, comment=comment, problem=problem,
                 limit=COMMENT_LIMIT)


def _page(template: str, status: int = 200, answer: Answer | None = None, **context) -> Response:
    browser = survey_words.accepted(request.headers.get("Accept-Language", ""))
    lang = survey_words.language(answer.locale if answer else "", *browser, settings.current().default_locale)
    until = answer.editable_until if answer else None
    return _private(make_response(render_template(
        template, lang=lang, words=survey_words.WORDS[lang], answer=answer,
        until=format_date(until.astimezone(rendering.zone()), "long", locale=lang) if until else "",
        **context), status))


def _private(response: Response) -> Response:
    """The address is a secret: kept by no cache, told to no other site, listed by no search engine."""
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
                             "X-Robots-Tag": "noindex, nofollow"})
    return response
