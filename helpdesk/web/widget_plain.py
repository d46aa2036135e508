"""Writing to the chat without scripts: a plain form whose answer comes by mail. What is sent is the first message of a
conversation like any other, for a person; the page's own words are those of the chat."""
from __future__ import annotations

import re
import secrets

from flask import Blueprint, make_response, render_template, request

from helpdesk import db
from helpdesk.errors import HelpdeskError, Invalid
from helpdesk.models import Inbox
from helpdesk.services import (
    attributes,
    chats,
    continuity,
    inboxes,
    limits,
    prechat,
    site_identity,
    visitors,
    widget_words,
)
from helpdesk.web.access import public
from helpdesk.web.widget_pages import spoken
from helpdesk.web.widget_view import PERSON, privacy_line

pages = Blueprint("widget_plain", __name__)

PER_HOUR = 10           # of one address
TRAP = "website"        # a field that people do not see: whoever fills it in is a machine
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
POLICY = ("default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
          "frame-ancestors 'self'")


@pages.get("/widget/<key>/write")
@public
def form(key: str):
    """The empty form."""
    return _page(key)


@pages.post("/widget/<key>/write")
@public
def write(key: str):
    """The form as it was filled in: thanks, or what is wrong."""
    given = {name: value.strip() for name, value in request.form.items()}
    if given.get(TRAP):
        return _page(key, done=given.get("email", ""))
    try:
        with db.reading() as session:
            inbox = inboxes.by_key(session, key, "web")
        db.run(_take, inbox, given)
    except HelpdeskError as problem:
        if not 400 <= problem.status < 500 or problem.status == 404:
            raise
        return _page(key, given, str(problem)), problem.status
    return _page(key, done=given["email"])


def _take(session, inbox: Inbox, given: dict[str, str]) -> None:
    said = _words(inbox)
    if not ADDRESS.fullmatch(given.get("email", "")):
        raise Invalid(said["emailBad"])
    if not given.get("text"):
        raise Invalid(f"{said['plainMessage']}: {said['fillIn']}")
    limits.hit(session, f"widget-plain:{request.remote_addr}", PER_HOUR, 3600)
    visitor, _ = visitors.start(session, inbox, spoken(), request.referrer or "")
    contact = visitors.contact_of(session, visitor)
    site_identity.claim(session, contact, {name: given.get(name, "") for name in ("name", "email", "phone")})
    attributes.tell(session, inbox, visitor.identity_id, prechat.answers(inbox, _fields(inbox, given)))
    session.flush()
    chats.write(session, inbox, visitor.id, {
        "client_id": secrets.token_hex(16), "text": given["text"], "topic": given.get("topic", ""),
        "locale": spoken(), "payload": PERSON if inbox.assistant else ""})
    if ticket := visitors.ticket_of(session, visitor):
        continuity.address_given(session, ticket)


def _fields(inbox: Inbox, given: dict[str, str]) -> dict[str, str]:
    own = [one for one in prechat.questions(inbox) if one.kind]
    return {one.field: given.get(f"own-{at}", "") for at, one in enumerate(own)}


def _words(inbox: Inbox) -> dict[str, str]:
    return widget_words.words(inbox, spoken())


def _page(key: str, given: dict[str, str] | None = None, problem: str = "", done: str = ""):
    locale = spoken()
    with db.reading() as session:
        inbox = inboxes.by_key(session, key, "web")
        asked = prechat.asked_now(session, inbox)
    said = _words(inbox)
    response = make_response(render_template(
        "widget/write.html", key=key, lang=locale, direction=widget_words.direction(locale), words=said, trap=TRAP,
        given=given or {}, problem=problem, done=done, name=next((one for one in asked if one.field == "name"), None),
        phone=next((one for one in asked if one.field == "phone"), None),
        topic=next((one for one in asked if one.field == "topic"), None), own=[one for one in asked if one.kind],
        privacy=privacy_line(inbox.settings or {}) | {"text": said["privacy"]}))
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Content-Language"] = locale
    return response
