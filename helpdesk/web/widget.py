"""What the widget's frame asks for: session, messages, files, and who the visitor is.

No cookie is used. The visitor's token comes in the Authorization header, never in an address; whoever has none gets a
session first. Only the frame's own page may ask.
"""
from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, jsonify, request, send_file
from sqlalchemy.orm import Session

from channels.base import Status as DeliveryStatus
from channels.web import Web
from helpdesk import db
from helpdesk.errors import Forbidden, HelpdeskError, Invalid, NotFound
from helpdesk.models import Attachment, Inbox, Message, Ticket, Visitor
from helpdesk.services import chats, files, inboxes, limits, outbox, timeline, visitors
from helpdesk.web import widget_view as view
from helpdesk.web.access import public

pages = Blueprint("widget", __name__)

JSON_LIMIT = 64_000             # bytes; a message of the longest text in any script fits
FORM_SLACK = 100_000            # bytes around the file of an upload
SESSIONS_PER_HOUR = 30          # of one address
FILE_CSP = "default-src 'none'; sandbox"


class Unknown(HelpdeskError):
    """No token, or one that opens nothing (any more)."""
    status = 401


@pages.before_request
def refuse_other_sites() -> None:
    """Another site's script has no business here, and could not read the answer."""
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin and urlsplit(origin).netloc != request.host:
        raise Forbidden("This request came from another site.")


@pages.post("/widget/<key>/session")
@public
def start(key: str):
    """Make this browser known. With a token that is still good: the conversation it opens, and no new token."""
    given = _given()
    with db.transaction() as session:
        inbox = inboxes.by_key(session, key, "web")
        visitor = visitors.by_token(session, inbox, _token())
        if visitor:
            return jsonify(_conversation(session, inbox, visitor))
        limits.hit(session, f"widget-session:{request.remote_addr}", SESSIONS_PER_HOUR, 3600)
        visitor, token = visitors.start(session, inbox, _text(given, "locale"), _text(given, "page"))
        return jsonify(token=token, **_conversation(session, inbox, visitor))


@pages.get("/widget/<key>/messages")
@public
def messages(key: str):
    """What is new after `after` in `conversation`; from the beginning when they are in another one by now."""
    with db.reading() as session:
        inbox, visitor = _visitor(session, key)
        ticket = visitors.ticket_of(session, visitor)
        same = ticket is not None and request.args.get("conversation", type=int) == ticket.id
        answer = _conversation(session, inbox, visitor, ticket, request.args.get("after", 0, type=int) if same else 0)
        last = answer["items"][-1]["seq"] if answer["items"] else 0
        arrived = bool(ticket and last and visitors.undelivered(session, visitor, ticket, last))
    if arrived:
        with db.transaction() as session:
            for delivery in visitors.undelivered(session, visitor, ticket, last):
                outbox.mark(session, delivery, DeliveryStatus.DELIVERED)
    return jsonify(answer)


@pages.post("/widget/<key>/messages")
@public
def write(key: str):
    """One message. Answered when it is stored; the same client_id again is answered the same."""
    given = _given()
    with db.reading() as session:
        inbox, visitor = _visitor(session, key)
    db.run(chats.write, inbox, visitor.id, given)
    return jsonify(ok=True, client_id=given["client_id"])


@pages.post("/widget/<key>/files")
@public
def upload(key: str):
    """One file, as a form with client_id, locale, page and file."""
    request.max_content_length = Web.can.file_limit + FORM_SLACK
    with db.reading() as session:
        inbox, visitor = _visitor(session, key)
    file = request.files.get("file")
    if file is None:
        raise Invalid("There is no file in this upload.")
    content = file.read()
    db.run(chats.send_file, inbox, visitor.id, request.form, file.filename or "", file.mimetype, content)
    return jsonify(ok=True, client_id=request.form["client_id"])


