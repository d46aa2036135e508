"""Who the visitor is: what they say, what the site signs, what the page tells, and the code that proves an address."""
from __future__ import annotations

from flask import Blueprint, jsonify, request

from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Identity
from helpdesk.services import (
    attributes,
    consents,
    continuity,
    inboxes,
    limits,
    page_views,
    prechat,
    preferences,
    proofs,
    site_identity,
    verification,
    visitors,
    widget_words,
)
from helpdesk.web import widget_request as asked
from helpdesk.web import widget_view as view
from helpdesk.web.access import public

pages = Blueprint("widget_who", __name__)
asked.only_for_the_frame(pages)

TOLD_PER_HOUR = 240             # by one browser: each page it opens may tell something
TOKEN_LIMIT = 32_000            # characters of a signed identity, which may carry orders
ABOUT_THEMSELVES = ("name", "email", "phone")


@pages.post("/widget/<key>/contact")
@public
def contact(key: str):
    """Where to write if they leave, and what to call them: email, phone, name; what is missing stays as it was.
    `fields`: answers to the inbox's own questions. `prefers`: "email" when they want answers there."""
    given = asked.given()
    said = {field: asked.text(given, field, 320) for field in ABOUT_THEMSELVES}
    with db.transaction() as session:
        inbox, visitor = asked.visitor_of(session, key)
        limits.hit(session, f"widget-contact:{visitor.id}", 10, 3600)
        site_identity.claim(session, visitors.contact_of(session, visitor), said)
        session.flush()
        facts = given.get("fields") or {}
        if not isinstance(facts, dict):
            raise Invalid("fields must be an object.")
        attributes.tell(session, inbox, visitor.identity_id, prechat.answers(inbox, facts))
        session.flush()
        if asked.text(given, "prefers", 32) == "email":
            preferences.told_by_mail(session, visitors.contact_of(session, visitor))
        ticket = visitors.ticket_of(session, visitor)
        if ticket and said["email"]:
            continuity.address_given(session, ticket)
        return jsonify(state=view.state(session, inbox, visitor, ticket))


@pages.post("/widget/<key>/notice")
@public
def notice(key: str):
    """They agree to the inbox's privacy line, which is kept as it stands now in their language ({"locale"})."""
    with db.transaction() as session:
        inbox, visitor = asked.visitor_of(session, key)
        limits.hit(session, f"widget-notice:{visitor.id}", 10, 3600)
        locale = widget_words.nearest([asked.text(asked.given(), "locale")])
        line = view.privacy_line(inbox.settings or {}) | {"text": widget_words.words(inbox, locale)["privacy"]}
        if not line["text"]:
            raise NotFound("Nothing is asked here.")
        contact = visitors.contact_of(session, visitor)
        consents.record(session, contact, "notice", True, source="widget", wording=line["text"], version=line["url"],
                        identity=session.get(Identity, visitor.identity_id), actor=contact.actor)
        return jsonify(ok=True)


@pages.post("/widget/<key>/site")
@public
def site(key: str):
    """What the page tells: {"attributes": {…}, "pages": [{"url", "title", "at"}]}. It is a claim, as anybody at the
    browser could tell it. Whoever asked not to be tracked is not (Global Privacy Control, Do Not Track)."""
    given = asked.given()
    facts = attributes.checked(given.get("attributes") or {})
    with db.transaction() as session:
        inbox, visitor = asked.visitor_of(session, key)
        limits.hit(session, f"widget-site:{visitor.id}", TOLD_PER_HOUR, 3600)
        ignored: list[str] = []
        about = {field: facts.pop(field) for field in ABOUT_THEMSELVES if field in facts}
        site_identity.claim(session, visitors.contact_of(session, visitor), about, ignored)
        attributes.tell(session, inbox, visitor.identity_id, facts)
        if "1" not in (request.headers.get("Sec-GPC"), request.headers.get("DNT")):
            page_views.record(session, inbox, visitor, given.get("pages") or [])
        session.flush()
        return jsonify(ignored=ignored, state=view.state(session, inbox, visitor,
                                                         visitors.ticket_of(session, visitor)))


@pages.post("/widget/<key>/identify")
@public
def identify(key: str):
    """The site's word on who this is: {"token": JWT}, or {"id", "hash"} with name, email and phone as claims. The
    visitor's own token is replaced."""
    given = asked.given()
    word = {**given, "token": asked.text(given, "token", TOKEN_LIMIT)}
    with db.transaction() as session:
        limits.hit(session, f"widget-identify:{request.remote_addr}", 60, 3600)
        inbox = inboxes.by_key(session, key, "web")
        visitor, token = visitors.by_token(session, inbox, asked.token()), None
        if visitor is None:
            visitor, token = visitors.start(session, inbox, asked.text(given, "locale"), asked.text(given, "page"))
        found = site_identity.identify(session, inbox, visitor, word)
        session.flush()
        answer = view.conversation(session, inbox, found.visitor) | {"ignored": found.ignored}
    return jsonify(answer | ({"token": found.token or token} if found.token or token else {}))


@pages.post("/widget/<key>/code")
@public
def ask_for_code(key: str):
    """Send a code to the address that this visitor typed. Answered the same whoever else uses that address."""
    def send(session):
        inbox, visitor = asked.visitor_of(session, key)
        verification.ask_in_chat(session, inbox, visitor, request.remote_addr or "")
        session.flush()
        return view.state(session, inbox, visitor, visitors.ticket_of(session, visitor))
    return jsonify(state=db.run(send))


@pages.post("/widget/<key>/code/check")
@public
def check_code(key: str):
    """{"code": "123456"} → {"result": right, wrong or over, "left": tries}."""
    code = asked.text(asked.given(), "code", 40)

    def check(session):
        inbox, visitor = asked.visitor_of(session, key)
        result, left = proofs.check(session, visitor, code)
        session.flush()
        return {"result": result, "left": left,
                "state": view.state(session, inbox, visitor, visitors.ticket_of(session, visitor))}
    return jsonify(db.run(check))


@pages.post("/widget/<key>/logout")
@public
def logout(key: str):
    """The token opens nothing from now on."""
    with db.transaction() as session:
        inbox = inboxes.by_key(session, key, "web")
        if visitor := visitors.by_token(session, inbox, asked.token()):
            visitors.forget(session, visitor)
    return jsonify(ok=True)
