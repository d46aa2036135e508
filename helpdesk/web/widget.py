"""What the widget's frame asks for: session, messages and files. Whoever has no token gets a session first; who the
visitor is, is in helpdesk.web.widget_who."""
from __future__ import annotations

from flask import Blueprint, jsonify, request, send_file

from channels.base import Status as DeliveryStatus
from channels.web import Web
from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Attachment, Message
from helpdesk.services import chats, files, inboxes, limits, outbox, timeline, visitors
from helpdesk.web import widget_request as asked
from helpdesk.web import widget_view as view
from helpdesk.web.access import public

pages = Blueprint("widget", __name__)
asked.only_for_the_frame(pages)

FORM_SLACK = 100_000            # bytes around the file of an upload
SESSIONS_PER_HOUR = 30          # of one address
FILE_CSP = "default-src 'none'; sandbox"


@pages.post("/widget/<key>/session")
@public
def start(key: str):
    """Make this browser known. With a token that is still good: the conversation it opens, and no new token."""
    given = asked.given()
    with db.transaction() as session:
        inbox = inboxes.by_key(session, key, "web")
        visitor = visitors.by_token(session, inbox, asked.token())
        if visitor:
            return jsonify(view.conversation(session, inbox, visitor))
        limits.hit(session, f"widget-session:{request.remote_addr}", SESSIONS_PER_HOUR, 3600)
        visitor, token = visitors.start(session, inbox, asked.text(given, "locale"), asked.text(given, "page"))
        return jsonify(token=token, **view.conversation(session, inbox, visitor))


@pages.get("/widget/<key>/messages")
@public
def messages(key: str):
    """What is new after `after` in `conversation`; from the beginning when they are in another one by now."""
    with db.reading() as session:
        inbox, visitor = asked.visitor_of(session, key)
        ticket = visitors.ticket_of(session, visitor)
        same = ticket is not None and request.args.get("conversation", type=int) == ticket.id
        after = request.args.get("after", 0, type=float) if same else 0
        answer = view.conversation(session, inbox, visitor, ticket, after)
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
    given = asked.given()
    with db.reading() as session:
        inbox, visitor = asked.visitor_of(session, key)
    db.run(chats.write, inbox, visitor.id, given)
    return jsonify(ok=True, client_id=given["client_id"])


@pages.post("/widget/<key>/files")
@public
def upload(key: str):
    """One file, as a form with client_id, locale, page and file."""
    request.max_content_length = Web.can.file_limit + FORM_SLACK
    with db.reading() as session:
        inbox, visitor = asked.visitor_of(session, key)
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
        _, visitor = asked.visitor_of(session, key)
        ticket = visitors.own_ticket(session, visitor)
        found = session.get(Attachment, attachment_id)
        message = session.get(Message, found.message_id) if found else None
        since = timeline.readable(session, ticket, visitor.identity_id)
        if message is None or message.ticket_id not in since or message.kind != "message" or not found.sha256 \
                or message.seq < since[message.ticket_id]:
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
    given = asked.given()
    with db.transaction() as session:
        _, visitor = asked.visitor_of(session, key)
        ticket = visitors.own_ticket(session, visitor)
        if given.get("conversation") in (None, ticket.id) and visitors.is_place(given.get("seq")):
            visitors.seen(session, visitor, ticket, given["seq"])
    return jsonify(ok=True)


@pages.post("/widget/<key>/rate")
@public
def rate(key: str):
    """Answer the survey in message `seq`: score 1 to 5, and a comment."""
    given = asked.given()
    if not visitors.is_place(given.get("seq")) or not isinstance(given.get("score"), int):
        raise Invalid("seq and score are numbers.")
    with db.transaction() as session:
        _, visitor = asked.visitor_of(session, key)
        visitors.rate(session, visitor, given["seq"], given["score"], asked.text(given, "comment", 2_000))
    return jsonify(ok=True)


@pages.post("/widget/<key>/end")
@public
def end(key: str):
    """Leave this conversation; the next message begins a new one."""
    with db.transaction() as session:
        inbox, visitor = asked.visitor_of(session, key)
        visitors.end(session, visitor)
        return jsonify(view.conversation(session, inbox, visitor))