@pages.get("/widget/<key>/files/<int:attachment_id>")
@public
def download(key: str, attachment_id: int):
    """A file of the visitor's own conversation. Only what is a picture by its bytes is called one."""
    with db.reading() as session:
        _, visitor = _visitor(session, key)
        ticket = visitors.own_ticket(session, visitor)
        found = session.get(Attachment, attachment_id)
        message = session.get(Message, found.message_id) if found else None
        since = timeline.joined_at(session, ticket, visitor.identity_id)
        if message is None or message.ticket_id != ticket.id or message.kind != "message" or not found.sha256 \
                or since is None or message.seq < since:
            raise NotFound("There is no such file.")
    path = files.path(found.sha256)
    if not path.exists():
        raise NotFound("This file is gone.")
    with path.open("rb") as file:
        kind = files.picture_type(file.read(16))
    response = send_file(path, mimetype=kind or "application/octet-stream", as_attachment=True,
                         download_name=found.name, max_age=0)
    response.headers["Content-Security-Policy"] = FILE_CSP
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@pages.post("/widget/<key>/seen")
@public
def seen(key: str):
    """They have read up to `seq`, if `conversation` is still their current one."""
    given = _given()
    with db.transaction() as session:
        _, visitor = _visitor(session, key)
        ticket = visitors.own_ticket(session, visitor)
        if given.get("conversation") in (None, ticket.id) and isinstance(given.get("seq"), int):
            visitors.seen(session, visitor, ticket, given["seq"])
    return jsonify(ok=True)


@pages.post("/widget/<key>/contact")
@public
def contact(key: str):
    """Where to write if they leave: email, and a name if they like."""
    given = _given()
    with db.transaction() as session:
        inbox, visitor = _visitor(session, key)
        limits.hit(session, f"widget-contact:{visitor.id}", 10, 3600)
        visitors.claim_contact(session, visitor, _text(given, "email", 320), _text(given, "name", 200))
        session.flush()
        return jsonify(state=view.state(session, inbox, visitor, visitors.ticket_of(session, visitor)))


@pages.post("/widget/<key>/rate")
@public
def rate(key: str):
    """Answer the survey in message `seq`: score 1 to 5, and a comment."""
    given = _given()
    if not isinstance(given.get("seq"), int) or not isinstance(given.get("score"), int):
        raise Invalid("seq and score are numbers.")
    with db.transaction() as session:
        _, visitor = _visitor(session, key)
        visitors.rate(session, visitor, given["seq"], given["score"], _text(given, "comment", 2_000))
    return jsonify(ok=True)


@pages.post("/widget/<key>/identify")
@public
def identify(key: str):
    """The site's signed word on who this is: {"token": JWT}. The visitor's own token is replaced."""
    given = _given()
    with db.transaction() as session:
        limits.hit(session, f"widget-identify:{request.remote_addr}", 60, 3600)
        inbox = inboxes.by_key(session, key, "web")
        visitor, token = visitors.by_token(session, inbox, _token()), None
        if visitor is None:
            visitor, token = visitors.start(session, inbox, _text(given, "locale"), _text(given, "page"))
        visitor, renewed = visitors.identify(session, inbox, visitor, _text(given, "token", 4_000))
        session.flush()
        answer = _conversation(session, inbox, visitor)
    return jsonify(answer | ({"token": renewed or token} if renewed or token else {}))


@pages.post("/widget/<key>/logout")
@public
def logout(key: str):
    """The token opens nothing from now on."""
    with db.transaction() as session:
        inbox = inboxes.by_key(session, key, "web")
        if visitor := visitors.by_token(session, inbox, _token()):
            visitors.forget(session, visitor)
    return jsonify(ok=True)


@pages.post("/widget/<key>/end")
@public
def end(key: str):
    """Leave this conversation; the next message begins a new one."""
    with db.transaction() as session:
        inbox, visitor = _visitor(session, key)
        visitors.end(session, visitor)
        return jsonify(_conversation(session, inbox, visitor))


def _conversation(session: Session, inbox: Inbox, visitor: Visitor, ticket: Ticket | None = None,
                  after: int = 0) -> dict:
    ticket = ticket or visitors.ticket_of(session, visitor)
    return {"state": view.state(session, inbox, visitor, ticket),
            "items": view.items(session, visitor, ticket, after) if ticket else []}


def _visitor(session: Session, key: str) -> tuple[Inbox, Visitor]:
    inbox = inboxes.by_key(session, key, "web")
    visitor = visitors.by_token(session, inbox, _token())
    if visitor is None:
        raise Unknown("This chat session is over.")
    return inbox, visitor


def _token() -> str:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def _given() -> dict:
    request.max_content_length = JSON_LIMIT
    given = request.get_json(silent=True) if request.content_length else {}
    if not isinstance(given, dict):
        raise Invalid("The request's body must be a JSON object.")
    return given


def _text(given: dict, key: str, limit: int = 500) -> str:
    value = given.get(key) or ""
    if not isinstance(value, str):
        raise Invalid(f"{key} must be text.")
    return value.replace("\0", "")[:limit]
