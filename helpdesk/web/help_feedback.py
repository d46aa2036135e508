"""Did this help? Two buttons, and a field for words when it did not. No cookie: who said it already is remembered for a
day by a hash of address and browser."""
from __future__ import annotations

from flask import Response, redirect, request, url_for

from helpdesk import db, security
from helpdesk.errors import TooMany
from helpdesk.models import Article
from helpdesk.services import help_reading, help_shelves, limits
from helpdesk.web import help_frame
from helpdesk.web.access import public
from helpdesk.web.help_frame import PRIVATE, show

pages = help_frame.readers_pages("help_feedback")

PER_HOUR = 60           # of one address
DAY = 86_400
TRAP = "website"        # a field that people do not see; machines fill it in


@pages.get("/help/<locale>/<slug>/feedback")
@public
def thanks(locale: str, slug: str) -> Response:
    """What follows an answer: thanks, and a field for what was missing."""
    with db.reading() as session:
        seen = help_frame.frame(session, locale)
        article = help_shelves.article(session, locale, slug)
        said = request.args.get("said", "")
        return show(session, seen, "help/feedback.html", cache=PRIVATE, listed=False, article=article,
                    said=said if said in ("yes", "no", "words") else "yes", mark=request.args.get("mark", "")[:60],
                    limit=help_reading.COMMENT_LIMIT, trap=TRAP)


@pages.post("/help/<locale>/<slug>/feedback")
@public
def say(locale: str, slug: str) -> Response:
    """helped=yes or no; or comment and mark. The same reader's second answer changes nothing and is thanked too."""
    with db.reading() as session:
        article = help_shelves.article(session, help_frame.frame(session, locale).locale, slug)
    said = "words" if "comment" in request.form else "yes" if request.form.get("helped") == "yes" else "no"
    mark = "" if request.form.get(TRAP) else _kept(article, said)
    return redirect(url_for("help_feedback.thanks", locale=locale, slug=slug, said=said, mark=mark or None), 303)


def _kept(article: Article, said: str) -> str:
    with db.transaction() as session:
        limits.hit(session, f"help-feedback:{request.remote_addr}", PER_HOUR, 3600)
        if said == "words":
            help_reading.comment(session, request.form.get("mark", ""), request.form["comment"])
            return ""
    try:
        with db.transaction() as session:
            limits.hit(session, f"help-judged:{article.id}:{_reader()}", 1, DAY)
            return help_reading.judge(session, article.id, said == "yes", "help")
    except TooMany:
        return ""


def _reader() -> str:
    return security.token_hash(f"{request.remote_addr}|{request.headers.get('User-Agent', '')}")[:32]
